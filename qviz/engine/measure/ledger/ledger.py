"""Puts the ledger together: what every quantizer costs the output, by name, the largest share first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from qviz.document.graph import Graph, Node, Number
from qviz.document.measurements import Ledger, QuantizerNoise
from qviz.engine.measure.ledger import estimate, tensors
from qviz.engine.measure.ledger.causes import cause_of
from qviz.engine.measure.ledger.exact import powers as exact_powers
from qviz.engine.measure.ledger.telescoping import telescoped
from qviz.engine.measure.ledger.workers import measure_exactly
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.outputs import noise_to_signal, samples_in
from qviz.engine.measure.simulated.simulation import MeasuredQuantizer, nodes_of
from qviz.engine.nodes.arguments import number

_NOISY_DB = 10.0
"""Below this output the first-order estimate is also taken along the simulated model."""
_LEADERS = 4
"""So many of the largest estimates are measured exactly: the first order errs most where noise is large."""


def make_ledger(measured: Measured) -> Ledger | None:
    """Return what every quantizer costs the output; None where there is none, or no output has noise or a signal."""
    if not measured.simulation.quantizers:
        return None
    wholes = noise_to_signal(measured.outputs.floating, measured.outputs.simulated)
    ratios = {name: noise / signal for name, (noise, signal) in wholes.items() if signal and math.isfinite(noise)}
    if not any(ratios.values()):
        return None
    places = tensors.look(measured)
    shares, progress = _Shares(wholes), _progress(measured, "estimating")
    every = [each.index for each in measured.simulation.quantizers]
    if measured.plan.exact and measured.plan.at_most is None:
        exact = measure_exactly(measured, every, places.idle)
        ledger = assembled(measured, places, exact.powers, {}, shares, frozenset(exact.powers))
        return _telescoped(measured, replace(ledger, method="exact", projections=0, is_complete=exact.is_complete))
    powers = estimate.estimate(measured, places.idle, kept_bytes=places.bytes, progress=progress)
    if measured.plan.exact:  # the largest first, so that little is left to the estimate where the time is short
        exact = measure_exactly(measured, shares.sorted(powers), places.idle)
        ledger = assembled(measured, places, powers | exact.powers, {}, shares, frozenset(exact.powers))
        return _telescoped(measured, replace(ledger, method="exact", is_complete=exact.is_complete))
    along: estimate.Powers = {}
    if -10 * math.log10(sum(ratios.values()) / len(ratios)) < _NOISY_DB:
        along = estimate.estimate(measured, places.idle, is_simulated=True, kept_bytes=places.bytes, progress=progress)
    leaders = shares.sorted(powers)[:_LEADERS]
    powers |= dict(exact_powers(measured, leaders, places.idle))
    by_index = {key: shares.of(each) for key, each in along.items()}
    return assembled(measured, places, powers, by_index, shares, frozenset(leaders))


class _Shares:
    """Turns powers at the outputs into shares of the whole; each output counts by its own noise-to-signal ratio.

    Args:
        wholes: (noise, signal) of each output with every quantizer on.
    """

    def __init__(self, wholes: Mapping[str, tuple[float, float]]) -> None:
        self.wholes = {
            name: each for name, each in wholes.items() if each[1] and math.isfinite(each[0]) and math.isfinite(each[1])
        }
        self._total = sum(noise / signal for noise, signal in self.wholes.values())

    def of(self, powers: Mapping[str, float]) -> float:
        """Return the share of a quantizer that puts these powers on the outputs."""
        known = sum(power / self.wholes[name][1] for name, power in powers.items() if name in self.wholes)
        return known / self._total if self._total else math.nan

    def sorted(self, powers: Mapping[int, Mapping[str, float]]) -> list[int]:
        """Return quantizers, the largest share first; before all, those whose share is not a number."""
        found = {quantizer: self.of(each) for quantizer, each in powers.items()}
        return sorted(found, key=lambda each: -math.inf if math.isnan(found[each]) else -found[each])


def assembled(
    measured: Measured,
    places: tensors.SeenTensors,
    powers: estimate.Powers,
    along: Mapping[int, float],
    shares: _Shares,
    exact: frozenset[int],
) -> Ledger:
    """Return the ledger.

    Args:
        measured: What quantizers there are.
        places: What they do to their tensors.
        powers: What each alone puts on the outputs; none of one that was not measured.
        along: Shares along the simulated model, by quantizer.
        shares: Of the whole.
        exact: The quantizers whose powers were measured one at a time.
    """
    names = names_of(measured)
    rows = [
        _row(measured, quantizer, places, names[quantizer.index], powers.get(quantizer.index, {}), shares)
        for quantizer in measured.simulation.quantizers
    ]
    rows = [
        replace(row, share_simulated=_number(along.get(each.index)), is_exact=each.index in exact)
        for row, each in zip(rows, measured.simulation.quantizers, strict=True)
    ]
    rows.sort(key=lambda row: (row.share != "inf", -_value(row.share), row.id))
    additivity = sum(_value(row.share) for row in rows)
    return Ledger(
        method="estimate",
        projections=estimate.projections_for(samples_in(measured.evaluation.batches, measured.outputs.floating)),
        signals={name: number(signal) for name, (_, signal) in shares.wholes.items()},
        totals={name: number(noise) for name, (noise, _) in shares.wholes.items()},
        quantizers=tuple(rows),
        additivity=number(additivity),
        unexplained=number(1 - additivity),
    )


def _row(
    measured: Measured,
    quantizer: MeasuredQuantizer,
    places: tensors.SeenTensors,
    name: str,
    powers: Mapping[str, float],
    shares: _Shares,
) -> QuantizerNoise:
    noise = places.noise.get(quantizer.index, tensors.TensorNoise())
    stage = measured.stage
    nodes = nodes_of(quantizer, stage.graph)
    by_id = {node.id: node for node in stage.graph.nodes}
    return QuantizerNoise(
        id=name,
        stage=stage.name,
        nodes=nodes,
        module=_module(quantizer, [by_id[each] for each in nodes]),
        kind=quantizer.kind,
        bits=None if quantizer.kind == "cell" else quantizer.rounding.bits,
        powers={output: number(power) for output, power in powers.items()},
        share=_number(shares.of(powers)) if powers else None,
        local_db=noise.local_db,
        clipping=noise.clipping_share,
        clipped=noise.clipped,
        levels_used=noise.levels_used,
        accumulated_db=noise.accumulated_db,
        cause=cause_of(quantizer, noise),
    )


def _telescoped(measured: Measured, ledger: Ledger) -> Ledger:
    """Add shares that sum to one where the others do not."""
    if not ledger.is_complete or ledger.is_additive:
        return ledger
    order = front_to_back(measured)
    found = telescoped(measured, order, _progress(measured, "telescoping"))
    names = names_of(measured)
    by_name = {names[index]: share for index, share in found.items()}
    rows = (replace(row, telescoped=_number(by_name.get(row.id))) for row in ledger.quantizers)
    return replace(ledger, quantizers=tuple(rows))


def front_to_back(measured: Measured) -> list[int]:
    """Return all quantizers in the order of their stage's graph; those that have no node come first."""
    graph = measured.stage.graph
    order = {node.id: place for place, node in enumerate(graph.nodes)}

    def first(quantizer: MeasuredQuantizer) -> tuple[int, int]:
        return min((order[each] for each in nodes_of(quantizer, graph)), default=-1), quantizer.index

    return [each.index for each in sorted(measured.simulation.quantizers, key=first)]


