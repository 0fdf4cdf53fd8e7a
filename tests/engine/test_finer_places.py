"""Layers that strict capture loses are found again, in the recorded stages alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.configuration import Quantizer, QuantizerRule
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.flows import finer_places
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.nodes.module_paths import module_stack
from qviz.engine.serving.run import run_loaded

INPUTS = (torch.linspace(-1, 1, 2 * 3 * 8).reshape(2, 3, 8),)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(x)


def run(strict: bool, *rules: QuantizerRule) -> Snapshot:
    options = Quantizer(rules=rules)
    plan = Plan(flow="pt2e-static", strict=strict, measure=False, quantizer_options=options)
    return run_loaded(Loaded(Encoder().eval(), Arguments(INPUTS, {}), None), plan, lambda _: None)


def test_layers_are_those_of_a_non_strict_capture_in_every_stage() -> None:
    one, other = run(strict=True), run(strict=False)
    for ours, theirs in zip(one.stages, other.stages, strict=True):
        assert {group.path: group.type for group in ours.graph.groups} == {
            group.path: group.type for group in theirs.graph.groups
        }
    places = {node.id: node.place for node in one.stages[0].graph.nodes}
    assert places["linear_2"] == "encoder.layers.0.linear1"
    assert places["add"] == "encoder.layers.0"
    assert "encoder.layers.1" in {group.path for group in one.stages[-1].graph.groups}


def test_a_rule_for_a_layer_that_strict_capture_lost_is_named_and_the_hint_works() -> None:
    rule = QuantizerRule("module_name", "encoder.layers.0", enabled=False)
    ignored, followed = run(True, rule), run(False, rule)
    assert [each.code for each in ignored.findings if each.level is Level.ERROR] == [
        "rule_matches_nothing.lost_by_strict"
    ]
    assert not any(each.rule == "rule_matches_nothing" for each in followed.findings)
    watched = {node.place for node in followed.stages[1].graph.nodes if node.observer}
    assert "encoder.layers.1.linear1" in watched
    assert "encoder.layers.0.linear1" not in watched


def _captured(strict: bool) -> torch.fx.GraphModule:
    torch._dynamo.reset()
    module = torch.export.export(Encoder().eval(), INPUTS, strict=strict).module()
    assert isinstance(module, torch.fx.GraphModule)
    return module


def _fails() -> torch.fx.GraphModule:
    raise RuntimeError("no such capture")


def _shorter() -> torch.fx.GraphModule:
    module = _captured(strict=False)
    module.graph.erase_node(next(node for node in reversed(module.graph.nodes) if node.op == "output"))
    module.graph.erase_node(next(iter(reversed(module.graph.nodes))))
    return module


@pytest.mark.parametrize("again", [_fails, _shorter])
def test_where_captures_disagree_only_what_reads_parameters_is_placed(again) -> None:
    captured = _captured(strict=True)
    finer_places.refine(captured, Encoder(), again)
    paths = {node.name: [place.path for place in module_stack(node)] for node in captured.graph.nodes}
    assert paths["linear_2"] == ["", "encoder", "encoder.layers", "encoder.layers.0", "encoder.layers.0.linear1"]
    assert paths["add"] == ["", "encoder"]


def test_a_capture_that_lost_nothing_is_not_repeated() -> None:
    torch._dynamo.reset()
    model = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.ReLU(), nn.Linear(8, 8))).eval()
    captured = torch.export.export(model, INPUTS, strict=True).module()
    assert isinstance(captured, torch.fx.GraphModule)
    finer_places.refine(captured, model, _fails)
    assert not any("qviz_module_stack" in node.meta for node in captured.graph.nodes)
