"""Which panels stand around the panes: as there is room, as the user wants, and with the selection."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from qviz.session.room import Room, room_in
from qviz.ui.panels.bottom import Bottom
from qviz.ui.panels.columns import Center, Columns
from qviz.ui.panels.side_scroll import SideScroll
from qviz.ui.settings import Settings

RAIL, LEFT, INSPECTOR, DRAWER, BOTTOM, TRYING = 64, 248, 376, 348, 190, 928
NARROWEST_LEFT, WIDEST_LEFT, NARROWEST, WIDEST = 200, 360, 320, 520
_SMALLEST_GRAPH = 160
_NARROWEST_PANE = 360
"""Pixels that the pane beside Try it keeps; in a narrow window that panel gives way."""
_ALL = 10_000


class Parts(NamedTuple):
    """What stands around the panes.

    Attributes:
        rail: The narrow left side.
        left: The left panel.
        above: The bar above the panes.
        legend: Stands below the panes.
        bottom: The tabs.
        inspector: The right panel.
        trying: Takes the place of the inspector, and of one pane.
    """

    rail: QWidget
    left: SideScroll
    above: QWidget
    legend: QWidget
    bottom: Bottom
    inspector: QWidget
    trying: QWidget


class Surroundings(QObject):
    """Left panel or rail, inspector or drawer, bar above and legend below, the tabs at the bottom.

    Args:
        parts: The panels.
        ground: Holds the panes.
        settings: Remembers sizes, and what the user closed.

    Attributes:
        center: The panes, or a page in their place.

    Signals:
        arranged: Other panels stand now.

    Attributes:
        columns: All of it.
        is_trying: Whether Try it stands.
    """

    arranged = Signal()

    def __init__(self, parts: Parts, ground: QWidget, settings: Settings) -> None:
        super().__init__()
        self._rail, self._left, self._above, self._legend, self._bottom, self._inspector, self._trying = parts
        self._ground, self._settings = ground, settings
        self._room: Room | None = None
        self._is_bare = False
        self._wants_left, self._wants_inspector = settings.is_open("left"), settings.is_open("inspector")
        self._wants_legend, self._has_key = settings.is_open("legend"), True
        self._left_drawer = self._drawer = self._legend_drawer = self.is_trying = False
        self._width = 0
        self._sizes_before = [RAIL, LEFT, 1000, INSPECTOR, 0]
        self._selected: object = None
        self._bottom_height, self._text_scale = BOTTOM, 0.0
        self._left_width, self._inspector_width = LEFT, INSPECTOR
        self._beside: tuple[bool, bool, bool] | None = None
        self._rows = self._make_rows(ground)
        self.center = Center(self._rows)
        self.center.currentChanged.connect(self._arrange)
        self._rows.splitterMoved.connect(self.on_rows_moved)
        self.columns = Columns()
        self.columns.setChildrenCollapsible(False)
        rail, left, inspector = self._rail, self._left, self._inspector
        for part in (rail, left, self.center, inspector, self._trying):
            self.columns.addWidget(part)
        self.columns.setStretchFactor(2, 1)
        for place in (0, 1, 3, 4):
            self.columns.setStretchFactor(place, 0)
        self._limit_widths(1.0)
        self.columns.setSizes([RAIL, LEFT, 1000, INSPECTOR, TRYING])
        if self.columns.restoreState(settings.state("frame")):
            sizes = self.columns.sizes()
            self._left_width, self._inspector_width = sizes[1] or LEFT, sizes[3] or INSPECTOR
        self.columns.splitterMoved.connect(self._note_widths)
        self.columns.resized.connect(self._share_width)
        self._left.least_changed.connect(lambda: self._share_width(is_due=True))
        self._bottom.toggled.connect(self.on_bottom_toggled)
        self._bottom.currentChanged.connect(lambda _index: self._open_bottom(self._bottom.is_open))
        self._bottom.legend_requested.connect(self.toggle_legend)

    def _make_rows(self, ground: QWidget) -> QSplitter:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._above)
        column.addWidget(ground, 1)
        column.addWidget(self._legend)
        ground.setMinimumHeight(_SMALLEST_GRAPH)
        rows = QSplitter(Qt.Orientation.Vertical)
        rows.setChildrenCollapsible(False)
        rows.addWidget(top)
        rows.addWidget(self._bottom)
        rows.setStretchFactor(0, 1)
        rows.setStretchFactor(1, 0)
        rows.setSizes([690, BOTTOM])
        return rows

    @property
    def regions(self) -> tuple[QWidget, ...]:
        """The panels in the order in which Tab goes through them."""
        if self.center.page is not None:
            return self._rail, self._left, self.center.page
        parts = self._rail, self._left, self._above, self._ground, self._legend, self._bottom
        return *parts, self._inspector, self._trying

    @property
    def is_narrowed(self) -> bool:
        """Whether a panel that opened leaves room for one pane only."""
        return self.is_trying or (
            self._room is not None and not self._room.has_both_panes and not self._inspector.isHidden()
        )

    def fit(self, size: QSize, text_scale: float) -> None:
        """Let panels give way in a window of this size."""
        self._limit_widths(text_scale)
        self._width = size.width()
        self._fit_trying()
        room, before = room_in(size.width(), size.height(), text_scale), self._room
        if room == before:
            return
        self._room = room
        if before is None or (before.has_bottom and not room.has_bottom):
            self._open_bottom(False)  # it opens by the user's hand, or for findings
        if room.has_left:
            self._left_drawer = False
        self._arrange()

    def _limit_widths(self, text_scale: float) -> None:
        """Let widths scale along with the text; a drawer keeps its own."""
        if text_scale == self._text_scale:
            return
        self._text_scale = text_scale
        self._rail.setFixedWidth(round(RAIL * text_scale))
        self._left.limit(round(NARROWEST_LEFT * text_scale), round(WIDEST_LEFT * text_scale))
        self._inspector.setMinimumWidth(round(NARROWEST * text_scale))
        self._inspector.setMaximumWidth(round(WIDEST * text_scale))
        self._beside = None  # what gave way to a limit before, stands as wide as that one
        self._arrange()

    def follow_selection(self, selected: object) -> None:
        """Open the drawer with a selection, close it without one, which is None."""
        if selected != self._selected:
            self._selected, self._drawer = selected, selected is not None
            self._arrange()

    def close_drawers(self) -> bool:
        """Close what was opened for a while; return whether there was anything."""
        had = self._left_drawer or self.is_trying or (not self._is_standing_inspector and self._drawer)
        self._left_drawer = self._drawer = False
        self.open_trying(False)
        self._arrange()
        return had

    def open_left(self) -> None:
        """Open the left panel, for a while where it has no room."""
        if self._room is not None and self._room.has_left:
            self._wants_left = True
            self._settings.set_open("left", True)
        else:
            self._left_drawer = True
        self._arrange()

    def toggle_left(self) -> None:
        """Collapse the left panel to its rail, or expand it."""
        if self._room is not None and self._room.has_left:
            self._wants_left = not self._wants_left
            self._settings.set_open("left", self._wants_left)
        else:
            self._left_drawer = not self._left_drawer
        self._arrange()

    def open_trying(self, is_open: bool) -> None:
        """Let Try it take the place of the inspector and of one pane, or give it back."""
        if is_open is self.is_trying:
            return
        if is_open:
            self._sizes_before = self.columns.sizes()
        self.is_trying = is_open
        self._arrange()
        if not is_open:
            self.columns.setSizes(self._sizes_before)

    def toggle_inspector(self) -> None:
        """Hide the inspector, or bring it back."""
        if self.is_trying:
            self.open_trying(False)
        if self._is_standing_inspector or (self._room is not None and self._room.has_inspector):
            self._wants_inspector = not self._wants_inspector
            self._settings.set_open("inspector", self._wants_inspector)
        else:
            self._drawer = self._inspector.isHidden()
        self._arrange()

    def toggle_legend(self) -> None:
        """Hide the legend, or bring it back."""
        if self._room is not None and self._room.has_legend:
            self._wants_legend = not self._wants_legend
            self._settings.set_open("legend", self._wants_legend)
        else:
            self._legend_drawer = not self._legend_drawer
        self._arrange()

    def show_key(self, has_key: bool) -> None:
        """Let the legend stand where there is a graph, or one to come."""
        if has_key is not self._has_key:
            self._has_key = has_key
            self._arrange()

    def toggle_bare(self) -> None:
        """Hide all but the panes, or bring it back."""
        self._is_bare = not self._is_bare
        self._arrange()

    def reveal_findings(self, page: QWidget, wanted: int, is_urgent: bool) -> None:
        """Open the tabs for the findings of a new run, unless the user closed them.

        Args:
            page: Of the findings.
            wanted: How high all of it is; more is not taken from the graph.
            is_urgent: In a low window, what is only good to know opens nothing.
        """
        self._bottom.setCurrentWidget(page)
        has_room = is_urgent or (self._room is not None and self._room.has_bottom)
        if has_room and self._settings.is_open("bottom") and not self._bottom.is_open:
            self._open_bottom(True, wanted + self._bottom.tabBar().sizeHint().height())

    def save(self) -> None:
        """Remember the sizes."""
        if not self._is_bare:
            self._settings.save_state("frame", self.columns.saveState())

    @property
    def _is_standing_inspector(self) -> bool:
        return self._room is not None and self._room.has_inspector and self._wants_inspector

    def _arrange(self) -> None:
        room = self._room
        if room is None:
            return
        bare = self._is_bare
        has_left = (room.has_left and self._wants_left) or self._left_drawer
        self._left.setVisible(has_left and not bare)
        widest = WIDEST if room.has_inspector else DRAWER
        self._inspector.setMaximumWidth(round(widest * self._text_scale))
        self._rail.setVisible(not has_left and not bare)
        has_inspector = (
            (self._is_standing_inspector or self._drawer) and not self.is_trying and self.center.page is None
        )
        self._inspector.setVisible(has_inspector and not bare)
        self._trying.setVisible(self.is_trying and not bare and self.center.page is None)
        self._fit_trying()
        self._above.setVisible(not bare)
        self._bottom.setVisible(not bare and not self.is_trying)
        self._share_width()
        self._bottom.offer_legend(self._has_key and not room.has_legend)
        has_legend = self._wants_legend if room.has_legend else self._legend_drawer
        self._legend.setVisible(has_legend and self._has_key and not bare)
        self.arranged.emit()

    def _fit_trying(self) -> None:
        """Let Try it be as wide as it wants, where that leaves room for a pane."""
        if not self.is_trying:
            return
        parts = (self._rail, self._rail.width()), (self._left, max(self._sizes_before[1], self._left.minimumWidth()))
        rail, left = (0 if part.isHidden() else wide for part, wide in parts)
        pane = round(_NARROWEST_PANE * self._text_scale)
        widest = max(self._width - rail - left - pane, round(NARROWEST * self._text_scale))
        self._trying.setFixedWidth(min(round(TRYING * self._text_scale), widest))
        self.columns.refresh()
        rest = self.columns.width() - rail - left - self._trying.width()
        self.columns.setSizes([rail, left, max(rest, 1), 0, self._trying.width()])

    def _note_widths(self) -> None:
        """Remember how wide the user made the left panel and the inspector."""
        sizes = self.columns.sizes()
        if not self._left.isHidden():
            self._left_width = sizes[1]
        if self._is_standing_inspector and not self._inspector.isHidden():
            self._inspector_width = sizes[3]

    def _share_width(self, is_due: bool = False) -> None:
        """Give a panel that comes back the width it had, and the panes the rest."""
        self.columns.refresh()
        shown = (not self._left.isHidden(), not self._inspector.isHidden(), self._is_standing_inspector)
        if self.is_trying or (shown == self._beside and not is_due) or self.columns.width() < _SMALLEST_GRAPH:
            return
        self._beside = shown
        rail = 0 if self._rail.isHidden() else self._rail.width()
        left = self._left_width if shown[0] else 0
        inspector = min(self._inspector_width, self._inspector.maximumWidth()) if shown[1] else 0
        rest = self.columns.width() - rail - left - inspector
        self.columns.setSizes([rail, left, max(rest, 1), inspector, 0])

    def _open_bottom(self, is_open: bool, most: int = _ALL) -> None:
        self._bottom.set_open(is_open)
        if is_open:
            high = min(self._bottom_height, most)
            whole = max(sum(self._rows.sizes()), high + _SMALLEST_GRAPH)
            self._rows.setSizes([whole - high, high])
        else:
            self._rows.setSizes([_ALL, 0])

    def on_rows_moved(self) -> None:
        """Remember how high the user made the tabs."""
        if self._bottom.is_open:
            self._bottom_height = self._rows.sizes()[1]

    def on_bottom_toggled(self, is_open: bool) -> None:
        """Remember whether the user closed it: then no finding opens it."""
        self._settings.set_open("bottom", is_open)
        self._open_bottom(is_open)
