"""Kills under the command line: the engine of a run or a measuring, the command itself, a save, an export."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kills.tree import Marked, end, engines, supervisors
from kills.trial import Outcome, Trial
from qviz.document import codec
from qviz.errors import QvizError

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(*(
            torch.nn.Sequential(torch.nn.Conv2d(8, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU())
            for _ in range(6)
        ))

    def forward(self, x):
        return self.layers(x)

example_inputs = (torch.ones(1, 8, 16, 16),)
"""
LISTENED = """
import sys
from qviz.cli.progress import Progress
from qviz.wire.messages import StageReached
note = open(sys.argv.pop(1), "a", buffering=1)
Progress.report = lambda _, report: note.write(
    (report.stage.name if isinstance(report, StageReached) else "-" + type(report).__name__) + "\\n"
)
from qviz.__main__ import main
sys.exit(main())
"""
"""The command line, which also notes which stages it was told of."""
SAVING = """
import sys
from pathlib import Path
from qviz.document import codec
one, two = map(codec.load, sys.argv[1:3])
print("there", flush=True)
while True:
    for each in (one, two):
        codec.save(each, Path(sys.argv[3]))
"""
LONGEST_S = 180.0
CANCEL_S = 2.0
"""With the end of Python; qviz itself takes less than a second."""


