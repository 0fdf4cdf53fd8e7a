"""What the user of one window named herself, opened, and allowed; answers whether a plan may run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.sources.kinds import kind_of
from qviz.sources.text import read_name
from qviz.trust.grants import Grant
from qviz.trust.kept import KeptGrants
from qviz.trust.listing import Listing
from qviz.trust.question import CodeQuestion, list_here, question_of
from qviz.trust.references import NamedBy, targets, typed_targets, written_targets

ENGINES_PYTHON = "QVIZ_PYTHON"
"""The environment variable that names another interpreter, of whose packages nothing is known here."""


def list_code(question: CodeQuestion) -> Listing:
    """Return what would run in an engine of this machine.

    Raises:
        QvizError: A file that must be granted by its content is not there, or none may ever be.
    """
    return list_here(question, () if ENGINES_PYTHON in os.environ else sys.path)


class Consent:
    """One window's memory of who named what, over the grants that are kept.

    Use: ``listing = consent.listing(plan)``; where ``listing.asked`` is not empty, show ``lines(listing)`` and call
    ``consent.allow(plan, listing)`` after a yes; an engine gets ``consent.grants(plan)``.

    Attributes:
        kept: The grants of this user, of all windows.
        lists: Tells what a plan would run, where it would.
    """

    def __init__(self, kept: KeptGrants | None = None) -> None:
        self.kept = kept or KeptGrants()
        self.lists: Callable[[CodeQuestion], Listing] = list_code
        self._typed: set[str] = set()
        self._opened: set[str] = set()
        self._watched: set[str] = set()
        self._loaded: set[str] = set()
        self._trusted: set[str] = set()
        self._last: tuple[Plan, Listing] | None = None

    def type_in(self, targets_typed: frozenset[str]) -> None:
        """Take targets that the user wrote on the command line: the words are the grant."""
        self._typed |= targets_typed

    def edited(self, before: Plan, after: Plan) -> None:
        """Take what the user wrote into the fields of a plan; another name of the same file is what that file is.

        A bare name that she left as it was is another target beside another source: it stays whose it was.
        """
        old = {target for _, target in targets(before)}
        was = {(use, text): target for use, text, target in written_targets(before)}
        new = [each for each in written_targets(after) if each[2] not in old | self._loaded]
        for use, text, target in new:
            if use != "source" and (use, text) in was:
                self._typed |= {target} if was[use, text] in self._typed else set()
                continue
            known = next((each for each in old if _place(each) == _place(target)), None)
            if use != "source" or known is None or known in self._typed:
                self._typed.add(target)
            elif known in self._opened:
                self._opened.add(target)

    def loaded(self, plan: Plan) -> None:
        """Take a plan that was read from a file, or pasted: what it names is asked about."""
        self._loaded |= {target for _, target in targets(plan)} - self._typed

    def opened(self, source: str) -> None:
        """Take a source that the user chose in the window: it is asked about, but may be any name of its file."""
        self._opened |= typed_targets(Plan(source=source), ("source",))

    def watch(self, plan: Plan, is_on: bool) -> None:
        """Take the user's yes to every save of a plan's source, as long as the window is open; or take it back."""
        sources = typed_targets(plan, ("source",))
        self._watched = self._watched | sources if is_on else self._watched - sources

    def revoke(self, key: str) -> None:
        """Take a yes back: it is asked about again, in this window too."""
        self.kept.revoke(key)
        self._watched.clear()
        self._trusted.discard(key)

    def forget_all(self) -> None:
        """Take every yes back."""
        self.kept.revoke_all()
        self._watched.clear()
        self._trusted.clear()

    def listing(self, plan: Plan, otherwise: NamedBy = NamedBy.FILE) -> Listing:
        """Return what a plan would run, with nothing to ask for what the user allowed before.

        A yes to a Python file holds while the window is open: it is watched, and may be saved again.

        Args:
            plan: What would run.
            otherwise: Who named what the user did not.

        Raises:
            QvizError: A file that it names is not there, or what it names may never run.
        """
        if kind_of(plan.source).is_result:
            return Listing()
        asked = question_of(plan, self._typed, self._opened, otherwise)
        found = self.lists(asked).knowing(self.kept.keys | self._trusted, frozenset(self._watched))
        self._last = plan, found
        return found

    def allow(self, listing: Listing) -> None:
        """Remember the user's yes to all that a listing would run."""
        self.kept.keep(tuple(each.grant for each in listing.asked), listing.place)
        self._watched |= {each.ref.target for each in listing.asked if not each.ref.is_whole and not each.ref.is_data}
        if self._last is not None and self._last[1] is listing:
            self._last = self._last[0], listing.allowed()

    def grants(self, plan: Plan) -> tuple[Grant, ...]:
        """Return what an engine may run of a plan: all that was allowed, and nothing that was not.

        Raises:
            QvizError: As `listing`.
        """
        found = self._last[1] if self._last is not None and self._last[0] is plan else self.listing(plan)
        self._last = None
        given = tuple(each.grant for each in found.entries if each.is_allowed or not each.is_needed)
        self.kept.ran(plan.source, given, found.place)
        return given

    def allow_once(self, plan: Plan) -> None:
        """Take ``--trust`` on the command line: all that a plan would run may, as long as the window is open.

        Raises:
            QvizError: As `listing`.
        """
        self._trusted |= {each.grant.key for each in self.listing(plan).asked}


def _place(target: str) -> str:
    """Return the file or module of a target."""
    try:
        return read_name(target).place
    except QvizError:
        return target
