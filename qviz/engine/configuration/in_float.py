"""Leaves in float what a PT2E quantizer cannot be told to leave: takes its annotations away again.

The class stands in the Python of a run as it stands here, so it knows nothing of qviz.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch.ao.quantization.quantizer import DerivedQuantizationSpec, Quantizer, SharedQuantizationSpec
from torch.fx import GraphModule, Node

IMPORTS = frozenset(
    {
        "from torch.ao.quantization.quantizer import DerivedQuantizationSpec, Quantizer, SharedQuantizationSpec",
        "from torch.fx import GraphModule, Node",
        "from collections.abc import Sequence",
        "import torch",
    }
)


class LeftInFloat(Quantizer):
    """Applies another quantizer, then leaves in float what is named.

    Args:
        quantizer: The one that annotates.
        modules: Module paths: all operators inside.
        nodes: Operators by the names of their nodes.
        tensors: What the nodes of these names give: neither they nor their readers round it.
        integers: All operators that give or read integers, scalars of theirs too.
    """

    def __init__(
        self,
        quantizer: Quantizer,
        modules: Sequence[str] = (),
        nodes: Sequence[str] = (),
        tensors: Sequence[str] = (),
        integers: bool = False,
    ) -> None:
        super().__init__()
        self.quantizer, self.modules, self.nodes, self.tensors = quantizer, modules, nodes, tensors
        self.integers = integers

    def transform_for_annotation(self, model: GraphModule) -> GraphModule:
        """Let the other one do it; XNNPACKQuantizer makes every scalar a float tensor, and so integers floats."""
        before = {node: node.args for node in model.graph.nodes if self.integers and self._gives_integers(node)}
        model = self.quantizer.transform_for_annotation(model)
        for node in [node for node in model.graph.nodes if node in before and node.args != before[node]]:
            made, node.args = node.args, before[node]
            for each in made:
                if isinstance(each, Node) and each.op == "get_attr" and not each.users:
                    model.graph.erase_node(each)
        model.recompile()
        return model

    def annotate(self, model: GraphModule) -> GraphModule:
        """Let the other one annotate, then take away what is named and what shares its range.

        Raises:
            ValueError: The graph has no such node.
        """
        missing = {*self.nodes, *self.tensors} - {node.name for node in model.graph.nodes}
        if missing:
            raise ValueError(f"The graph has no node {min(missing)!r}")
        self.quantizer.annotate(model)
        for node in model.graph.nodes:
            if node.name in self.nodes or self._is_inside(node) or self._is_on_integers(node):
                node.meta.pop("quantization_annotation", None)
        for node, annotation in self._annotated(model):
            if node.name in self.tensors:
                annotation.output_qspec = None
            for each in [each for each in annotation.input_qspec_map if each.name in self.tensors]:
                del annotation.input_qspec_map[each]
        while self._drop_dependent(model):
            pass
        return model

    def validate(self, model: GraphModule) -> None:
        """Let the other one do it."""
        self.quantizer.validate(model)

    def _is_inside(self, node: Node) -> bool:
        paths = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
        names = [path.replace("L['self'].", "").replace("L['self']", "") for path in paths]
        return any(name == each or name.startswith(f"{each}.") for name in names for each in self.modules)

    def _is_on_integers(self, node: Node) -> bool:
        return self.integers and any(self._gives_integers(each) for each in (node, *self._observed(node)))

    def _observed(self, node: Node) -> list:
        annotation = node.meta.get("quantization_annotation")
        return list(annotation.input_qspec_map) if annotation is not None else []

    def _gives_integers(self, node: Node) -> bool:
        value = node.meta.get("val")
        return isinstance(value, torch.Tensor) and not value.is_floating_point() and not value.is_complex()

    def _annotated(self, model: GraphModule) -> list:
        key = "quantization_annotation"
        return [(node, node.meta[key]) for node in model.graph.nodes if key in node.meta]

    def _drop_dependent(self, model: GraphModule) -> bool:
        """Drop the specs that share their range with what is gone, or derive from it; return whether there were any."""
        found = False
        for _, annotation in self._annotated(model):
            if self._is_dependent(annotation.output_qspec):
                annotation.output_qspec, found = None, True
            for each in [each for each, spec in annotation.input_qspec_map.items() if self._is_dependent(spec)]:
                del annotation.input_qspec_map[each]
                found = True
        return found

    def _is_dependent(self, spec: object) -> bool:
        if isinstance(spec, SharedQuantizationSpec):
            return not self._is_there(spec.edge_or_node)
        return isinstance(spec, DerivedQuantizationSpec) and not all(map(self._is_there, spec.derived_from))

    def _is_there(self, edge_or_node: object) -> bool:
        source, reader = edge_or_node if isinstance(edge_or_node, tuple) else (edge_or_node, None)
        annotation = (reader or source).meta.get("quantization_annotation")
        if annotation is None:
            return False
        return annotation.output_qspec is not None if reader is None else source in annotation.input_qspec_map


SOURCE = inspect.getsource(LeftInFloat)
"""The class, for the Python of a run."""
