"""What the user allowed to run: each yes with its files, when it was given, and what ran under it; to be taken back."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from qviz.trust.consent import Consent
from qviz.trust.kept import GrantBook, KeptGrant
from qviz.ui.panels.widgets import button, label
from qviz.words import mark, tr, trn
from qviz.words.visible import one_line

_KEY = Qt.ItemDataRole.UserRole
_ABOUT = mark(
    "Each of these runs without a question as long as its files stay the same. qviz asks again about those taken back."
)
_DIGITS = 16
_SIZE, _WIDTHS = (760, 440), (470, 130)


class AllowedCode(QDialog):
    """Lists every yes.

    Args:
        parent: What it stands before.
        consent: Of this window, with what is kept for all.
    """

    def __init__(self, parent: QWidget, consent: Consent) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Allowed code"))
        self.resize(*_SIZE)
        self._consent = consent
        self.rows = QTreeWidget()
        self.rows.setHeaderLabels([tr("What"), tr("Allowed"), tr("Ran")])
        self.rows.setAccessibleName(tr("Allowed code"))
        for place, width in enumerate(_WIDTHS):
            self.rows.setColumnWidth(place, width)
        self.revoke = button(tr("Take back"), "", self.on_revoke_clicked)
        self.revoke_all = button(tr("Take all back"), "", self.on_revoke_all_clicked)
        close = button(tr("Close"), "primary", self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self.revoke)
        foot.addWidget(self.revoke_all)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(label(tr(_ABOUT), "muted", wraps=True))
        column.addWidget(self.rows, 1)
        column.addLayout(foot)
        self.rows.itemSelectionChanged.connect(self._follow)
        self.show_kept()

    def show_kept(self) -> None:
        """Show what is kept now, the latest first."""
        self.rows.clear()
        book = self._consent.kept.book
        for each in sorted(book.grants, key=lambda kept: -kept.at):
            self.rows.addTopLevelItem(_item(each, book))
        self._follow()

    def _follow(self) -> None:
        self.revoke.setEnabled(self._chosen() is not None)
        self.revoke_all.setEnabled(self.rows.topLevelItemCount() > 0)

    def _chosen(self) -> QTreeWidgetItem | None:
        chosen = self.rows.currentItem() if self.rows.selectedItems() else None
        while chosen is not None and chosen.parent() is not None:
            chosen = chosen.parent()
        return chosen

    def on_revoke_clicked(self) -> None:
        """Take one yes back."""
        if (chosen := self._chosen()) is not None:
            self._consent.revoke(chosen.data(0, _KEY))
            self.show_kept()

    def on_revoke_all_clicked(self) -> None:
        """Take every yes back."""
        self._consent.forget_all()
        self.show_kept()


def _item(kept: KeptGrant, book: GrantBook) -> QTreeWidgetItem:
    grant = kept.grant
    runs = [each for each in book.runs if grant.key in each.keys]
    what, times = _told(one_line(grant.target), kept.place), trn(len(runs), "{count} time", "{count} times")
    made = QTreeWidgetItem([what, _when(kept.at), times])
    made.setData(0, _KEY, grant.key)
    for path, digest in grant.files.items():
        made.addChild(QTreeWidgetItem([one_line(path), tr("SHA-256 {digest}…", digest=digest[:_DIGITS])]))
    for each in reversed(runs):
        ran = _told(tr("Run of {source}", source=one_line(each.source)), each.place)
        made.addChild(QTreeWidgetItem([ran, "", _when(each.at)]))
    return made


def _told(what: str, place: str) -> str:
    """Return what runs, or ran, and where that is another machine."""
    return tr("{what}, on the machine of {command}", what=what, command=one_line(place)) if place else what


def _when(at: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(at)), QLocale.FormatType.ShortFormat)
