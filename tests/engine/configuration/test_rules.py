"""What each rule decides, against the qconfigs that prepare_fx itself gave the nodes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import QConfigMapping
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.ao.quantization.qconfig import _add_module_to_qconfig_obs_ctr, qconfig_equals
from torch.ao.quantization.quantize_fx import _fuse_fx, prepare_fx, prepare_qat_fx
from torch.fx import GraphModule
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import Factory, QConfig, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.configuration import rules
from qviz.engine.configuration.mappings import Mapping, make_mapping
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.engine.why.observers import PREPARED_WITH
from tests.words.rendering import unfilled


class Part(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 1)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(4, 4, 1)
        self.scale = nn.Parameter(torch.ones(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv2(self.relu(self.bn1(self.conv1(x))))
        y = torch.add(torch.add(y, x), y)
        return F.linear(y, self.scale).sigmoid()


class Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(Part(), Part())
        self.layer2 = Part()
        self.fc = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.fc(self.layer2(self.layer1(x))).reshape(-1, 4))


INPUTS = (torch.linspace(-1, 1, 128).reshape(2, 4, 4, 4),)


def rules_of(snapshot: Snapshot) -> Any:
    return snapshot.run.config["rules"]


def numbered(number: int) -> QConfig:
    """Return a qconfig that can be told from every other."""
    return QConfig(activation=Factory("HistogramObserver", {"bins": 100 + number}))


def with_numbers(*all_of_them: Rule) -> tuple[Rule, ...]:
    return tuple(
        Rule(each.kind, each.target, None if each.qconfig is None else numbered(number), each.object_type, each.order)
        for number, each in enumerate(all_of_them)
    )


SOME = QConfig()
EVERY_KIND = with_numbers(
    Rule("object_type", "torch.nn.Linear", SOME),
    Rule("object_type", "torch.add", SOME),
    Rule("object_type", "torch.nn.functional.linear", SOME),
    Rule("object_type", "sigmoid"),
    Rule("object_type", "torch.nn.Sequential", SOME),
    Rule("module_name_regex", "layer1.*conv2", SOME),
    Rule("module_name_regex", "layer1.1", SOME),
    Rule("module_name", "layer2", SOME),
    Rule("module_name", "layer2.conv2"),
    Rule("module_name_object_type_order", "layer1.0", SOME, "torch.add", 1),
    Rule("module_name_object_type_order", "layer1.0", SOME, "torch.nn.Conv2d", 1),
    Rule("module_name_object_type_order", "", SOME, "torch.nn.Linear", 1),
)
FUSED = with_numbers(
    Rule("object_type", "torch.nn.Conv2d"), Rule("object_type", "torch.ao.nn.intrinsic.ConvReLU2d", SOME)
)


def prepared_by_torch(model: nn.Module, mapping: QConfigMapping, is_qat: bool) -> GraphModule:
    return (prepare_qat_fx if is_qat else prepare_fx)(model.train(is_qat), mapping, INPUTS)


@pytest.mark.filterwarnings("ignore:QConfig must specify a FixedQParams:UserWarning")
@pytest.mark.parametrize("flow", ["fx-static", "fx-qat"])
@pytest.mark.parametrize("chosen", [EVERY_KIND, FUSED, ()], ids=["every", "fused", "none"])
def test_the_rule_that_decided_is_the_one_whose_qconfig_torch_gave(flow: str, chosen: tuple[Rule, ...]):
    mapping = make_mapping(Plan("whole", flow, rules=chosen))
    fused, prepared = stages(Whole(), mapping, flow == "fx-qat")
    attributes = prepared.meta[PREPARED_WITH]
    decided = rules.decided(fused, attributes.node_name_to_scope, mapping)
    qconfigs = attributes.node_name_to_qconfig
    assert set(decided) == called(fused)
    for name, number in decided.items():
        for other, setting in enumerate(mapping.settings):
            given = qconfigs[name]
            meant = with_device(setting.qconfig.value, given)
            if setting.qconfig.value is not None:
                assert qconfig_equals(given, meant) == (number == other), (name, number, other)
            elif number == other:
                assert given is None
    by_rule = {number: {name for name in decided if decided[name] == number} for number in range(len(chosen))}
    if chosen is EVERY_KIND:
        assert by_rule[0] == {"fc"}
        assert by_rule[9] == {"add_1"}
        assert by_rule[10] == {"layer1_0_conv2"}
        assert by_rule[11] == {"last"}
        assert by_rule[8] == {"layer2_conv2"}
        assert by_rule[4] == set()
    if chosen is FUSED and flow == "fx-static":  # in training the batch norm is fused too: ConvBnReLU2d
        assert by_rule[1] == {name for name in decided if name.endswith("conv1")}


def called(fused: GraphModule) -> set[str]:
    return {node.name for node in fused.graph.nodes if node.op not in ("placeholder", "output")}


def with_device(qconfig: Any, given: Any) -> Any:
    """Return a qconfig as prepare leaves it: its constructors are told the device of the module."""
    if qconfig is None or given is None or not getattr(given.activation, "callable_args", None):
        return qconfig
    return _add_module_to_qconfig_obs_ctr(qconfig, nn.Linear(1, 1))


def stages(model: nn.Module, mapping: Mapping, is_qat: bool) -> tuple[GraphModule, GraphModule]:
    model.train(is_qat)
    fused = _fuse_fx(GraphModule(model, QuantizationTracer([], []).trace(model)), is_qat)
    return fused, prepared_by_torch(model, mapping.written.value, is_qat)


def run(*chosen: Rule, flow: str = "fx-static") -> Snapshot:
    loaded = Loaded(Whole().train(flow == "fx-qat"), INPUTS)
    qconfig = "default_qat_qconfig" if flow == "fx-qat" else "default_qconfig"  # without histograms: quick
    return run_loaded(loaded, Plan("whole", flow, qconfig=qconfig, rules=chosen), lambda _: None)


def test_counts_are_in_the_record_of_the_run():
    snapshot = run(Rule("module_name", "layer1.0.conv2"), Rule("object_type", "torch.nn.Linear"))
    assert snapshot.run.config["rules"] == [
        {"rule": "set_module_name('layer1.0.conv2', None)", "matched": 1},
        {"rule": "set_object_type(torch.nn.Linear, None)", "matched": 2},
    ]
    assert not any(each.rule.startswith("rule_") for each in snapshot.findings)
    converted = {node.id: node.module_type for node in snapshot.stages[-1].graph.nodes}
    assert converted["fc"] == converted["last"] == "Linear"
    assert converted["layer1_0_conv2"] == "Conv2d"
    assert "rules" not in run().run.config


@pytest.mark.parametrize(
    ("rule", "reason", "hint"),
    [
        (Rule("module_name", "layer1.0.conv3"), "no module has the path", "Did you mean layer1.0.conv2?"),
        (Rule("module_name", "zzz"), "no module has the path", "named_modules()"),
        (Rule("module_name", "layer2.bn1"), "no node of the fused graph stands for layer2.bn1", "the stage Fused"),
        (Rule("module_name_regex", "layr1.0.conv1"), "no module path matches", "layer1.0.conv1"),
        (Rule("object_type", "torch.nn.Conv1d"), "the model has no torch.nn.Conv1d", "torch.nn.Conv2d"),
        (Rule("object_type", "torch.nn.GRU"), "the model has no torch.nn.GRU", "Choose one of: "),
        (Rule("object_type", "torch.nn.ReLU"), "no node of the fused graph is a torch.nn.ReLU", "fused"),
        (Rule("object_type", "torch.nn.BatchNorm2d"), "no node of the fused graph is a", "fused"),
        (
            Rule("module_name_object_type_order", "layer2", None, "torch.add", 2),
            "there is no call 2 of torch.add in 'layer2'",
            "from 0",
        ),
    ],
)
def test_a_rule_that_matches_nothing_is_told_with_the_nearest(rule: Rule, reason: str, hint: str):
    snapshot = run(rule)
    (finding,) = (each for each in snapshot.findings if each.rule.startswith("rule_"))
    assert (finding.rule, finding.level.value) == ("rule_matches_nothing", "warning")
    assert reason in finding.reason
    assert hint in finding.hint
    assert finding.place == (finding.args["rule"],)
    assert unfilled(finding) == []
    assert rules_of(snapshot)[0]["matched"] == 0


def test_a_rule_under_stronger_ones_is_told_so():
    snapshot = run(Rule("object_type", "torch.nn.Linear"), Rule("module_name", "fc"), Rule("module_name", "last"))
    (finding,) = (each for each in snapshot.findings if each.rule.startswith("rule_"))
    assert finding.code == "rule_matches_nothing.overruled"
    assert "set_object_type" in finding.message
    assert finding.place == (rules_of(snapshot)[0]["rule"],)


@pytest.mark.parametrize("flow", ["fx-static", "fx-qat"])
def test_a_type_that_is_fused_is_not_left_in_float_by_its_own_name(flow: str):
    snapshot = run(Rule("object_type", "torch.nn.Conv2d"), flow=flow)
    finding = next(each for each in snapshot.findings if each.rule == "rule_passes_fused")
    assert finding.nodes == ("layer1_0_conv1", "layer1_1_conv1", "layer2_conv1")
    converted = {node.id: node for node in snapshot.stages[-1].graph.nodes}
    assert all(converted[each].kind == "quantized_op" for each in finding.nodes)
    names: Any = finding.args["names"]
    (type_,) = names
    mended = run(Rule("object_type", "torch.nn.Conv2d"), Rule("object_type", type_), flow=flow)
    assert "rule_passes_fused" not in {each.rule for each in mended.findings}
    after = {node.id: node for node in mended.stages[-1].graph.nodes}
    assert all(after[each].kind in ("fused_op", "op") for each in finding.nodes)
