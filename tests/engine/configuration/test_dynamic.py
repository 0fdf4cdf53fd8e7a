"""What rules say holds for quantize_dynamic, in the run and in its Python."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.graph import Kind
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made


def two_blocks() -> nn.Module:
    def block() -> nn.Module:
        return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))

    return made(lambda m, x: m.head(m.two(m.one(x))), one=block, two=block, head=linear(4))()


def low(snapshot: Snapshot) -> set[str]:
    return {node.target for node in snapshot.stage("converted").graph.nodes if node.kind is Kind.QUANTIZED_OP}


def said_again(snapshot: Snapshot, model: nn.Module) -> set[str]:
    """Return what is quantized by the Python of a run."""
    calls = snapshot.run.python[snapshot.run.python.index("from torch.ao") :]
    names: dict[str, Any] = {"torch": torch, "model": model.eval()}
    exec(calls, names)
    modules = names["converted"].named_modules()
    return {path for path, each in modules if type(each) is torch.ao.nn.quantized.dynamic.Linear}


ALL = {"one.0", "one.2", "two.0", "two.2", "head"}
DYNAMIC = QConfig("per_channel_dynamic_qconfig")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), ALL),
        ((Rule("module_name", "head"),), ALL - {"head"}),
        ((Rule("module_name", "one"),), ALL - {"one.0", "one.2"}),
        ((Rule("module_name_regex", r".*\.0"),), ALL - {"one.0", "two.0"}),
        ((Rule("object_type", "torch.nn.Linear"), Rule("module_name", "two", DYNAMIC)), {"two.0", "two.2"}),
        ((Rule("global"), Rule("module_name", "one.2", QConfig("default"))), {"one.2"}),
        ((Rule("module_name", "one.2", DYNAMIC), Rule("module_name", "one")), ALL - {"one.0"}),
    ],
)
def test_rules_hold_in_the_run_and_in_its_python(rules: tuple[Rule, ...], expected: set[str]):
    snapshot = ran(two_blocks, "eager-dynamic", (ROW,), rules=rules)()
    assert snapshot.run.error is None
    assert low(snapshot) == expected
    assert said_again(snapshot, two_blocks()) == expected
    assert "setting_without_effect" not in {each.rule for each in snapshot.findings}


def test_a_qconfig_of_a_rule_is_the_one_that_is_used():
    snapshot = ran(two_blocks, "eager-dynamic", (ROW,), rules=(Rule("module_name", "head", DYNAMIC),))()
    scales = {
        node.target: node.quant.weight.scale
        for node in snapshot.stage("converted").graph.nodes
        if node.quant is not None and node.quant.weight is not None
    }
    assert isinstance(scales["head"], tuple)
    assert not isinstance(scales["one.0"], tuple)


def test_what_a_rule_leaves_in_float_says_so_and_nothing_else_does():
    snapshot = ran(two_blocks, "eager-dynamic", (ROW,), rules=(Rule("module_name", "head"),))()
    codes = {node.target: node.why.code for node in snapshot.stage("converted").graph.nodes if node.why is not None}
    assert (codes["head"], codes["one.1"]) == ("float.no_qconfig", "float.no_mapping")
    assert [each for each in snapshot.findings if each.level is not Level.INFO] == []


def test_a_rule_that_matches_nothing_is_told_with_the_nearest_name():
    snapshot = ran(two_blocks, "eager-dynamic", (ROW,), rules=(Rule("module_name", "heads"),))()
    (finding,) = [each for each in snapshot.findings if each.rule == "rule_matches_nothing"]
    assert finding.args["near"] == "head"


def test_a_rule_of_a_quantizer_is_carried_over():
    options = Quantizer(rules=(QuantizerRule("module_name", "one", enabled=False),))
    snapshot = ran(two_blocks, "eager-dynamic", (ROW,), quantizer_options=options)()
    assert low(snapshot) == ALL - {"one.0", "one.2"}
    assert [each.code for each in snapshot.findings if each.rule == "setting_without_effect"] == [
        "setting_without_effect.translated"
    ]


def test_a_qconfig_of_the_users_own_gives_way_to_the_rule_that_names_its_module():
    def with_qconfig() -> nn.Module:
        model: Any = two_blocks()
        model.head.qconfig = None
        return model

    assert low(ran(with_qconfig, "eager-dynamic", (ROW,))()) == ALL - {"head"}
    snapshot = ran(with_qconfig, "eager-dynamic", (ROW,), rules=(Rule("module_name", "head", QConfig("default")),))()
    assert low(snapshot) == ALL
    assert said_again(snapshot, with_qconfig()) == ALL


def test_embeddings_are_left_out_of_a_weight_only_flow():
    def words() -> nn.Module:
        return made(
            lambda m, x: m.a(x.argmax(-1)) + m.b(x.argmax(-1)), **{n: lambda: nn.Embedding(8, 8) for n in "ab"}
        )()

    snapshot = ran(words, "eager-weight-only", (ROW,), rules=(Rule("module_name", "a"),))()
    assert low(snapshot) == {"b"}
    assert "quantize_dynamic(model, {" in snapshot.run.python
