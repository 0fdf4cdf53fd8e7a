"""What the window needs before its first paint."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "numpy", "networkx", "pygments", "graphlay")
START = """
import sys
from PySide6.QtWidgets import QApplication
application = QApplication([])
import qviz.ui.app
from qviz.ui.main_window import MainWindow
from qviz.ui.settings import Settings
window = MainWindow(Settings())
window.show()
application.processEvents()
window._desk()
print(*sys.modules)
"""


def test_nothing_heavy_is_imported_before_a_model_is_opened():
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "qviz.ui.desk" in loaded
    assert loaded.isdisjoint(HEAVY)
