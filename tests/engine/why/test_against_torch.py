"""What qviz says of every observer is what torch itself has written down, read from the live prepared module."""

from __future__ import annotations

from typing import Any

import pytest
from torch.ao.quantization import FakeQuantizeBase, ObserverBase
from torch.ao.quantization.quantizer import SharedQuantizationSpec
from torch.fx import GraphModule, Node
from torch.nn import Module

from qviz.document.graph import Why
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import load
from qviz.engine.serving.run import run_loaded

SAMPLES = ("residual", "transformer", "mobile")


def ran(sample: str, flow: str, check: Any) -> Snapshot:
    plan = Plan(source=f"sample:{sample}", flow=flow)
    return run_loaded(load(plan), plan, lambda _: None, keep=check)


def observers(module: GraphModule) -> dict[str, tuple[Node, Module]]:
    calls = [(node, module.get_submodule(str(node.target))) for node in module.graph.nodes if node.op == "call_module"]
    kinds = ObserverBase | FakeQuantizeBase
    return {node.name: (node, called) for node, called in calls if isinstance(called, kinds)}


def origin(why: Why) -> dict[str, Any]:
    """Return what a reason says of where it is known from: the arguments of the statement inside, or its own."""
    inside: Any = why.args.get("origin", {"args": why.args})
    found: dict[str, Any] = inside["args"]
    return found


def class_made(constructor: Any) -> type:
    made = constructor()
    return type(made)


@pytest.mark.parametrize("flow", ["fx-static", "fx-qat"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_fx_observers_are_those_of_node_name_to_qconfig(sample: str, flow: str):
    wanted: dict[str, list[str]] = {}

    def check(module: Module) -> None:
        attrs = module.meta.get("_observed_graph_module_attrs") if isinstance(module, GraphModule) else None
        if attrs is None or not isinstance(module, GraphModule):
            return
        for name, (node, observer) in observers(module).items():
            # whoever asked is the producer, for its output, or a reader, for its input: with a qconfig that makes it
            asking: list[Any] = [node.args[0], *node.users]
            qconfigs = {each.name: attrs.node_name_to_qconfig.get(each.name) for each in asking}
            wanted[name] = [
                who for who, each in qconfigs.items() if each and class_made(each.activation) is type(observer)
            ]
            if "FixedQParams" in type(observer).__name__ or not wanted[name]:
                wanted[name] = [each.name for each in asking]

    snapshot = ran(sample, flow, check)
    prepared = {node.id: node for node in snapshot.stage("prepared").graph.nodes}
    assert wanted
    for name, who in wanted.items():
        why = prepared[name].why
        assert why is not None
        assert origin(why)["key"] == "target_dtype_info"
        (asked_by,) = why.roles["asked_by"]
        assert asked_by in who, (name, why, who)


@pytest.mark.parametrize("flow", ["pt2e-static", "pt2e-qat"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_pt2e_observers_are_those_of_the_annotations(sample: str, flow: str):
    texts: dict[str, list[tuple[str, str, Any, Module]]] = {}

    def check(module: Module) -> None:
        if not isinstance(module, GraphModule):
            return
        for name, (node, observer) in observers(module).items():
            subject: Any = node.args[0]
            texts[name] = []
            own = subject.meta.get("quantization_annotation")
            if own is not None and own.output_qspec is not None:
                texts[name].append((subject.name, "output_qspec", own.output_qspec, observer))
            for user in node.users:
                annotation = user.meta.get("quantization_annotation")
                if annotation is not None and subject in annotation.input_qspec_map:
                    spec = annotation.input_qspec_map[subject]
                    texts[name].append((user.name, "input_qspec_map", spec, observer))

    snapshot = ran(sample, flow, check)
    prepared = {node.id: node for node in snapshot.stage("prepared").graph.nodes}
    assert texts
    for name, asked in texts.items():
        if not asked:
            continue  # rewriting for training moved its reader; nothing of torch's is left to compare with
        why = prepared[name].why
        assert why is not None
        (asked_by,) = why.roles["asked_by"]
        spec, observer = next(
            (spec, made) for who, field, spec, made in asked if (who, field) == (asked_by, origin(why)["field"])
        )
        assert ("shares_range" in why.roles) == isinstance(spec, SharedQuantizationSpec)
        if not isinstance(spec, SharedQuantizationSpec):
            told = {
                "dtype": str(spec.dtype),
                "quant_min": spec.quant_min,
                "quant_max": spec.quant_max,
                "observer": type(observer).__name__,
            }
            assert origin(why)["spec"] == {"code": "spec.observed", "args": told}
