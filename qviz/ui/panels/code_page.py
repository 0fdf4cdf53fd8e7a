"""The tab Code: the code of the graph, or the Python of the run."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from qviz.ui.panels.widgets import button, join_segments
from qviz.words import tr


class CodePage(QWidget):
    """One of two texts, chosen by the buttons above."""

    def __init__(self, graph: QWidget, script: QWidget) -> None:
        super().__init__()
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(0)
        group = QButtonGroup(self)
        self._pages = QStackedWidget()
        for place, (title, page) in enumerate(((tr("Graph"), graph), (tr("Python script"), script))):
            made = button(title, "segment")
            made.setCheckable(True)
            made.setChecked(not place)
            group.addButton(made, place)
            row.addWidget(made)
            self._pages.addWidget(page)
        row.addStretch(1)
        join_segments(group.buttons())
        group.idClicked.connect(self._pages.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._pages, 1)
