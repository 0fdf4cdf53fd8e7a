"""Measurements as tables of words: the answer, the quantizers, the outputs, the operators, what was not measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qviz.analysis.ledger.answer import alternative_name, answer, finite, gain_of, missing, remedies
from qviz.document.graph import Number
from qviz.document.measurements import KernelDifference, Ledger, Measurements, OutputErrors, QuantizerNoise
from qviz.words import mark, term, tr, trn
from qviz.words.formats import capitalized, decibels, every, gain, number, percent, span

LEAST_SHARE = 0.01
"""A quantizer with a smaller share of the noise is shown without a remedy."""
SHOWN_SHARE = 0.0001
"""Smaller shares are not told apart."""
ROWS = 20
"""So many quantizers are listed where nobody asks for more."""


class Section(NamedTuple):
    """One part of a report: a table, lines, or both.

    Attributes:
        title: "" for the first part, which is the answer.
        headings: Of the columns; none without a table.
        rows: Cells in words.
        lines: Below the table.
    """

    title: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()


def sections(measured: Measurements, most: int | None = ROWS) -> tuple[Section, ...]:
    """Return all parts of a report that have something to say.

    Args:
        measured: What was measured.
        most: How many quantizers at most; None lists all.
    """
    parts = [Section("", lines=(answer(measured).text,))]
    if measured.ledger is not None:
        parts.append(_quantizers(measured.ledger, most))
    if measured.outputs:
        parts.append(_outputs(measured))
    if measured.operators:
        parts.append(_operators(measured.operators))
    if lines := tuple(_more(measured)):
        parts.append(Section(tr("Also measured"), lines=lines))
    if measured.not_measured:
        told = tuple(capitalized(missing(each)) for each in measured.not_measured)
        parts.append(Section(tr("Not measured"), lines=told))
    return tuple(parts)


def db(value: Number | None) -> str:
    """Return a level in dB, "" where nothing is known."""
    return "" if value is None else decibels(value)


def share(value: Number | None) -> str:
    """Return a share in percent, "" where nothing is known."""
    if value is None:
        return ""
    known = finite(value)
    if known is not None and 0 < abs(known) < SHOWN_SHARE:
        return tr("< {share}", share=percent(SHOWN_SHARE))
    return number(value) if known is None else percent(known)


def outputs_of(measured: Measurements) -> tuple[tuple[str, OutputErrors], ...]:
    """Return the errors of each output by its name, and of all together where there are several."""
    named = tuple((each.name, each) for each in measured.outputs)
    together = ((tr("all outputs"), measured.sqnr_db),) if len(named) > 1 and measured.sqnr_db is not None else ()
    return (*named, *together)


def _quantizers(ledger: Ledger, most: int | None) -> Section:
    telescopes = not ledger.is_additive and any(row.telescoped is not None for row in ledger.quantizers)
    headings = [
        tr("Share"),
        tr("Quantizer"),
        tr("Rounds"),
        tr("Bits"),
        tr("Own SQNR"),
        tr("Clipped"),
        tr("Levels used"),
        tr("Remedy"),
    ]
    if telescopes:
        headings.insert(1, tr("Telescoping"))
    shown = ledger.quantizers[:most]
    rows = [_row(row, telescopes) for row in shown]
    if rest := ledger.quantizers[len(shown) :]:
        known = [value for row in rest if (value := finite(row.share)) is not None]
        name = trn(len(rest), "{count} more quantizer", "{count} more quantizers")
        rows.append(_bare(share(sum(known)), name, len(headings), telescopes))
    if ledger.unexplained is not None:
        rows.append(_bare(share(ledger.unexplained), tr("unexplained"), len(headings), telescopes))
    return Section(tr("Quantizers by their share of the noise"), tuple(headings), tuple(rows), tuple(_notes(ledger)))


def _row(row: QuantizerNoise, telescopes: bool) -> tuple[str, ...]:
    cells = [
        share(row.share),
        row.id,
        term(f"quantizer.{row.kind}"),
        "" if row.bits is None else number(row.bits),
        db(row.local_db),
        share(row.clipped),
        share(row.levels_used),
        _remedy(row),
    ]
    if telescopes:
        cells.insert(1, share(row.telescoped))
    return tuple(cells)


def _remedy(row: QuantizerNoise) -> str:
    """Return what gains most, "" where there is nothing, or too little to gain."""
    best, part = remedies(row)[:1], finite(row.share)
    if not best or part is None or part < LEAST_SHARE:
        return ""
    name, level = alternative_name(best[0]).text, gain_of(best[0])
    return name if level == "inf" else tr("{remedy} {gain}", remedy=name, gain=gain(level))


def _bare(first: str, name: str, width: int, telescopes: bool) -> tuple[str, ...]:
    """Return a row that is no quantizer's: a share and what it is."""
    cells = [first, "", name] if telescopes else [first, name]
    return (*cells, *[""] * (width - len(cells)))


