"""Which kept run choices are tried on, and what there is to try on it; worked out once for each run."""

from __future__ import annotations

from qviz.analysis.trying.trials import Trials, trials
from qviz.analysis.trying.tried_runs import TriedRun
from qviz.document.plan import Plan
from qviz.session.kept_runs import ShelvedRun, ShelvedRuns
from qviz.session.tried_choice import TriedChoice, tried_run

FIRST = 3
"""So many of the worst are chosen at first, where the plan holds no choice."""


class TriedOn:
    """Remembers the run that is tried on, its base.

    It stays while runs of choices come in and are viewed; any other run that is viewed takes its place.

    Attributes:
        number: Of the base; None before anything was tried.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._known: dict[int, tuple[ShelvedRun, TriedRun]] = {}
        self._tried: tuple[TriedRun, Trials | None] | None = None

    def knows(self, shown: ShelvedRun | None) -> bool:
        """Tell whether the lookups of a run are there."""
        return shown is None or shown.number in self._known

    def run_of(self, shelved: ShelvedRun) -> TriedRun:
        """Return a kept run with its lookups."""
        known = self._known.get(shelved.number)
        if known is not None and shelved.number == self.number and not shelved.is_in_memory:
            return known[1]  # what is tried on stays, wherever its result was put away
        if known is None or known[0].project.snapshot is not shelved.project.snapshot or known[0].name != shelved.name:
            known = self._known[shelved.number] = shelved, tried_run(shelved)
        return known[1]

    def choice(
        self, kept: ShelvedRuns, shown: ShelvedRun | None, plan: Plan, before: TriedChoice | None
    ) -> TriedChoice | None:
        """Return the choice as it is now; None where the base has no ledger.

        Args:
            kept: The runs.
            shown: The one on screen.
            plan: As it is edited.
            before: The choice until now, which stays while neither plan nor base is another.
        """
        there = {each.number for each in kept.runs}
        self._known = {number: each for number, each in self._known.items() if number in there}
        base = self._base_for(kept, shown)
        tried = self._trials_of(base) if base is not None else None
        if base is None or tried is None:
            return None
        self.number = base.number
        is_same = before is not None and before.tried is tried
        plan = plan if plan.flow == base.plan.flow else base.plan
        runs = tuple(self.run_of(each) for each in reversed(kept.runs))
        chosen = tried.standing_in(plan)
        if before is not None and is_same and before.plan == plan:
            chosen = before.chosen
        elif not chosen and not is_same:
            chosen = tried.worst(FIRST)
        return TriedChoice(base, runs, tried, plan, chosen)

    def _trials_of(self, base: TriedRun) -> Trials | None:
        if self._tried is None or self._tried[0] is not base:
            self._tried = base, trials(base.run, base.plan)
        return self._tried[1]

    def _base_for(self, kept: ShelvedRuns, shown: ShelvedRun | None) -> TriedRun | None:
        before = kept.run(self.number) if self.number is not None else None
        if before is not None and (shown is None or shown.number == before.number):
            return self.run_of(before)
        if before is not None and shown is not None and self._is_choice_of(self.run_of(before), self.run_of(shown)):
            return self.run_of(before)
        return self.run_of(shown) if shown is not None else None

    def _is_choice_of(self, base: TriedRun, run: TriedRun) -> bool:
        tried = self._trials_of(base)
        return tried is not None and TriedChoice(base, (), tried, run.plan).is_of_base
