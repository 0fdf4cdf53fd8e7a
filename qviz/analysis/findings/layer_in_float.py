"""A layer with weights that stays in float wherever it stands, and what in torch keeps it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.flows import Method, Mode
from qviz.document.graph import Json, Kind, Node
from qviz.document.snapshot import Finding, Level

_CONVOLUTION = re.compile(r"conv[123]d")
_TRANSPOSED = re.compile(r"conv_?transpose[123]d")
_RECURRENT = re.compile(r"lstm|gru")
_ATTENTION = re.compile(r"multiheadattention|transformer(en|de)coderlayer")
_LAYERS = re.compile("|".join(each.pattern for each in (_CONVOLUTION, _TRANSPOSED, _RECURRENT, _ATTENTION)) + "|linear")
_LARGE = 1 / 4
"""Of the multiply-accumulates: a layer that is the user's own choice to leave out is rarely as large."""
_PADDING_AT = 4
"""Where ``aten.conv2d.padding`` takes it."""


class LayerCause(NamedTuple):
    """What keeps a layer in float: how the finding's code ends, and what more it says."""

    code: str
    level: Level = Level.WARNING
    args: tuple[tuple[str, Json], ...] = ()
    rule: str = "layer_in_float"


@finds("layer_in_float", "padding_outside_patterns")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each cause, with all layers that have it; not what nothing_quantized tells."""
    if sole_cause(evidence) is None:
        yield from layers(evidence)


def sole_cause(evidence: Evidence) -> Finding | None:
    """Return what keeps all layers in float, where nothing is quantized and one cause holds for all."""
    found = [] if evidence.precision.low else [each for each in layers(evidence) if each.level is not Level.INFO]
    return found[0] if len(found) == 1 else None


def layers(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each cause."""
    stage = evidence.converted
    if stage is None or evidence.flow is None or evidence.flow.method is Method.WEIGHT_ONLY:
        return
    found: dict[tuple[str, LayerCause], list[str]] = {}
    for node in stage.graph.nodes:
        cause = cause_of(evidence, node) or _of_taken(evidence, node)
        if cause is not None:
            found.setdefault((function_name(node), cause), []).append(node.id)
    for (name, cause), ids in found.items():
        yield Finding(
            rule=cause.rule,
            level=cause.level,
            stage=stage.name,
            nodes=tuple(ids),
            code=f"{cause.rule}.{cause.code}",
            roles={"subject": tuple(ids)},
            args={"operator": name, **dict(cause.args)},
        )


def cause_of(evidence: Evidence, node: Node) -> LayerCause | None:
    """Return what keeps a layer of the converted stage in float; None where the user does, or another rule tells."""
    name = function_name(node)
    is_layer = node.kind in (Kind.OP, Kind.FUSED_OP) and _LAYERS.fullmatch(name) is not None
    if evidence.flow is None or not is_layer or is_told_elsewhere(evidence, node):
        return None
    codes = evidence.reasons(node)
    if evidence.flow.mode is Mode.PT2E:
        return _of_exported(evidence, node, name) if "float.not_annotated" in codes else None
    if codes & {"float.no_pattern", "float.dtypes_not_supported"}:
        return _of_pattern(evidence, node, name)
    if evidence.flow.mode is Mode.EAGER and evidence.flow.method is Method.DYNAMIC:
        return _of_dynamic(node, name)
    return None


def is_told_elsewhere(evidence: Evidence, node: Node) -> bool:
    """Return whether another rule tells why a node stays in float."""
    is_dynamic = evidence.flow is not None and evidence.flow.method is Method.DYNAMIC
    name = function_name(node)
    is_convolution = (_CONVOLUTION.fullmatch(name) or _TRANSPOSED.fullmatch(name)) is not None
    return evidence.is_told(node) or (is_dynamic and is_convolution)  # dynamic_on_convolutions


def _of_dynamic(node: Node, name: str) -> LayerCause | None:
    """Return what ``quantize_dynamic`` cannot replace."""
    if node.op == "call_function" and name == "linear":
        return LayerCause("function")
    return LayerCause("attention", Level.INFO) if _ATTENTION.fullmatch(name) else None


def _of_exported(evidence: Evidence, node: Node, name: str) -> LayerCause | None:
    """Return why torch's XNNPACKQuantizer did not annotate a layer; what another one means is not known."""
    assert evidence.flow is not None
    is_dynamic = evidence.flow.method is Method.DYNAMIC
    if is_dynamic and _RECURRENT.fullmatch(name) and _is_large(evidence, node):
        return LayerCause("recurrent_exported_dynamic")
    if evidence.snapshot.run.config.get("quantizer") != "xnnpack" or (is_dynamic and name != "linear"):
        return LayerCause("not_annotated", Level.INFO)
    if (padding := _padding(node)) is not None:
        return _of_padding("in_float", padding)
    if _RECURRENT.fullmatch(name):
        return LayerCause("recurrent_exported")
    if _TRANSPOSED.fullmatch(name):
        return LayerCause("transposed")
    return LayerCause("conv3d") if name == "conv3d" else LayerCause("not_annotated", Level.INFO)


def _is_large(evidence: Evidence, node: Node) -> bool:
    """Return whether a layer of a dynamic flow does a large share of the work, which nobody leaves out unsaid."""
    judged = evidence.low_precision
    total = judged.macs[1] if judged is not None and judged.macs is not None else 0
    in_float = judged.multiplying_in_float.get(node.id, 0) if judged is not None else 0
    return total > 0 and in_float >= _LARGE * total


def _of_taken(evidence: Evidence, node: Node) -> LayerCause | None:
    """Return that a convolution with its padding in words was taken only for the relu behind it."""
    padding = _padding(node)
    if padding is None or evidence.snapshot.run.config.get("quantizer") != "xnnpack":
        return None
    return _of_padding("before_relu", padding)


def _of_padding(code: str, padding: str) -> LayerCause:
    return LayerCause(code, args=(("padding", padding),), rule="padding_outside_patterns")


def _padding(node: Node) -> str | None:
    """Return the padding of a convolution that has it in words."""
    if not node.target.startswith("aten.conv") or not node.target.endswith(".padding"):
        return None
    given = node.kwargs.get("padding", node.args[_PADDING_AT] if len(node.args) > _PADDING_AT else "valid")
    return str(given)


def _of_pattern(evidence: Evidence, node: Node, name: str) -> LayerCause:
    """Return why no pattern of FX took a layer."""
    if _RECURRENT.fullmatch(name):
        return LayerCause("recurrent")
    why = next((each for each in evidence.whys(node) if each.code == "float.dtypes_not_supported"), None)
    if why is not None:
        return LayerCause("dtypes", args=tuple(sorted(why.args.items())))
    return LayerCause("attention" if _ATTENTION.fullmatch(name) else "no_pattern")
