"""The strip below the panes: the roles that occur, drawn as they are, and how many nodes have them."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from functools import lru_cache

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from qviz.analysis.verdicts.coverage_words import counts, operators
from qviz.analysis.views.view import Box
from qviz.document.coverage import Coverage
from qviz.document.graph import Kind
from qviz.session.laid_over import OverlayChoice
from qviz.ui.canvas import shapes
from qviz.ui.panels.overlay_legend import OverlayLegend
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import names as words
from qviz.words import tr
from qviz.words.formats import sentence

_ORDER = (
    Kind.OBSERVER,
    Kind.FAKE_QUANT,
    Kind.QUANTIZE,
    Kind.DEQUANTIZE,
    Kind.CHOOSE_QPARAMS,
    Kind.QUANTIZED_OP,
    Kind.FUSED_OP,
    Kind.OP,
    Kind.CONSTANT,
)
_SAMPLE, _RATIO = QSize(26, 13), 2
_AROUND = 46
"""Pixels of margins and gaps."""
_SMALLER = 2.4
"""Than on the canvas, whose shapes have slants of some pixels."""


class KindChip(QPushButton):
    """How many nodes of a kind there are: a click goes to the next of them, one with Shift dims the others."""

    stepped = Signal(str)
    dim_toggled = Signal(str)

    def __init__(self, kind: Kind, text: str, theme: Theme) -> None:
        super().__init__(text)
        self.kind = kind.value
        self.setProperty("role", "legend")
        self.setProperty("kind", kind.value)
        self.setIcon(sample(kind, theme))
        self.setIconSize(_SAMPLE)
        self.setCheckable(True)
        self.setToolTip(tr("Go to the next one. Shift-click dims all other nodes."))
        self._with_shift = False
        self.clicked.connect(self.on_clicked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note whether Shift is held."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter and Space do what a click does, with Shift too."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def on_clicked(self, is_checked: bool) -> None:
        """Step or dim; only what is dimmed shows as pressed."""
        with_shift, self._with_shift = self._with_shift, False
        if with_shift:
            self.dim_toggled.emit(self.kind if is_checked else "")
        else:
            self.setChecked(not is_checked)
            self.stepped.emit(self.kind)


class LegendStrip(QFrame):
    """A chip for each role; those without room are left out, the last first.

    Signals:
        kind_stepped: A kind's value: to its next node.
        kind_chosen: The kind that all others are dimmed for, "" for none.
    """

    kind_stepped = Signal(str)
    kind_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "legendbar")
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 12, 0)
        row.setSpacing(12)
        self._place = QWidget()
        self._place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._coverage = label("", "muted")
        row.addWidget(self._place, 1)
        self._overlay = OverlayLegend()
        self._overlay.hide()
        row.addWidget(self._overlay, 1)
        row.addWidget(self._coverage)
        self._chips: list[KindChip] = []
        self._shown_key: tuple[object, ...] = ()
        self._chosen_kind = ""
        self._has_coverage, self._choice = True, OverlayChoice.ROLES

    def show_counts(self, counted: Mapping[Kind, Sized], coverage: Coverage | None, theme: Theme) -> None:
        """Show a chip for each role that the stage has, and how much of the run is in low precision."""
        key = ({kind: len(ids) for kind, ids in counted.items()}, coverage, theme.name)
        if key == self._shown_key:
            return
        self._shown_key = key
        self.end_dimming()
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        there = [(kind, len(counted[kind])) for kind in _ORDER if counted.get(kind)]
        self._chips = [self._chip(kind, words.kinds(kind.value, count), theme) for kind, count in there]
        if coverage is None:
            self._coverage.setText("")
        else:
            self._coverage.setText(tr("{share} in low precision", share=counts(coverage)))
            self._coverage.setToolTip(sentence(operators(coverage)))
        self.show_coverage(self._has_coverage)
        self._arrange()

    def show_coverage(self, is_shown: bool) -> None:
        """Say how much of the run is in low precision, or leave that out where room is scarce."""
        self._has_coverage = is_shown
        self._show_coverage()

    def _show_coverage(self) -> None:
        needed = self._overlay.wanted() + self._coverage.sizeHint().width() + _AROUND
        is_crowded = self._choice is OverlayChoice.NUMBERS or (
            self._choice is OverlayChoice.CHANGES and needed > self.width()
        )
        # where it is, the figures above tell it, too
        self._coverage.setVisible(self._has_coverage and not is_crowded and bool(self._coverage.text()))

    def show_overlay(self, choice: OverlayChoice, theme: Theme) -> None:
        """Show the legend of an overlay in place of the roles."""
        self._choice = choice
        self._overlay.show_choice(choice, theme)
        self._show_coverage()
        self._overlay.setVisible(choice is not OverlayChoice.ROLES)
        self._place.setVisible(choice is OverlayChoice.ROLES)
        self._row.activate()  # it may have had less room when it was shown last
        self._arrange()

    def _chip(self, kind: Kind, text: str, theme: Theme) -> KindChip:
        chip = KindChip(kind, text, theme)
        chip.setParent(self._place)
        chip.stepped.connect(self.kind_stepped)
        chip.dim_toggled.connect(self.dim_for)
        return chip

    def _arrange(self) -> None:
        """Put the chips side by side, as many as there is room for."""
        x = 0
        for chip in self._chips:
            wanted = chip.sizeHint()
            fits = x + wanted.width() <= self._place.width()
            chip.setGeometry(x, (self._place.height() - wanted.height()) // 2, wanted.width(), wanted.height())
            chip.setVisible(fits)
            x += wanted.width() + 4

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find out how many have room."""
        super().resizeEvent(event)
        self._show_coverage()
        self._row.activate()
        self._arrange()

    def end_dimming(self) -> None:
        """Highlight nothing more: the chip goes."""
        if self._chosen_kind:
            self.dim_for("")

    def dim_for(self, kind: str) -> None:
        """Check one chip at most."""
        self._chosen_kind = kind
        for chip in self._chips:
            chip.setChecked(chip.kind == kind)
        self.kind_chosen.emit(kind)


@lru_cache(maxsize=64)
def sample(kind: Kind, theme: Theme) -> QIcon:
    """Return a role's shape in its colors, as on the canvas.

    The same again: Qt keeps what it draws of each icon.
    """
    pixmap = QPixmap(_SAMPLE * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(1 / _SMALLER, 1 / _SMALLER)
    painter.setPen(QPen(theme.line(kind), 1.2 * _SMALLER))
    painter.setBrush(theme.fill(kind))
    box = Box(id="", title="", subtitle="", kind=kind, members=())
    painter.drawPath(shapes.outline(box, QRectF(2, 2, _SAMPLE.width() * _SMALLER - 4, _SAMPLE.height() * _SMALLER - 4)))
    painter.end()
    return QIcon(pixmap)
