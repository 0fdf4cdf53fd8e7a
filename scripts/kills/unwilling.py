"""Models that do not want to end: canceled in the window, and ended by the time limit of the command line."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from long_days import breathe

from kills.tree import Marked, engine_at_work, engines
from kills.trial import Outcome, Trial
from kills.window import CANCEL_S, OwnWindow, left, wait
from qviz.errors import ExitCode

LATE_S = 2.0
LIMIT_S = 25.0
"""Long enough that the model is at work by then, on a busy machine, too."""
UNWILLING = {
    "sleeps": "pass",
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
TIMED = """
import sys, time
from qviz.cli.limits import Limits
note, enter, leave = open(sys.argv.pop(1), "a", buffering=1), Limits.__enter__, Limits.__exit__
def __enter__(self):
    note.write(f"{time.monotonic()}\\n")
    return enter(self)
def __exit__(self, *error):
    leave(self, *error)
    note.write(f"{time.monotonic()}\\n")
Limits.__enter__, Limits.__exit__ = __enter__, __exit__
from qviz.__main__ import main
sys.exit(main())
"""
"""The command line, which also notes when the clock of its limit starts, and when it goes on after the limit."""


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
        trial.left = left(below)
        print(f"a model that {name}: canceled in {seconds:.2f} s, {len(below)} processes", flush=True)
        yield trial.outcome(bool(below))
        note.unlink()
        yield _timed_out(folder, model, name, note)
    own.window.close()


def _timed_out(folder: Path, model: Path, name: str, at_work: Path) -> Outcome:
    """Let a time limit end a model; the end is late by what passes between the limit and the last process's end."""
    trial, marked, times = Trial(f"a model that {name}", "time", "engine"), Marked(dict(os.environ)), folder / "timed"
    times.unlink(missing_ok=True)
    command = [sys.executable, "-c", TIMED, str(times), "run", f"{model}:Net", "--flow", "fx-static", "--quiet"]
    process = subprocess.Popen(
        [*command, "--timeout", str(LIMIT_S), "-o", str(folder / "late.qviz")],
        env=marked.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not engines(marked) and process.poll() is None:
        time.sleep(0.02)
    while engines(marked):
        time.sleep(0.02)
    gone = time.monotonic()
    if process.wait(60) != ExitCode.FLOW_FAILED:
        trial.fault(f"ended with {process.returncode}")
    started, went_on = map(float, times.read_text().split())
    late = gone - started - LIMIT_S
    trial.slow("the end after the limit", late, LATE_S)
    trial.slow("the command after the limit", went_on - started - LIMIT_S, LATE_S)
    trial.left = len(marked.left())
    print(
        f"a model that {name}: the last process ended {late:.2f} s after the limit of {LIMIT_S:.0f} s, "
        f"and the command went on {went_on - started - LIMIT_S:.2f} s after it",
        flush=True,
    )
    return trial.outcome(at_work.exists())
