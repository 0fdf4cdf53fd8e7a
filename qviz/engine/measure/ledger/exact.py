"""Measures what quantizers put on the outputs by turning them on: one at a time, or any set of them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence, Set
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.running.outputs import Outputs
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.kept_run import KeptRun
from qviz.engine.measure.simulated.simulation import Simulation
from qviz.engine.measure.simulated.wiring import Wiring

MEMORY = 1 << 30
"""Bytes of values that are kept between runs, of all batches together."""

Place: TypeAlias = tuple[str, int]
"""The path of a switch, and which of its calls in one run."""

_log = logging.getLogger(__name__)


class Reruns:
    """Runs a simulation again and again with other quantizers on.

    A graph in which nothing is changed in place keeps the values of its first run, and later runs only what depends
    on the quantizers that differ; bit by bit the outputs are those of whole runs. Any other model runs whole. Every
    run begins with the same state of the random numbers.

    Args:
        base: The quantizers that are on in the first run; best is what most later runs differ least from.
        memory: Bytes that kept values may take.
        expected: The outputs of a whole run with `base` on, where there is one already.

    Attributes:
        base: The outputs of the first run, batch by batch.
        runs_part: Whether later runs run a part.
    """

    def __init__(
        self,
        simulation: Simulation,
        batches: Sequence[Arguments],
        base: Set[int] = frozenset(),
        seed: int = 0,
        memory: int = MEMORY,
        expected: Sequence[Outputs] | None = None,
    ) -> None:
        self._simulation, self._batches, self._seed = simulation, batches, seed
        self._on = frozenset(base)
        self._wiring: Wiring | None = None
        self._switches: dict[Place, Node] = {}
        self._kept = self._keep(memory // max(1, len(batches))) if simulation.reruns_part else []
        self.base = [run.outputs for run in self._kept]
        if not self._kept or expected is None or not _are_equal(self.base, expected):
            whole = self._whole(self._on)
            if not _are_equal(self.base, whole):
                self._kept, self.base = [], whole

    @property
    def runs_part(self) -> bool:
        """Whether later runs run a part of the graph."""
        return bool(self._kept)

    def _keep(self, memory: int) -> list[KeptRun]:
        """Return a run of each batch whose values are kept; none where a part of the graph cannot run alone."""
        module = self._simulation.module
        assert isinstance(module, GraphModule)
        wiring, found = Wiring(module), list[KeptRun]()
        with torch.no_grad(), torch.random.fork_rng(devices=()):
            torch.manual_seed(self._seed)
            before = torch.get_rng_state()
            for batch in self._batches:
                try:
                    run = KeptRun(wiring, batch, self._simulation.board, self._on, memory)
                except Exception:  # the user's code may not run node by node, as where it looks at its caller
                    _log.info("the graph does not run node by node", exc_info=True)
                    return []
                if not run.is_sound or not torch.equal(before, torch.get_rng_state()):
                    return []
                found.append(run)
        self._wiring, self._switches = wiring, dict(wiring.switches())
        return found

    def rerun(self, on: Set[int], idle: Set[Place] = frozenset(), changed: Set[int] = frozenset()) -> list[Outputs]:
        """Return the outputs of each batch with these quantizers on; they may share memory with those of `base`.

        Args:
            on: Indices of quantizers.
            idle: Places that stay off all the same; those inside of a module that a graph calls whole do not.
            changed: Quantizers that round otherwise than in the first run.
        """
        if not self._kept or (changed and not self._is_in_one):
            return self._whole(on, idle)
        skipped = {self._switches[each] for each in idle if each in self._switches}
        with torch.no_grad():
            return [run.rerun(on, skipped, changed) for run in self._kept]

    def advance(self, on: Set[int]) -> list[Outputs]:
        """Return the outputs with these quantizers on, and let later runs differ from them, where that is possible."""
        if not self._kept or not self._is_in_one:
            return self.rerun(on)
        with torch.no_grad():
            for run in self._kept:
                run.advance(on)
        self.base = [run.outputs for run in self._kept]
        return self.base

    @property
    def _is_in_one(self) -> bool:
        """Whether all values are kept."""
        return all(run.segments == 1 for run in self._kept)

    def _whole(self, on: Set[int], idle: Set[Place] = frozenset()) -> list[Outputs]:
        probe = _Idle(on, idle) if idle else None
        found: list[Outputs] = []
        with torch.random.fork_rng(devices=()), self._simulation.board.set_to(on, probe):
            torch.manual_seed(self._seed)
            for batch in self._batches:
                found += outputs.run(self._simulation.module, [batch])
                if probe is not None:
                    probe.calls.clear()
        return found

    def noise(self, on: Set[int], idle: Set[Place] = frozenset()) -> dict[str, float]:
        """Return the noise power that these quantizers put on each output, over all batches."""
        return noise(self.base, self.rerun(on, idle))

    def ordered(self, quantizers: Iterable[int]) -> list[int]:
        """Return quantizers in the order to measure them: as given, or by segments where not all values are kept.

        Segments are taken from the end whose values are at hand.
        """
        given = list(dict.fromkeys(quantizers))
        if self._wiring is None or self._is_in_one:
            return given
        places = self._wiring.places
        is_at_end = self._kept[-1].is_at_end
        return sorted(given, key=lambda each: min(places.get(each, ()), default=-1), reverse=is_at_end)


def _are_equal(one: Sequence[Outputs], other: Sequence[Outputs]) -> bool:
    return len(one) == len(other) and all(map(outputs.is_equal, one, other))


class _Idle:
    """Leaves some places off; a probe of a board."""

    def __init__(self, on: Set[int], idle: Set[Place]) -> None:
        self._on, self._idle = on, idle
        self.calls: Counter[str] = Counter()

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        key = switch.path, self.calls[switch.path]
        self.calls[switch.path] += 1
        if switch.quantizer not in self._on or key in self._idle:
            return values
        return switch.given(values, switch.rounding(values))

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return operator.run(self._on, args, kwargs)


def noise(expected: Sequence[Outputs], got: Sequence[Outputs]) -> dict[str, float]:
    """Return the power of the difference at each output that has one shape in both, over all batches."""
    found: dict[str, float] = {}
    broken: set[str] = set()
    for wanted, have in zip(expected, got, strict=True):
        for name, reference in wanted.items():
            value = have.get(name)
            if value is None or value.shape != reference.shape:
                broken.add(name)
            elif value is not reference:
                found[name] = found.get(name, 0.0) + outputs.power(reference.double() - value.double())
            else:
                found.setdefault(name, 0.0)
    return {name: power for name, power in found.items() if name not in broken}


def powers(
    measured: Measured, quantizers: Iterable[int], idle: Set[Place] = frozenset(), memory: int = MEMORY
) -> Generator[tuple[int, dict[str, float]], None, None]:
    """Yield a quantizer with the noise power that it alone puts on each output, one after the other.

    The caller may stop whenever it likes, and has what was measured so far.

    Args:
        measured: The simulation and the data.
        quantizers: Their indices, the most wanted first.
        idle: Places that round nothing while all quantizers are on, because their values are on the grid already.
            Alone they would round, and by the definition they count; what they cost then, nobody pays. Give them to
            leave them off.
        memory: Bytes that kept values may take.
    """
    batches, expected = measured.evaluation.batches, measured.outputs.floating
    reruns = Reruns(measured.simulation, batches, seed=measured.plan.seed, memory=memory, expected=expected)
    for quantizer in reruns.ordered(quantizers):
        yield quantizer, reruns.noise({quantizer}, idle)