def _value(share: Number | None) -> float:
    return share if isinstance(share, float) and math.isfinite(share) else 0.0


def _number(value: float | None) -> Number | None:
    return None if value is None or math.isnan(value) else number(value)


def _module(quantizer: MeasuredQuantizer, nodes: list[Node]) -> str:
    if nodes and nodes[0].place:
        return nodes[0].place
    return "" if quantizer.kind == "activation" else quantizer.paths[0]


def names_of(measured: Measured) -> list[str]:
    """Return a name of each quantizer: of what it rounds, in the words of the model."""
    graph = measured.stage.graph
    found = [_name(quantizer, graph) for quantizer in measured.simulation.quantizers]
    repeated, seen = Counter(found), Counter[str]()
    for place, name in enumerate(found):
        if repeated[name] > 1:
            seen[name] += 1
            found[place] = f"{name} {seen[name]}"
    return found


def _name(quantizer: MeasuredQuantizer, graph: Graph) -> str:
    by_id = {node.id: node for node in graph.nodes}
    nodes = [by_id[each] for each in nodes_of(quantizer, graph)]
    if quantizer.kind == "dynamic" and not quantizer.name:
        reader = next((edge.to_id for edge in graph.edges if nodes and edge.from_id == nodes[0].id), None)
        return f"{_called(by_id[reader]) if reader else quantizer.paths[0]} input"
    if quantizer.kind != "activation":
        owner = _module(quantizer, nodes) or (nodes[0].id if nodes else quantizer.paths[0])
        return f"{owner} {quantizer.name}"
    if not nodes:
        return quantizer.paths[0]
    given = next((edge.from_id for edge in graph.edges if edge.to_id == nodes[0].id), None)
    if given is None:
        return nodes[0].id
    source = by_id[given]
    return source.id if source.op == "placeholder" else f"{_called(source)} output"


def _called(node: Node) -> str:
    """Return the module path of a module's node; of a function, its node's own name behind the module it is in."""
    if node.op == "call_module":
        return node.target
    return f"{node.place}:{node.id}" if node.place else node.id


def _progress(measured: Measured, step: str) -> Callable[[int, int], None]:
    return lambda done, total: measured.started(step, done, total)
