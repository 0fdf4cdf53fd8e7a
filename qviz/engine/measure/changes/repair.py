"""Looks for the smallest set of changes that reaches a signal-to-noise ratio, by greedy steps that are verified.

A prediction only says which few changes to try: at every step the leaders are measured on the simulated model with
these quantizers off, and the best of them is taken. In the end the changed plan is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from msgspec.structs import replace

from qviz.analysis.what_if import predict, predicted_db, remaining
from qviz.document.changes import Change, Tried
from qviz.document.graph import Number
from qviz.document.measurements import Ledger
from qviz.engine.measure.changes.counterfactuals import OtherWays
from qviz.engine.measure.ledger.exact import Reruns
from qviz.engine.measure.ledger.ledger import names_of
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.replaced import replaced
from qviz.engine.measure.simulated.rounding import Rounding
from qviz.engine.nodes.arguments import number

LEADERS = 4
"""So many of each ranking are measured at a step."""


def value(db: Number | None) -> float:
    """Return a ratio as a number to compare: below all others where there is none."""
    return float("-inf") if db is None else float(db)


@dataclass
class ChangeSearch:
    """Greedy steps over the changes that a plan can express.

    Attributes:
        changes: All there are.
        chosen: The set so far.
        reached_db: Of the simulated model with it.
        tried: What was predicted and measured on the way.
    """

    measured: Measured
    ledger: Ledger
    changes: Sequence[Change]
    chosen: list[Change] = field(default_factory=list)
    reached_db: Number | None = None
    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._index = {name: place for place, name in enumerate(names_of(self.measured))}
        self._ways: OtherWays | None = None
        self._again: Reruns | None = None
        self._rankings = _rankings(self.ledger)
        self.reached_db = outputs.together(self.measured.outputs.floating, self.measured.outputs.simulated)

    def step(self, started: Callable[[int, int], None]) -> bool:
        """Add the best of the leaders; return whether one gains anything."""
        rest = [each for each in self.changes if each not in self.chosen]
        ranked = self._ranked(rest)
        count = LEADERS * len(self._rankings)
        best, best_db = None, value(self.reached_db)
        for place, change in enumerate(ranked[: 3 * count]):
            if place % count == 0 and best is not None:
                break  # else the leaders all make it worse, and the next ones may not
            started(place % count, count)
            got = value(self.measure([*self.chosen, change]))
            if got > best_db:
                best, best_db = change, got
        if best is None:
            return False
        self.chosen.append(best)
        self._again = None  # what is tried next differs least from what was chosen now
        self.reached_db = number(best_db)
        return True

    def _ranked(self, rest: Sequence[Change]) -> list[Change]:
        """Return changes by what they promise, in turns by each ranking."""
        orders = [
            sorted(rest, key=lambda each: -value(predicted_db(way, remaining(way, [*self.chosen, each]))))
            for way in self._rankings
        ]
        turns = (each for places in zip(*orders, strict=True) for each in places)
        return list({id(each): each for each in turns}.values())

    def prune(self, target_db: float) -> None:
        """Drop the changes without which the target is reached too."""
        for change in list(self.chosen):
            fewer = [each for each in self.chosen if each is not change]
            if len(self.chosen) > 1 and value(self._predicted(fewer)) > target_db - 2:
                got = self.measure(fewer)
                if value(got) >= target_db:
                    self.chosen, self.reached_db = fewer, got

    def measure(self, changes: Sequence[Change]) -> Number | None:
        """Return the signal to noise of the simulated model with these changes."""
        simulation = self.measured.simulation
        off = self._off(changes)
        others = {name: change.alternative for change in changes for name in change.gains}
        if others:
            with replaced(simulation, self._roundings(others)), simulation.board.set_to(simulation.everything - off):
                got = outputs.run(simulation.module, self.measured.evaluation.batches)
            db = outputs.together(self.measured.outputs.floating, got)
        else:
            db = self.with_on(simulation.everything - off)
        self.tried.append(Tried(tuple(each.target for each in changes), self._predicted(changes), db))
        return db

    def _off(self, changes: Sequence[Change]) -> set[int]:
        return {self._index[name] for name, factor in remaining(self.ledger, changes).items() if factor == 0}

    def with_on(self, on: Set[int]) -> Number | None:
        """Return the signal to noise of all outputs together with these quantizers on."""
        return outputs.together(self.measured.outputs.floating, self._reruns().rerun(on))

    def _roundings(self, others: Mapping[str, str]) -> dict[int, Rounding]:
        if self._ways is None:
            self._ways = OtherWays(self.measured)
        return {self._index[name]: self._ways.roundings[self._index[name]][way] for name, way in others.items()}

    def _reruns(self) -> Reruns:
        if self._again is None:
            simulation, seed = self.measured.simulation, self.measured.plan.seed
            base = simulation.everything - self._off(self.chosen)
            self._again = Reruns(simulation, self.measured.evaluation.batches, base, seed)
        return self._again

    def most(self) -> Number | None:
        """Return the prediction for all changes together."""
        return self._predicted(self.changes)

    def _predicted(self, changes: Sequence[Change]) -> Number | None:
        return predicted_db(self.ledger, remaining(self.ledger, changes))


def _rankings(ledger: Ledger) -> tuple[Ledger, ...]:
    """Return the ledger, and where noise is large also that along the float model: either misses some leaders."""
    if all(each.share_simulated is None for each in ledger.quantizers):
        return (ledger,)
    rows = tuple(replace(each, share_simulated=None) for each in ledger.quantizers)
    return ledger, replace(ledger, quantizers=rows)


def prediction(ledger: Ledger, changes: Sequence[Change]) -> Number | None:
    """Return the predicted signal to noise of all outputs together."""
    return predict(ledger, changes).sqnr_db
