"""What one kill came to."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """One kill.

    Attributes:
        what: What was at work: a run, a save …
        kill: The signal, or OOM.
        victim: Which process it met.
        was_there: Whether the process was still at work; if not, the trial is not counted.
        faults: What went wrong, for people.
        canceled_s: How many seconds a cancel took; None where nothing was canceled.
    """

    what: str
    kill: str
    victim: str
    was_there: bool
    faults: tuple[str, ...]
    canceled_s: float | None = None


class Trial:
    """Gathers what went wrong after one kill.

    Attributes:
        lost: Stages that were reached, and are not kept.
        is_damaged: Whether a file is neither the old nor the new one.
        left: How many processes outlived it.
    """

    def __init__(self, what: str, kill: str, victim: str) -> None:
        self._what, self._kill, self._victim = what, kill, victim
        self._faults: list[str] = []
        self.lost: list[str] = []
        self.is_damaged = False
        self.left = 0
        self._canceled_s: float | None = None

    def canceled(self, seconds: float, limit_s: float) -> None:
        """Note how long a cancel took."""
        self._canceled_s = seconds
        self.slow("cancel", seconds, limit_s)

    def slow(self, what: str, seconds: float, limit_s: float) -> None:
        """Note something that took too long, if it did."""
        if seconds > limit_s:
            self._faults.append(f"{what} took {seconds:.1f} s")

    def fault(self, text: str) -> None:
        """Note what else went wrong."""
        self._faults.append(text)

    def outcome(self, was_there: bool) -> Outcome:
        """Return what it came to."""
        if self.lost:
            self._faults.append(f"lost {', '.join(self.lost)}")
        if self.is_damaged:
            self._faults.append("a damaged file")
        if self.left:
            self._faults.append(f"{self.left} processes left")
        return Outcome(self._what, self._kill, self._victim, was_there, tuple(self._faults), self._canceled_s)
