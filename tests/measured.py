"""Measurements made by hand, without torch, of nodes of `small_stages`."""

from __future__ import annotations

from typing import Any

import msgspec

from qviz.document.graph import Number
from qviz.document.measurements import (
    Alternative,
    KernelDifference,
    Ledger,
    Measurements,
    OutputErrors,
    QuantizerNoise,
)
from qviz.document.said import Said
from qviz.document.snapshot import Snapshot
from tests.factories import small_stages, snapshot

WEIGHT = QuantizerNoise(
    "layer1.0.conv1 weight",
    "captured",
    ("conv",),
    "layer1.0.conv1",
    "weight",
    8,
    {"output": 3.0},
    0.61,
    local_db=14.2,
    clipping=0.1,
    clipped=0.02,
    levels_used=0.4,
    telescoped=0.55,
    alternatives=(Alternative("sixteen_bits", 48.0), Alternative("per_channel", 9.1, offered=True)),
)
ACTIVATION = QuantizerNoise("relu output", "captured", ("relu",), "relu", "activation", 8, {"output": 1.0}, 0.3)
OPERATOR = KernelDifference(
    "converted", ("conv",), "prelu", "quantized::prelu", 0.46, 146.0, True, sqnr_db=3.0, is_first=True
)
LOST = Said("not_measured.metric", {}, {"type": "KeyError", "text": "'labels'"})


def ledger(*rows: QuantizerNoise, additivity: float = 0.91, **fields: Any) -> Ledger:
    """Return a ledger of these quantizers."""
    signals: dict[str, Number] = {"output": 100.0}
    totals: dict[str, Number] = {"output": 5.0}
    return Ledger(
        fields.pop("method", "estimate"),
        fields.pop("projections", 8),
        signals,
        totals,
        rows or (WEIGHT, ACTIVATION),
        additivity,
        1 - additivity,
        **fields,
    )


def measured(
    prepared: Any = 137.0, simulated: Any = 14.3, converted: Any = "inf", total: Any = 14.3, **fields: Any
) -> Measurements:
    """Return measurements with these levels at their one output, in dB."""
    errors = OutputErrors("output", prepared, simulated, converted, total, fields.pop("floor", "inf"))
    outputs = (msgspec.structs.replace(errors, agreement=fields.pop("agreement", None)),)
    together = msgspec.structs.replace(errors, name="")
    return Measurements("calibration", 2, 8, outputs, together, **fields)


def measured_run(measurements: Measurements | None = None, **run: Any) -> Snapshot:
    """Return a run with measurements, those of a noisy weight if none are given."""
    made = measured(ledger=ledger(), agreement=0.875) if measurements is None else measurements
    return msgspec.structs.replace(snapshot(*small_stages(), **run), measurements=made)
