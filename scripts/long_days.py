"""Opens, reads and closes results in one window, again and again, and counts what is left: a day's work in minutes.

`python scripts/long_days.py --cycles 1000` prints a table; ends with 1 where memory grew by 5 % or anything was left.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from qviz.analysis.linking.links import link_stages
from qviz.document import codec
from qviz.document.graph import Edge, Graph, Group, Kind, Node, Value
from qviz.document.snapshot import Run, Snapshot, Stage
from qviz.session.sides import Side
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow

SIZES = (3, 30, 100, 400)
READ_EVERY = 5
"""Results of which one is read through; the others are only looked at."""
PATIENCE_S = 600.0
GROWTH = 0.05


class Left(NamedTuple):
    """What a process holds, after everything that could be freed was."""

    memory: int
    objects: int
    widgets: int
    threads: int
    descriptors: int
    children: int
    files: int


def result(nodes: int) -> Snapshot:
    """Return a result of two stages, of so many nodes in groups of ten."""
    values = (Value((1, 8), "torch.float32"),)
    groups = tuple(Group(f"block_{number}", "Block") for number in range(nodes // 10))
    stages = []
    for name in ("captured", "converted"):
        made = [
            Node(
                id=f"n{each}",
                name=f"n{each}",
                op="call_module" if each else "placeholder",
                target=f"block_{each // 10}.linear_{each}",
                kind=Kind.OP if each else Kind.INPUT,
                args=[{"node": f"n{each - 1}"}] if each else [],
                kwargs={},
                module_path=f"block_{each // 10}.linear_{each}" if each else "",
                module_type="Linear" if each else "",
                values=values,
                attributes={},
            )
            for each in range(nodes)
        ]
        edges = tuple(Edge(f"n{each - 1}", f"n{each}", 0) for each in range(1, nodes))
        stages.append(Stage(name=name, graph=Graph(tuple(made), edges, groups), code=None))
    run = Run("sample:conv-bn-relu", "fx-static", "done", {}, {}, "import torch\n", None)
    links = tuple(link_stages(*stages))
    return Snapshot("qviz", codec.FORMAT_VERSION, run, tuple(stages), links, {}, (), {}, ())


class _Breath:
    """Loops and their clocks, used again and again: PySide keeps something of every `singleShot`."""

    def __init__(self) -> None:
        self._free: list[tuple[QEventLoop, QTimer]] = []

    def take(self, milliseconds: int) -> None:
        loop, clock = self._free.pop() if self._free else self._made()
        clock.start(milliseconds)
        loop.exec()
        self._free.append((loop, clock))

    @staticmethod
    def _made() -> tuple[QEventLoop, QTimer]:
        loop, clock = QEventLoop(), QTimer()
        clock.setSingleShot(True)
        clock.timeout.connect(loop.quit)
        return loop, clock


_breath = _Breath()


def breathe(milliseconds: int = 0) -> None:
    """Let the window handle its events for a while."""
    _breath.take(milliseconds)


def wait(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, while the window works.

    Raises:
        TimeoutError: It never came.
    """
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError("the window is not done")
        breathe(1)


