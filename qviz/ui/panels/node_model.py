"""The nodes of a stage as Qt's views read them: sorted, filtered, and worked out cell by cell as they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor

from qviz.analysis.overlays.numbers import SCALE
from qviz.analysis.tables.node_columns import COLUMNS, CellValue, SortKey, column_at, node_rows, ordered
from qviz.analysis.tables.node_figures import NodeFigures
from qviz.document.graph import Node, NodeId
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

SHARE = Qt.ItemDataRole.UserRole
"""A share from 0 to 1, for a bar."""
_SLICE = 400
"""Nodes whose figures are worked out between two events."""
_LEVEL, _NOISE = column_at("sqnr_db"), column_at("share")
_AnyIndex = QModelIndex | QPersistentModelIndex


class NodeModel(QAbstractTableModel):
    """A row for each node that is shown.

    Sorting works figures out in slices between events: a stage may have 50,000 nodes.

    Signals:
        arranged: Other rows are shown, or in another order.

    Attributes:
        figures: Those of the stage; None without a stage.
        sort_keys: The columns that rows are sorted by, the most important first; none for the order of the graph.
    """

    arranged = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.figures: NodeFigures | None = None
        self.sort_keys: tuple[SortKey, ...] = ()
        self._theme: Theme | None = None
        self._rows: list[int] = []
        self._row_of: dict[NodeId, int] = {}
        self._bright: frozenset[NodeId] | None = None
        self._keys: dict[int, list[CellValue]] = {}
        self._soon = QTimer(self)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._work_out)

    def show_figures(self, figures: NodeFigures | None, theme: Theme) -> None:
        """Show the nodes of another stage."""
        self.beginResetModel()
        self.figures, self._theme, self._keys = figures, theme, {}
        self._arrange()
        self.endResetModel()
        self._work_out_keys()

    def show_theme(self, theme: Theme) -> None:
        """Use other colors."""
        self._theme = theme

    def filter(self, bright: frozenset[NodeId] | None) -> None:
        """Show these nodes alone; None shows all."""
        if bright is self._bright or bright == self._bright:
            return
        self._bright = bright
        self._change()

    def sort_by(self, keys: Sequence[SortKey]) -> None:
        """Sort by some columns, the most important first, once their figures are known."""
        self.sort_keys = tuple(keys)
        self._change()
        self._work_out_keys()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    @property
    def is_busy(self) -> bool:
        """Whether figures to sort by are still worked out."""
        return self._soon.isActive()

    @property
    def bright(self) -> frozenset[NodeId] | None:
        """The nodes that alone are shown; None where all are."""
        return self._bright

    def node_at(self, row: int) -> Node | None:
        """Return the node of a row."""
        return self.figures.nodes[self._rows[row]] if self.figures and 0 <= row < len(self._rows) else None

    def row_of(self, node_id: NodeId) -> int | None:
        """Return the row of a node; None where it is not shown."""
        if not self._row_of and self.figures is not None:
            nodes = self.figures.nodes
            self._row_of = {nodes[each].id: row for row, each in enumerate(self._rows)}
        return self._row_of.get(node_id)

    def cells(self, rows: Iterable[int] | None = None) -> tuple[list[str], list[list[CellValue]]]:
        """Return the heads and cells of some rows, or of all that are shown, for a file."""
        wanted = self._rows if rows is None else [self._rows[row] for row in rows]
        return node_rows(self.figures, wanted) if self.figures is not None else ([], [])

    def _change(self) -> None:
        self.beginResetModel()
        self._arrange()
        self.endResetModel()
        self.arranged.emit()

    def _arrange(self) -> None:
        self._row_of = {}
        if self.figures is None:
            self._rows = []
            return
        nodes = self.figures.nodes
        bright = self._bright
        rows = [*range(len(nodes))] if bright is None else [at for at, node in enumerate(nodes) if node.id in bright]
        keys = [(self._keys[key.column], key.is_descending) for key in self.sort_keys if self._has_key(key.column)]
        self._rows = ordered(rows, keys) if keys else rows

    def _has_key(self, column: int) -> bool:
        return self.figures is not None and len(self._keys.get(column, ())) == len(self.figures.nodes)

    def _work_out_keys(self) -> None:
        if any(not self._has_key(key.column) for key in self.sort_keys) and self.figures is not None:
            self._soon.start()

    def _work_out(self) -> None:
        """Work out the keys of some more nodes; sort when all are known."""
        figures = self.figures
        waiting = [key.column for key in self.sort_keys if not self._has_key(key.column)]
        if figures is None or not waiting:
            self._soon.stop()
            return
        known = self._keys.setdefault(waiting[0], [])
        key = partial(COLUMNS[waiting[0]].key, figures)
        known += [key(node) for node in figures.nodes[len(known) : len(known) + _SLICE]]
        if self._has_key(waiting[0]) and len(waiting) == 1:
            self._soon.stop()
            self._change()

    def rowCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many nodes are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        node = self.node_at(index.row())
        if node is None or self.figures is None:
            return None
        column = COLUMNS[index.column()]
        text = column.text(self.figures, node)
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(text) or self._missing(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(text or self._missing(index.column()))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _aligned(column.is_number)
        return self._paint_of(index.column(), node, role) if text else self._muted(role)

    def _paint_of(self, column: int, node: Node, role: int) -> object:
        """Return the shade of an error, or the share that a bar shows."""
        if role == Qt.ItemDataRole.DecorationRole and column == _LEVEL:
            return self._shade(node)
        return self.figures.share(node) if role == SHARE and column == _NOISE and self.figures is not None else None

    def _muted(self, role: int) -> QColor | None:
        if role != Qt.ItemDataRole.ForegroundRole or self._theme is None:
            return None
        return self._theme.color("text.muted")

    def _missing(self, column: int) -> str:
        """Return the word for a figure that a node has not, or that nobody measured."""
        if not COLUMNS[column].is_number or self.figures is None:
            return ""
        is_measured = self.figures.run.ledger is not None or column not in (_LEVEL, _NOISE)
        return tr("none") if is_measured else tr("not measured")

    def _shade(self, node: Node) -> QColor | None:
        level = self.figures.level(node) if self.figures is not None else None
        return self._theme.color(SCALE.look(level).token) if level is not None and self._theme is not None else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the title of a column, with how it is sorted by."""
        if orientation is Qt.Orientation.Vertical:
            return None
        column = COLUMNS[section]
        answers: dict[int, Callable[[], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda: f"{tr(column.title)}{self._arrow(section)}",
            Qt.ItemDataRole.TextAlignmentRole: lambda: _aligned(column.is_number),
            Qt.ItemDataRole.ToolTipRole: lambda: tr(column.about) if column.about else tr(column.title),
        }
        return answers[role]() if role in answers else None

    def _arrow(self, section: int) -> str:
        for at, key in enumerate(self.sort_keys):
            if key.column == section:
                return f" {'▾' if key.is_descending else '▴'}{'²' if at else ''}"
        return ""


def _aligned(is_number: bool) -> int:
    side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
