"""The published law of depth on plain chains: how fast noise grows with the number of convolutions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from bench_measure import networks
from bench_measure.result import Result
from bench_measure.subject import estimated, exactly, subject
from qviz.document.plan import Plan
from qviz.engine.measure.ledger import tensors

LAW = {4: 31.5, 8: 28.4, 16: 25.1, 32: 20.0}
LIMIT_DB = 2.5
PLANS = (Plan(flow="fx-static", backend="qnnpack"), Plan(flow="pt2e-static"))


def measure(seeds: Iterable[int] = range(5), depths: Iterable[int] = tuple(LAW)) -> Result:
    """Measure chains of each depth with each seed."""
    columns = ("convolutions", "flow", "published dB", "mean dB", "each", "sum exact / total", "estimated", "largest")
    result = Result("Depth of convolution-relu chains, 8 bits", columns)
    given = tuple(seeds)
    for plan in PLANS:
        worst = 0.0
        for depth in depths:
            tested = [_chain(depth, seed, plan) for seed in given]
            noises, exact, guessed, owners = zip(*tested, strict=True)
            mean = statistics.fmean(noises)
            worst = max(worst, abs(mean - LAW[depth]), key=abs)
            each = " ".join(f"{noise:.1f}" for noise in noises)
            told = statistics.median(exact), statistics.median(guessed), statistics.median(owners)
            result.row(depth, plan.flow, LAW[depth], f"{mean:.1f}", each, *told)
        what = f"Depth law, {plan.flow}: worst mean off by"
        result.figure(what, f"{worst:.1f} dB", "<= 2.5 dB", worst <= LIMIT_DB)
    return result


def _chain(depth: int, seed: int, plan: Plan) -> tuple[float, float, float, float]:
    """Return the SQNR, the sums of exact and estimated shares, and the largest share."""
    network = networks.chain(depth, seed)
    found = subject(network.model, [network.evaluate], network.calibrate, plan, converts=False)
    places = tensors.look(found.measured)
    exact = exactly(found, places)
    return found.sqnr_db, sum(exact.values()), sum(estimated(found, places).values()), max(exact.values())