class CommandLine:
    """Trials in a folder of their own, with a folder for state of their own."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder, self._chance = folder, chance
        self._environment = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        self._model, self._errors = folder / "net.py", folder / "errors"
        self._model.write_text(MODEL)
        self._usual: dict[str, tuple[float, float]] = {}
        """By what is done: seconds until an engine is there, and from then to the end."""
        self._measured: object = None
        """What a measurement comes to that nothing disturbs."""

    def _words(self, what: str, out: Path) -> list[str]:
        words = [what, f"{self._model}:Net", "--flow", "fx-static", "-o", str(out), "--quiet"]
        return words if what == "run" else [*words, "--exact", "--workers", "2"]

    def undisturbed(self, what: str) -> Path:
        """Do it once, note how long it takes, and return what it wrote."""
        out = self._folder / f"whole-{what}.{'qviz' if what == 'run' else 'json'}"
        note, marked = self._folder / "note", Marked(self._environment)
        process, began = self._start(what, out, note, marked), time.monotonic()
        ready = 0.0
        while process.poll() is None and time.monotonic() < began + LONGEST_S:
            if not ready and "-EngineReady" in _lines(note):
                ready = time.monotonic()
            time.sleep(0.01)
        assert process.wait(1) == 0, f"{what} does not even work undisturbed"
        self._usual[what] = ready - began, time.monotonic() - ready
        if what == "measure":
            self._measured = _measured(out)
        return out

    def _start(self, what: str, out: Path, note: Path, marked: Marked) -> subprocess.Popen[bytes]:
        note.unlink(missing_ok=True)
        command = [sys.executable, "-c", LISTENED, str(note), *self._words(what, out)]
        with self._errors.open("wb") as errors:
            return subprocess.Popen(command, env=marked.environment, stdout=subprocess.DEVNULL, stderr=errors)

    def killed(self, what: str, kill: str, victim: str = "engine") -> Outcome:
        """Kill something at a random moment.

        Args:
            what: ``run`` or ``measure``.
            kill: How.
            victim: ``engine``, one of its processes, or ``supervisor``, one of those around it: the stages that were
                told of are in the result, or the measurement comes to what it comes to undisturbed, or to nothing.
            ``command``: nothing half-written stands in the place of the result.
        """
        is_engine = victim != "command"
        out = self._folder / f"out.{'qviz' if what == 'run' else 'json'}"
        out.unlink(missing_ok=True)
        note, marked = self._folder / "note", Marked(self._environment)
        process = self._start(what, out, note, marked)
        trial = Trial(f"{what} on the command line", kill, victim)
        starting, working = self._usual[what]
        if is_engine or self._chance.random() < 0.8:
            until = time.monotonic() + LONGEST_S
            while "-EngineReady" not in _lines(note) and process.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(self._chance.uniform(0, working))
        else:
            time.sleep(self._chance.uniform(0, starting))
        of = {"engine": engines, "supervisor": supervisors}
        victims = of[victim](marked) if is_engine else [process.pid]
        was_there = bool(victims) and end(self._chance.choice(victims), kill)
        self._wait(what, process, trial, is_patient=kill not in ("STOP", "OOM"))
        told = [line for line in _lines(note) if not line.startswith("-")]
        if what == "run" and is_engine and process.returncode != 130:
            trial.lost = [name for name in told if name not in _stages(out)]
            if trial.lost:
                trial.fault(f"ended with {process.returncode}: {self._errors.read_text()[-300:]!r}")
        elif out.exists():
            trial.is_damaged = not _stages(out) if what == "run" else _measured(out) != self._measured
        elif process.returncode == 0:
            trial.fault("ended with 0, and wrote nothing")
        trial.left = len(marked.left())
        return trial.outcome(was_there)

    def _wait(self, what: str, process: subprocess.Popen[bytes], trial: Trial, is_patient: bool) -> None:
        """Wait for the end; what is stopped never ends, what has no memory perhaps: then the user cancels.

        A measurement goes on without a worker that was killed, and with another in its place.
        """
        longest = max(60.0, 4 * sum(self._usual[what]))
        if _ends(process, longest if is_patient else 3.0):
            return
        if is_patient:
            trial.fault("did not end")
        began = time.monotonic()
        process.send_signal(2)
        if not _ends(process, 20.0):
            trial.fault("did not end after Ctrl-C")
            process.kill()
            process.wait()
        trial.canceled(time.monotonic() - began, CANCEL_S)

    def saves_killed(self, one: Path, two: Path, most: int) -> Iterator[Outcome]:
        """Kill a process that saves two results in turn into one file: one of the two is in it, whole."""
        whole = [codec.load(one), codec.load(two)]
        out = self._folder / "saved.qviz"
        for _ in range(most):
            trial, marked = Trial("save", "KILL", "command"), Marked(self._environment)
            command = [sys.executable, "-c", SAVING, str(one), str(two), str(out)]
            process = subprocess.Popen(command, env=marked.environment, stdout=subprocess.PIPE)
            with process.stdout as said:  # type: ignore[union-attr]
                said.readline()
                time.sleep(self._chance.uniform(0, 0.2))
                was_there = end(process.pid, "KILL")
            process.wait()
            try:
                trial.is_damaged = out.exists() and codec.load(out) not in whole
            except QvizError:
                trial.is_damaged = True
            trial.left = len(marked.left())
            yield trial.outcome(was_there)

    def exports_killed(self, result: Path, most: int) -> Iterator[Outcome]:
        """Kill `qviz render`: the picture of before is there, or the new one."""
        pictures = {name: self._folder / f"picture.{name}" for name in ("svg", "png", "pdf")}
        whole: dict[str, bytes] = {}
        seconds = 0.0
        for name, path in pictures.items():
            began = time.monotonic()
            subprocess.run(self._render(result, path), env=self._environment, check=True, stdout=subprocess.DEVNULL)
            seconds, whole[name] = time.monotonic() - began, path.read_bytes()
        for number in range(most):
            name = tuple(pictures)[number % 3]
            path = pictures[name]
            path.write_bytes(b"before")
            trial, marked = Trial("export", "KILL", "command"), Marked(self._environment)
            process = subprocess.Popen(
                self._render(result, path), env=marked.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(self._chance.uniform(0.3 * seconds, seconds))
            was_there = process.poll() is None and end(process.pid, "KILL")
            process.wait()
            trial.is_damaged = path.read_bytes() not in (b"before", whole[name])
            trial.left = len(marked.left())
            yield trial.outcome(was_there)

    def _render(self, result: Path, out: Path) -> list[str]:
        return [sys.executable, "-m", "qviz", "render", str(result), "-o", str(out)]


def _ends(process: subprocess.Popen[bytes], patience_s: float) -> bool:
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _lines(note: Path) -> list[str]:
    return note.read_text().splitlines() if note.exists() else []


def _measured(report: Path) -> object:
    """Return what a report of a measurement says, without times; None of one that cannot be read."""
    try:
        found = json.loads(report.read_bytes())
    except ValueError:
        return None
    return {key: value for key, value in found.items() if key not in ("seconds", "time")}


def _stages(result: Path) -> list[str]:
    """Return the stages of a result; none of one that is not there or cannot be read."""
    try:
        return [stage.name for stage in codec.load(result).stages] if result.exists() else []
    except QvizError:
        return []
