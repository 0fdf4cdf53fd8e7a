"""A model that computes something else once it is captured: a training flag baked in, a setting rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings import damage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.fused_calls import CAPTURED, fused_calls
from qviz.analysis.findings.fused_hooks import fused_hooks
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import COMPUTING, Json, Kind, Node, Number
from qviz.document.measurements import Measurements
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage

_DROPS = re.compile(r"((feature_)?alpha_)?dropout[123]?d?")
_TRAINS_AT = 2
"""The argument ``training`` (aten: ``train``) of dropout."""
_EPS_AT = {"batch_norm": 7, "instance_norm": 8, "layer_norm": 4, "group_norm": 4}
"""Where the functions take eps."""
_TALKS_BELOW_DB = 60.0
_EXPORTED = "exported program"


@finds("capture_differs")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield what capture, fusion and the move to eval mode changed."""
    certain = [*_baked_in(evidence), *_rewritten(evidence), *_fused_at_every_call(evidence), *_hooked(evidence)]
    yield from certain
    if not certain and (finding := _values(evidence)) is not None:
        yield finding


def _baked_in(evidence: Evidence) -> Iterator[Finding]:
    """Yield the dropouts that drop in the converted model, though the original one does not."""
    stage, measured = evidence.converted, evidence.snapshot.measurements
    repeat = measured.repeat if measured is not None else None
    if stage is None:
        return
    is_exported = evidence.snapshot.run.config.get("captured_by") == _EXPORTED  # its original is the graph itself
    is_in_original = repeat is not None and repeat.is_random and not is_exported  # which may be wanted
    drops = [node for node in stage.whole.nodes if node.kind in COMPUTING and _drops(node)]
    found = tuple(node.id for node in drops if node.kind is not Kind.QUANTIZED_OP)
    quantized = tuple(node.id for node in drops if node.kind is Kind.QUANTIZED_OP)  # whose kernel drops nothing
    if quantized and is_in_original:
        code = "capture_differs.drops_in_original"
        yield Finding("capture_differs", Level.WARNING, stage.name, quantized, code, {"subject": quantized})
    if found:
        yield Finding(
            "capture_differs",
            Level.WARNING if is_in_original else Level.ERROR,
            stage.name,
            found,
            f"capture_differs.{'drops_in_eval' if is_in_original else 'training'}{'_in_hand' if is_exported else ''}",
            {"subject": found},
            {} if repeat is None or repeat.converted is None else {"db": repeat.converted},
        )


def _drops(node: Node) -> bool:
    if _DROPS.fullmatch(function_name(node)) is None:
        return False
    if node.op == "call_module":
        return node.attributes.get("training") is True
    share = node.kwargs.get("p", node.args[1] if len(node.args) > 1 else 0.5)
    trains = node.kwargs.get("training", node.kwargs.get("train"))
    if trains is None and len(node.args) > _TRAINS_AT:
        trains = node.args[_TRAINS_AT]
    return trains is True and share != 0


def _fused_at_every_call(evidence: Evidence) -> Iterator[Finding]:
    """Yield the calls of a module that run what follows another call of it."""
    measured = evidence.snapshot.measurements
    for nodes, args in fused_calls(evidence):
        level = Level.ERROR if measured is None else damage.of_step(measured, "prepared")
        code, told = "capture_differs.fused_at_every_call", {**args, **_noise(measured)}
        yield Finding("capture_differs", level, CAPTURED, nodes, code, {"subject": nodes}, told)


def _hooked(evidence: Evidence) -> Iterator[Finding]:
    """Yield the modules whose own hooks fusion drops, or gives another tensor."""
    measured = evidence.snapshot.measurements
    for nodes, args in fused_hooks(evidence):
        level = Level.WARNING if measured is None else damage.of_step(measured, "prepared")
        code, told = "capture_differs.hooks_fused", {**args, **_noise(measured)}
        yield Finding("capture_differs", level, CAPTURED, nodes, code, {"subject": nodes}, told)


def _rewritten(evidence: Evidence) -> Iterator[Finding]:
    """Yield the norms whose eps is another one in the converted model than it was when it was captured."""
    before, after = evidence.captured, evidence.converted
    if before is None or after is None or evidence.flow is None:
        return
    wanted = {key: (node, eps) for node, key, eps in _norms(evidence.index(before), before)}
    found: dict[tuple[float, float], list[tuple[str, str]]] = {}
    for node, key, eps in _norms(evidence.index(after), after):
        if key in wanted and wanted[key][1] != eps:
            found.setdefault((wanted[key][1], eps), []).append((node.id, wanted[key][0].id))
    for (was, eps), pairs in found.items():
        nodes = tuple(now for now, _ in pairs)
        args: dict[str, Json] = {"was": was, "eps": eps, **_noise(evidence.snapshot.measurements)}
        roles = {"subject": nodes}
        yield Finding("capture_differs", Level.ERROR, after.name, nodes, "capture_differs.setting", roles, args)


def _norms(index: Index, stage: Stage) -> Iterator[tuple[Node, tuple[str, ...], float]]:
    """Yield each norm that is a function, with the parameters and statistics that it reads, and its eps."""
    for node in stage.whole.nodes:
        place = _EPS_AT.get(function_name(node)) if node.op == "call_function" else None
        if place is None:
            continue
        eps = node.kwargs.get("eps", node.args[place] if len(node.args) > place else None)
        inputs = (index.nodes[each] for each in index.producers[node.id])
        reads = tuple(sorted(each.target for each in inputs if each.kind is Kind.CONSTANT))
        if isinstance(eps, float) and reads:
            yield node, reads, eps


def _noise(measured: Measurements | None) -> dict[str, Json]:
    lowest = None if measured is None else damage.lowest(measured, "prepared")
    return {} if lowest is None else {"db": lowest}


def _values(evidence: Evidence) -> Finding | None:
    """Return where the values of the prepared model first depart from those of the original."""
    measured = evidence.snapshot.measurements
    if measured is None or measured.capture is None or _is_told(evidence):
        return None
    lowest = damage.lowest(measured, "prepared")
    if lowest is None or float(lowest) >= _TALKS_BELOW_DB:
        return None
    found = measured.capture
    args: dict[str, Json] = {"db": lowest}
    own: Number | None = found.sqnr_db
    if found.nodes and own is not None:
        args["own_db"] = own
    if found.module:
        args["module"] = found.module
    code = "capture_differs.values" if found.nodes else "capture_differs.outputs"
    if found.replaced is not None:
        args |= {"was": found.replaced[0], "now": found.replaced[1]}
        code = "capture_differs.replaced_module"
        if found.settings:
            code, args["settings"] = "capture_differs.replaced_attention", [*found.settings]
    config = evidence.snapshot.run.config
    if (own_call := config.get("own_call")) is not None and config.get("captured_by") != "non-strict export":
        code, args["types"] = "capture_differs.own_call", own_call
    elif not found.nodes and config.get("own_hooks"):
        code = "capture_differs.own_hooks"
    level = damage.of_step(measured, "prepared")
    place = () if found.nodes else ("outputs",)
    roles = {"subject": found.nodes[-1:]} if found.nodes else {}
    return Finding("capture_differs", level, found.stage, found.nodes, code, roles, args, place)


def _is_told(evidence: Evidence) -> bool:
    """Return whether the difference has another name already, or is that of two draws of random numbers."""
    measured = evidence.snapshot.measurements
    is_random = measured is not None and measured.repeat is not None and measured.repeat.is_random
    known = "batch_norm_folded_into_shared_convolution"
    return is_random or any(each.rule == known for each in evidence.snapshot.findings)
