"""What annotations of a quantizer ask for, and which rules of the plan keep operators in float."""

from __future__ import annotations

from typing import Any

import torch
from torch.ao.quantization.quantizer import QuantizationAnnotation, SharedQuantizationSpec
from torch.fx import GraphModule, Node

from qviz.document.graph import Json
from qviz.engine.why.observers import ANNOTATION, input_spec

LEFT_BY = "qviz.left_by"
"""Where the meta of a graph names what a rule of the plan leaves in float, and that rule as a statement.

By the names of nodes where a quantizer annotates; by module paths where qconfigs say what is quantized.
"""


def left_by(graph: GraphModule, node: Node) -> Json:
    """Return the rule that leaves the module that a node calls in float, or one around it; None where none does."""
    known: dict[str, Json] = graph.meta.get(LEFT_BY, {})
    path = str(node.target)
    while path not in known and path:
        path = path.rpartition(".")[0]
    return known.get(path)


def asks_for_float(annotation: QuantizationAnnotation) -> bool:
    """Return whether all that an annotation asks for is float32: convert takes such observers away again."""
    specs = [*annotation.input_qspec_map.values(), annotation.output_qspec]
    return {_dtype(spec) for spec in specs if spec is not None} == {torch.float32}


def _dtype(spec: Any, seen: tuple[Any, ...] = ()) -> torch.dtype | None:
    """Return the dtype of a spec, of one that shares its range that of what it shares it with."""
    if not isinstance(spec, SharedQuantizationSpec) or spec.edge_or_node in seen:
        found: torch.dtype | None = getattr(spec, "dtype", None)
        return found
    shared = spec.edge_or_node
    producer, reader = shared if isinstance(shared, tuple) else (shared, None)
    annotation = (reader or producer).meta.get(ANNOTATION)
    if annotation is None:
        return None
    other = annotation.output_qspec if reader is None else input_spec(annotation, producer)
    return _dtype(other, (*seen, shared))


def continues_in(node: Node, readers: list[Node]) -> list[Node]:
    """Return those of the readers of a node that are annotated, and whose annotation asks for nothing at it."""
    known = ((each, each.meta.get(ANNOTATION)) for each in readers)
    return [each for each, asked in known if asked is not None and input_spec(asked, node) is None]