def _notes(ledger: Ledger) -> Iterator[str]:
    total = finite(ledger.additivity)
    if total is not None and not ledger.is_additive and total > 0:
        interaction = gain(10 * math.log10(total))
        yield tr("Not additive: {level} of interaction between the quantizers", level=interaction)
        if all(row.telescoped is None for row in ledger.quantizers):
            yield tr("--exact shows what each quantizer adds when they are turned on one after the other")
    exact = sum(row.is_exact for row in ledger.quantizers)
    if (ledger.method == "exact" and ledger.is_complete) or 0 < exact == len(ledger.quantizers):
        yield tr("Measured one quantizer at a time")
    elif ledger.method == "exact":
        yield tr(
            "Stopped early: {exact} of {count} quantizers were measured one at a time, the others are estimated",
            exact=exact,
            count=len(ledger.quantizers),
        )
    elif exact:
        yield tr(
            "{exact} of {count} quantizers were measured one at a time, the others are estimated from "
            "{projections} random projections",
            exact=exact,
            count=len(ledger.quantizers),
            projections=ledger.projections,
        )
    else:
        yield tr(
            "Estimated to first order from {count} random projections; --exact measures one quantizer at a time",
            count=ledger.projections,
        )


STEPS = (
    mark("Original → float"),
    mark("Float → simulated"),
    mark("Simulated → converted"),
    mark("Original → converted"),
    mark("Perturbation floor"),
    mark("Same class"),
)
"""Which models are compared: what capture, quantizers and kernels change, all of it, and how little shows nothing."""


_DATA = {
    "example inputs": mark("the example inputs"),
    "calibration": mark("the example inputs and calibration data"),
    "given": mark("the example inputs and evaluation data"),
}
"""What is measured on, where it has no name of its own."""


def _outputs(measured: Measurements) -> Section:
    rows: list[tuple[str, ...]] = [
        (name, db(each.prepared), db(each.simulated), db(each.converted), db(each.total), db(each.floor), _same(each))
        for name, each in outputs_of(measured)
    ]
    headings = [tr("Output"), *map(tr, STEPS)]
    if not any(row[-1] for row in rows):
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    known = _DATA.get(measured.data)
    data = tr(
        "Data: {data}; {batches}, {samples}",
        data=tr("the example inputs and {data}", data=measured.data) if known is None else tr(known),
        batches=trn(measured.batches, "{count} batch", "{count} batches"),
        samples=trn(measured.samples, "{count} sample", "{count} samples"),
    )
    return Section(tr("SQNR of the outputs"), tuple(headings), tuple(rows), (data,))


def _same(errors: OutputErrors) -> str:
    return "" if errors.agreement is None else percent(errors.agreement)


def _operators(operators: Iterable[KernelDifference]) -> Section:
    headings = tr("Operator"), tr("Calls"), tr("Elements off"), tr("Largest difference"), tr("SQNR")
    rows = tuple((_place(each), each.target, share(each.wrong), _largest(each), db(each.sqnr_db)) for each in operators)
    told = tr("Both versions of each operator were given equal inputs.")
    return Section(tr("Operators whose kernels differ from the simulation"), headings, rows, (told,))


def _place(difference: KernelDifference) -> str:
    name = difference.module or every(difference.nodes)
    return tr("{name} (the first)", name=name) if difference.is_first else name


def _largest(difference: KernelDifference) -> str:
    if difference.in_steps:
        return tr("{number} steps", number=number(difference.largest))
    return share(difference.largest)


def _more(measured: Measurements) -> Iterator[str]:
    for each in measured.inputs:
        if not each.outside:
            continue
        yield tr(
            "{place}: values {values}, calibrated {calibrated}; {share} outside",
            place=every(each.nodes),
            values=span(each.low, each.high),
            calibrated=span(each.calibrated_low, each.calibrated_high),
            share=percent(each.outside),
        )
    if measured.repeat is not None:
        told = {tr("original"): measured.repeat.original, tr("converted"): measured.repeat.converted}
        for name, level in told.items():
            if level not in (None, "inf"):
                yield tr(
                    "A second call of the {name} model with equal inputs differs: {level}", name=name, level=db(level)
                )
    metric = measured.metric
    if metric is not None:
        yield tr(
            "{name}: original {original}, simulated {simulated}, converted {converted}",
            name=metric.name,
            **{
                each: "?" if (value := getattr(metric, each)) is None else number(value)
                for each in ("original", "simulated", "converted")
            },
        )
