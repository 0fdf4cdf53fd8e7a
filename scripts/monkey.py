"""Does random things to a real window, which may neither fail nor warn: `scripts/monkey.py --events 20000 --seed 1`.

Mouse, wheel, keys, commands, drops, sizes, documents, dialogs answered, reports that the monkey sends for an engine.
Nothing runs and nothing outside of a temporary folder is written. Ends with 1 after a fault; the seed does it again.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from long_days import breathe, quiet_window, result
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QtMsgType, QUrl, qInstallMessageHandler
from PySide6.QtGui import (
    QContextMenuEvent,
    QDesktopServices,
    QDrag,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QWidget

from qviz.document import codec
from qviz.document.said import Said
from qviz.document.snapshot import Run
from qviz.ui.process.client import EngineProcess
from qviz.ui.process.engines import Engines
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import RunFinished, StageReached, StepStarted

BUTTONS = (Qt.MouseButton.LeftButton,) * 8 + (Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)
MODIFIERS = (Qt.KeyboardModifier.NoModifier,) * 6 + (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
_MOVES = "Left Right Up Down Home End PageUp PageDown Tab Backtab Return Space Escape Delete Backspace Menu"
_OTHERS = "F1 F2 F3 F6 Plus Minus Slash Period BracketLeft BracketRight"
KEYS = (*_MOVES.split(), *_OTHERS.split(), *"ABCDEFNOSZ0123456789")
FILES = ("a.qviz", "b.json", "c.qviz", "broken.qviz", "plan.toml", "net.py", "x.txt")
LEFT_OUT = ("quit", "compare")
"""Commands that end the window, or start an engine beside it."""
IGNORED = ("This plugin does not support", "Mouse event", "propagateSizeHints")
"""What Qt says of its offscreen platform, or of the monkey's aim."""
NOTED = 25
"""Deeds that are told with a fault."""


