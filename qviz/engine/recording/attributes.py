"""Picks the few sizes of an operator that its caption shows."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.fx import GraphModule, Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from qviz.document.graph import Json, Value
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import LOW, Role, role_of
from qviz.engine.nodes.targets import argument, bare_name
from qviz.engine.recording.recorded_run import FUNCTIONAL
from qviz.engine.recording.values import Values

_MODULE_SIZES = (
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "in_features",
    "out_features",
    "num_features",
    "num_embeddings",
    "embedding_dim",
    "normalized_shape",
    "input_size",
    "hidden_size",
    "embed_dim",
    "num_heads",
    "output_size",
    "p",
)
_USUAL = {"padding": 0, "dilation": 1, "groups": 1, "p": 0.0}
"""What a caption does not say, because it is what one expects."""


def attributes(module: GraphModule, node: Node, values: Values) -> dict[str, Json]:
    """Return the sizes of a node's operator: ``{"in_channels": 3, "kernel_size": [7, 7], "stride": [2, 2]}``."""
    if node.op == "call_module":
        return _of_module(called_module(module, node))
    if node.op == "call_function":
        stub: dict[str, Json] = {"stub": True} if FUNCTIONAL in node.meta else {}
        return _of_function(node, values) | _of_annotation(node) | stub
    return {}


def _of_annotation(node: Node) -> dict[str, Json]:
    """Return that a PT2E quantizer took the operator, into a pattern or alone, and wants its output in float."""
    annotation: Any = node.meta.get("quantization_annotation")
    if annotation is None or not annotation._annotated or annotation.output_qspec is not None:  # noqa: SLF001 - torch's
        return {}
    # an operator to be left alone is annotated too, and with nothing
    is_taken = annotation.input_qspec_map or getattr(annotation, "_is_output_of_quantized_pattern", False)
    return {"annotated": "float output"} if is_taken else {}


def _of_module(child: nn.Module) -> dict[str, Json]:
    role = role_of(child)
    if role is Role.STUB:
        return {"stub": True}
    if role in (Role.OBSERVER, Role.FAKE_QUANT, Role.GRAPH):
        return {}
    if isinstance(child, _BatchNorm) and child.training and role not in LOW:
        return _unless_usual({"num_features": child.num_features}) | {"training": True}
    if isinstance(child, _DropoutNd) and child.training and child.p:
        return {"p": child.p, "training": True}
    source = child[0] if isinstance(child, nn.Sequential) and len(child) else child
    return _unless_usual({name: _sizes(getattr(source, name, None)) for name in _MODULE_SIZES})


def _of_function(node: Node, values: Values) -> dict[str, Json]:
    name = bare_name(node.target)
    if name.startswith(("conv1d", "conv2d", "conv3d", "conv_transpose", "convolution")):
        return _of_convolution(node, _shape(node, 1, values))
    if name == "linear" and len(weight := _shape(node, 1, values)) == 2:
        return {"in_features": weight[1], "out_features": weight[0]}
    if name.endswith(("max_pool2d", "avg_pool2d")):
        sizes = {each: _sizes(argument(node, each)) for each in ("kernel_size", "stride", "output_size")}
        return _unless_usual(sizes)
    if name == "embedding" and len(weight := _shape(node, 0, values)) == 2:
        return {"num_embeddings": weight[0], "embedding_dim": weight[1]}
    return {}


def _of_convolution(node: Node, weight: tuple[int | str, ...]) -> dict[str, Json]:
    groups = _called(node, "groups", 6, 1)
    sizes: dict[str, Json] = {"stride": _sizes(_called(node, "stride", 3, 1)), "groups": _sizes(groups)}
    if len(weight) >= 3 and all(isinstance(size, int) for size in weight[:2]) and isinstance(groups, int):
        first, second = int(weight[0]), int(weight[1])
        turned = "transpose" in bare_name(node.target)
        sizes["in_channels"] = first if turned else second * groups
        sizes["out_channels"] = second * groups if turned else first
        sizes["kernel_size"] = _sizes(weight[2:])
    return _unless_usual(sizes)


def _called(node: Node, name: str, position: int, default: Any) -> Any:
    found = argument(node, name)
    if found is None and position < len(node.args):
        found = node.args[position]
    return default if found is None else found


def _shape(node: Node, position: int, values: Values) -> tuple[int | str, ...]:
    source = node.args[position] if position < len(node.args) else None
    found: tuple[Value, ...] = values.get(source.name, ()) if isinstance(source, Node) else ()
    return found[0].shape if found else ()


def _sizes(value: Any) -> Json:
    """Return a number, or a list of them; None for anything else."""
    if isinstance(value, tuple | list) and value and all(isinstance(size, int | str) for size in value):
        return list(value)
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None


def _unless_usual(sizes: dict[str, Json]) -> dict[str, Json]:
    kept = {name: size for name, size in sizes.items() if size is not None}
    return {name: size for name, size in kept.items() if not _is_usual(name, size)}


def _is_usual(name: str, size: Json) -> bool:
    usual = _USUAL.get(name)
    return usual is not None and all(each == usual for each in (size if isinstance(size, list) else [size]))
