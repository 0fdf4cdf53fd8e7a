"""Gives single tensors of a PT2E model other observers than the quantizer's: no quantizer of torch takes such a choice.

The class stands in the Python of a run as it stands here, so it knows nothing of qviz.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch.ao.quantization.quantizer import QuantizationSpec, Quantizer
from torch.fx import GraphModule

IMPORTS = frozenset(
    {
        "from torch.ao.quantization.quantizer import QuantizationSpec, Quantizer",
        "from torch.fx import GraphModule",
        "from collections.abc import Mapping",
        "from typing import Any",
        "import dataclasses",
        "import torch",
    }
)


class OtherObservers(Quantizer):
    """Applies another quantizer, then has what the named nodes give watched by other observers.

    Args:
        quantizer: The one that annotates.
        observers: Constructors of observers or fake-quants, by the name of the node.
        qschemes: By the name of the node, where its tensor gets another one.
    """

    def __init__(
        self,
        quantizer: Quantizer,
        observers: Mapping[str, Any],
        qschemes: Mapping[str, torch.qscheme] = {},
    ) -> None:
        super().__init__()
        self.quantizer, self.observers, self.qschemes = quantizer, observers, qschemes

    def transform_for_annotation(self, model: GraphModule) -> GraphModule:
        """Let the other one do it."""
        return self.quantizer.transform_for_annotation(model)

    def annotate(self, model: GraphModule) -> GraphModule:
        """Let the other one annotate, then change the specs of the named tensors, wherever they stand.

        Raises:
            ValueError: A tensor is not there, is not rounded, or has its range from another one.
        """
        self.quantizer.annotate(model)
        changed = set()
        for node in model.graph.nodes:
            annotation = node.meta.get("quantization_annotation")
            if annotation is None:
                continue
            if self._can_change(node.name, annotation.output_qspec):
                annotation.output_qspec = self._changed(node.name, annotation.output_qspec)
                changed.add(node.name)
            for each, spec in annotation.input_qspec_map.items():
                if self._can_change(each.name, spec):
                    annotation.input_qspec_map[each] = self._changed(each.name, spec)
                    changed.add(each.name)
        if missing := self.observers.keys() - changed:
            raise ValueError(f"No range is observed at {min(missing)!r}")
        return model

    def validate(self, model: GraphModule) -> None:
        """Let the other one do it."""
        self.quantizer.validate(model)

    def _can_change(self, name: str, spec: object) -> bool:
        return name in self.observers and isinstance(spec, QuantizationSpec) and not spec.is_dynamic

    def _changed(self, name: str, spec: QuantizationSpec) -> QuantizationSpec:
        qscheme = self.qschemes.get(name, spec.qscheme)
        return dataclasses.replace(spec, observer_or_fake_quant_ctr=self.observers[name], qscheme=qscheme)


SOURCE = inspect.getsource(OtherObservers)
"""The class, for the Python of a run."""
