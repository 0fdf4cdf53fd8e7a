"""How much faster two worker processes measure than one."""

from __future__ import annotations

import dataclasses
import os
import time

import msgspec

from bench_measure.result import Result
from qviz.document.measurements import Ledger
from qviz.document.plan import Plan, Thresholds
from qviz.document.said import Said
from qviz.engine.loading.source import load
from qviz.engine.measure.ledger.workers import measure_exactly
from qviz.engine.measure.models.measured import Measured
from qviz.engine.serving.run import run_loaded
from qviz.engine.serving.torch_state import kept

FASTER, SECONDS = 1.6, 60.0
_NEVER = Thresholds(error_db=-1e9, warning_db=-1e9, agreement=0.0)


def measure(source: str = "torchvision.models:resnet101", shape: str = "4x3x224x224") -> Result:
    """Measure every quantizer by one worker, then by two; the time includes that they start and make the run again."""
    result = Result(f"Workers, {source} on {shape}", ("workers", "quantizers", "equal", "seconds", "CPU s of workers"))
    taken = _measured(Plan(source, flow="fx-static", inputs=(shape,), thresholds=_NEVER))
    wanted = [each.index for each in taken.simulation.quantizers]
    powers, seconds = [], []
    for count in (1, 2):
        notes: list[Said] = []
        asked = msgspec.structs.replace(taken.plan, workers=count)
        started, before = time.perf_counter(), os.times()
        found = measure_exactly(dataclasses.replace(taken, plan=asked, note=notes.append), wanted)
        seconds.append(time.perf_counter() - started)
        spent = os.times().children_user - before.children_user
        powers.append(found.powers)
        result.row(count, len(wanted), powers[0] == found.powers and not notes, seconds[-1], spent)
    faster = seconds[0] / seconds[1]
    is_long = seconds[0] >= SECONDS
    told = f"{faster:.2f} times, of {seconds[0]:.0f} s; load {os.getloadavg()[0]:.1f}"
    result.figure("2 workers faster than 1", told, ">= 1.6 of 60 s, idle", faster >= FASTER if is_long else None)
    return result


def _measured(plan: Plan) -> Measured:
    found: list[Measured] = []

    def keep(measured: Measured, ledger: Ledger | None) -> None:
        found.append(measured)

    with kept(plan.seed):
        run_loaded(load(plan), plan, lambda report: None, measured=keep)
    return found[0]
