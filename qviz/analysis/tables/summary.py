"""The key figures of a run as tiles, each with the search that finds what it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from qviz.analysis.coverage import CONVERTED
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.ledger.answer import finite, summary_line
from qviz.analysis.regions import function_name
from qviz.analysis.tables.islands import float_islands
from qviz.analysis.verdicts.summary import told_coverage
from qviz.document.causes import by_cause
from qviz.document.coverage import Coverage
from qviz.document.flows import Flow
from qviz.document.graph import Node, Number
from qviz.document.snapshot import Level
from qviz.words import tr, trn
from qviz.words.formats import amount, capitalized, decibels, factor, gain, grouped, listed, part, size

MEASURE, RUN = "measure", "run"
"""What the tile of an unknown value offers."""
_LEVELS = (Level.ERROR, Level.WARNING, Level.INFO)
_EIGHT_BITS = frozenset(("int8", "uint8"))
_NAMED = 2
_NOTABLE = 1.05
"""A size that changes by a smaller factor stays the same in one decimal."""


class SummaryTile(NamedTuple):
    """One figure.

    Attributes:
        code: Names it.
        title: What it is.
        value: The figure, or that it is not known.
        detail: What stands beside it, smaller.
        share: Of a whole, for a bar; None where it is none.
        levels: How many findings there are of each level.
        query: The search that finds what it counts; "" where there is nothing to find.
        sort: The column by which those are best looked at; "" for the order of the graph.
        action: How an unknown value becomes known: `MEASURE` or `RUN`; "" of a known one.
        about: More, in a sentence or two.
    """

    code: str
    title: str
    value: str
    detail: str = ""
    share: float | None = None
    levels: Mapping[Level, int] = {}
    query: str = ""
    sort: str = ""
    action: str = ""
    about: str = ""


class EarlierRun(NamedTuple):
    """The run before of the same model, by its name: what figures are compared with."""

    name: str
    sqnr_db: Number | None


def summary_tiles(run: InspectedRun, flow: Flow | None, before: EarlierRun | None = None) -> tuple[SummaryTile, ...]:
    """Return the tiles of a run that has ended, from the left; those that its flow has no use for are left out."""
    if flow is None or not flow.quantizes:
        return (*_sizes_in_float(run), _findings(run))
    coverage, low = told_coverage(run.parts.summary), low_name(run)
    tiles = [_parameters(run, coverage, low), _macs(run, coverage, low), _bytes(run), _output(run, flow, before)]
    in_float = _linears(run) if flow.keeps_activations_float else _islands(run)
    return (*(tile for tile in tiles if tile is not None), in_float, _findings(run))


def low_name(run: InspectedRun) -> str:
    """Return what the low precision of a run is: ``int8``, ``float16``, or in words where it is several."""
    nodes = run.index(run.judged_stage).nodes if run.judged_stage is not None else {}
    found = {name for each in run.low if each in nodes and (name := _low_dtype(nodes[each]))}
    return found.pop() if len(found) == 1 else tr("low precision")


def _low_dtype(node: Node) -> str:
    params = (node.quant.weight or node.quant.output or node.quant.input) if node.quant is not None else None
    name = params.dtype.removeprefix("torch.") if params is not None else ""
    name = name.removeprefix("q") if name.startswith(("qint", "quint")) else name
    return "int8" if name in _EIGHT_BITS else name


def _unknown(run: InspectedRun, code: str, title: str) -> SummaryTile:
    """Return the tile of a figure that the run did not come to, or that it was not asked for."""
    is_converted = run.parts.last in CONVERTED
    action = MEASURE if is_converted and code in ("size", "sqnr") else RUN
    return SummaryTile(code, title, tr("not measured"), action=action)


def _parameters(run: InspectedRun, coverage: Coverage | None, low: str) -> SummaryTile:
    title = tr("Parameters in {precision}", precision=low)
    if coverage is None or coverage.parameters is None:
        return _unknown(run, "parameters", title)
    return _share(run, "parameters", title, coverage.parameters, "has:bytes precision:low", "bytes")


def _macs(run: InspectedRun, coverage: Coverage | None, low: str) -> SummaryTile | None:
    """Return the tile; None where they cannot be counted, as in an eager model that no trace follows."""
    title = tr("MACs in {precision}", precision=low)
    if coverage is None:
        return _unknown(run, "macs", title)
    if coverage.macs is None:
        return None
    return _share(run, "macs", title, coverage.macs, "has:macs precision:low", "")


def _share(run: InspectedRun, code: str, title: str, pair: tuple[int, int], query: str, sort: str) -> SummaryTile:
    share = pair[0] / pair[1] if pair[1] else 0.0
    told = tr("{low} of {all}", low=amount(pair[0]), all=amount(pair[1]))
    return SummaryTile(code, title, part(share), share=share, query=query, sort=sort, about=told)


def _bytes(run: InspectedRun) -> SummaryTile:
    title = tr("Size")
    found = run.parts.measurements.size if run.parts.measurements is not None else None
    if found is None:
        return _unknown(run, "size", title)
    before, after = found
    larger, smaller = max(found), max(min(found), 1)
    times = _times(larger / smaller)
    detail = tr("{factor}× smaller", factor=times) if after <= before else tr("{factor}× larger", factor=times)
    detail = detail if larger > _NOTABLE * smaller else ""
    about = tr("Parameters, buffers and packed weights, as torch.save writes the state_dict.")
    both = tr("{before} → {after}", before=size(before), after=size(after))
    return SummaryTile("size", title, both, detail, query="has:bytes", sort="bytes", about=about)


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 10 else factor(ratio)


def _output(run: InspectedRun, flow: Flow, before: EarlierRun | None) -> SummaryTile:
    title, measured = tr("Output SQNR"), run.parts.measurements
    errors = measured.sqnr_db if measured is not None else None
    if errors is None or errors.total is None:
        told = capitalized(summary_line(measured))
        return _unknown(run, "sqnr", title)._replace(about=told)
    level, earlier = finite(errors.total), finite(before.sqnr_db) if before is not None else None
    detail = ""
    if level is not None and earlier is not None and before is not None:
        detail = tr("{gain} against {run}", gain=gain(round(level - earlier, 1)), run=before.name)
    has_ledger = run.ledger is not None
    query = "has:quantizer" if has_ledger or flow.fixes_activation_ranges else "precision:low"
    about = tr("Signal to noise of the outputs against the float model; higher is better.")
    return SummaryTile(
        "sqnr", title, decibels(errors.total), detail, query=query, sort="share" if has_ledger else "", about=about
    )


def _islands(run: InspectedRun) -> SummaryTile:
    title = tr("Float islands")
    if run.judged_stage is None:
        return _unknown(run, "islands", title)
    islands = float_islands(run)
    inside = frozenset(each for island in islands for each in island)
    nodes = run.index(run.judged_stage).nodes
    others = len(run.floats - inside)
    named = listed(dict.fromkeys(nodes[island[0]].place or island[0] for island in islands), _NAMED)
    elsewhere = trn(others, "{count} operator in float elsewhere", "{count} operators in float elsewhere")
    about = tr("Operators in float with low precision before and after them: two casts each, and a float kernel.")
    query = "precision:island" if islands else "precision:float" if others else ""
    return SummaryTile(
        "islands",
        title,
        grouped(len(islands)),
        named or (elsewhere if others else ""),
        query=query,
        about=about if islands or not others else f"{elsewhere}. {about}",
    )


def _linears(run: InspectedRun) -> SummaryTile:
    """Return how many linear layers stay in float, of a flow that quantizes those or what is inside of others."""
    title = tr("Linear in float")
    if run.judged_stage is None:
        return _unknown(run, "linears", title)
    nodes = run.index(run.judged_stage).nodes
    stays = [each for each in run.floats if each in nodes and _is_linear(nodes[each])]
    total = len(stays) + sum(_is_linear(nodes[each]) for each in run.low if each in nodes)
    detail = tr("of {total}", total=grouped(total))
    query = "op:linear precision:float" if stays else "op:linear precision:low" if total else ""
    return SummaryTile("linears", title, grouped(len(stays)), detail, query=query)


def _is_linear(node: Node) -> bool:
    return function_name(node).startswith("linear") or function_name(node) == "addmm"


def _sizes_in_float(run: InspectedRun) -> Iterator[SummaryTile]:
    """Yield how large a model is that nothing quantizes."""
    stages = run.parts.own_stages
    if not stages:
        return
    sizes = [each.size for each in run.parts.facts.get(stages[0].name, {}).values() if each.size is not None]
    parameters, macs = sum(each.parameters for each in sizes), [each.macs for each in sizes]
    if sizes:
        yield SummaryTile("parameters", tr("Parameters"), amount(parameters), query="has:bytes", sort="bytes")
        if None not in macs:
            total = sum(each or 0 for each in macs)
            yield SummaryTile("macs", tr("MACs"), amount(total), query="has:macs")
    yield SummaryTile("nodes", tr("Nodes"), grouped(len(stages[-1].whole.nodes)))


def _findings(run: InspectedRun) -> SummaryTile:
    causes = [each.cause for each in by_cause(run.parts.own_findings)]
    levels = {level: count for level in _LEVELS if (count := sum(each.level is level for each in causes))}
    has_nodes = any(each.nodes for each in run.parts.own_findings)
    return SummaryTile(
        "findings", tr("Findings"), grouped(len(causes)), levels=levels, query="finding:" if has_nodes else ""
    )
