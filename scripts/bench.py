"""Measures what the user waits for.

bench startup    from the command to the first painted window, beside an empty window of the same machine
bench flows      from the command to the last stage, beside a plain torch script that does the same
bench why        how much of a run goes into explaining it
bench canvas     opening, unfolding, searching, panning and zooming from 10 to 50,000 nodes
bench measure    errors of quantizers: agreement with torch, estimate against exact, planted faults, cost
bench against    all of these in this checkout and in another commit, in turn, as ratios
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from bench_against import against
from bench_canvas import canvas
from bench_fake import fake
from bench_flows import flows
from bench_measure import measure
from bench_why import why
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
LIMIT_RATIO = 1.5
GIVE_UP_S = 60

WATCH = """
import sys, time
sys.path[:1] = []
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget) and watched.isWindow():
            QCoreApplication.instance().removeEventFilter(self)
            QTimer.singleShot(0, self.tell)
        return False
    def tell(self):
        print("painted", time.monotonic(), flush=True)
        QApplication.closeAllWindows()
        QTimer.singleShot(0, QCoreApplication.quit)

first_paint = FirstPaint()
whole_exec = QApplication.exec
def watched_exec(*_):
    QCoreApplication.instance().installEventFilter(first_paint)
    return whole_exec()
QApplication.exec = watched_exec
"""
EMPTY = """
from PySide6.QtWidgets import QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.show()
sys.exit(application.exec())
"""
QVIZ = """
from qviz.__main__ import main
sys.exit(main([]))
"""


@click.group()
def bench() -> None:
    """Measure what the user waits for."""


@bench.command()
@click.option("--pairs", default=5, show_default=True, help="How many times both are started, in turn.")
@click.option("--offscreen", is_flag=True, help="Without an X server; else the display, else Xvfb if there is one.")
def startup(pairs: int, offscreen: bool) -> None:
    """Time to the first painted window, beside an empty PySide6 window; and to a ready engine."""
    with display(offscreen) as environment:
        for program in (EMPTY, QVIZ):
            seconds_to_paint(program, environment)  # the first start reads the disk
        times = [(seconds_to_paint(EMPTY, environment), seconds_to_paint(QVIZ, environment)) for _ in range(pairs)]
    empty, ours = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    table = Table(
        "", "seconds", "of the empty window", title=f"Median of {pairs} pairs, {environment_name(environment)}"
    )
    table.add_row("empty PySide6 window", f"{empty:.3f}", "1.00")
    table.add_row("qviz", f"{ours:.3f}", f"{ratio:.2f} (limit {LIMIT_RATIO})")
    table.add_row("engine ready", f"{seconds_to_engine():.2f}", "")
    Console().print(table)
    sys.exit(ratio > LIMIT_RATIO)


def seconds_to_paint(program: str, environment: dict[str, str]) -> float:
    """Start a program and return when its first window is painted, in seconds from the start."""
    started = time.monotonic()
    command = [sys.executable, "-c", WATCH + program]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=GIVE_UP_S, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("painted "):
            return float(line.split()[1]) - started
    raise click.ClickException(f"no window was painted (exit code {done.returncode})")


def seconds_to_engine() -> float:
    """Return how long an engine takes until it takes requests."""
    from qviz.wire.client import EngineClient

    started = time.monotonic()
    with EngineClient() as engine:
        next(engine.reports())
        return time.monotonic() - started


@contextlib.contextmanager
def display(offscreen: bool) -> Iterator[dict[str, str]]:
    """Give an environment in which a window can be shown."""
    # Settings of one's own, so that no earlier session decides the window's size; and with byte code, as users have it.
    left_out = ("QT_QPA_PLATFORM", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    environment["XDG_CONFIG_HOME"] = environment["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="qviz-bench-")
    if not offscreen and sys.platform == "linux" and not environment.get("DISPLAY") and shutil.which("Xvfb"):
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout is not None
            try:
                yield {**environment, "DISPLAY": f":{server.stdout.readline().strip()}"}
            finally:
                server.terminate()
    elif offscreen or (sys.platform == "linux" and not environment.get("DISPLAY")):
        yield {**environment, "QT_QPA_PLATFORM": "offscreen"}
    else:
        yield environment


def environment_name(environment: dict[str, str]) -> str:
    """Return where the windows were shown."""
    return environment.get("QT_QPA_PLATFORM") or f"display {environment.get('DISPLAY', 'of the system')}"


bench.add_command(flows)
bench.add_command(fake)
bench.add_command(why)
bench.add_command(canvas)
bench.add_command(measure)
bench.add_command(against)


if __name__ == "__main__":
    bench()
