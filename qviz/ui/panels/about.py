"""Which qviz this is, and where it writes its log."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from qviz.log import log_path
from qviz.ui.panels.widgets import label
from qviz.version import __version__
from qviz.words import tr


class About(QDialog):
    """Texts that can be copied into a report of a fault."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About qviz"))
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 22, 28, 22)
        column.setSpacing(8)
        column.addWidget(label("qviz", "heading"))
        column.addWidget(label(tr("See what quantization did to your model"), "muted"))
        for text in (tr("Version {version}", version=__version__), tr("The log is in {file}.", file=log_path())):
            known = label(text)
            known.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(known)
