"""Kills under the window: the engine of its run, and the window itself."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from long_days import breathe
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from kills.command_line import MODEL
from kills.tree import KILLS, Marked, end, engine_at_work
from kills.trial import Outcome, Trial
from qviz.document.plan import Plan
from qviz.session.run_files import RunFiles
from qviz.session.run_store import RunStore
from qviz.ui.settings import Settings
from qviz.ui.shell.app import tune
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import Report, StageReached

AROUND = "supervisor", "keeper", "owner", "template"
PATIENCE_S = 180.0
CANCEL_S = 1.0
WINDOWS_OF_A_FOLDER = 10
"""Of one model 20 runs are kept; nothing may have to go because it is old."""

MIDWAY = 0.7
"""How many of the killed windows have reached a stage, and are killed before the run would end."""
WRITTEN_S = 1.0
"""How long a window may take until a stage that it was told of is on disk."""
TOLD = """
import sys, time
from qviz.ui.shell.runs import Runs
from qviz.wire.messages import RunFinished, StageReached
note, hear = open(sys.argv.pop(1), "a", buffering=1), Runs.on_engines_report_received
def on_engines_report_received(self, report):
    hear(self, report)
    if isinstance(report, StageReached | RunFinished):
        name = report.stage.name if isinstance(report, StageReached) else "-"
        note.write(f"{time.monotonic()} {name}\\n")
Runs.on_engines_report_received = on_engines_report_received
from qviz.__main__ import main
sys.exit(main())
"""
"""A window that also notes when it was told of which stage; a hyphen for the end of its run."""


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


def left(processes: list[int]) -> int:
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
        trial.left = left([*tree.engine, *gone]) if was_there else 0
        if number % 5 == 0 or victim != "engine":
            own.open(f"{model}:Net")
            if not wait(lambda: not own.is_running) or own.stages != whole:
                trial.fault(f"the next run came to {own.stages}")
        yield trial.outcome(was_there)
    own.window.close()


class _Told(NamedTuple):
    """What a killed window was told of its run.

    Attributes:
        stages: Those in time to be on disk.
        late: Those just before.
        is_done: Whether the run had ended.
        seconds: From the first stage to the last, or to the end.
    """

    stages: list[str]
    late: list[str]
    is_done: bool
    seconds: float


def _told(note: Path, killed_at: float) -> _Told:
    lines = [line.split() for line in note.read_text().splitlines()] if note.exists() else []
    stages = [(name, killed_at - float(at) > WRITTEN_S) for at, name in lines if name != "-"]
    return _Told(
        [name for name, is_old in stages if is_old],
        [name for name, is_old in stages if not is_old],
        any(name == "-" for _, name in lines),
        float(lines[-1][0]) - float(lines[0][0]) if lines else 0.0,
    )


def _brought_back(state: Path, source: str, known: set[str]) -> list[str]:
    """Return the stages of the run that a killed window had at work, as the next start brings it back."""
    store = RunStore(state, secrets.token_hex(6))
    store.begin()
    found = [each for each in store.of_source(source).records if each.key not in known]
    stages = [stage.name for stage in store.load(found[0]).stages] if found else []
    store.end()
    return stages


def killed_windows(folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    """Kill windows at random moments: no run, and no stage of one at work, is lost or damaged, no engine is left."""
    model, note = folder / "killed_net.py", folder / "killed-note"
    model.write_text(MODEL)
    longest, working, counted = 0.0, 0.0, Counter[str]()
    for number in range(most + 1):
        own = folder / f"killed{number // WINDOWS_OF_A_FOLDER}"
        environment = {**os.environ, "HOME": str(own), "XDG_STATE_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
        marked, kept = Marked(environment), RunFiles(own / "qviz" / "runs")
        before = {record.key for record in kept.read().records}
        note.unlink(missing_ok=True)
        command = [sys.executable, "-c", TOLD, str(note), f"{model}:Net", "--flow", "fx-static"]
        trial, began = Trial("run of a window", "KILL", "window"), time.monotonic()
        process = subprocess.Popen(
            command, env=marked.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if number == 0:
            while not _told(note, 0.0).is_done and time.monotonic() < began + PATIENCE_S:
                time.sleep(0.1)
            longest, working = time.monotonic() - began + 1.0, _told(note, 0.0).seconds
            time.sleep(1.0)
        elif chance.random() < MIDWAY:
            while not (note.exists() and note.stat().st_size) and time.monotonic() < began + PATIENCE_S:
                time.sleep(0.02)
            time.sleep(chance.uniform(0, working))
        else:
            time.sleep(chance.uniform(0.3, longest))
        was_there, killed_at = end(process.pid, "KILL"), time.monotonic()
        process.wait()
        trial.left = len(marked.left())
        found, told = kept.read(), _told(note, killed_at)
        stages = _brought_back(own / "qviz" / "runs", f"{model}:Net", before)
        trial.lost = sorted(before - {record.key for record in found.records})
        trial.lost += [name for name in told.stages if name not in stages]
        counted["midway"] += bool(told.stages or told.late) and not told.is_done
        counted["stages told in time"] += len(told.stages)
        counted["stages told just before"] += len(told.late)
        counted["of which not kept"] += sum(name not in stages for name in told.late)
        trial.is_damaged = found.damaged > 0 or not all(map(kept.has, found.records))
        yield trial.outcome(was_there)
    print("windows killed with a run at work " + ", ".join(f"{name} {count}" for name, count in counted.items()))
