"""Eager flows: what torch prints is what qviz draws; what eager mode passes over in silence is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch.testing._internal.common_quantization as torch_models
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, FakeQuantizeBase, ObserverBase, QuantStub
from torch.ao.quantization import qconfig as qconfigs

from qviz.document.configuration import QConfig, Rule
from qviz.document.graph import Graph, Kind
from qviz.document.plan import Plan
from qviz.document.query import count_kinds
from qviz.document.snapshot import Snapshot
from qviz.engine.configuration.fuse_list import fuse_list
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.recording.module_graph import draw
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError

SIDE = 8


class Dynamic(nn.Module):
    """The tutorial's model for dynamic quantization, shrunk."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * SIDE * SIDE, 10 * SIDE * SIDE)
        self.conv = nn.Conv2d(10, 1, kernel_size=3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.fc(x).view(-1, 10, SIDE, SIDE))


class Static(nn.Module):
    """The tutorial's model for static quantization, shrunk; relu follows fc, not conv."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = QuantStub()
        self.fc = nn.Linear(3 * SIDE * SIDE, 10 * SIDE * SIDE)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(10, 1, kernel_size=3, padding=1, bias=False)
        self.dequant = DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.fc(self.quant(x)))
        return self.dequant(self.conv(x.view(-1, 10, SIDE, SIDE)))


class Trained(nn.Module):
    """The tutorial's model for training, shrunk; its relu is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = QuantStub()
        self.fc = nn.Linear(3 * SIDE * SIDE, 10 * SIDE * SIDE)
        self.conv = nn.Conv2d(10, 1, 3, 1, 1)
        self.bn = nn.BatchNorm2d(1)
        self.relu = nn.ReLU()
        self.dequant = DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.fc(self.quant(x))).view(-1, 10, SIDE, SIDE)
        return self.dequant(self.relu(self.bn(self.conv(x))))


