"""One of two stages beside each other: its canvas under its name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.linking.beside import BETWEEN
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.session.sides import Side
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.panels.column_heads import ColumnHeads
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import names, tr, trn
from qviz.words.untrusted import plain_tip

_DOT = " · "


class StagePane(QFrame):
    """One canvas under its stage's name.

    Signals:
        menu_requested: Where on the desktop a menu was asked for, over the name.
    """

    menu_requested = Signal(QPoint)

    def __init__(self, side: Side, theme: Theme, trees: Hierarchies) -> None:
        super().__init__()
        self.side = side
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = QWidget()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(12, 8, 12, 6)
        head.setSpacing(8)
        self.name = label("", "pane")
        self.about = label("", "muted")
        self.about.setMinimumWidth(1)  # else its words would keep the pane from getting too narrow for them
        head.addWidget(self.name)
        head.addWidget(self.about)
        head.addStretch(1)
        self.columns, self._run = ColumnHeads(), ""
        self._counts: tuple[str, ...] = ()
        self.columns.moved.connect(self._make_room)
        head.addWidget(self.columns)
        column.addWidget(self.head)
        self.canvas = GraphCanvas(self, theme, trees)
        self.columns.follow(self.canvas)
        spoken = tr("Graph, left pane") if side is Side.LEFT else tr("Graph, right pane")
        self.canvas.surface.setAccessibleName(spoken)
        column.addWidget(self.canvas.surface, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much of what is shown as there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Say how much is shown, or less of it where the columns need the room; the tooltip has it all."""
        room = self.width() - sum(each.sizeHint().width() + 8 for each in (self.name, self.columns)) - 32
        told = (_DOT.join(self._counts[:end]) for end in range(len(self._counts), 0, -1))
        text = next((each for each in told if self.about.fontMetrics().horizontalAdvance(each) <= room), "")
        self.about.setText(text)
        self.about.setVisible(bool(text))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the pane."""
        self.menu_requested.emit(event.globalPos())

    def show_columns(self, columns: Sequence[NumberColumn]) -> None:
        """Name the columns of numbers at the right ends of the boxes."""
        self.columns.show_titles([tr(each.title) for each in columns])
        self._make_room()

    def name_run(self, title: str) -> None:
        """Name the run that the stage is of, where the panes show two."""
        self._run = title
        self.describe()

    def describe(self) -> None:
        """Write the stage's name, of two runs also whose it is, and how much of it is on screen."""
        stage, view = self.canvas.stage, self.canvas.view
        if stage is None:
            self.name.setText("")
            self._counts = ()
            self._make_room()
            return
        words = [trn(len(stage.whole.nodes), "{count} node", "{count} nodes")]
        if view is not None and len(view.boxes) < len(stage.whole.nodes):
            words.append(trn(len(view.boxes), "{count} box shown", "{count} boxes shown"))
        name = names.stage(stage.name)
        is_told = not self._run or BETWEEN in stage.name
        self.name.setText(name if is_told else BETWEEN.join((name, self._run)))
        self._counts = tuple(words)
        tip = plain_tip(_DOT.join(words))
        self.about.setToolTip(tip)
        self.name.setToolTip(tip)
        self._make_room()
