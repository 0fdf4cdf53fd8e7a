"""What changes would give: predictions beside reruns, other ways to round beside changed quantizers, and a repair."""

from __future__ import annotations

import itertools
import math
import random
import statistics
import time
from collections.abc import Sequence

from bench_measure.networks import Network
from bench_measure.result import Result
from qviz.analysis.what_if import predict
from qviz.document.measurements import Ledger
from qviz.document.plan import Plan
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.changes.counterfactuals import OtherWays, noise_alone
from qviz.engine.measure.changes.repair import ChangeSearch, value
from qviz.engine.measure.changes.what_if import changes_of
from qviz.engine.measure.ledger.ledger import names_of
from qviz.engine.measure.models.measured import Measured
from qviz.engine.serving.repair import repair
from qviz.engine.serving.run import run_loaded
from qviz.engine.serving.torch_state import kept

_SIZES = (1, 1, 2, 2, 3, 4, 6, 8)
_WORST = 12
_MOST = 3


def loaded(network: Network) -> Loaded:
    """Return a network as qviz takes it, evaluated on data of its own."""
    return Loaded(network.model, network.evaluate, network.calibrate, evaluation=[network.evaluate])


def _run(network: Network, plan: Plan) -> tuple[Measured, Ledger]:
    found: list[tuple[Measured, Ledger | None]] = []
    run_loaded(loaded(network), plan, lambda _: None, measured=lambda *each: found.append(each))
    measured, ledger = found[0]
    assert ledger is not None
    return measured, ledger


def what_if(networks: Sequence[Network], flows: Sequence[str], edits: int) -> Result:
    """Predict random sets of changes, and run the simulated model with them."""
    columns = ("network", "flow", "SQNR", "sets", "median dB", "p95 dB", "largest dB", "slowest ms")
    result = Result("What-if: predicted minus rerun", columns)
    for network, flow in itertools.product(networks, flows):
        measured, ledger = _run(network, Plan(flow=flow, measure=True))
        changes = [each for each in changes_of(measured, ledger) if each.kind != "alternative"]
        search, draw = ChangeSearch(measured, ledger, changes), random.Random(0)
        errors, slowest = [], 0.0
        with kept(0):
            for _ in range(edits):
                picked = draw.sample(changes, min(draw.choice(_SIZES), len(changes)))
                begin = time.perf_counter()
                predict(ledger, picked)
                slowest = max(slowest, time.perf_counter() - begin)
                got = value(search.measure(picked))
                errors.append(abs(value(search.tried[-1].predicted_db) - got))
        errors.sort()
        median, high = statistics.median(errors), errors[int(0.95 * len(errors))]
        start = value(predict(ledger, ()).sqnr_db)
        result.row(network.name, flow, start, edits, median, high, errors[-1], slowest * 1000)
        limit, name = (1.2, "median") if "Lite" in network.name else (0.5, "median")
        result.figure(f"what-if, {network.name} {flow}, {name}", f"{median:.2f} dB", f"≤ {limit} dB", median <= limit)
        if "Lite" not in network.name:
            result.figure(f"what-if, {network.name} {flow}, p95", f"{high:.2f} dB", "≤ 1 dB", high <= 1)
        result.figure(f"what-if, {network.name} {flow}, slowest", f"{slowest * 1e3:.1f} ms", "≤ 50 ms", slowest <= 0.05)
    return result


def counterfactuals(network: Network, flows: Sequence[str], count: int) -> Result:
    """Compare what other ways to round are foretold to gain with runs of quantizers that round so."""
    result = Result(
        "Other ways to round: foretold minus run", ("flow", "way", "kind", "count", "median dB", "largest dB")
    )
    errors: list[float] = []
    for flow in flows:
        measured, _ = _run(network, Plan(flow=flow, measure=True))
        with kept(0):
            ways = OtherWays(measured)
            found: dict[tuple[str, str], list[float]] = {}
            todo = [(index, name) for index, each in ways.roundings.items() for name in each if name != "sixteen_bits"]
            random.Random(0).shuffle(todo)
            for index, name in todo[: count // len(flows)]:
                now, then = (
                    noise_alone(measured, index, given) for given in ({}, {index: ways.roundings[index][name]})
                )
                if now > 0 and then > 0:
                    foretold = ways.errors[index][""] / ways.errors[index][name]
                    kind = measured.simulation.quantizers[index].kind
                    found.setdefault((name, kind), []).append(abs(10 * math.log10(foretold * then / now)))
        for (way, of_kind), each in sorted(found.items()):
            result.row(flow, way, of_kind, len(each), statistics.median(each), max(each))
            errors += each
    median = statistics.median(errors)
    result.figure(
        f"other ways to round, {len(errors)} of {network.name}, median", f"{median:.2f} dB", "≤ 0.5 dB", median <= 0.5
    )
    return result


def repaired(network: Network, flow: str) -> Result:
    """Repair a network with three changes, beside the best three of the twelve worst quantizers."""
    result = Result("Repair", ("network", "flow", "before", "repaired", "best three", "seconds", "changes"))
    begin = time.perf_counter()
    found = repair(loaded(network), Plan(flow=flow), 90.0, _MOST, lambda _: None)
    seconds = time.perf_counter() - begin
    measured, ledger = _run(network, Plan(flow=flow, measure=True))
    search, names = ChangeSearch(measured, ledger, ()), names_of(measured)
    everything, best = measured.simulation.everything, -math.inf
    worst = [names.index(row.id) for row in ledger.quantizers[:_WORST]]
    with kept(0):
        for three in itertools.combinations(worst, _MOST):
            best = max(best, value(search.with_on(everything - set(three))))
    after = value(found.measured.simulated if found.measured is not None else None)
    targets = ", ".join(f"{each.target} {each.alternative}".strip() for each in found.changes)
    result.row(network.name, flow, value(found.before_db), after, best, seconds, targets)
    name = f"repair, {network.name} {flow}"
    result.figure(f"{name}, below the best three", f"{best - after:.2f} dB", "≤ 1 dB", best - after <= 1)
    result.figure(f"{name}, time", f"{seconds:.0f} s", "≤ 120 s", seconds <= 120)
    return result
