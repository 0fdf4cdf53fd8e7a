"""Puts two runs side by side: one in each pane, the same stage of both."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from qviz.session.project import Project
from qviz.session.run_pair import RunPair, beside_each_other, told_pair
from qviz.session.sides import Side
from qviz.ui.panels.run_list import RunList
from qviz.ui.process.decoding import Decoding
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.run_shelf import RunShelf

_MANY = 2_000
"""Nodes from which on two runs are put side by side away from the window's thread."""


class RunPairs(QObject):
    """Shows runs as A and B.

    Signals:
        compared: Two runs stand side by side; what parts them, in a sentence.
    """

    compared = Signal(str)

    def __init__(self, parent: QObject, project: OpenProject, shelf: RunShelf, listed: RunList) -> None:
        super().__init__(parent)
        self._open, self._shelf = project, shelf
        self._joining = Decoding(self)
        listed.placed.connect(self.place)

    def place(self, side: Side, number: int) -> None:
        """Show a run in a pane, beside the run in the other pane: the same stage of both."""
        panes, now, pair = self._shelf.in_view, self._open.value, self._shelf.pair
        other = panes.get(side.other, panes.get(side))
        if other is None or other == number or now is None:
            self._shelf.view(number)
            return
        like = now.shown.right or now.shown.left
        if pair is not None and pair.is_of(now):
            like = pair.own_name(now.shown.on(side.other))
        a, b = (number, other) if side is Side.LEFT else (other, number)
        self._shelf.with_results((a, b), lambda: self._join(a, b, like))

    def _join(self, a: int, b: int, like: str | None) -> None:
        one, other, now = self._shelf.kept.run(a), self._shelf.kept.run(b), self._open.value
        if one is None or other is None or now is None:
            return
        before = now.snapshot

        def show(both: tuple[Project, RunPair]) -> None:
            now = self._open.value
            if now is not None and now.snapshot is before and not self._shelf.is_running:
                self._shelf.pair = both[1]
                self._open.replace(replace(both[0], plan=now.plan, foreign_source=now.foreign_source))
                self.compared.emit(told_pair(one, other))

        many = one.figures.nodes + other.figures.nodes
        self._joining.forget()
        self._joining.take(lambda: beside_each_other(one, other, like), show, _raise, is_large=many > _MANY)


def _raise(error: Exception) -> None:
    raise error
