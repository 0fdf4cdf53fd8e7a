"""Whether the shares of quantizers add up to the whole noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from bench_measure import networks
from bench_measure.result import Result
from bench_measure.subject import estimated, exactly, subject
from qviz.document.measurements import ADDITIVE
from qviz.document.plan import Plan
from qviz.engine.measure.ledger import tensors

LEAST_DB = 15.0


def measure(
    names: Iterable[str], flows: Iterable[str] = ("fx-static", "pt2e-static"), samples: int = 2, is_exact: bool = True
) -> Result:
    """Compare the sum of all quantizers alone with all of them together.

    Args:
        names: Of torchvision's models.
        flows: Each model goes through each.
        samples: In the batch.
        is_exact: Also one quantizer at a time; else the estimate alone.
    """
    columns = ("network", "flow", "quantizers", "SQNR dB", "sum alone / total", "sum estimated / total", "")
    result = Result("Sum of the quantizers alone, of the whole noise", columns)
    clean: list[float] = []
    for name in names:
        for flow in flows:
            try:
                network = networks.vision(name, samples=samples)
                found = subject(network.model, [network.evaluate], network.calibrate, Plan(flow=flow), converts=False)
                places = tensors.look(found.measured)
                guessed = sum(estimated(found, places).values())
                alone = sum(exactly(found, places).values()) if is_exact else guessed
            except Exception as error:  # torch cannot quantize every network
                result.failed(f"{name} {flow}", error)
                continue
            is_clean = found.sqnr_db >= LEAST_DB
            if is_clean:
                clean.append(alone)
            mark = "" if ADDITIVE[0] <= alone <= ADDITIVE[1] else "not additive"
            count = len(found.measured.simulation.quantizers)
            result.row(name, flow, count, f"{found.sqnr_db:.1f}", alone if is_exact else "", guessed, mark)
    if clean:
        median = statistics.median(clean)
        told = f"{median:.2f}, median of {len(clean)}"
        reached = ADDITIVE[0] <= median <= ADDITIVE[1]
        result.figure("Sum alone / total where SQNR >= 15 dB", told, "0.8 to 1.25", reached)
    return result
