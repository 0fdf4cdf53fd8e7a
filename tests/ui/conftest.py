"""Draws off the screen, unless a display was asked for; waits for small files, however busy the machine is."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qviz.ui.process import decoding

decoding._SOON_S = 10.0
