"""Kills under the window: the engine of its run, the window itself; and models that do not want to end."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from long_days import breathe
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from kills.command_line import MODEL
from kills.tree import KILLS, Marked, end, engine_at_work, engines
from kills.trial import Outcome, Trial
from qviz.document.plan import Plan
from qviz.errors import ExitCode
from qviz.session.run_files import RunFiles
from qviz.ui.settings import Settings
from qviz.ui.shell.app import tune
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import Report, StageReached

AROUND = "supervisor", "keeper", "owner", "template"
PATIENCE_S = 180.0
CANCEL_S, LATE_S = 1.0, 2.0
WINDOWS_OF_A_FOLDER = 10
"""Of one model 20 runs are kept; nothing may have to go because it is old."""

UNWILLING = {
    "forks": "[os.fork() or time.sleep(600) for _ in range(3)]",
    "leaves a daemon": "os.fork() or (os.setsid(), os.fork() and os._exit(0), os.closerange(0, 99), time.sleep(600))",
    "ignores SIGTERM": "[signal.signal(each, signal.SIG_IGN) for each in (2, 15, 1, 10)]",
    "holds the GIL": "ctypes.PyDLL(None).sleep(600)",
    "closes its descriptors": "os.closerange(0, 99)",
    "prints 200 MB": "print('x' * 200_000_000)",
}
UNWILLING_MODEL = """
import ctypes, os, signal, time
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)
        open({note!r}, "w").close()
        {deed}
        time.sleep(600)

    def forward(self, x):
        return self.fc(x)

example_inputs = (torch.ones(1, 4),)
"""


class OwnWindow:
    """A window of this process with real engines, and nothing of the user's.

    Attributes:
        window: The window, shown.
        told: Names of the stages that the run at work has told of.
    """

    def __init__(self, folder: Path) -> None:
        self._application = QApplication.instance() or QApplication(sys.argv[:1])
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(folder / "config"))
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        tune()
        self.window = MainWindow(Settings())
        self.window.show()
        self.window.engines.warm_up()
        self.told: list[str] = []

    def _note(self, report: Report) -> None:
        if isinstance(report, StageReached):
            self.told.append(report.stage.name)

    def open(self, source: str, is_measured: bool | None = None) -> None:
        """Open a model and begin its run, with or without its measurements where that is said."""
        self.told.clear()
        is_first = self.window.desk is None
        self.window.opener.open_plan(Plan(source=source, flow="fx-static", measure=is_measured))
        if is_first:  # after the desk, which has put a stage into the project before it is noted
            self.window.engines.report_received.connect(self._note)

    def seconds(self, source: str, is_measured: bool) -> float:
        """Return how long a run takes that nothing disturbs."""
        began = time.monotonic()
        self.open(source, is_measured)
        wait(lambda: not self.is_running)
        return time.monotonic() - began

    @property
    def is_running(self) -> bool:
        """Whether the run is at work."""
        return self.window.desk is not None and self.window.desk.is_running

    @property
    def stages(self) -> list[str]:
        """The stages that the window shows."""
        project = self.window.desk.project if self.window.desk is not None else None
        return [stage.name for stage in project.stages] if project is not None else []

    @property
    def is_done(self) -> bool:
        """Whether the run came to its end."""
        project = self.window.desk.project if self.window.desk is not None else None
        return project is not None and project.snapshot is not None and project.snapshot.run.status == "done"

    def cancel(self) -> float:
        """Cancel, and return the seconds that it takes."""
        assert self.window.desk is not None
        began = time.monotonic()
        self.window.desk.cancel()
        return time.monotonic() - began


def wait(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something is so, while the window works; return whether it came."""
    until = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > until:
            return False
        breathe(2)
    return True


def _left(processes: list[int]) -> int:
    """Return how many of these still run after two seconds."""

    def is_gone(process_id: int) -> bool:
        try:
            stat = Path(f"/proc/{process_id}/stat").read_text(errors="replace")
        except OSError:
            return True
        return stat.rpartition(")")[2].split()[0] in "ZX"

    wait(lambda: all(map(is_gone, processes)), 2.0)
    return sum(not is_gone(each) for each in processes)


