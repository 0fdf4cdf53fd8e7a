"""What the inspector says of a run that stopped: where, why, and the way on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from qviz.analysis.inspecting.source_excerpt import excerpt
from qviz.document.snapshot import RunError
from qviz.ui.panels.failure import patch_of, place_of, remedy_title
from qviz.ui.panels.inspecting.action_row import ActionRow
from qviz.ui.panels.inspecting.sheet import Sheet
from qviz.ui.panels.level_sign import LevelSign
from qviz.ui.panels.widgets import breakable, button, label
from qviz.words import names, tr
from qviz.words.formats import ended
from qviz.words.untrusted import plain_tip


def add_stop(sheet: Sheet, error: RunError, lines: Sequence[str]) -> None:
    """Add why a run stopped: its step and place, the reason, the hint, what can be done, and the line.

    Args:
        sheet: Where to.
        error: Why.
        lines: Of the file in which it stopped; none where it cannot be read.
    """
    sign = LevelSign()
    sign.show_level("error")
    sign.setAccessibleName(names.level("error"))
    words = QVBoxLayout()
    words.setSpacing(3)
    words.addWidget(label(breakable(place_of(error)), "pane", wraps=True))
    words.addWidget(label(breakable(ended(error.message)), wraps=True))
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    sheet.column.addLayout(row)
    if error.hint:
        sheet.part(tr("Next step"))
        sheet.text(ended(error.hint))
    buttons = [button(tr("Run again"), "act", partial(sheet.calls.act, "run"))]
    if patch := patch_of(error):
        remedy = button(remedy_title(patch), "act", partial(sheet.calls.apply, patch, tr("Stopped")))
        remedy.setToolTip(plain_tip(patch.strip()))
        buttons.insert(0, remedy)
    sheet.column.addSpacing(4)
    sheet.column.addWidget(ActionRow(buttons))
    sheet.add_source(excerpt(error.source, lines))
