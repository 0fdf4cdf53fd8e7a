"""The answer of a measurement in one statement: who owns the noise, why, and what gains most."""

from __future__ import annotations

import math

from qviz.document.graph import Json, Number
from qviz.document.measurements import Alternative, KernelDifference, Measurements, OutputErrors, QuantizerNoise
from qviz.document.said import Said
from qviz.words import tr
from qviz.words.formats import decibels, percent
from qviz.words.statement import knows

LEAST_GAIN_DB = 0.5
"""Gains are foretold from tensors alone; what is smaller may be none."""
OWNS = 0.2
"""A quantizer with a smaller share of the noise does not own it."""


def answer(measured: Measurements) -> Said:
    """Return what a reader wants to know first.

    The part that moved the outputs most is named: capture, quantization or kernels; of quantization the
    quantizer with the largest share. Where the float outputs are not finite, what is measured says nothing of the rest.
    """
    errors = measured.sqnr_db
    if errors is None:
        return Said("answer.nothing")
    if (born := measured.not_finite) is not None:
        return Said("answer.not_finite", {}, {"name": born.name, "value": born.value})
    return _beside_quantization(measured, errors) or _of_quantization(measured, errors)


def _beside_quantization(measured: Measurements, errors: OutputErrors) -> Said | None:
    """Return what moved the outputs more than quantization did, if anything."""
    capture, quantization, kernels = map(noise, (errors.prepared, errors.simulated, errors.converted))
    if capture > max(quantization, kernels):
        return Said("answer.capture", {}, _known(prepared=errors.prepared, simulated=errors.simulated))
    if kernels > quantization and measured.operators:
        return _operator(measured.operators)
    if kernels > max(quantization, noise(errors.floor)):
        return Said("answer.kernels", {}, _known(converted=errors.converted, simulated=errors.simulated))
    return None


def _of_quantization(measured: Measurements, errors: OutputErrors) -> Said:
    rows = measured.ledger.quantizers if measured.ledger is not None else ()
    if rows and (share := finite(rows[0].share)) is not None:
        return _quantizer(rows[0], share)
    if errors.simulated is None:
        return Said("answer.unknown")
    if noise(errors.simulated):
        return Said("answer.noise", {}, {"simulated": errors.simulated})
    return Said("answer.equal")


def output_line(measured: Measurements | None) -> str:
    """Return the SQNR from the original to the converted model in a few words, "" where it is not known."""
    errors = measured.sqnr_db if measured is not None else None
    if measured is None or errors is None or errors.total is None:
        return ""
    level = tr("output SQNR {level}", level=decibels(errors.total))
    agreements = [each.agreement for each in measured.outputs if each.agreement is not None]
    if not agreements:
        return level
    if measured.samples == 1:
        if min(agreements) == 1:
            return tr("{level}, its one sample in the same class", level=level)
        return tr("{level}, its one sample in another class", level=level)
    return tr("{level}, {share} of the samples in the same class", level=level, share=percent(min(agreements)))


def summary_line(measured: Measurements | None) -> str:
    """Return `output_line`, or why the outputs were not measured, "" where nobody tried."""
    if line := output_line(measured):
        return line
    for said in measured.not_measured if measured is not None else ():
        if said.code in _WITHOUT_OUTPUTS:
            return tr("the outputs were not measured: {reason}", reason=missing(said))
    return ""


_WITHOUT_OUTPUTS = tuple(f"not_measured.{model}" for model in ("original", "simulated", "converted"))


def noise(sqnr_db: Number | None) -> float:
    """Return the noise power for each power of the signal; 0 where nothing is known."""
    if sqnr_db is None:
        return 0.0
    level = float(sqnr_db)
    return 0.0 if math.isnan(level) else 10 ** (-level / 10)


def finite(value: Number | None) -> float | None:
    """Return a number that can be compared; None for those that are not finite."""
    return value if isinstance(value, (int, float)) else None


def remedies(row: QuantizerNoise) -> tuple[Alternative, ...]:
    """Return what the flow can do instead and gains; the largest gain first, float last: it is no rounding at all."""
    offered = [each for each in row.alternatives if each.offered and float(gain_of(each)) >= LEAST_GAIN_DB]
    return tuple(sorted(offered, key=lambda each: (each.name == "float", -float(gain_of(each)))))


def gain_of(alternative: Alternative) -> Number:
    """Return by how many dB the noise falls: measured by a run where there was one."""
    return alternative.gain_db if alternative.verified_db is None else alternative.verified_db


def alternative_name(alternative: Alternative) -> Said:
    """Return the name of another way to round."""
    code = f"alternative.{alternative.name}"
    return Said(code if knows(code) else "alternative.other", {}, {"name": alternative.name.replace("_", " ")})


def missing(said: Said) -> str:
    """Return what was not measured; of a part that this version does not know, its name."""
    if knows(said.code):
        return said.text
    what = said.code.rpartition(".")[2].replace("_", " ")
    return Said("not_measured.other", {}, {**said.args, "what": what}).text


def _quantizer(row: QuantizerNoise, share: float) -> Said:
    args: dict[str, Json] = {"name": row.id, "share": share}
    if row.cause is not None:
        args["cause"] = row.cause.as_arg()
    if best := remedies(row)[:1]:
        args["remedy"] = alternative_name(best[0]).as_arg()
        if gain_of(best[0]) != "inf":
            args["gain"] = gain_of(best[0])
    code = "answer.whole" if share > 1 else "answer.owner" if share >= OWNS else "answer.spread"
    return Said(code, {"subject": row.nodes}, args)


def _operator(operators: tuple[KernelDifference, ...]) -> Said:
    first = next((each for each in operators if each.is_first), operators[0])
    args = _known(name=first.module or first.target, wrong=first.wrong)
    if first.in_steps:
        args["steps"] = first.largest
    if len(operators) > 1:
        args["count"] = len(operators)
    return Said("answer.operator", {"subject": first.nodes}, args)


def _known(**args: Json) -> dict[str, Json]:
    return {name: value for name, value in args.items() if value is not None}