class Day:
    """One window in which results are opened, read and closed.

    Args:
        window: The window, shown.
        folder: Where the results are, and nothing else; made if it is not there.
        sizes: How many nodes each result has.
    """

    def __init__(self, window: MainWindow, folder: Path, sizes: Sequence[int] = SIZES) -> None:
        self.window, self._folder = window, folder
        folder.mkdir(exist_ok=True)
        self.paths = [folder / f"{nodes}.qviz" for nodes in sizes]
        for path, nodes in zip(self.paths, sizes, strict=True):
            codec.save(result(nodes), path)

    @property
    def is_still(self) -> bool:
        """Whether all graphs in view are placed and painted."""
        panes = self.window.desk.work.panes.panes.values() if self.window.desk is not None else ()
        shown = [each.canvas for each in panes if each.canvas.stage is not None and each.canvas.surface.isVisible()]
        return bool(shown) and all(
            each.scene is not None and each.surface.is_finished and not each.is_busy and not each.readable.is_waiting
            for each in shown
        )

    def cycle(self, path: Path, is_read: bool = True) -> None:
        """Open a result, and read it: unfold and fold, search, choose a node, look at every panel; then leave it."""
        window = self.window
        window.opener.open_source(str(path), is_consented=True)
        wait(lambda: self._shows(path))
        wait(lambda: self.is_still)
        desk = window.desk
        assert desk is not None
        if not is_read:
            return
        for command in ("unfold_all", "fold_all"):
            window.actions_of[command].trigger()
            wait(lambda: self.is_still)
        window.bar.search.setText("n2")
        breathe()
        window.bar.search.clear()
        desk.navigation.jump("converted", "n1")
        for page in range(desk.work.tabs.count()):
            desk.work.tabs.setCurrentIndex(page)
            breathe()
        wait(lambda: self.is_still)

    def _shows(self, path: Path) -> bool:
        project = self.window.desk.project if self.window.desk is not None else None
        panes = self.window.desk.work.panes.panes if self.window.desk is not None else {}
        is_it = project is not None and len(project.stages[0].graph.nodes) == int(path.stem)
        return is_it and panes[Side.LEFT].canvas.stage is project.stages[0]  # type: ignore[union-attr]

    def rest(self) -> Left:
        """Open the smallest result, let everything end that is about to, and count."""
        self.cycle(self.paths[0], is_read=False)
        desk = self.window.desk
        assert desk is not None
        wait(lambda: not desk._disposal.is_busy)  # noqa: SLF001 - nobody else has to know
        breathe(50)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
        return left(self._folder)


def left(folder: Path) -> Left:
    """Count what this process holds, and the files of a folder.

    On Linux; elsewhere zeros for what the system does not tell.
    """
    proc = Path("/proc/self")
    is_told = proc.exists()
    pages = int((proc / "statm").read_text().split()[1]) if is_told else 0
    children = sum(len(each.read_text().split()) for each in proc.glob("task/*/children")) if is_told else 0
    return Left(
        pages * 4096,
        len(gc.get_objects()),
        len(QApplication.allWidgets()),
        threading.active_count(),
        len(list((proc / "fd").iterdir())) if is_told else 0,
        children,
        sum(1 for each in folder.rglob("*") if each.is_file()),
    )


def own_temporary_folder(folder: Path) -> None:
    """Let temporary files of this process be made in a folder of its own: in the system's are those of others, too."""
    folder.mkdir(exist_ok=True)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def quiet_window(folder: Path, keeps_runs: bool = False) -> MainWindow:
    """Return a window whose engines never start, and which keeps nothing outside of a folder; runs on demand."""
    from PySide6.QtCore import QSettings

    from qviz.ui.process.engines import Engines
    from qviz.ui.shell.app import tune

    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(folder))
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    Engines.warm_up = lambda self: None  # type: ignore[method-assign]
    tune()
    window = MainWindow(Settings())
    window.resize(1366, 768)
    window.show()
    if keeps_runs:
        window.keep_runs(restores=True)
    breathe(50)
    return window


def days(cycles: int, every: int, folder: Path) -> Iterator[tuple[int, Left]]:
    """Work, and yield what is held every so many cycles; the first time once everything was used once."""
    day = Day(quiet_window(folder / "own"), folder)
    for _ in range(3):
        for path in day.paths:
            day.cycle(path)
    yield 0, day.rest()
    for number in range(1, cycles + 1):
        day.cycle(day.paths[number % len(day.paths)], number % READ_EVERY == 0)
        if number % every == 0:
            yield number, day.rest()
    day.window.close()


def main() -> int:
    """Work, and print what is held in between."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--every", type=int, default=100)
    chosen = parser.parse_args()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert application is not None
    print(f"{'cycles':>6} {'MB':>8} " + " ".join(f"{name:>11}" for name in Left._fields[1:]))
    seen: list[Left] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        own_temporary_folder(Path(folder) / "temporary")
        for number, held in days(chosen.cycles, chosen.every, Path(folder)):
            seen.append(held)
            print(f"{number:6} {held.memory / 1e6:8.1f} " + " ".join(f"{each:11}" for each in held[1:]), flush=True)
    growth = seen[-1].memory / seen[0].memory - 1
    more = [name for name, a, b in zip(Left._fields, seen[0], seen[-1], strict=True) if name != "memory" and b > a]
    print(f"memory grew by {growth:.1%} in {time.monotonic() - began:.0f} s; more of: {', '.join(more) or 'nothing'}")
    return 1 if growth >= GROWTH or set(more) - {"objects"} else 0


if __name__ == "__main__":
    sys.exit(main())
