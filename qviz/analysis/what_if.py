"""Predicts what changes of a plan would give, from the ledger alone.

The noise of the quantizers that stay is scaled to the measured whole: N · Σ P_kept / Σ P_all. What one quantizer
adds to others is in N, so the singles are never subtracted from it. Below 10 dB the shares along the simulated
model are taken where the ledger has them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from qviz.document.changes import Change, Prediction
from qviz.document.graph import Number
from qviz.document.measurements import Ledger, Measurements, QuantizerNoise

_NOISY = 0.1
"""A noise-to-signal ratio, 10 dB: above it float gradients tell the shares badly."""
_FLOAT_BYTES = 4


def predict(ledger: Ledger, changes: Sequence[Change]) -> Prediction:
    """Return what a set of changes would give."""
    factors = remaining(ledger, changes)
    ratios = {name: _ratio(ledger, name, factors) for name in ledger.totals}
    known = [each for each in ratios.values() if each is not None]
    off = {name for name, factor in factors.items() if factor == 0}
    return Prediction(
        outputs={name: None if ratio is None else _decibels(ratio) for name, ratio in ratios.items()},
        sqnr_db=_decibels(sum(known) / len(known)) if known else None,
        added_bytes=sum(_added_bytes(each) for each in ledger.quantizers if each.id in off),
        macs=_low_macs(ledger, off, {node for change in changes for node in _floats(change)}),
    )


def predicted_db(ledger: Ledger, factors: Mapping[str, float]) -> Number | None:
    """Return the signal to noise of all outputs together when the noise of some quantizers is multiplied.

    Args:
        ledger: What each costs.
        factors: By id; 0 takes a quantizer out, and those that are not named stay as they are.
    """
    known = [each for each in (_ratio(ledger, name, factors) for name in ledger.totals) if each is not None]
    return _decibels(sum(known) / len(known)) if known else None


def misses(prediction: Prediction, after: Measurements) -> dict[str, float]:
    """Return by how many dB a prediction missed, by output and of all together as "": predicted minus measured.

    Args:
        prediction: Of the changes.
        after: What a run of the plan with these changes measured.
    """
    pairs = {each.name: (prediction.outputs.get(each.name), each.simulated) for each in after.outputs}
    pairs[""] = prediction.sqnr_db, after.sqnr_db.simulated if after.sqnr_db is not None else None
    return {
        name: one - other for name, (one, other) in pairs.items() if isinstance(one, float) and isinstance(other, float)
    }


def remaining(ledger: Ledger, changes: Sequence[Change]) -> dict[str, float]:
    """Return by what the noise of each quantizer that the changes touch is multiplied; 0 where it falls away."""
    floats = {node for change in changes for node in _floats(change)}
    found: dict[str, float] = {}
    for each in ledger.quantizers:
        if each.asked_by and floats.issuperset(each.asked_by):
            found[each.id] = 0.0
    for change in changes:
        if change.kind == "tensor":
            found |= dict.fromkeys(change.quantizers, 0.0)
        for name, gain in change.gains.items():
            found[name] = min(_factor(gain), found.get(name, math.inf))
    return found


def _floats(change: Change) -> tuple[str, ...]:
    return change.nodes if change.kind in ("operator", "module") else ()


def _factor(gain_db: Number | None) -> float:
    if gain_db == "inf":
        return 0.0
    return 10 ** (-gain_db / 10) if isinstance(gain_db, (int, float)) else 1.0


def _ratio(ledger: Ledger, output: str, factors: Mapping[str, float]) -> float | None:
    """Return the noise-to-signal ratio of an output that is predicted; None where it is not known."""
    signal, total = _value(ledger.signals.get(output)), _value(ledger.totals.get(output))
    if not signal:
        return None
    powers = _powers(ledger, output, total / signal > _NOISY)
    whole = math.fsum(powers.values())
    if not whole:
        return total / signal
    kept = math.fsum(power * factors.get(name, 1.0) for name, power in powers.items())
    return total / signal * kept / whole


def _powers(ledger: Ledger, output: str, is_noisy: bool) -> dict[str, float]:
    if is_noisy and len(ledger.totals) == 1:
        along = {each.id: _value(each.share_simulated) for each in ledger.quantizers}
        if any(along.values()) and ledger.method == "estimate":
            return along
    return {each.id: _value(each.powers.get(output)) for each in ledger.quantizers}


def _value(number: Number | None) -> float:
    return float(number) if isinstance(number, (int, float)) and math.isfinite(number) else 0.0


def _decibels(ratio: float) -> Number | None:
    return "inf" if ratio <= 0 else -10 * math.log10(ratio)


def _added_bytes(quantizer: QuantizerNoise) -> int:
    if quantizer.kind != "weight" or quantizer.elements is None or quantizer.bits is None:
        return 0
    return quantizer.elements * _FLOAT_BYTES - quantizer.elements * quantizer.bits // 8


def _low_macs(ledger: Ledger, off: Collection[str], floats: Collection[str]) -> float | None:
    """Return the share of the multiply-accumulates whose weights stay rounded."""
    if not ledger.macs:
        return None
    low = 0
    for each in ledger.quantizers:
        if each.kind == "weight" and each.macs and each.id not in off and not set(each.asked_by) <= set(floats):
            low += each.macs
    return low / ledger.macs