class Monkey:
    """Does one thing after another, and notes what goes wrong.

    Args:
        window: The window, shown; its engines never start.
        chance: What it takes its decisions from.
        folder: Where it may write, and where it finds files to open.

    Attributes:
        faults: What went wrong, each with what was done before.
        deeds: How often each thing was done.
    """

    def __init__(self, window: MainWindow, chance: random.Random, folder: Path) -> None:
        self.window, self._chance, self._folder = window, chance, folder
        self.faults: list[str] = []
        self.deeds: Counter[str] = Counter()
        self._last: deque[str] = deque(maxlen=NOTED)
        self._in_sight: list[QWidget] = []
        self._results = [result(nodes) for nodes in (3, 40, 150)]
        self.files = [folder / name for name in FILES]
        for path, snapshot in zip(self.files, self._results, strict=False):
            codec.save(snapshot, path)
        self.files[3].write_bytes(b"no result")
        self.files[4].write_text('source = "sample:conv-bn-relu"\nflow = "fx-static"\n')
        self.files[5].write_text("import torch\n\nclass Net(torch.nn.Module):\n    pass\n")
        self.files[6].write_text("text")
        self._at_work = self._results[0]
        self._watch = QTimer(window)
        self._watch.setInterval(20)
        self._watch.timeout.connect(self.answer)
        self._deeds: list[tuple[int, Callable[[], None]]] = [
            (30, self.click), (8, self.drag), (8, self.wheel), (20, self.key), (14, self.command), (3, self.drop),
            (3, self.resize), (4, self.open), (4, self.report), (3, self.menu), (3, self.type_in),
        ]  # fmt: skip

    def __enter__(self) -> Monkey:
        self._hook, sys.excepthook = sys.excepthook, self._on_exception
        self._handler = qInstallMessageHandler(self._on_message)
        self._kept = _without_the_world(self)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.stop()
        sys.excepthook = self._hook
        qInstallMessageHandler(self._handler)
        for owner, name, value in self._kept:
            setattr(owner, name, value)

    def work(self, events: int) -> None:
        """Do so many things."""
        for number in range(events):
            (deed,) = self._chance.choices([each for _, each in self._deeds], [weight for weight, _ in self._deeds])
            self._do(deed, number)
            if not self.window.isVisible():
                self.window.show()

    def _do(self, deed: Callable[[], None], number: int) -> None:
        self.deeds[deed.__name__] += 1
        self._last.append(f"{number} {deed.__name__}")
        try:
            deed()
            breathe()
        except Exception as error:  # what Qt does not catch is a fault of the window too
            self._on_exception(type(error), error, error.__traceback__)

    # What goes wrong

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.fault("".join(traceback.format_exception(kind, error, trace)))

    def _on_message(self, kind: QtMsgType, _context: object, text: str) -> None:
        is_bad = kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        if is_bad and not any(each in text for each in IGNORED):
            self.fault(f"Qt: {text}")

    def fault(self, text: str) -> None:
        """Note a fault, with what was done before."""
        self.faults.append(f"{text}\nafter {'; '.join(self._last)}")
        print(self.faults[-1], file=sys.stderr, flush=True)

    # What is done

    @property
    def _front(self) -> QWidget:
        return QApplication.activePopupWidget() or QApplication.activeModalWidget() or self.window

    def _target(self) -> QWidget:
        """Return some widget in sight; often a canvas, which is most of the window."""
        front, desk = self._front, self.window.desk
        if front is self.window and desk is not None and self._chance.random() < 0.35:
            surfaces: list[QWidget] = [each.canvas.surface for each in desk.work.panes.panes.values()]
            shown = [each for each in surfaces if each.isVisible()]
            if shown:
                return self._chance.choice(shown)
        shown = [each for each in front.findChildren(QWidget) if each.isVisible() and each.isEnabled()]
        self._in_sight = [*shown, front]  # PySide forgets the children of a popup with what it knew of the popup
        target = self._chance.choice(self._in_sight)
        self._last.append(f"{type(target).__name__} {target.accessibleName()}".strip())
        return target

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self._chance.randrange(max(1, widget.width())), self._chance.randrange(max(1, widget.height())))

    def click(self) -> None:
        """Click somewhere, at times twice."""
        target = self._target()
        click = QTest.mouseDClick if self._chance.random() < 0.15 else QTest.mouseClick
        click(target, self._chance.choice(BUTTONS), self._chance.choice(MODIFIERS), self._place(target))

    def drag(self) -> None:
        """Press, move, let go."""
        target, button = self._target(), self._chance.choice(BUTTONS)
        QTest.mousePress(target, button, Qt.KeyboardModifier.NoModifier, self._place(target))
        for _ in range(self._chance.randrange(1, 5)):
            if not _is_there(target):
                return
            QTest.mouseMove(target, self._place(target))
            breathe()
        if _is_there(target):
            QTest.mouseRelease(target, button, Qt.KeyboardModifier.NoModifier, self._place(target))

    def wheel(self) -> None:
        """Turn the wheel."""
        target = self._target()
        place = QPointF(self._place(target))
        turned = QPoint(0, self._chance.choice((-480, -120, 120, 480)))
        event = QWheelEvent(
            place, target.mapToGlobal(place), QPoint(), turned, Qt.MouseButton.NoButton,
            self._chance.choice(MODIFIERS), Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(target, event)

    def key(self) -> None:
        """Press a key where the focus is."""
        name = self._chance.choice(KEYS)
        self._last.append(name)
        front = self._front
        QTest.keyClick(front.focusWidget() or front, getattr(Qt.Key, f"Key_{name}"), self._chance.choice(MODIFIERS))

    def type_in(self) -> None:
        """Type a few letters."""
        front = self._front
        text = "".join(self._chance.choice('abn12 :>.*()"é🙂') for _ in range(self._chance.randrange(1, 8)))
        for letter in text:
            if _is_there(front):
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):  # QTest has keys of ASCII alone
                    target = front.focusWidget() or front
                    QApplication.sendEvent(target, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))

    def command(self) -> None:
        """Do a command, as the palette does."""
        if QApplication.activeModalWidget() is not None:
            return
        actions = self.window.actions_of
        ids = [each.id for each in actions.commands if each.id not in LEFT_OUT and actions[each.id].isEnabled()]
        name = self._chance.choice(ids)
        self._last.append(name)
        actions[name].trigger()

    def _drop_data(self) -> QMimeData:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._chance.choice(self.files)))])
        return data

    def drop(self) -> None:
        """Drag a file over the window, and drop it."""
        if self._front is not self.window:
            return
        data, place = self._drop_data(), self._place(self.window)
        button, keys, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        QApplication.sendEvent(self.window, QDragEnterEvent(place, copy, data, button, keys))
        if self._chance.random() < 0.5:
            breathe()
        sheet = self.window.drop_sheet
        QApplication.sendEvent(
            sheet if sheet.isVisible() else self.window, QDropEvent(QPointF(place), copy, data, button, keys)
        )

    def carry(self, drag: QDrag) -> Qt.DropAction:
        """Carry what is dragged out of a widget to some place, and drop it."""
        self._last.append("carried")
        target, data = self._target(), drag.mimeData()
        place = self._place(target)
        button, keys, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        QApplication.sendEvent(target, QDragEnterEvent(place, copy, data, button, keys))
        QApplication.sendEvent(target, QDropEvent(QPointF(place), copy, data, button, keys))
        return copy

    def resize(self) -> None:
        """Give the window another size."""
        self.window.resize(self._chance.randrange(300, 2200), self._chance.randrange(200, 1400))

    def open(self) -> None:
        """Open a file."""
        if QApplication.activeModalWidget() is None:
            self.window.opener.open_source(
                str(self._chance.choice(self.files)), is_consented=self._chance.random() < 0.5
            )

    def menu(self) -> None:
        """Ask for a context menu."""
        target = self._target()
        place = self._place(target)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, target.mapToGlobal(place))
        QApplication.sendEvent(target, event)

    def report(self) -> None:
        """Say what an engine says, to a window that waits for one; the next it gets at another time."""
        engines = self.window.engines
        if not engines.is_running:
            if self.window.desk is not None and QApplication.activeModalWidget() is None:
                self.window.desk.run()
            return
        choice = self._chance.random()
        project = self.window.desk.project if self.window.desk is not None else None
        there = [each.name for each in project.stages] if project is not None else []
        if not there:
            self._at_work = self._chance.choice(self._results)  # one model a run
        left = [each for each in self._at_work.stages if each.name not in there]
        if choice < 0.3:
            step = self._chance.choice(("trace", "prepare", "calibrate", "convert"))
            engines.report_received.emit(StepStarted(1, step))
        elif choice < 0.7 and left:
            links = self._at_work.links if there else ()
            engines.report_received.emit(StageReached(1, left[0], {}, links))
        elif choice < 0.9:
            engines.is_running = False
            run = Run("sample:conv-bn-relu", "fx-static", "done", {}, {}, "import torch\n", None)
            engines.report_received.emit(RunFinished(1, run, (), {}, ()))
        else:
            engines.is_running = False
            engines.run_died.emit(Said("stop.engine.signal", {}, {"signal": "SIGKILL"}))

    def answer(self) -> None:
        """Answer what stands before the window, which may hold the deed that opened it."""
        front = self._front
        if front is self.window or self._chance.random() < 0.5:
            return
        self.deeds["answer"] += 1
        self._last.append(f"answer {type(front).__name__} {front.windowTitle()}")
        buttons = [each for each in front.findChildren(QWidget) if each.isVisible() and hasattr(each, "click")]
        if buttons and self._chance.random() < 0.5:
            cast(Any, self._chance.choice(buttons)).click()
        else:
            QTest.keyClick(front, self._chance.choice((Qt.Key.Key_Escape, Qt.Key.Key_Escape, Qt.Key.Key_Return)))

    def some_file(self) -> str:
        """Return a file of the folder, a new one, or none."""
        known = [str(each) for each in self.files]
        return self._chance.choice([*known, "", str(self._folder / f"new{self._chance.randrange(9)}")])


