"""The bar above the panes: the stages of the flow, what is laid over the graph, its detail and its scale."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from qviz.analysis.linking.beside import BETWEEN
from qviz.document.snapshot import StageName
from qviz.session.laid_over import OverlayChoice
from qviz.session.sides import Shown, Side
from qviz.ui.panels.overlay_switch import OverlaySwitch
from qviz.ui.panels.widgets import choose, empty, label, restyle
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words import names as words
from qviz.words.untrusted import plain_tip

_LETTERS = {Side.LEFT: "A", Side.RIGHT: "B"}
_BADGE, _GAP, _RATIO = 16, 3, 2
_SPACE = 8


class StageButton(QPushButton):
    """One stage: a click shows it in pane B, a click with Shift or the right button in pane A."""

    chosen = Signal(object, str)

    def __init__(self, name: StageName) -> None:
        super().__init__(words.stage(name.partition(BETWEEN)[0]))
        self.name = name
        self.setProperty("role", "stage")
        self.setToolTip(
            plain_tip(tr("Show {stage} in pane B. Shift-click shows it in pane A.", stage=words.stage(name)))
        )
        self.clicked.connect(lambda: self.chosen.emit(Side.RIGHT, self.name))

    def show_state(self, sides: Collection[Side], is_failed: bool, theme: Theme) -> None:
        """Show in which panes the stage stands, or that it failed."""
        self.setProperty("shown", "true" if sides else "false")
        self.setProperty("failed", "true" if is_failed else "false")
        letters = "".join(_LETTERS[side] for side in sides)
        self.setIcon(badges(letters, theme) if letters else QIcon())
        self.setIconSize(QSize((_BADGE + _GAP) * len(letters), _BADGE))
        if is_failed:
            text = mark("Stage {stage}, failed")
        else:
            text = mark("Stage {stage}, in pane {panes}") if letters else mark("Stage {stage}")
        self.setAccessibleName(tr(text, stage=words.stage(self.name), panes=" ".join(letters)))
        restyle(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the letters, and of the text what fits beside them."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        beside = self.iconSize().width() + _GAP + 1 if not self.icon().isNull() else 0
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, inside - beside)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose pane A by Shift or the right button."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift or event.button() == Qt.MouseButton.RightButton:
            self.chosen.emit(Side.LEFT, self.name)
            event.accept()
        else:
            super().mousePressEvent(event)


class StageStrip(QFrame):
    """The stages, the switch of overlays, and the lists of what can be done with detail and scale.

    Signals:
        stage_chosen: `Side` and name.

    Attributes:
        overlays: The switch.
        detail: Names how much is expanded; its list is given by the window.
        scale: Names the scale; its list is given by the window.
    """

    stage_chosen = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "stagebar")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(_SPACE)
        self._stages = QGridLayout()
        self._stages.setVerticalSpacing(5)
        row.addLayout(self._stages)
        row.addStretch(1)
        self.overlays = OverlaySwitch()
        self.detail, self.scale = QToolButton(), QToolButton()
        row.addWidget(self.overlays)
        for each in (self.detail, self.scale):
            choose(each, popupMode="InstantPopup", toolButtonStyle="ToolButtonTextOnly", focusPolicy="TabFocus")
            row.addWidget(each)
        self._buttons: dict[StageName, StageButton] = {}
        self._arrows: list[QLabel] = []
        self._only: tuple[StageName, ...] = ()
        self._own_run, self._own = "", label("", "muted")
        self._named: list[tuple[QLabel, list[str]]] = []
        self._is_tight, self._wanted = False, 0

    def name_run(self, title: str) -> None:
        """Name the run whose stages stand below those of another."""
        self._own_run = title
        self._own.setText(title)

    def show_only(self, stages: tuple[StageName, ...]) -> None:
        """Leave out all stages but these, and what takes two of them, where room is scarce; none leaves out nothing."""
        self._only = stages
        for name, each in self._buttons.items():
            each.setVisible(not stages or name in stages)
        for named, of_run in self._named:
            named.setVisible(not stages or not set(of_run).isdisjoint(stages))
        self._show_arrows()
        self.overlays.offer(OverlayChoice.CHANGES, not stages)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the scale, the detail, then the overlays where the stages need the room: all are in menus, too."""
        super().resizeEvent(event)
        self._make_room()

    def event(self, event: QEvent) -> bool:
        """Make room, too, where texts became larger."""
        is_done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._make_room()
        return is_done

    def _show_arrows(self) -> None:
        for arrow in self._arrows:
            arrow.setVisible(not self._only and not self._is_tight)

    def _tighten(self, is_tight: bool) -> None:
        """Let stages stand close to each other, without arrows, or not."""
        self._is_tight = is_tight
        for each in self._buttons.values():
            each.setProperty("tight", is_tight)
            restyle(each)
        self._stages.setHorizontalSpacing(_GAP if is_tight else -1)
        self._show_arrows()

    def _make_room(self) -> None:
        room = self.width() - 4 * _SPACE
        if self._is_tight and room >= self._wanted:
            self._tighten(False)
        wide = self._stages.sizeHint().width()
        if not self._is_tight and wide > room:
            self._wanted = wide
            self._tighten(True)
        shown: list[QWidget] = [self.overlays, *(each for each in (self.detail, self.scale) if each.text())]
        needed = self._stages.sizeHint().width() + sum(each.sizeHint().width() + _SPACE for each in shown) + 4 * _SPACE
        for each in reversed(shown):
            each.setVisible(needed <= self.width())
            needed -= 0 if needed <= self.width() else each.sizeHint().width() + _SPACE

    def set_lists(self, detail: QMenu, scale: QMenu) -> None:
        """Take the lists that detail and scale open."""
        self.detail.setMenu(detail)
        self.scale.setMenu(scale)

    def show_detail(self, boxes: str, scale: str) -> None:
        """Name how much is shown, and how large."""
        spoken_of = {self.detail: mark("Detail: {text}"), self.scale: mark("Scale: {text}")}
        for made, text in ((self.detail, boxes), (self.scale, scale)):
            made.setText(tr("{text}  ▾", text=text) if text else "")
            made.setAccessibleName(tr(spoken_of[made], text=text))
            if not text:
                made.hide()
        self._make_room()  # shows what has room

    def show_stages(
        self,
        names: tuple[StageName, ...],
        there: Collection[StageName],
        shown: Shown,
        failing: StageName | None,
        theme: Theme,
    ) -> None:
        """Show the flow's stages: those not reached are disabled, the one that failed is red."""
        if tuple(self._buttons) != names:
            empty(self._stages)
            self._buttons, self._arrows, self._own, self._named = {}, [], label("", "muted"), []
            self._is_tight = False
            self._stages.setHorizontalSpacing(-1)
            runs = list(dict.fromkeys(name.partition(BETWEEN)[2] for name in names))
            for row, run in enumerate(runs):
                of_run = [name for name in names if name.partition(BETWEEN)[2] == run]
                self._add_run(row, run, of_run, len(runs) > 1)
        self.overlays.setEnabled(bool(there))
        for name, each in self._buttons.items():
            each.setEnabled(name in there)
            each.show_state([side for side in Side if shown.on(side) == name], name == failing, theme)
        self.show_only(self._only)

    def _add_run(self, row: int, title: str, stages: list[str], is_named: bool) -> None:
        """Add the stages of one run in a row, of two behind their names; the second, below, keeps the stages' names."""
        if is_named:
            named = label(title or self._own_run, "muted")
            self._own = self._own if title else named
            self._stages.addWidget(named, row, 0)
            self._named.append((named, stages))
        for place, name in enumerate(stages):
            if place:
                self._arrows.append(label("→", "muted"))
                self._stages.addWidget(self._arrows[-1], row, 2 * place)
            self._buttons[name] = StageButton(name)
            self._buttons[name].chosen.connect(self.stage_chosen)
            self._stages.addWidget(self._buttons[name], row, 2 * place + 1)


@lru_cache(maxsize=16)
def badges(letters: str, theme: Theme) -> QIcon:
    """Return the letters of the panes, each in a square of the accent.

    The same again: Qt keeps what it draws of each icon.
    """
    pixmap = QPixmap((_BADGE + _GAP) * len(letters) * _RATIO, _BADGE * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    for place, letter in enumerate(letters):
        square = QRectF(QPointF(place * (_BADGE + _GAP), 0), QSize(_BADGE, _BADGE))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawRoundedRect(square, 4, 4)
        painter.setPen(theme.color("text.on_accent"))
        painter.drawText(square, Qt.AlignmentFlag.AlignCenter, letter)
    painter.end()
    return QIcon(pixmap)