class Branch(nn.Module):
    """No trace can follow its forward."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.fc, self.relu = nn.Linear(4, 4), nn.ReLU()
        self.adding = FloatFunctional()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > -1e9:
            x = self.quant(x)
        x = self.adding.add(self.relu(self.fc(x)), x)
        return self.dequant(x).reshape(-1)


INPUT = (torch.randn(4, 3 * SIDE * SIDE),)


def run(model: nn.Module, flow: str, inputs: tuple[Any, ...] = INPUT, **fields: Any) -> Snapshot:
    return run_loaded(Loaded(model.eval(), inputs), Plan(source="model", flow=flow, **fields), lambda _: None)


def types(graph: Graph) -> dict[str, str]:
    return {node.id: node.module_type for node in graph.nodes if node.op == "call_module"}


def rules(snapshot: Snapshot) -> set[str]:
    return {each.rule for each in snapshot.findings}


def test_dynamic_leaves_convolutions_in_float():
    converted = run(Dynamic(), "eager-dynamic").stage("converted").graph
    kinds = {node.id: node.kind for node in converted.nodes}
    assert (kinds["fc"], kinds["conv"]) == (Kind.QUANTIZED_OP, Kind.OP)
    fc = next(node for node in converted.nodes if node.id == "fc")
    assert fc.quant is not None
    assert fc.quant.weight is not None
    assert fc.quant.weight.dtype == "torch.qint8"


def test_the_tutorials_fuse_list_runs_as_it_stands_and_the_right_one_is_offered():
    wrong = run(Static(), "eager-static", fuse_list=(("conv", "relu"),))
    assert types(wrong.stage("converted").graph)["relu"] == "Identity"
    (finding,) = [each for each in wrong.findings if each.rule == "fuse_list_out_of_order"]
    assert set(finding.nodes) == {"conv", "relu"}
    assert "[fc, relu]" in finding.hint
    right = run(Static(), "eager-static")
    assert right.run.config["fuse_list"] == [["fc", "relu"]]
    assert "fuse_list_out_of_order" not in rules(right)
    converted = right.stage("converted").graph
    assert types(converted)["fc"] == "LinearReLU"
    weights = [node.quant.weight for node in converted.nodes if node.quant and node.quant.weight]
    assert [each.dtype for each in weights] == ["torch.qint8"] * 2
    assert all(isinstance(each.scale, tuple) for each in weights)


def test_training_watches_with_fake_quants_and_ends_in_integers():
    snapshot = run(Trained(), "eager-qat")
    assert snapshot.run.error is None
    prepared, converted = (count_kinds(snapshot.stage(name).graph) for name in ("prepared", "converted"))
    assert prepared[Kind.FAKE_QUANT] > 0
    assert prepared[Kind.OBSERVER] == 0
    assert converted[Kind.QUANTIZED_OP] >= 2
    assert "module_used_twice" in rules(snapshot)
    assert "training_demonstrated" in rules(snapshot)


@pytest.mark.parametrize(
    ("dtype", "kind"), [("quint8", Kind.QUANTIZED_OP), ("quint4x2", Kind.QUANTIZED_OP), ("float16", Kind.OP)]
)
def test_embeddings_are_weight_only(dtype: str, kind: Kind):
    model = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 4))
    snapshot = run(model, "eager-weight-only", (torch.randint(0, 20, (2, 3)),), weight_dtype=dtype)
    kinds = [node.kind for node in snapshot.stage("converted").graph.nodes]
    assert kinds[1] is kind
    assert (kinds[2] is Kind.QUANTIZED_OP) == (dtype == "float16")


def test_observers_stand_behind_the_modules_that_they_watch():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant, self.fc, self.dequant = QuantStub(), nn.Linear(4, 4), DeQuantStub()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.dequant(self.fc(self.fc(self.quant(x))))

    snapshot = run(Twice(), "eager-static", (torch.randn(2, 4),))
    prepared = snapshot.stage("prepared").graph
    behind = {edge.to_id: edge.from_id for edge in prepared.edges}
    watchers = {node.id: node for node in prepared.nodes if node.kind is Kind.OBSERVER}
    assert {watcher: behind[watcher] for watcher in watchers} == {
        "quant_activation_post_process": "quant",
        "fc_activation_post_process": "fc",
        "fc_activation_post_process_1": "fc_1",
    }
    first, second = watchers["fc_activation_post_process"], watchers["fc_activation_post_process_1"]
    assert first.object_id == second.object_id is not None
    facts: dict[str, Any] = snapshot.facts["prepared"]
    assert all(facts[each].observer.calibrated for each in watchers)


def test_what_no_trace_can_follow_is_recorded_by_running_it():
    snapshot = run(Branch(), "eager-static", (torch.randn(2, 4),))
    (finding,) = [each for each in snapshot.findings if each.rule == "recorded_by_running"]
    assert "test_eager.py:" in finding.message
    assert [(node.op, node.target) for node in snapshot.stage("captured").graph.nodes] == [
        ("placeholder", "x"),
        ("call_method", "sum"),
        ("call_method", "gt"),
        ("call_module", "quant"),
        ("call_module", "fc"),
        ("call_module", "relu"),
        ("call_function", "torch.add"),
        ("call_module", "dequant"),
        ("call_method", "reshape"),
        ("output", "output"),
    ]
    converted = snapshot.stage("converted").graph
    assert types(converted)["fc"] == "LinearReLU"
    assert any(node.target == "quantized.add" and node.kind is Kind.QUANTIZED_OP for node in converted.nodes)


def test_what_eager_mode_needs_is_said():
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.relu(self.fc(x) + x)

    snapshot = run(Plain(), "eager-static", (torch.randn(2, 4),))
    assert {"missing_quant_stub", "functional_in_eager", "converted_does_not_run"} <= rules(snapshot)
    named = {node for each in snapshot.findings if each.rule == "functional_in_eager" for node in each.nodes}
    assert named == {"add", "relu"}
    assert snapshot.run.status == "done"
    assert not rules(run(Plain(), "eager-dynamic", (torch.randn(2, 4),))) & {"missing_quant_stub"}


def test_a_fuse_list_with_an_unknown_module_is_refused():
    with pytest.raises(QvizError, match='"cnov"'):
        run(Static(), "eager-static", fuse_list=(("cnov", "relu"),))


def test_a_qconfig_that_the_user_set_stays():
    model: Any = Static()
    model.qconfig, model.conv.qconfig = qconfigs.default_qconfig, None
    converted = run(model, "eager-static").stage("converted").graph
    quants: dict[str, Any] = {node.id: node.quant for node in converted.nodes}
    assert quants["conv"] is None or quants["conv"].weight is None
    assert not isinstance(quants["fc"].weight.scale, tuple)  # default_qconfig is per tensor, that of x86 per channel


def test_the_users_model_stays_as_it_is():
    model = Trained().eval()
    before = copy.deepcopy(model.state_dict())
    run(model, "eager-qat")
    assert not model.training
    assert not hasattr(model, "qconfig")
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize(
    "name",
    [
        "AnnotatedSingleLayerLinearModel",
        "AnnotatedConvModel",
        "AnnotatedConvBnReLUModel",
    ],
)
def test_kinds_are_as_many_as_torch_made(name: str):
    """Counted on torch's own prepared and converted modules, which share nothing with qviz's graphs."""
    class_ = getattr(torch_models, name)
    try:
        model = class_("fbgemm")
    except TypeError:
        model = class_()
    inputs = (torch.randn((1, 3, 9, 9) if "Conv" in name else (2, 5)),)
    snapshot = run(model, "eager-static", inputs, fuse_list=())
    plain = copy.deepcopy(model).eval()
    plain.qconfig = getattr(plain, "qconfig", None) or torch.ao.quantization.get_default_qconfig("x86")
    prepared = torch.ao.quantization.prepare(plain)
    watchers = [each for each in prepared.modules() if isinstance(each, ObserverBase | FakeQuantizeBase)]
    prepared(*inputs)
    drawn = count_kinds(snapshot.stage("prepared").graph)
    assert drawn[Kind.OBSERVER] + drawn[Kind.FAKE_QUANT] == len(watchers)
    converted = torch.ao.quantization.convert(prepared)
    worked: list[nn.Module] = []
    for each in converted.modules():
        home = type(each).__module__
        if (
            home.startswith(("torch.nn.modules", "torch.ao.nn.quantized.modules"))
            and "Packed" not in type(each).__name__
        ):
            each.register_forward_hook(lambda module, args, _: worked.append(module) if args[0].is_quantized else None)
    converted(*inputs)
    drawn = count_kinds(snapshot.stage("converted").graph)
    casts = [each for each in worked if type(each).__name__ == "DeQuantize"]
    assert drawn[Kind.QUANTIZED_OP] == len(worked) - len(casts)
    assert drawn[Kind.DEQUANTIZE] == len(casts)


def test_the_fuse_list_follows_the_data_and_leaves_shared_modules_alone():
    assert fuse_list(draw(Static(), Arguments(INPUT)).graph) == (("fc", "relu"),)
    assert fuse_list(draw(Trained(), Arguments(INPUT)).graph) == (("conv", "bn"),)


@pytest.mark.parametrize("flow", ["eager-dynamic", "eager-weight-only", "eager-static", "eager-qat"])
def test_the_script_makes_the_same_modules(flow: str):
    model, inputs = (
        (nn.Sequential(nn.Embedding(9, 4)), (torch.tensor([[1, 2]]),)) if "only" in flow else (Static(), INPUT)
    )
    snapshot = run(model, flow, inputs)
    given: dict[str, Any] = {"model": copy.deepcopy(model).eval(), "example_inputs": inputs, "batches": [inputs]}
    code = "\n".join(
        line for line in snapshot.run.python.splitlines() if "= ..." not in line and "batches = [" not in line
    )
    exec(compile(code, "again.py", "exec"), given)
    drawn = draw(given["converted"], Arguments(inputs)).graph
    converted = snapshot.stage("converted").graph
    assert [node.name for node in drawn.graph.nodes] == [node.id for node in converted.nodes]
    made = dict(given["converted"].named_modules())
    for node in converted.nodes:
        if node.op == "call_module" and node.quant and node.quant.output:
            assert float(made[node.target].scale) == pytest.approx(node.quant.output.scale)
            assert type(made[node.target]).__name__ == node.module_type


def test_rules_hold_from_the_weakest_to_the_strongest():
    plan: dict[str, Any] = {
        "qconfig": "default_per_channel_qconfig",
        "rules": (
            Rule("module_name", "fc", QConfig("default_qconfig")),
            Rule("object_type", "torch.nn.Linear"),
            Rule("module_name_regex", "con.*"),
            Rule("module_name", "cnov"),
        ),
    }
    snapshot = run(Static(), "eager-static", **plan)
    rules: Any = snapshot.run.config["rules"]
    assert [each["matched"] for each in rules] == [1, 1, 1, 0]
    quants: dict[str, Any] = {node.id: node.quant for node in snapshot.stage("converted").graph.nodes}
    assert not isinstance(quants["fc"].weight.scale, tuple)  # by name; its type alone would leave it in float
    assert quants["conv"] is None or quants["conv"].weight is None
    (finding,) = [each for each in snapshot.findings if each.rule == "rule_matches_nothing"]
    assert finding.hint == "Did you mean conv?"
    assert finding.place == ("cnov",)
    again: dict[str, Any] = {"model": copy.deepcopy(Static()).eval(), "example_inputs": INPUT, "batches": [INPUT]}
    code = [line for line in snapshot.run.python.splitlines() if "= ..." not in line and "batches = [" not in line]
    exec(compile("\n".join(code), "again.py", "exec"), again)
    assert again["converted"].fc.weight().qscheme() == torch.per_tensor_affine
    assert isinstance(again["converted"].conv, nn.Conv2d)


def test_rules_that_eager_mode_has_not_are_refused():
    with pytest.raises(QvizError, match="module_name_object_type_order"):
        run(Static(), "eager-static", rules=(Rule("module_name_object_type_order", "fc", None, "torch.nn.Linear", 0),))


class NoStub(nn.Module):
    """No trace can follow it, and its converted form stops at its first quantized module."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.fc, self.relu, self.last = nn.Identity(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        if x.sum() > -1e9:
            x = self.relu(self.fc(x))
        return self.last(x) + 1