def _is_there(widget: QWidget) -> bool:
    from shiboken6 import Shiboken

    return Shiboken.isValid(widget) and widget.isVisible()


def _without_the_world(monkey: Monkey) -> list[tuple[Any, str, Any]]:
    """Keep the window from files of others, from other programs, and from engines; return what was there."""

    def begin(engines: Engines, *_: object) -> None:
        engines.is_running = True

    def end(engines: Engines) -> None:
        engines.is_running = False

    def nothing(*_: object) -> None:
        pass

    replaced: dict[tuple[Any, str], Any] = {
        (QFileDialog, "getOpenFileName"): lambda *_, **__: (monkey.some_file(), ""),
        (QFileDialog, "getSaveFileName"): lambda *_, **__: (monkey.some_file(), ""),
        (QInputDialog, "getText"): lambda *_, **__: (monkey.some_file(), False),
        (QDrag, "exec"): lambda drag, *_: monkey.carry(drag),
        (QDesktopServices, "openUrl"): lambda *_: False,
        (Engines, "run"): begin,
        (Engines, "cancel"): end,
        (Engines, "guess_call"): nothing,
        (Engines, "try_call"): nothing,
        (EngineProcess, "_start"): nothing,
    }
    kept = [(owner, name, getattr(owner, name)) for owner, name in replaced if hasattr(owner, name)]
    for owner, name, _ in kept:
        setattr(owner, name, replaced[owner, name])
    return kept


def is_within(path: str, *folders: Path) -> bool:
    """Tell whether a file is in one of some folders, links followed."""
    return any(Path(os.path.realpath(path)).is_relative_to(each) for each in folders)


def watch_writes(folder: Path, fault: Callable[[str], None]) -> None:
    """Tell of every file outside of a folder that is opened for writing; for as long as this process lives."""
    allowed = folder, Path("/dev"), Path("/proc")

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int):
            writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and not is_within(arguments[0], *allowed):
                fault(f"writes {arguments[0]}")

    sys.addaudithook(look)


def main() -> int:
    """Let the monkey work, and tell what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert application is not None
    sys.dont_write_bytecode = True
    for name in ("EDITOR", "VISUAL", "DISPLAY"):
        os.environ.pop(name, None)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.path.realpath(name))
        os.environ["HOME"] = str(folder)
        os.environ["PATH"] = ""
        os.chdir(folder)
        window = quiet_window(folder, keeps_runs=True)
        with Monkey(window, random.Random(chosen.seed), folder) as monkey:
            watch_writes(folder, monkey.fault)
            for _ in range(chosen.events // 500 or 1):
                monkey.work(min(500, chosen.events))
                print(f"{sum(monkey.deeds.values())} events, {len(monkey.faults)} faults", file=sys.stderr, flush=True)
            window.close()
    told = ", ".join(f"{count} {name}" for name, count in monkey.deeds.most_common())
    print(f"seed {chosen.seed}: {told}; {len(monkey.faults)} faults in {time.monotonic() - began:.0f} s")
    return 1 if monkey.faults else 0


if __name__ == "__main__":
    sys.exit(main())
