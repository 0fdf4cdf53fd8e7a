"""Undo and redo of choices: every edit is a new plan, and the old ones are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from qviz.document.plan import Plan

LIMIT = 100


@dataclass
class History:
    """The plans before and after the one in use, the nearest last."""

    _before: list[Plan] = field(default_factory=list)
    _after: list[Plan] = field(default_factory=list)

    @property
    def can_undo(self) -> bool:
        """Whether there is a plan to go back to."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether an undone plan can come back."""
        return bool(self._after)

    def record(self, old: Plan, new: Plan) -> None:
        """Note an edit; what had been undone is gone then."""
        if old != new:
            self._before = [*self._before, old][-LIMIT:]
            self._after = []

    def undo(self, now: Plan) -> Plan:
        """Return the plan before `now`; `now` itself when there is none."""
        if not self._before:
            return now
        self._after.append(now)
        return self._before.pop()

    def redo(self, now: Plan) -> Plan:
        """Return the plan that was undone last; `now` itself when there is none."""
        if not self._after:
            return now
        self._before.append(now)
        return self._after.pop()
