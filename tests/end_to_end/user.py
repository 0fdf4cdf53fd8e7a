"""Someone who uses the window with mouse and keys alone, sees what is in sight, and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QModelIndex, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QTabBar,
    QTreeView,
    QWidget,
)

from qviz.analysis.views.view import Box
from qviz.session.sides import Side
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.panels.summary_strip import TileButton
from qviz.ui.shell.main_window import MainWindow

PATIENCE_MS = 120_000
_LOOK_MS = 10
_W = TypeVar("_W", bound=QWidget)


class User:
    """Clicks on what is in sight and presses keys; a text typed into one field counts as one.

    Args:
        window: What is used.
        on_step: Is told what was done, after the window has followed.
    """

    def __init__(self, window: MainWindow, on_step: Callable[[str], object] = lambda _done: None) -> None:
        self.window = window
        self.steps: list[str] = []
        self._on_step = on_step
        self._answers: list[Callable[[QDialog], object]] = []
        self._met: list[QWidget] = []
        self._fault: BaseException | None = None
        self._watch = QTimer(window)
        self._watch.setInterval(_LOOK_MS)
        self._watch.timeout.connect(self._look_for_dialog)

    @property
    def count(self) -> int:
        """How many clicks and keys it took so far."""
        return len(self.steps)

    # What is done

    def click(
        self,
        widget: QWidget,
        at: QPoint | None = None,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Click on a widget, where it is in sight and nothing covers it."""
        place = self._in_sight(widget, at)
        self._done(f"click {_name(widget)}")
        QTest.mouseClick(widget, button, keys, place)
        self._follow()

    def click_text(self, text: str) -> None:
        """Click on the button, or the row, that says so."""
        for widget in self._widgets(QAbstractButton):
            if widget.isEnabled() and text in (_plain(widget.text()), widget.accessibleName()):
                self.click(widget)
                return
        for view in self._widgets(QAbstractItemView):
            for index in _rows_in_sight(view):
                if text in _plain(str(index.data() or "")):
                    self.click(view.viewport(), view.visualRect(index).center())
                    return
        raise AssertionError(f"nothing to click says {text!r}; in sight: {self.texts()}")

    def click_node(self, node_id: str, side: Side = Side.RIGHT) -> None:
        """Click on the box of a node."""
        self._click_box(side, lambda box: node_id in box.members, node_id)

    def click_box(self, title: str, side: Side = Side.RIGHT) -> None:
        """Click on a box by what is written on it."""
        self._click_box(side, lambda box: box.title == title, title)

    def _click_box(self, side: Side, is_it: Callable[[Box], bool], name: str) -> None:
        canvas = self.canvas(side)
        scene, camera = canvas.scene, canvas.viewport.camera
        assert scene is not None, "no graph is drawn"
        box = next((each for each in scene.view.boxes if not each.is_open and is_it(each)), None)
        assert box is not None, f"no box of {name}; in sight: {self.boxes(side)}"
        self.click(canvas.surface, camera.to_screen(scene.rect(box.id).center()).toPoint())

    def press(self, keys: str) -> None:
        """Press a key, or several at once."""
        combination = QKeySequence(keys)[0]  # type: ignore[index]
        self._done(f"press {keys}")
        QTest.keyClick(self._focus(), combination.key(), combination.keyboardModifiers())
        self._follow()

    def write(self, text: str) -> None:
        """Type a text, in place of what the field that has the keys holds."""
        self._done(f"type {text}")
        field = self._focus()
        if isinstance(field, QLineEdit | QPlainTextEdit):
            field.selectAll()
        for letter in text:
            QTest.keyClicks(self._focus(), letter)
        self._follow()

    def meets(self, *answers: Callable[[QDialog], object]) -> None:
        """Answer the next dialogs, each of which may hold the click that opens it until it is closed."""
        if (there := QApplication.activeModalWidget()) is not None:
            self._met.append(there)
        self._answers.extend(answers)
        self._watch.start()

    def leave(self) -> None:
        """Look for dialogs no more."""
        self._watch.stop()

    # What is seen

    def canvas(self, side: Side = Side.RIGHT) -> GraphCanvas:
        """Return a graph in sight."""
        assert self.window.desk is not None, "nothing is open"
        canvas = self.window.desk.work.panes.panes[side].canvas
        assert canvas.surface.isVisible()
        return canvas

    def sees(self, *texts: str) -> bool:
        """Tell whether some text that is in sight holds each of these."""
        found = self.texts()
        return all(any(text in each for each in found) for text in texts)

    def texts(self) -> list[str]:
        """Return what can be read now, in the window or in the dialog before it."""
        return [text for widget in self._widgets(QWidget) for text in _texts_of(widget) if text]

    def boxes(self, side: Side = Side.RIGHT) -> list[str]:
        """Return the titles of the boxes in sight on a canvas."""
        view = self.canvas(side).viewport
        scene = view.scene
        return [box.title for box in scene.visible(view.sight).boxes] if scene is not None else []

    def wait(self, is_so: Callable[[], bool], what: str, patience_ms: int = PATIENCE_MS) -> None:
        """Wait until something is so, while the window works."""
        late: list[bool] = []
        clock = QTimer()
        clock.setSingleShot(True)
        clock.timeout.connect(lambda: late.append(True))
        clock.start(patience_ms)
        while not is_so():
            assert not late, f"{what} did not come; in sight: {self.texts()}"
            _breathe()
        clock.stop()

    def wait_to_see(self, *texts: str) -> None:
        """Wait until these can be read."""
        self.wait(lambda: self.sees(*texts), f"{texts}")

    def wait_for_result(self) -> None:
        """Wait until a run has ended, and its graphs are drawn."""

        def is_there() -> bool:
            desk = self.window.desk
            project = desk.project if desk is not None and not desk.is_running else None
            return project is not None and project.snapshot is not None

        self.wait(is_there, "a result")
        self.wait(self._is_still, "its graphs")

    def found(self, kind: type[_W], text: str = "") -> _W:
        """Return a widget in sight, by its type and what it says or is called."""
        for widget in self._widgets(kind):
            if text in widget.accessibleName() or any(text in each for each in _texts_of(widget)):
                return widget
        raise AssertionError(f"no {kind.__name__} says {text!r}; in sight: {self.texts()}")

    # How

    def _done(self, step: str) -> None:
        self.steps.append(step)

    def _follow(self) -> None:
        """Let the window take in what was done."""
        _breathe()
        self.wait(self._is_still, "a picture that is still")
        self._look_at_inspector()
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        self._on_step(self.steps[-1] if self.steps else "")

    def _look_at_inspector(self) -> None:
        """A page that is wider than its panel would be cut at the right, where nobody can scroll to."""
        inspector = self.window.desk.work.inspector if self.window.desk is not None else None
        if inspector is not None and inspector.isVisible():
            page, room = inspector.widget(), inspector.viewport()
            assert page is not None
            assert page.width() <= room.width(), f"the inspector cuts its page: {page.width()} of {room.width()}"

    def _is_still(self) -> bool:
        """Tell whether all graphs in sight are placed, for the room that they have now, and drawn to their end."""
        desk = self.window.desk
        panes = desk.work.panes.panes.values() if desk is not None else ()
        shown = [each.canvas for each in panes if each.canvas.stage is not None and each.canvas.surface.isVisible()]
        return all(
            each.scene is not None and each.surface.is_finished and not each.is_busy and not each.readable.is_waiting
            for each in shown
        )

    def _in_front(self) -> QWidget:
        """Return the window, or the dialog or menu before it."""
        popup = QApplication.activePopupWidget()  # that of a completer takes no keys away
        return popup if isinstance(popup, QMenu) else QApplication.activeModalWidget() or self.window

    def _focus(self) -> QWidget:
        front = self._in_front()
        if isinstance(front, QMenu):
            return front
        return front.focusWidget() or front

    def _widgets(self, kind: type[_W]) -> Iterator[_W]:
        front = self._in_front()
        for widget in (front, *front.findChildren(QWidget)):
            if isinstance(widget, kind) and widget.isVisible() and not widget.visibleRegion().isEmpty():
                yield widget

    def _in_sight(self, widget: QWidget, at: QPoint | None) -> QPoint:
        """Return where to click; what is hidden, disabled or covered cannot be clicked."""
        assert widget.isVisible(), f"{_name(widget)} is hidden"
        assert widget.isEnabled(), f"{_name(widget)} is disabled"
        front = self._in_front()
        assert front is widget or front.isAncestorOf(widget), f"{_name(front)} is before {_name(widget)}"
        place = at if at is not None else widget.rect().center()
        if at is None and not widget.visibleRegion().contains(place):
            place = widget.visibleRegion().boundingRect().center()
        assert widget.visibleRegion().contains(place), f"{_name(widget)} is out of sight"
        there = front.childAt(widget.mapTo(front, place)) if widget is not front else widget
        assert there is None or there is widget or widget.isAncestorOf(there), f"{_name(there)} covers {_name(widget)}"
        return place

    def _look_for_dialog(self) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog) or dialog in self._met or not dialog.isVisible():
            return
        self._met.append(dialog)
        try:
            assert self._answers, f"nobody answers {dialog.windowTitle()!r}: {self.texts()}"
            self._answers.pop(0)(dialog)
        except BaseException as fault:  # raised where the click returns, which waits for the dialog
            self._fault = fault
            dialog.reject()


