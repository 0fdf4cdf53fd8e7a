"""The outputs differ: who owns most of the noise, why, and what gains most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qviz.analysis.findings import damage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.ledger.answer import OWNS, alternative_name, finite, gain_of, remedies
from qviz.document.graph import Json
from qviz.document.measurements import Ledger, Measurements, OutputErrors, QuantizerNoise
from qviz.document.said import Said
from qviz.document.snapshot import Finding, Level

_WITH_REMEDY = {
    "output_differs.owner": "output_differs.owner_with_remedy",
    "output_differs.spread": "output_differs.spread_with_remedy",
}


@finds("output_differs")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the quantizers that own the largest share of the noise of noisy outputs, each output by itself."""
    measured = evidence.snapshot.measurements
    if measured is None or not evidence.snapshot.stages:
        return
    levels = {each.name: damage.of_quantization(each, measured) for each in measured.outputs}
    noisy = [each for each in measured.outputs if levels[each.name] is not Level.INFO]
    by_owner: dict[str, tuple[QuantizerNoise | None, list[OutputErrors]]] = {}
    for each in noisy:
        owner = _owner(each.name, measured.ledger)
        by_owner.setdefault("" if owner is None else owner.id, (owner, []))[1].append(each)
    for owner, outputs in by_owner.values():
        level = damage.worst(levels[each.name] for each in outputs)
        yield _finding(evidence, measured, level, owner, outputs)


def _owner(output: str, ledger: Ledger | None) -> QuantizerNoise | None:
    """Return the quantizer that puts most noise on an output; of outputs that no power is known for, on all."""
    rows = ledger.quantizers if ledger is not None else ()
    known = [row for row in rows if finite(row.powers.get(output)) is not None]
    return max(known, key=lambda row: finite(row.powers[output]) or 0.0) if known else next(iter(rows), None)


def _finding(
    evidence: Evidence,
    measured: Measurements,
    level: Level,
    owner: QuantizerNoise | None,
    outputs: list[OutputErrors],
) -> Finding:
    worst = min(outputs, key=lambda each: _db(each, measured))
    args: dict[str, Json] = {"db": _db(worst, measured)}
    if worst.total is not None and not damage.is_all_of_quantization(worst, measured):
        args["total_db"] = worst.total
    if [each.name for each in measured.outputs] != ["output"]:
        args["outputs"] = [each.name for each in outputs]
    whole = [each for each in outputs if damage.is_all_of_quantization(each, measured)]
    agreements = [each.agreement for each in whole if each.agreement is not None]
    if agreements:
        args["agreement"] = min(agreements)
        limits = damage.thresholds(measured)
        args["by_class"] = damage.level(_db(worst, measured), limits) is Level.INFO
    if owner is None or measured.ledger is None:
        stage = evidence.converted or evidence.snapshot.stages[-1]
        failed = next((each for each in measured.not_measured if each.code == "not_measured.ledger"), None)
        args |= {"type": failed.args["type"], "text": failed.args["text"]} if failed is not None else {}
        code = "output_differs.unknown" if failed is None else "output_differs.not_measurable"
        return Finding("output_differs", level, stage.name, (), code, {}, args, _names(outputs))
    share = _share(owner, worst.name, measured.ledger)
    args |= {"name": owner.id, "how": _how(measured.ledger, owner).as_arg()}
    if share is not None:
        args["share"] = min(share, 1.0)  # what others cancel is told by the ledger
    if owner.cause is not None:
        args["cause"] = owner.cause.as_arg()
    code = "output_differs.owner" if share is not None and share >= OWNS else "output_differs.spread"
    if best := remedies(owner)[:1]:
        gain = gain_of(best[0])
        args |= {"remedy": alternative_name(best[0]).as_arg()} | ({} if gain == "inf" else {"gain": gain})
        code = _WITH_REMEDY[code]
    place = _names(outputs) if not owner.nodes else ()
    return Finding("output_differs", level, owner.stage, owner.nodes, code, {"subject": owner.nodes}, args, place)


def _db(output: OutputErrors, measured: Measurements) -> float:
    """Return the figure that the level is of."""
    found = damage.noise_of(output, measured)
    return 0.0 if found is None else float(found)


def _share(row: QuantizerNoise, output: str, ledger: Ledger) -> float | None:
    """Return the share of the noise of one output."""
    power, total = finite(row.powers.get(output)), finite(ledger.totals.get(output))
    return power / total if power is not None and total else finite(row.share)


def _how(ledger: Ledger, owner: QuantizerNoise) -> Said:
    if owner.is_exact:
        return Said("share.measured")
    return Said("share.estimated" if ledger.is_additive else "share.not_additive")


def _names(outputs: Iterable[OutputErrors]) -> tuple[str, ...]:
    return tuple(each.name for each in outputs)
