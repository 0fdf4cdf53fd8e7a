"""What happened, in one line over the foot of the graph: it pushes nothing, and never takes the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6 import QtCore
from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from qviz.ui.panels.level_sign import LevelSign
from qviz.ui.panels.widgets import button, label
from qviz.words import tr
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

RESULT_MS = 4000
"""How long a result is told."""
_AWAY = 8
_MESSAGE_WIDTH = 420
"""What happened is cut after what to do."""


class Stepper(NamedTuple):
    """Where in a row of places a mode is.

    Attributes:
        text: As ``2 of 5``.
        go: Goes on by 1, or back by -1.
    """

    text: str
    go: Callable[[int], object]


class Told(NamedTuple):
    """What a toast says.

    Attributes:
        level: ``error``, ``warning`` or ``info``.
        message: What happened.
        hint: What to do.
        actions: Titles and what they do.
        step: Of a mode that has places.
        end: Ends the mode; None where there is no mode.
    """

    level: str
    message: str
    hint: str = ""
    actions: tuple[tuple[str, Callable[[], object]], ...] = ()
    step: Stepper | None = None
    end: Callable[[], object] | None = None

    @property
    def stays(self) -> bool:
        """Whether it stays until it is dismissed: a mode, an error, and what asks for something."""
        return self.end is not None or self.level == "error" or bool(self.actions)


class OneLine(QLabel):
    """A label that is cut where there is no room for it; the tooltip of its toast has all of it."""

    def __init__(self, role: str, least: int) -> None:
        super().__init__()
        self.setProperty("role", role)
        self._least = least

    def minimumSizeHint(self) -> QSize:
        """Return the width below which others are cut first."""
        hint = super().minimumSizeHint()
        return QSize(min(self._least, hint.width()), hint.height())

    def paintEvent(self, event: QEvent) -> None:
        """Draw what there is room for."""
        from PySide6.QtGui import QPainter

        flags = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignLeft
        shown = self.fontMetrics().elidedText(self.text(), QtCore.Qt.TextElideMode.ElideRight, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), flags, shown)
        painter.end()


class Toast(QFrame):
    """One message at a time; a mode comes back after a result was told.

    Args:
        host: What it floats over.
        beside: Stands at the right end of that, and stays free.

    Signals:
        error_told: All of an error, which the line may be too short for.
    """

    error_told = Signal(str)

    def __init__(self, host: QWidget, beside: QWidget | None = None) -> None:
        super().__init__(host)
        self.setProperty("role", "toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 6, 0)
        row.setSpacing(8)
        self._sign = LevelSign()
        self.message, self.hint = OneLine("pane", _MESSAGE_WIDTH), OneLine("muted", 0)
        for part in (self._sign, self.message, self.hint):
            row.addWidget(part)
        self._buttons: list[QWidget] = []
        self._row = row
        self._now: Told | None = None
        self._mode: Told | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.on_timer_timeout)
        float_over(host, self, beside)
        self.hide()

    def tell(
        self,
        level: str,
        message: str,
        hint: str = "",
        actions: tuple[tuple[str, Callable[[], object]], ...] = (),
    ) -> None:
        """Tell something in place of what was told before; `actions` are titles and what they do."""
        self._show(Told(level, message, hint, actions))

    def begin(
        self, message: str, end: Callable[[], object], hint: str = "", level: str = "info", step: Stepper | None = None
    ) -> None:
        """Tell a mode, which stays until it ends; Esc calls `end`."""
        self._mode = Told(level, message, hint, (), step, end)
        self._show(self._mode)

    def end_mode(self) -> None:
        """Take the mode away; a result that is told stays."""
        is_shown, self._mode = self._now is not None and self._now is self._mode, None
        if is_shown:
            self.hide()

    def clear(self) -> None:
        """Tell nothing."""
        self._mode = None
        self.hide()

    def dismiss(self) -> None:
        """Take what is told away; a mode ends, or comes back after what hid it."""
        told, self._now = self._now, None
        if told is not None and told.end is not None:
            self._mode = None
            self.hide()
            told.end()
        elif self._mode is not None:
            self._show(self._mode)
        else:
            self.hide()

    def _show(self, told: Told) -> None:
        self._now = told
        self._timer.stop()
        for each in self._buttons:
            each.hide()
            each.deleteLater()
        self._buttons = []
        self.setProperty("level", told.level)
        self._sign.show_level(told.level)
        self.message.setText(told.message.replace("\n", "  "))
        self.hint.setText(told.hint)
        self.hint.setVisible(bool(told.hint))
        self.setToolTip(plain_tip("\n".join(filter(None, (told.message, told.hint)))))
        self._add_buttons(told)
        self._speak(told)
        if told.level == "error":
            self.error_told.emit(self.toolTip())
        self.show()
        self.raise_()
        self.adjustSize()
        if not told.stays:
            self._timer.start(RESULT_MS)

    def _add_buttons(self, told: Told) -> None:
        if told.step is not None:
            go = told.step.go
            self._add(button("‹", "link", lambda: go(-1)), tr("Previous place"))
            self._add(label(told.step.text))
            self._add(button("›", "link", lambda: go(1)), tr("Next place"))
        for title, act in told.actions:
            made = button(title, "link", self.dismiss)
            made.clicked.connect(lambda _checked, act=act: act())
            self._add(made)
        if told.end is not None:
            self._add(button(tr("Esc"), "link", self.dismiss), tr("Show everything again (Esc)"))
        elif told.stays:
            self._add(button("×", "link", self.dismiss), tr("Dismiss"))

    def _add(self, made: QWidget, spoken: str = "") -> None:
        if isinstance(made, QPushButton) and spoken:
            made.setToolTip(spoken)
            made.setAccessibleName(spoken)
        self._buttons.append(made)
        self._row.addWidget(made)
        made.show()

    def _speak(self, told: Told) -> None:
        self.setAccessibleName(one_line(announce(self, told.level, told.message, told.hint)))

    def on_timer_timeout(self) -> None:
        """Take a result away that was told long enough."""
        self.dismiss()


def announce(widget: QWidget, level: str, message: str, hint: str = "") -> str:
    """Let screen readers say something that a widget shows, wherever the keys go; return what they say."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

    from qviz.words import names

    said = tr("{level}: {message} {hint}", level=names.level(level), message=message, hint=hint)
    event = QAccessibleAnnouncementEvent(widget, said)
    if level == "error":
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)
    return said