def _breathe() -> None:
    """Let events be handled for a moment, in Qt's own loop, which lets other threads work."""
    loop = QEventLoop()
    QTimer.singleShot(_LOOK_MS, loop.quit)
    loop.exec()


def _name(widget: QWidget) -> str:
    texts = [each for each in _texts_of(widget) if each]
    return f"{type(widget).__name__} {texts[0] if texts else widget.accessibleName()}".strip()


def _plain(text: str) -> str:
    return text.replace("\u200b", "").replace("&", "")


def _texts_of(widget: QWidget) -> list[str]:
    """Return what a widget shows as text."""
    found: list[str] = []
    match widget:
        case TileButton():
            found = [widget.accessibleName()]
        case QLabel() | QAbstractButton():
            found = [widget.text()]
        case QLineEdit():
            found = [widget.text() or widget.placeholderText()]
        case QPlainTextEdit():
            found = [widget.toPlainText()]
        case QTabBar():
            found = [widget.tabText(index) for index in range(widget.count())]
        case QMenu():
            found = [action.text() for action in widget.actions() if action.isVisible()]
        case QMessageBox():
            found = [widget.text(), widget.informativeText()]
        case QAbstractItemView() if not isinstance(widget, QHeaderView):
            found = [str(index.data() or "") for index in _rows_in_sight(widget)]
    return [_plain(text) for text in found]


def _rows_in_sight(view: QAbstractItemView) -> Iterator[QModelIndex]:
    """Yield the cells of a table or list that are in sight, from top to bottom."""
    model, room = view.model(), QRect(QPoint(), view.viewport().size())
    parents = [QModelIndex()]
    while model is not None and parents:
        parent = parents.pop()
        for row in range(model.rowCount(parent)):
            if view.visualRect(model.index(row, 0, parent)).top() > room.bottom():
                break
            for column in range(model.columnCount(parent)):
                index = model.index(row, column, parent)
                if view.visualRect(index).intersects(room):
                    yield index
            first = model.index(row, 0, parent)
            if isinstance(view, QTreeView) and view.isExpanded(first):
                parents.append(first)
