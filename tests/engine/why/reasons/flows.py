"""The flows in plain torch, with one thing changed each time: what a reason names is taken away, or given.

Nothing of qviz is imported here.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.ao import quantization as quantizing
from torch.ao.quantization import FakeQuantizeBase, ObserverBase, QConfigMapping
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import (
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
    SharedQuantizationSpec,
    xnnpack_quantizer,
)
from torch.fx import GraphModule, Node

from tests.engine.why.reasons import qconfigs

PREPARING: Any = importlib.import_module("torch.ao.quantization.fx.prepare")
KEY = "quantization_annotation"
Changed = Callable[[GraphModule], None]


class FxFlow:
    """An FX flow of one model."""

    def __init__(
        self, make: Callable[[], nn.Module], inputs: Any, flow: str, left_out: Any = (), rules: Any = ()
    ) -> None:
        self.make, self.inputs, self.flow, self.left_out, self.rules = make, inputs, flow, left_out, rules
        self._kept: dict[Any, GraphModule] = {}

    def mapping(self) -> QConfigMapping:
        if self.flow == "fx-dynamic":
            mapping = QConfigMapping().set_global(quantizing.default_dynamic_qconfig)
        elif self.flow == "fx-qat":
            mapping = quantizing.get_default_qat_qconfig_mapping("x86")
        elif self.flow == "fx-weight-only":
            of_tables, mapping = quantizing.float_qparams_weight_only_qconfig, QConfigMapping()
            for each in (nn.Embedding, nn.EmbeddingBag):
                mapping.set_object_type(each, of_tables)
        else:
            mapping = quantizing.get_default_qconfig_mapping("x86")
        for path in self.left_out:
            mapping.set_module_name(path, None)
        for kind, taken, name in self.rules:
            getattr(mapping, f"set_{kind}")(*taken, getattr(qconfigs, name)() if name else None)
        return mapping

    def model(self) -> nn.Module:
        model = self.make()
        return model.train() if self.flow == "fx-qat" else model

    def fused(self, config: Any = None, change: Changed | None = None, model: Any = None) -> GraphModule:
        model = self.model() if model is None else model
        if change is not None:
            model = torch.fx.symbolic_trace(model)
            change(model)
            model.recompile()
        # what prepare does first: fuse, as its mode says
        fuser = importlib.import_module("torch.ao.quantization.quantize_fx")
        fuser._swap_ff_with_fxff(model)
        traced = model if isinstance(model, GraphModule) else torch.fx.symbolic_trace(model)
        return fuser._fuse_fx(traced, self.flow == "fx-qat", None, config)

    def prepared(
        self,
        without: Collection[str] = (),
        given: Mapping[str, Any] | None = None,
        mapping: QConfigMapping | None = None,
        config: Any = None,
        custom: Any = None,
        change: Callable[[nn.Module], None] | None = None,
        is_calibrated: bool = True,
    ) -> GraphModule:
        """Prepare and calibrate; nodes `without` a qconfig, and with the one `given`, whatever the mapping says."""
        is_plain = given is None and mapping is None and config is None and custom is None and change is None
        key = frozenset(without)
        if is_plain and key in self._kept:
            return copy.deepcopy(self._kept[key])
        model = self.model()
        if change is not None:
            change(model)
        prepare = quantizing.quantize_fx.prepare_qat_fx if self.flow == "fx-qat" else quantizing.quantize_fx.prepare_fx
        torch.manual_seed(0)
        with self._qconfigs(dict.fromkeys(without) | dict(given or {})):
            made = prepare(model, mapping or self.mapping(), self.inputs, custom, backend_config=config)
        if self.flow != "fx-dynamic" and is_calibrated:
            made(*self.inputs)
        made.eval()
        if is_plain:
            self._kept[key] = copy.deepcopy(made)
        return made

    def converted(self, edit: Changed | None = None, **changes: Any) -> GraphModule:
        prepared = self.prepared(**changes)
        if edit is not None:
            edit(prepared)
        config = changes.get("config")
        return quantizing.quantize_fx.convert_fx(prepared, backend_config=config)

    @contextlib.contextmanager
    def _qconfigs(self, changed: Mapping[str, Any]) -> Iterator[None]:
        original, calls = PREPARING._generate_node_name_to_qconfig, []

        def generate(root: nn.Module, modules: Any, graph: Any, *args: Any, **options: Any) -> Any:
            found = original(root, modules, graph, *args, **options)
            calls.append(found)
            if len(calls) == 1:  # of equalization
                return found
            for node in graph.nodes:  # convert asks modules
                if node.op == "call_module" and changed.get(node.name) is not None:
                    modules[node.target].qconfig = changed[node.name]
            return found | {name: qconfig for name, qconfig in changed.items() if name in found}

        with mock.patch.object(PREPARING, "_generate_node_name_to_qconfig", generate):
            yield


class EditedQuantizer(Quantizer):
    """XNNPACKQuantizer, with annotations taken away from some nodes and given to others by hand."""

    def __init__(
        self, is_dynamic: bool, without: Collection[str], given: Collection[str], in_region: bool = False
    ) -> None:
        super().__init__()
        config = xnnpack_quantizer.get_symmetric_quantization_config(is_dynamic=is_dynamic)
        self.base, self.without, self.given = xnnpack_quantizer.XNNPACKQuantizer().set_global(config), without, given
        self.in_region = in_region

    def transform_for_annotation(self, model: GraphModule) -> GraphModule:
        return self.base.transform_for_annotation(model)

    def annotate(self, model: GraphModule) -> GraphModule:
        self.base.annotate(model)
        nodes = list(model.graph.nodes)
        concrete = {
            node: {source: _resolved(spec) for source, spec in node.meta[KEY].input_qspec_map.items()}
            for node in nodes
            if KEY in node.meta
        }
        for node in nodes:
            if node.name in self.without:
                node.meta.pop(KEY, None)
        for node in nodes:
            annotation = node.meta.get(KEY)
            if annotation is None or not self.without:
                continue
            for source, spec in annotation.input_qspec_map.items():
                if _dangles(spec):
                    annotation.input_qspec_map[source] = concrete[node][source]
            if _dangles(annotation.output_qspec):
                annotation.output_qspec = _resolved_of(concrete[node])
        regions = [each for each in model.children() if isinstance(each, GraphModule) and self.in_region]
        inside = [node for region in regions for node in region.graph.nodes if node.op == "call_function"]
        for node in [*nodes, *inside]:
            if node.name in self.given or node in inside:
                inputs: dict[Any, Any] = {each: OBSERVED for each in node.all_input_nodes if _is_float(each)}
                node.meta[KEY] = QuantizationAnnotation(inputs, OBSERVED, _annotated=True)
        return model

    def validate(self, model: GraphModule) -> None:
        pass


OBSERVED = QuantizationSpec(
    torch.int8, quantizing.MinMaxObserver.with_args(eps=2**-12), -128, 127, torch.per_tensor_affine
)


def _dangles(spec: Any) -> bool:
    """Return whether a shared range is one of which the annotation was taken away."""
    if not isinstance(spec, SharedQuantizationSpec):
        return False
    place = spec.edge_or_node
    annotation = (place[1] if isinstance(place, tuple) else place).meta.get(KEY)
    return annotation is None or (not isinstance(place, tuple) and annotation.output_qspec is None)


def _resolved(spec: Any) -> Any:
    return OBSERVED if isinstance(spec, SharedQuantizationSpec) else spec


def _resolved_of(specs: Mapping[Any, Any]) -> Any:
    return next(iter(specs.values()), OBSERVED)


def _is_float(node: Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and value.is_floating_point()


class ExportedFlow:
    """A PT2E flow of one model, post-training."""

    def __init__(self, make: Callable[[], nn.Module], inputs: Any, flow: str) -> None:
        self.make, self.inputs, self.is_dynamic = make, inputs, flow == "pt2e-dynamic"
        self._kept: dict[Any, GraphModule] = {}

    def captured(self, change: Callable[[nn.Module], None] | None = None) -> GraphModule:
        model = self.make()
        if change is not None:
            change(model)
        torch._dynamo.reset()
        with torch.no_grad():  # a region without gradients makes no graph of its own then
            captured: Any = torch.export.export(model, self.inputs, strict=True).module()
        return captured

    def prepared(
        self,
        without: Collection[str] = (),
        given: Collection[str] = (),
        change: Callable[[nn.Module], None] | None = None,
        is_kept: bool = True,
        in_region: bool = False,
    ) -> GraphModule:
        """Prepare and calibrate; nodes `without` an annotation, or with one `given` by hand, also all `in_region`."""
        key = (frozenset(without), frozenset(given))
        is_plain = change is None
        if is_plain and is_kept and key in self._kept:
            return self._kept[key]
        if "captured" not in self._kept:
            self._kept["captured"] = self.captured()
        captured = copy.deepcopy(self._kept["captured"]) if is_plain else self.captured(change)
        made = prepare_pt2e(captured, EditedQuantizer(self.is_dynamic, without, given, in_region))
        made(*self.inputs)
        if is_plain and is_kept:
            self._kept[key] = made
        return made

    def converted(self, without: Collection[str] = (), **changes: Any) -> GraphModule:
        key = ("converted", frozenset(without))
        if changes:
            return convert_pt2e(self.prepared(without, is_kept=False, **changes))
        if key not in self._kept:  # the annotations of a copy would name the nodes of another graph
            self._kept[key] = convert_pt2e(self.prepared(without, is_kept=False))
        return self._kept[key]


class EagerFlow:
    """An eager flow of one model."""

    def __init__(
        self, make: Callable[[], nn.Module], inputs: Any, flow: str, left_out: Any = (), fuse_list: Any = ()
    ) -> None:
        self.make, self.inputs, self.flow, self.left_out, self.fuse_list = make, inputs, flow, left_out, fuse_list

    def fused(self, fuse_list: Any = None) -> nn.Module:
        model, chosen = self.make(), self.fuse_list if fuse_list is None else fuse_list
        is_qat = self.flow == "eager-qat"
        fuse = quantizing.fuse_modules_qat if is_qat else quantizing.fuse_modules
        model = model.train() if is_qat else model
        return fuse(model, [list(each) for each in chosen]) if chosen else model

    def prepared(self, without: Collection[str] = (), given: Collection[str] = (), change: Any = None) -> nn.Module:
        model = self.fused()
        is_qat = self.flow == "eager-qat"
        whole = quantizing.get_default_qat_qconfig("x86") if is_qat else quantizing.get_default_qconfig("x86")
        model.qconfig = whole
        if change is not None:
            change(model)
        for path in {*self.left_out, *without} - set(given):
            setattr(model.get_submodule(path), "qconfig", None)  # noqa: B010 - torch types it as a tensor
        prepared = (quantizing.prepare_qat if is_qat else quantizing.prepare)(model)
        prepared(*self.inputs)
        return prepared.eval()

    def converted(self, without: Collection[str] = (), **changes: Any) -> nn.Module:
        if self.flow == "eager-dynamic":
            types = {nn.Linear, nn.LSTM, nn.GRU}
            taken = {name for name, each in self.make().named_modules() if type(each) in types} - set(without)
            return quantizing.quantize_dynamic(self.make(), taken or {"nothing"})
        if self.flow == "eager-weight-only":
            tables = {} if without else {nn.Embedding: quantizing.float_qparams_weight_only_qconfig}
            return quantizing.quantize_dynamic(self.make(), tables, torch.quint8)
        return quantizing.convert(self.prepared(without, **changes))


def watches(module: nn.Module) -> bool:
    return isinstance(module, ObserverBase | FakeQuantizeBase)


def watchers(graph: GraphModule) -> dict[Node, nn.Module]:
    """Return the calls of observers and fake-quants in a graph."""
    calls = [node for node in graph.graph.nodes if node.op == "call_module"]
    called = {node: graph.get_submodule(str(node.target)) for node in calls}
    return {node: module for node, module in called.items() if watches(module)}


def named(graph: GraphModule, name: str) -> Node | None:
    return next((node for node in graph.graph.nodes if node.name == name), None)
