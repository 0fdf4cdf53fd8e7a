"""A layer with weights that stays in float wherever it stands, and what in torch keeps it there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence, is_move
from qviz.analysis.findings.rules import finds
from qviz.analysis.findings.whole_modules import of_whole
from qviz.analysis.regions import function_name, operator_name
from qviz.document.flows import Flow, Method, Mode
from qviz.document.graph import Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage

_CONVOLUTION = re.compile(r"conv[123]d")
_TRANSPOSED = re.compile(r"conv_?transpose[123]d")
_RECURRENT = re.compile(r"(lstm|gru|rnn(_tanh|_relu)?)(_?cell)?")
_PLAIN_RECURRENT = re.compile(r"rnn(_tanh|_relu)?")
"""torch has no quantized module for it, in any flow."""
_PRODUCT = re.compile(r"addmm|mm|matmul|bmm|baddbmm|einsum")
"""Functions that compute what a linear layer does, where one operand is a weight."""
_ATTENTION = re.compile(r"multiheadattention|transformer(en|de)coderlayer")
_TURNS = re.compile(r"getattr|(numpy|matrix)_[TH]|swap(axes|dims)|movedim|adjoint|[mM]?[TH]")
"""What turns a weight on its way into a product, besides moves: ``weight.T`` is a getattr in FX."""
_LAYERS = re.compile("|".join(each.pattern for each in (_CONVOLUTION, _TRANSPOSED, _RECURRENT, _ATTENTION)) + "|linear")
_FUSED = re.compile(r"(conv|linear)([123]d)?(bn|relu|add|tanh|leakyrelu)+([123]d)?")
"""A convolution or linear with what torch fused into one module with it."""
_CHOSEN = frozenset(("float.no_qconfig", "float.qconfig_none"))
"""Reasons that the user's configuration gives."""
LARGE = 1 / 4
"""Of the multiply-accumulates: a layer that is the user's own choice to leave out is rarely as large."""
_NEARLY_ALL = 3 / 4
"""The same of attention in eager mode, beside which other layers do much of the work in most models."""
_MATRIX = 2
"""Dimensions of a weight; with more it holds several, one for each entry of a batch."""
_PADDING_AT = 4
"""Where ``aten.conv2d.padding`` takes it."""


_RECORDED = re.compile(r"_constant_\d+")
"""What recording calls a tensor that stands nowhere in the model."""
_DTYPES = "dtypes"
"""How the code ends of layers whose dtypes the backend does not take."""


class LayerCause(NamedTuple):
    """What keeps a layer in float: how the finding's code ends, and what more it says.

    Attributes:
        least: The share of the multiply-accumulates below which it is good to know, and no more.
    """

    code: str
    level: Level = Level.WARNING
    args: tuple[tuple[str, Json], ...] = ()
    rule: str = "layer_in_float"
    least: float = 0.0


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
            found.setdefault(("" if cause.code == _DTYPES else operator_name(node), cause), []).append(node.id)
    for (name, cause), ids in found.items():
        share = evidence.low_precision.share_in_float(ids) if evidence.low_precision is not None else None
        is_small = (share or 0.0) < cause.least
        told: dict[str, Json] = {"share": share} if share and cause.code.startswith("product") else {}
        yield Finding(
            rule=cause.rule,
            level=Level.INFO if is_small else cause.level,
            stage=stage.name,
            nodes=tuple(ids),
            code=f"{cause.rule}.{cause.code}",
            roles={"subject": tuple(ids), **_taken_with(evidence, stage, ids)},
            args={**_named(evidence, stage, name, ids), **dict(cause.args), **told},
        )


def _named(evidence: Evidence, stage: Stage, name: str, ids: Iterable[str]) -> dict[str, Json]:
    """Return what layers are called; of the same dtypes there may be several types."""
    nodes = evidence.index(stage).nodes
    return {"operator": name} if name else {"operators": [*dict.fromkeys(operator_name(nodes[each]) for each in ids)]}


