"""Whether the estimate puts quantizers in the order in which the exact measurement does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bench_measure.networks import Network
from bench_measure.ranks import spearman
from bench_measure.result import Result
from bench_measure.subject import estimated, exactly, subject
from qviz.document.plan import Plan
from qviz.engine.measure.ledger import tensors

LIMIT = 0.9


def measure(given: Iterable[tuple[str, Callable[[], Network | None]]], flow: str = "fx-static") -> Result:
    """Compare shares of all quantizers that put any noise on the output."""
    columns = ("network", "quantizers", "SQNR dB", "sum exact / total", "sum estimated / total", "Spearman")
    result = Result(f"Estimate (K = 8) against exact, {flow}", columns)
    found: dict[str, float] = {}
    for name, make in given:
        network = make()
        if network is None:
            result.row(name, "not installed", "", "", "", "")
            continue
        tested = subject(network.model, [network.evaluate], network.calibrate, Plan(flow=flow), converts=False)
        places = tensors.look(tested.measured)
        guessed, exact = estimated(tested, places), exactly(tested, places)
        shown = [each for each in exact if exact[each] > 0 or guessed[each] > 0]
        found[name] = spearman([guessed[each] for each in shown], [exact[each] for each in shown])
        sums = sum(exact.values()), sum(guessed.values())
        result.row(name, len(shown), f"{tested.sqnr_db:.1f}", *sums, found[name])
    least = min(found, key=lambda each: found[each])
    good = sum(each >= LIMIT for each in found.values())
    measured = f"{good} of {len(found)}; least {found[least]:.3f} ({least})"
    result.figure(f"Spearman of estimate and exact, {flow}", measured, ">= 0.9 on 20 networks", good == len(found))
    return result