class Floating(QObject):
    """Keeps widgets at the foot of what they float over, in its middle, one above the other."""

    def __init__(self, host: QWidget, beside: QWidget | None = None) -> None:
        super().__init__(host)
        self._host, self._beside = host, beside
        self._floats: list[QWidget] = []
        host.installEventFilter(self)
        if beside is not None:
            beside.installEventFilter(self)

    def take(self, widget: QWidget) -> None:
        """Keep one more; the first stands lowest."""
        self._floats.append(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Place them anew where one, or what is below, became another size."""
        kinds = QEvent.Type
        if event.type() in (kinds.Resize, kinds.Show, kinds.Hide, kinds.LayoutRequest):
            self.place()
        return False

    def place(self) -> None:
        """Put each where it belongs."""
        taken = 0 if self._beside is None or self._beside.isHidden() else self._beside.width()
        y, whole = self._host.height(), self._host.width() - taken
        for each in self._floats:
            if not each.isHidden():
                wanted = each.sizeHint().expandedTo(each.minimumSize()).boundedTo(each.maximumSize())
                wide, high = min(wanted.width(), whole - 2 * _AWAY), wanted.height()
                y -= high + _AWAY
                each.setGeometry((whole - wide) // 2, y, wide, high)


def float_over(host: QWidget, widget: QWidget, beside: QWidget | None = None) -> None:
    """Let a widget float over the foot of another, above those that do already; `beside` is the host's right end."""
    there = next((each for each in host.children() if isinstance(each, Floating)), None)
    (there or Floating(host, beside)).take(widget)