def _taken_with(evidence: Evidence, stage: Stage, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the operators with which a quantizer took the parameters of layers, as a role."""
    nodes = evidence.index(stage).nodes
    whys = (why for each in ids for why in evidence.whys(nodes[each]) if why.code == "float.parameter_taken")
    found = dict.fromkeys(other for why in whys for other in why.roles["taken_with"])
    return {"taken_with": tuple(found)} if found else {}


def cause_of(evidence: Evidence, node: Node) -> LayerCause | None:
    """Return what keeps a layer of the converted stage in float; None where the user does, or another rule tells."""
    name = function_name(node)
    if evidence.flow is None or node.kind not in (Kind.OP, Kind.FUSED_OP):
        return None
    is_product = _multiplies_with_weight(evidence, node, name)
    codes = evidence.reasons(node)
    if not (is_layer(name) or is_product):
        whole = of_whole(evidence, node) if "float.no_pattern" in codes and evidence.flow.mode is Mode.FX else None
        return LayerCause(whole, least=LARGE) if whole is not None else None
    if is_told_elsewhere(evidence, node):
        return None
    found: LayerCause | None = None
    if evidence.flow.mode is Mode.PT2E:
        found = _of_exported_flow(evidence, node, name, codes)
    elif codes & {"float.no_pattern", "float.dtypes_not_supported"}:
        found = _of_product(evidence, node, "product_in_pattern") if is_product else _of_pattern(evidence, node, name)
    elif evidence.flow.mode is Mode.EAGER and not codes & _CHOSEN:
        found = (
            _of_product(evidence, node, "product_in_eager")
            if is_product
            else _of_eager(evidence.flow, node, name, _is_outside(evidence, node))
        )
    return found


def is_layer(name: str) -> bool:
    """Return whether a bare name of a function or a module is that of a layer with weights."""
    return (_LAYERS.fullmatch(name) or _FUSED.fullmatch(name)) is not None


def is_told_elsewhere(evidence: Evidence, node: Node) -> bool:
    """Return whether another rule tells why a node stays in float."""
    is_dynamic = evidence.flow is not None and evidence.flow.method is Method.DYNAMIC
    name = function_name(node)
    is_fused = _FUSED.fullmatch(name) is not None and name.startswith("conv")
    is_convolution = is_fused or (_CONVOLUTION.fullmatch(name) or _TRANSPOSED.fullmatch(name)) is not None
    return evidence.is_told(node) or (is_dynamic and is_convolution)  # dynamic_on_convolutions


def _multiplies_with_weight(evidence: Evidence, node: Node, name: str) -> bool:
    """Return whether a function multiplies with a parameter of at least two dimensions."""
    return _PRODUCT.fullmatch(name) is not None and bool(_weights(evidence, node))


def _weights(evidence: Evidence, node: Node) -> list[Node]:
    """Return the parameters of at least two dimensions that an operator reads, past what moves and turns them."""
    if evidence.converted is None:
        return []
    index = evidence.index(evidence.converted)
    sources = [_past_moves(index, each) for each in index.producers[node.id]]
    return [
        each
        for each in sources
        if any(len(value.shape) >= _MATRIX for value in each.values) and _is_parameter(evidence, each)
    ]


def _is_parameter(evidence: Evidence, node: Node) -> bool:
    """Return whether a node gives a parameter; one of the model itself is told from other constants by its size."""
    if node.why is not None and node.why.code == "constant.parameter":
        return True
    if node.kind is not Kind.CONSTANT or evidence.captured is None:
        return False
    facts = evidence.snapshot.facts.get(evidence.captured.name, {})
    known = (facts[each].size for each in evidence.earlier(evidence.captured, node.id) if each in facts)
    return any(size is not None and size.parameters > 0 for size in known)


def _past_moves(index: Index, node_id: str) -> Node:
    node = index.nodes[node_id]
    while (is_move(node) or _TURNS.fullmatch(function_name(node))) and index.producers[node.id]:
        node = index.nodes[index.producers[node.id][0]]
    return node


def _of_product(evidence: Evidence, node: Node, code: str) -> LayerCause:
    """Return that a layer is written as a product, which no flow takes for one; its class, where it has one."""
    assert evidence.converted is not None
    types = {group.path: group.type for group in evidence.converted.graph.groups}
    args: tuple[tuple[str, Json], ...] = (("type", types[node.place]),) if types.get(node.place) else ()
    shapes = [value.shape for each in _weights(evidence, node) for value in each.values]
    if matrices := next((shape[0] for shape in shapes if len(shape) > _MATRIX), None):
        args = (*args, ("matrices", matrices))
    return LayerCause(code, args=args, least=LARGE)


def _is_outside(evidence: Evidence, node: Node) -> bool:
    """Return whether an operator reads a constant that the run recorded, and that no module of the model holds."""
    index = evidence.index(evidence.converted) if evidence.converted is not None else None
    sources = [index.nodes[each].target for each in index.producers[node.id]] if index is not None else []
    return any(_RECORDED.fullmatch(each) for each in sources)


def _of_eager(chosen: Flow, node: Node, name: str, is_outside: bool) -> LayerCause | None:
    """Return what eager mode cannot replace."""
    if _PLAIN_RECURRENT.fullmatch(name):
        return LayerCause("plain_recurrent")
    if chosen.method is not Method.DYNAMIC:
        return LayerCause("recurrent_eager") if _RECURRENT.fullmatch(name) else None
    if node.op == "call_function" and name == "linear":
        return LayerCause("outside" if is_outside else "function")
    return LayerCause("attention", least=_NEARLY_ALL) if _ATTENTION.fullmatch(name) else None


def _of_exported_flow(evidence: Evidence, node: Node, name: str, codes: Set[str]) -> LayerCause | None:
    """Return what keeps a layer from being annotated; where nothing is, that alone says nothing of it."""
    if "float.parameter_taken" in codes:
        return LayerCause("parameter_taken")
    if "float.not_annotated" in codes:
        return _of_exported(evidence, node, name)
    found = _of_exported(evidence, node, name) if "operator.float" in codes else None
    return found if found is not None and found.level is not Level.INFO else None


def _of_exported(evidence: Evidence, node: Node, name: str) -> LayerCause:
    """Return why torch's XNNPACKQuantizer did not annotate a layer; what another one means is not known."""
    assert evidence.flow is not None
    is_dynamic = evidence.flow.method is Method.DYNAMIC
    if _PRODUCT.fullmatch(name):
        return _of_product(evidence, node, "product_in_export")
    if _PLAIN_RECURRENT.fullmatch(name):
        return LayerCause("plain_recurrent", least=LARGE if is_dynamic else 0.0)
    if is_dynamic and _RECURRENT.fullmatch(name):
        return LayerCause("recurrent_exported_dynamic", least=LARGE)
    if evidence.snapshot.run.config.get("quantizer") != "xnnpack" or (is_dynamic and name != "linear"):
        return LayerCause("not_annotated", Level.INFO)
    if (padding := _padding(node)) is not None:
        return _of_padding("in_float", padding)
    return _outside_xnnpack(name)


def _outside_xnnpack(name: str) -> LayerCause:
    """Return which layer it is that XNNPACKQuantizer has no pattern for; what has one was left out on purpose."""
    if _RECURRENT.fullmatch(name):
        return LayerCause("recurrent_exported")
    if _TRANSPOSED.fullmatch(name):
        return LayerCause("transposed")
    return LayerCause("conv3d") if name == "conv3d" else LayerCause("not_annotated", Level.INFO)


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
    if _PLAIN_RECURRENT.fullmatch(name):
        return LayerCause("plain_recurrent")
    if _RECURRENT.fullmatch(name):
        return LayerCause("recurrent")
    why = next((each for each in evidence.whys(node) if each.code == "float.dtypes_not_supported"), None)
    if why is not None:
        return LayerCause(_DTYPES, args=tuple(sorted(why.args.items())))
    return LayerCause("attention" if _ATTENTION.fullmatch(name) else "no_pattern")
