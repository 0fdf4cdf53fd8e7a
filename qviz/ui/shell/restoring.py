"""Keeps runs, and what the window shows, for the next start; and brings them back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMessageBox

from qviz.ui.process.keeping import Keeping
from qviz.ui.shell.pages import Pages
from qviz.words import tr, trn
from qviz.words.formats import size

if TYPE_CHECKING:  # the first page needs none of it, and the desk is imported while the user still reads
    from qviz.session.recorded_runs import RestoredSession
    from qviz.session.run_records import SessionRecord
    from qviz.session.run_store import LastSession, RunStore
    from qviz.ui.shell.desk import Desk

_LATER_MS = 400
"""How long after a change what the window shows is written."""


class Restoring(QObject):
    """Ties the pages of the window to a store of runs.

    Args:
        pages: The pages.
        brings_back: Whether runs of earlier starts are shown.

    Signals:
        failed: A `QvizError` to tell the user.
    """

    failed = Signal(object)

    def __init__(self, pages: Pages, brings_back: bool) -> None:
        super().__init__(pages)
        self._pages, self._brings_back = pages, brings_back
        self._keeping = Keeping(self)
        self._keeping.failed.connect(pages.tell)
        self._written: SessionRecord | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LATER_MS)
        self._timer.timeout.connect(self.write)
        pages.desk_made.connect(self.on_pages_desk_made)
        pages.turned.connect(self.note)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be written or read."""
        return self._keeping.is_busy or self._timer.isActive()

    def on_pages_desk_made(self, desk: Desk) -> None:
        """Keep what is done on the desk."""
        desk.shelf.disk.use(self._keeping, self._brings_back)
        desk.shelf.refreshed.connect(self.note)
        desk.changed.connect(self.note)

    def note(self) -> None:
        """Keep what the window shows in a moment, however much changes until then."""
        if not self._timer.isActive():
            self._timer.start()

    def restore(self) -> None:
        """Show again what the window showed that was used last; runs nothing, and asks nothing."""
        if self._brings_back:
            self._keeping.do(_last_session, self._show)

    def _show(self, last: tuple[LastSession, RestoredSession] | None) -> None:
        is_late = self._pages.desk is not None and self._pages.desk.project is not None
        if last is None or is_late:
            return
        from qviz.document.run_steps import UNFINISHED
        from qviz.sources.kinds import short_source
        from qviz.ui.shell.run_shelf import told_damaged

        found, session = last
        desk = self._pages.need_desk()
        desk.open_restored(session, found.record.origin)
        self._pages.show_desk()
        error = session.project.error
        if session.damaged:
            desk.work.inform(told_damaged(session.damaged))
        elif error is not None and error.step == UNFINISHED:
            desk.work.tell_failure(error)
        else:
            name = short_source(session.project.plan.source)
            count = len(session.runs.runs)
            desk.work.inform(
                trn(
                    count,
                    "{name} is back as you left it, with {count} run.",
                    "{name} is back as you left it, with {count} runs.",
                    name=name,
                )
            )

    def write(self) -> None:
        """Keep what the window shows now, if that is something else than before."""
        desk = self._pages.desk
        if desk is None:
            return
        from qviz.session.recorded_runs import session_of

        project, shelf = desk.project, desk.shelf
        if project is None or not project.plan.source:
            return
        record = session_of(project, shelf.kept, shelf.pair, shelf.disk.source, desk.work.panes.choice.value)
        record = replace(record, is_left=self._pages.shown_desk is None)
        if record != self._written:
            self._written = record
            self._keeping.do(lambda store: store.show(record))

    def forget_all(self) -> None:
        """Delete all kept runs after a question; what is on screen stays there."""
        self._keeping.do(lambda store: store.bytes_used(), self._ask_and_forget)

    def _ask_and_forget(self, used: int) -> None:
        question = QMessageBox(self._pages.window())
        question.setWindowTitle(tr("Forget all runs?"))
        question.setText(tr("This deletes all kept runs, pinned ones too: {size}.", size=size(used)))
        question.setInformativeText(tr("Files that you saved stay. This cannot be undone."))
        forget = question.addButton(tr("Forget all runs"), QMessageBox.ButtonRole.AcceptRole)
        question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        question.exec()
        if question.clickedButton() is not forget:
            return
        if self._pages.desk is not None:
            self._pages.desk.shelf.clear()
        self._written = None
        self._keeping.do(lambda store: store.forget_all(), self._tell_forgotten)

    def _tell_forgotten(self, left: int) -> None:
        text = tr("All kept runs are deleted.")
        if left:
            text = trn(
                left,
                "{count} run stays: it is open in another window.",
                "{count} runs stay: they are open in other windows.",
            )
        desk = self._pages.shown_desk
        (desk.work.notice if desk is not None else self._pages.notice).tell("info", text)

    def finish(self) -> None:
        """Write what is left, and let other windows have it; waits for the disk."""
        self._timer.stop()
        self.write()
        self._keeping.finish()


def _last_session(store: RunStore) -> tuple[LastSession, RestoredSession] | None:
    from qviz.session.recorded_runs import restored

    import_module("qviz.ui.shell.desk")  # which shows it; the window's thread should not have to
    last = store.last_session()
    session = restored(last) if last is not None else None
    return (last, session) if last is not None and session is not None else None
