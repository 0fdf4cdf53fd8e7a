"""Filters of the table of nodes that the user saved under a name: the star beside the field, and a list by key."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QMenu

from qviz.analysis.tables.suggested_filters import SUGGESTED
from qviz.ui.panels.shortcuts import Palette, PaletteRow
from qviz.ui.panels.widgets import passing
from qviz.ui.settings import Settings
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr
from qviz.words.untrusted import plain_tip

_SAVE = ""


class SavedFilters(QObject):
    """Keeps the star true, and carries out what it offers."""

    def __init__(self, parent: QObject, work: Workspace, settings: Settings) -> None:
        super().__init__(parent)
        self._work, self._settings = work, settings
        self._star = work.node_filter.star
        self._menu = QMenu(self._star)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self._star.setMenu(self._menu)
        work.node_filter.field.textChanged.connect(self.refresh)
        work.node_filter.queried.connect(self.refresh)
        self.refresh()

    def _offered(self) -> dict[str, str]:
        """Return the queries by name: the user's own go before suggestions of that name."""
        return {tr(name): query for name, query in SUGGESTED.items()} | self._settings.filters

    def _own_name(self) -> str | None:
        """Return what the user calls the filter in use; None where it is not saved."""
        query = self._work.node_filter.query
        return next((name for name, each in self._settings.filters.items() if query and each == query), None)

    def refresh(self) -> None:
        """Fill the star where the filter is saved, and say its name."""
        name = self._own_name()
        self._work.node_filter.show_name(name or "")

    def _fill(self) -> None:
        self._menu.clear()
        own, query = self._own_name(), self._work.node_filter.query
        for name, each in self._offered().items():
            entry = self._menu.addAction(name, partial(self.use, name))
            entry.setToolTip(plain_tip(each))
            entry.setCheckable(True)
            entry.setChecked(each == query)
        self._menu.addSeparator()
        if own is not None:
            self._menu.addAction(tr("Delete {name}", name=own), partial(self.delete, own))
        else:
            self._menu.addAction(tr("Save filter…"), self.ask_for_name).setEnabled(bool(query))

    def choose(self) -> None:
        """Choose a filter by typing its name, or save the one in use."""
        query = self._work.node_filter.query
        rows = [PaletteRow(name, name, each, each) for name, each in self._offered().items()]
        if query and self._own_name() is None:
            rows.append(PaletteRow(_SAVE, tr("Save filter…"), query, ""))
        chooser = passing(Palette(self._work.window(), rows, tr("Saved filters")))
        chooser.command_chosen.connect(lambda name: self.ask_for_name() if name == _SAVE else self.use(name))
        chooser.open()

    def use(self, name: str) -> None:
        """Filter the nodes, and show them."""
        self._work.tabs.show_page(self._work.nodes)
        self._work.node_filter.field.setText(self._offered()[name])

    def ask_for_name(self) -> None:
        """Let the user name the filter in use."""
        query = self._work.node_filter.query
        name, is_given = QInputDialog.getText(self._work, tr("Save filter"), tr("Name"), text=query)
        if is_given and name.strip() and query:
            self._settings.filters = {**self._settings.filters, name.strip().replace("\n", " "): query}
            self.refresh()
            self._work.inform(tr("Saved filter {name}", name=name.strip()))

    def delete(self, name: str) -> None:
        """Forget a filter."""
        self._settings.filters = {each: query for each, query in self._settings.filters.items() if each != name}
        self.refresh()
