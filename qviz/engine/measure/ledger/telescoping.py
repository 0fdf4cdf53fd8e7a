"""Shares that sum to one: what each quantizer adds to the noise where they are turned on front to back.

With e_q the change of an output as q is turned on after all before it, and e the whole error, the share of q is
⟨e_q, e⟩ / ‖e‖². The e_q sum to e, so that the shares sum to one; one of them may be negative, where a quantizer
makes up for others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qviz.engine.measure.ledger.exact import Reruns
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.outputs import Outputs


def telescoped(
    measured: Measured, front_to_back: Sequence[int], progress: Callable[[int, int], None]
) -> dict[int, float]:
    """Return the share of each quantizer; the mean over the outputs that have noise.

    Args:
        measured: The simulation and the data.
        front_to_back: All quantizers in the order of the graph.
        progress: Is told how many are done, of how many.
    """
    reruns = Reruns(measured.simulation, measured.evaluation.batches, seed=measured.plan.seed)
    floating, whole = reruns.base, reruns.rerun(frozenset(front_to_back))
    totals = _products(_difference(whole, floating), _difference(whole, floating))
    names = [name for name, total in totals.items() if total]
    found: dict[int, float] = {}
    before, on = floating, set[int]()
    for done, quantizer in enumerate(front_to_back, 1):
        on.add(quantizer)
        now = reruns.advance(frozenset(on))
        step = _products(_difference(now, before), _difference(whole, floating))
        found[quantizer] = sum(step[name] / totals[name] for name in names) / len(names) if names else 0.0
        before = now
        progress(done, len(front_to_back))
    return found


def _difference(after: Sequence[Outputs], before: Sequence[Outputs]) -> list[Outputs]:
    return [
        {name: have[name].double() - value.double() for name, value in was.items() if name in have}
        for have, was in zip(after, before, strict=True)
    ]


def _products(one: Sequence[Outputs], other: Sequence[Outputs]) -> dict[str, float]:
    found: dict[str, float] = {}
    for left, right in zip(one, other, strict=True):
        for name, value in left.items():
            found[name] = found.get(name, 0.0) + float((value * right[name]).sum())
    return found
