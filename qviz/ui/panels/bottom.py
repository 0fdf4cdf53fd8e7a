"""The tabs below the graph, which collapse to their bar."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QTabWidget, QToolButton, QWidget

from qviz.ui.panels.node_filter import NodeFilter
from qviz.ui.panels.widgets import choose, restyle
from qviz.words import mark, tr
from qviz.words.untrusted import plain_tip

_LARGEST = 16_777_215
"""What Qt takes for no limit."""
_OPENS, _SHORT, _CLOSES = mark("{keys} opens the panel  ⌃"), mark("⌃"), mark("⌄")


class Bottom(QTabWidget):
    """Tabs that a click opens, and that the user closes by the button at the right.

    Signals:
        toggled: Whether it is open now, after the user opened or closed it.
        legend_requested: The legend, which has no room of its own, is wanted, or no longer.

    Attributes:
        is_open: Whether the page of a tab is shown.
    """

    toggled = Signal(bool)
    legend_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.setProperty("role", "bottom")
        self.is_open = True
        self._keys = ""
        self._corner, self._legend = QToolButton(), QToolButton()
        self._legend.setText(tr("Legend"))
        self._legend.clicked.connect(self.legend_requested)
        self._legend.hide()
        self._offers_legend = False
        self._corner.clicked.connect(self.on_corner_clicked)
        self._tools: dict[QWidget, NodeFilter] = {}
        self._counts: dict[QWidget, tuple[str, str]] = {}
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setUsesScrollButtons(False)
        self._right = QWidget()
        row = QHBoxLayout(self._right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for each in (self._legend, self._corner):
            each.setProperty("role", "flat")
            choose(each, focusPolicy="TabFocus")
            row.addWidget(each)
        self.setCornerWidget(self._right)
        self.currentChanged.connect(lambda _index: self._show_tool())
        self.tabBarClicked.connect(self.on_tab_bar_clicked)
        self._describe()

    def set_keys(self, keys: str) -> None:
        """Name the keys that open and close it."""
        self._keys = keys
        self._describe()

    def offer_legend(self, is_offered: bool) -> None:
        """Offer the legend where it does not stand by itself."""
        self._offers_legend = is_offered
        self._narrow_tool()

    def toggle(self) -> None:
        """Open or close it by the user's hand."""
        self.set_open(not self.is_open)
        self.toggled.emit(self.is_open)

    def set_tool(self, page: QWidget, tool: NodeFilter) -> None:
        """Let a widget stand in the bar while a page is shown."""
        self._tools[page] = tool
        row = self._right.layout()
        assert isinstance(row, QHBoxLayout)
        row.insertWidget(0, tool)
        self._show_tool()

    def show_count(self, page: QWidget, title: str, count: str) -> None:
        """Say in a tab how much its page holds, "" for nothing; where there is no room, its tooltip says so."""
        self._counts[page] = title, count
        self._narrow_tool()

    def _name_tabs(self, has_counts: bool) -> None:
        for index in range(self.count()):
            page = self.widget(index)
            assert page is not None
            title, count = self._counts.get(page, (self.tabText(index), ""))
            whole = tr("{title} {count}", title=title, count=count) if count else title
            self.setTabText(index, whole if has_counts else title)
            self.setTabToolTip(index, plain_tip(whole))

    def _tighten(self, is_tight: bool) -> None:
        if bool(self.property("tight")) is not is_tight:
            self.setProperty("tight", is_tight)
            restyle(self.tabBar())

    def _show_tool(self) -> None:
        for page, tool in self._tools.items():
            tool.setVisible(self.is_open and page is self.currentWidget())
        self._narrow_tool()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the tabs their room."""
        super().resizeEvent(event)
        self._narrow_tool()

    def _narrow_tool(self) -> None:
        """Let the words of the button at the right, then the tool in the bar, then the legend give way to the tabs.

        Where that is not enough, counts, air and the legend give way to titles, and in the end titles are cut.
        """
        self._name_tabs(has_counts=True)
        self._tighten(False)
        self._corner.setText(self._told())
        self._legend.setVisible(self._offers_legend)
        tool = next((each for page, each in self._tools.items() if self.is_open and page is self.currentWidget()), None)
        if tool is not None:
            tool.narrow(0)
        if self._left_over(tool) < 0:
            self._corner.setText(tr(_CLOSES if self.is_open else _SHORT))
        if tool is not None and self._left_over(tool) < 0:
            self._legend.hide()
        if self._left_over(None) < 0:
            self._name_tabs(has_counts=False)
        if self._left_over(None) < 0:
            self._tighten(True)
        if self._left_over(None) < 0:
            self._legend.hide()
        if tool is not None:
            tool.narrow(self._left_over(None))
        row = self._right.layout()
        assert row is not None
        row.activate()
        self._right.updateGeometry()

    def _left_over(self, tool: NodeFilter | None) -> int:
        """Return how many pixels tabs and what stands at their right leave; fewer than none where there is no room."""
        beside = [each for each in (self._legend, self._corner, tool) if each is not None and not each.isHidden()]
        return self.width() - self.tabBar().sizeHint().width() - sum(each.sizeHint().width() for each in beside)

    def set_open(self, is_open: bool) -> None:
        """Show a page, or the bar alone."""
        self.is_open = is_open
        pages = self.findChild(QStackedWidget)
        assert pages is not None  # every QTabWidget has one
        pages.setVisible(is_open)
        self.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding if is_open else QSizePolicy.Policy.Fixed
        )
        self._show_tool()
        self.fit_bar()
        self._describe()

    def fit_bar(self) -> None:
        """Take no more than the bar needs while it stands alone."""
        self.setMaximumHeight(_LARGEST if self.is_open else self.tabBar().sizeHint().height())

    def show_page(self, page: QWidget) -> None:
        """Show a page, opening the panel if need be."""
        self.setCurrentWidget(page)
        if not self.is_open:
            self.set_open(True)
            self.toggled.emit(True)

    def _describe(self) -> None:
        spoken = tr("Close the panel") if self.is_open else tr("Open the panel")
        self._narrow_tool()
        self._corner.setToolTip(plain_tip(tr("{command} ({keys})", command=spoken, keys=self._keys)))
        self._corner.setAccessibleName(spoken)

    def _told(self) -> str:
        if self.is_open:
            return tr(_CLOSES)
        return tr(_OPENS, keys=self._keys) if self._keys else tr(_SHORT)

    def on_corner_clicked(self) -> None:
        """Open or close it."""
        self.toggle()

    def on_tab_bar_clicked(self, index: int) -> None:
        """Open it."""
        if index >= 0 and not self.is_open:
            self.setCurrentIndex(index)
            self.toggle()
