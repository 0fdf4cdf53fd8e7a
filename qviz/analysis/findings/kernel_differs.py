"""An operator of the converted model that computes something else, given equal inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qviz.analysis.findings import damage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json
from qviz.document.measurements import KernelDifference, Measurements
from qviz.document.snapshot import Finding, Level

_BY_CAUSE = {
    "kernel.lost_write": "kernel_differs.lost_write",
    "kernel.dropped_write": "kernel_differs.dropped_write",
    "kernel.hooks_lost": "kernel_differs.hooks_lost",
    "kernel.weight_by_hook": "kernel_differs.weight_by_hook",
    "kernel.bag_sums": "kernel_differs.bag_sums",
    "kernel.arguments_dropped": "kernel_differs.arguments_dropped",
    "kernel.setting_dropped": "kernel_differs.setting_dropped",
    "kernel.slopes_below_one": "kernel_differs.slopes_below_one",
    "kernel.overflow": "kernel_differs.overflow",
    "kernel.scale_of_input": "kernel_differs.scale_of_input",
    "kernel.scale_of_other_call": "kernel_differs.scale_of_other_call",
    "kernel.own_scale": "kernel_differs.slightly",
}


@finds("kernel_differs")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the operators that differ, by kind; small differences only where nothing else explains the outputs."""
    measured = evidence.snapshot.measurements
    if measured is None:
        return
    kinds: dict[tuple[str, str], list[KernelDifference]] = {}
    for each in measured.operators:
        code = _code(each, measured)
        kinds.setdefault((code, "" if code.endswith(".slightly") else each.target), []).append(each)
    for (code, _), found in kinds.items():
        is_culprit = len(kinds) == 1 and damage.exceeds_floor(measured)
        if not code.endswith(".slightly") or is_culprit:
            yield _finding(code, found, measured)


def _code(difference: KernelDifference, measured: Measurements) -> str:
    if difference.cause is not None:
        return _BY_CAUSE.get(difference.cause.code, "kernel_differs.given_equal_inputs")
    limits = damage.thresholds(measured)
    is_small = difference.sqnr_db is not None and damage.level(difference.sqnr_db, limits) is Level.INFO
    return "kernel_differs.slightly" if is_small else "kernel_differs.given_equal_inputs"


def _finding(code: str, found: list[KernelDifference], measured: Measurements) -> Finding:
    nodes = tuple(dict.fromkeys(node for each in found for node in each.nodes))
    largest = max(found, key=lambda each: (each.wrong, float(each.largest)))
    roles = {"subject": tuple(dict.fromkeys(each.nodes[-1] for each in found if not _names_subject(each)))}
    for each in found:
        for role, ids in (each.cause.roles if each.cause is not None else {}).items():
            roles[role] = tuple(dict.fromkeys((*roles.get(role, ()), *ids)))
    args: dict[str, Json] = {"wrong": largest.wrong}
    for each in found:
        args.update(each.cause.args if each.cause is not None else {})
    args |= {"steps": largest.largest} if largest.in_steps else {"relative": largest.largest}
    if largest.sqnr_db is not None:
        args["db"] = largest.sqnr_db
    if len(found) > 1:
        args["worst"] = largest.nodes[-1]
    output = damage.lowest(measured, "converted")
    if output is not None:
        args["output_db"] = output
    return Finding("kernel_differs", _level(code, found, measured), found[0].stage, nodes, code, roles, args)


def _names_subject(difference: KernelDifference) -> bool:
    """Tell whether the cause says which operator it is: of several compared as one, not always the last."""
    return difference.cause is not None and bool(difference.cause.roles.get("subject"))


def _level(code: str, found: Iterable[KernelDifference], measured: Measurements) -> Level:
    """Return the level by what is lost at the outputs; where rounding alone does as much, by the operators' own."""
    at_outputs = damage.of_step(measured, "converted")
    if damage.exceeds_floor(measured) or at_outputs is Level.INFO:
        return at_outputs
    limits = damage.thresholds(measured)
    return damage.worst(damage.level(each.sqnr_db, limits) for each in found)