def test_a_recorded_model_that_stops_keeps_what_comes_after() -> None:
    snapshot = run(NoStub(), "eager-static", (torch.randn(3, 4),))
    captured, converted = snapshot.stages[0].graph, snapshot.stages[-1].graph
    assert [node.id for node in converted.nodes] == [node.id for node in captured.nodes]
    assert types(converted)["last"] == "Linear"
    assert next(node for node in converted.nodes if node.id == "last").kind is Kind.QUANTIZED_OP
    stop = next(each for each in snapshot.findings if each.rule == "converted_does_not_run")
    assert stop.nodes == ("fc",)
    gone = [link for link in snapshot.links if link.to_stage == "converted" and not link.to_ids]
    assert gone == []


class StopsBetween(nn.Module):
    """No trace can follow it; once converted it stops at its ``+``, between FloatFunctionals."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.fc, self.last = QuantStub(), nn.Linear(4, 4), nn.Linear(8, 4)
        self.before, self.behind, self.joining = FloatFunctional(), FloatFunctional(), FloatFunctional()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() < -1e9:
            return x
        x = self.quant(x)
        x = self.before.add_relu(x, self.fc(x))
        x = x + x
        x = self.behind.add_relu(x, x)
        return self.last(self.joining.cat([x, x], 1))


def test_float_functionals_around_the_stop_are_drawn_as_they_were_converted() -> None:
    snapshot = run(StopsBetween(), "eager-static", (torch.randn(3, 4),))
    converted = snapshot.stages[-1].graph
    functions = [node.target for node in converted.nodes if node.target.startswith("quantized.")]
    assert functions == ["quantized.add_relu", "quantized.add_relu", "quantized.cat"]
    (stop,) = [each for each in snapshot.findings if each.rule == "converted_does_not_run"]
    (at,) = [node for node in converted.nodes if node.id in stop.nodes]
    assert (at.target, [each.rule for each in snapshot.findings].count("functional_in_eager")) == ("add", 1)
    gone = [link.from_ids for link in snapshot.links if link.to_stage == "converted" and not link.to_ids]
    assert gone == []


def test_an_observer_that_has_a_node_is_no_part_of_its_module() -> None:
    prepared = next(stage.graph for stage in run(Static(), "eager-static").stages if stage.name == "prepared")
    drawn = {node.target for node in prepared.nodes if node.kind is Kind.OBSERVER}
    inside = {part.path for node in prepared.nodes for part in node.parts or ()}
    assert "fc.activation_post_process" in drawn
    assert not drawn & inside
