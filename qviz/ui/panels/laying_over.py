"""Finds what a choice of the user lays over the stages in view: of large ones in a thread, so that no window waits."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import shiboken6
from PySide6.QtCore import QObject, Signal

from qviz.document.snapshot import StageName
from qviz.session.laid_over import LaidOver, OverlayChoice, laid_over
from qviz.session.project import Project
from qviz.ui.process.garbage import building
from qviz.ui.process.main_thread import main_thread

FEW = 300
"""Nodes of all stages of a result for which it takes no longer than a frame."""


class LayingOver(QObject):
    """Answers the last question only.

    Signals:
        found: What is laid over each stage, by its name.
    """

    found = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0
        self._is_busy = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="overlays")

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._is_busy

    def takes_long(self, choice: OverlayChoice, project: Project) -> bool:
        """Return whether the answer comes later than the question."""
        return choice is not OverlayChoice.ROLES and sum(len(each.whole.nodes) for each in project.stages) > FEW

    def ask(self, choice: OverlayChoice, project: Project | None) -> None:
        """Tell what a choice lays over a project's stages, at once where that is quick."""
        self._number += 1
        self._is_busy = project is not None and self.takes_long(choice, project)
        if project is None or not self._is_busy:
            self.found.emit({} if project is None else laid_over(choice, project))
            return
        number, post, myself = self._number, main_thread().post, weakref.ref(self)

        def tell(found: Mapping[StageName, LaidOver] | Exception) -> None:
            asking = myself()
            if isinstance(found, Exception):
                raise found
            if asking is not None and shiboken6.isValid(asking):
                asking.take(number, found)

        def work() -> None:
            found: Mapping[StageName, LaidOver] | Exception
            try:
                with building():
                    found = laid_over(choice, project)
            except Exception as error:  # raised where the window's are: here nobody would hear of it
                found = error
            post(lambda: tell(found))

        self._pool.submit(work)

    def take(self, number: int, found: Mapping[StageName, LaidOver]) -> None:
        """Tell an answer, unless another question was asked meanwhile."""
        if number == self._number:
            self._is_busy = False
            self.found.emit(found)