def window_trials(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    """Kill the engine of the window's runs and measurements, or what is around it: what it reached is still shown."""
    model = folder / "window_net.py"
    model.write_text(MODEL)
    own = OwnWindow(folder / "window")
    own.open(f"{model}:Net")
    assert wait(lambda: not own.is_running), "a run does not even work undisturbed"
    whole = own.stages
    working = [own.seconds(f"{model}:Net", is_measured) for is_measured in (False, True)]
    kinds = (*((each, "engine") for each in KILLS * 2), *(("KILL", each) for each in AROUND))
    for number in range(most):
        (kill, victim), is_measured = kinds[number % len(kinds)], number // len(kinds) % 2 == 1
        trial = Trial("measuring in the window" if is_measured else "run in the window", kill, victim)
        own.open(f"{model}:Net", is_measured)
        breathe(int(chance.uniform(0, 0.7 * working[is_measured] * 1000)))  # the first run took longer
        tree = engine_at_work(own.window.engines.process_id())
        process = next(iter(tree.engine), 0) if victim == "engine" else tree.around.get(victim, 0)
        was_there = bool(own.is_running and process) and end(process, kill)
        if kill in ("STOP", "OOM"):
            if not wait(lambda: not own.is_running, 1.0):
                trial.canceled(own.cancel(), CANCEL_S)
            elif own.is_done:  # it was done before it needed more memory, and may go on
                was_there = False
        elif not wait(lambda: not own.is_running, 20.0):
            trial.fault("its death was not noticed")
            own.cancel()
        trial.lost = [name for name in own.told if name not in own.stages]
        gone = [each for name, each in tree.around.items() if name != "template" or victim == name]
        trial.left = _left([*tree.engine, *gone]) if was_there else 0
        if number % 5 == 0 or victim != "engine":
            own.open(f"{model}:Net")
            if not wait(lambda: not own.is_running) or own.stages != whole:
                trial.fault(f"the next run came to {own.stages}")
        yield trial.outcome(was_there)
    own.window.close()


def unwilling_trials(folder: Path, _chance: random.Random, _most: int) -> Iterator[Outcome]:
    """Cancel models that do not want to end, and let a time limit end them."""
    own = OwnWindow(folder / "unwilling")
    for number, (name, deed) in enumerate(UNWILLING.items()):
        note, model = folder / f"note{number}", folder / f"unwilling{number}.py"
        model.write_text(UNWILLING_MODEL.format(note=str(note), deed=deed))
        trial = Trial(f"a model that {name}", "cancel", "engine")
        own.open(f"{model}:Net")
        wait(note.exists)
        breathe(300)
        below = engine_at_work(own.window.engines.process_id()).engine
        seconds = own.cancel()
        trial.canceled(seconds, CANCEL_S)
        trial.left = _left(below)
        print(f"a model that {name}: canceled in {seconds:.2f} s, {len(below)} processes", flush=True)
        yield trial.outcome(bool(below))
        yield _timed_out(folder, model, name)
    own.window.close()


def _timed_out(folder: Path, model: Path, name: str, limit_s: float = 15.0) -> Outcome:
    trial, marked = Trial(f"a model that {name}", "time", "engine"), Marked(dict(os.environ))
    command = [sys.executable, "-m", "qviz", "run", f"{model}:Net", "--flow", "fx-static", "--quiet"]
    process = subprocess.Popen(
        [*command, "--timeout", str(limit_s), "-o", str(folder / "late.qviz")],
        env=marked.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = time.monotonic()
    while not engines(marked) and process.poll() is None:
        time.sleep(0.02)
    began = time.monotonic()
    while engines(marked):
        time.sleep(0.02)
    late = time.monotonic() - began - limit_s
    if process.wait(60) != ExitCode.FLOW_FAILED:
        trial.fault(f"ended with {process.returncode}")
    trial.slow("the end after the limit", late, LATE_S)
    trial.left = len(marked.left())
    whole = late + began - started
    print(
        f"a model that {name}: {late:.2f} s after the limit since its engine was there, {whole:.2f} s since qviz began"
    )
    return trial.outcome(True)


def killed_windows(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    """Kill windows at random moments: no kept run is lost or damaged, no engine is left."""
    model = folder / "killed_net.py"
    model.write_text(MODEL)
    longest = 0.0
    for number in range(most + 1):
        own = folder / f"killed{number // WINDOWS_OF_A_FOLDER}"
        environment = {**os.environ, "HOME": str(own), "XDG_STATE_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
        marked, kept = Marked(environment), RunFiles(own / "qviz" / "runs")
        before = {record.key for record in kept.read().records}
        command = [sys.executable, "-m", "qviz", f"{model}:Net", "--flow", "fx-static"]
        trial, began = Trial("run of a window", "KILL", "window"), time.monotonic()
        process = subprocess.Popen(
            command, env=marked.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if number == 0:
            while not kept.read().records and time.monotonic() < began + PATIENCE_S:
                time.sleep(0.1)
            longest = time.monotonic() - began + 0.5
        else:
            time.sleep(chance.uniform(0.3, longest))
        was_there = end(process.pid, "KILL")
        process.wait()
        trial.left = len(marked.left())
        found = kept.read()
        trial.lost = sorted(before - {record.key for record in found.records})
        trial.is_damaged = found.damaged > 0 or not all(map(kept.has, found.records))
        yield trial.outcome(was_there)
