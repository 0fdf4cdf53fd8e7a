"""Next to a fault of the corpus: the same model in order, of which nothing above info is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import disable_observer, get_default_qat_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_qat_fx
from torch.fx import GraphModule

from qviz.analysis.findings.evidence import Evidence
from qviz.document.configuration import Quantizer as Options
from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.graph import Kind
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.recording.given_graphs import record_graphs
from tests.faults.broken_parts.layers import CELL, PRODUCT, SEQUENCE, Generates, Tied, Transposed
from tests.faults.broken_parts.side_by_side import Computes, Counts
from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made


def loud(snapshot: Snapshot) -> list[tuple[str, tuple[str, ...]]]:
    assert snapshot.run.error is None
    return [(each.rule, each.nodes) for each in snapshot.findings if each.level is not Level.INFO]


class Dropping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop, self.out = nn.Linear(8, 8), nn.Dropout(0.1), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(self.fc(x)))


def exported_in_eval() -> nn.Module:
    torch._dynamo.reset()
    return torch.export.export(Dropping().eval(), (torch.randn(ROW),), strict=True).module()


def test_a_program_exported_in_eval_mode():
    snapshot = ran(exported_in_eval, "pt2e-static", (ROW,))()
    assert snapshot.run.config["captured_by"] == "exported program"
    assert loud(snapshot) == []


def test_a_recurrent_layer_that_does_little_of_the_work():
    wide = made(
        lambda m, x: m.lstm(m.fc2(m.fc(x)))[0],
        fc=lambda: nn.Linear(8, 64),
        fc2=lambda: nn.Linear(64, 8),
        lstm=lambda: nn.LSTM(8, 2, batch_first=True),
    )
    snapshot = ran(wide, "pt2e-dynamic", ((2, 5, 8),))()
    assert [each.level for each in snapshot.findings if each.rule == "layer_in_float"] == [Level.INFO]
    assert loud(snapshot) == []


def held_in_linear() -> nn.Module:
    """The model of products, mended as the finding says."""
    model = PRODUCT()
    for name, held in [*model.named_children()]:
        if isinstance(held, Transposed):
            linear_ = nn.Linear(*held.weight.shape)
            linear_.weight, linear_.bias = nn.Parameter(held.weight.T.contiguous()), held.bias
            model.set_submodule(name, linear_)
    return model


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-dynamic", "fx-static", "pt2e-static", "pt2e-dynamic"])
def test_a_product_that_is_held_in_a_linear_layer_is_quantized(flow: str):
    x = torch.randn(ROW)
    torch.manual_seed(0)
    wanted = PRODUCT()(x)
    torch.manual_seed(0)
    torch.testing.assert_close(held_in_linear()(x), wanted)
    snapshot = ran(held_in_linear, flow, (ROW,))()
    assert "layer_in_float" not in {each.rule for each in snapshot.findings}
    assert len(Evidence(snapshot).precision.low) >= 2


def test_a_product_with_a_small_weight_is_good_to_know():
    small = made(
        lambda m, x: m.small(m.fc2(m.fc(x))),
        fc=lambda: nn.Linear(8, 64),
        fc2=lambda: nn.Linear(64, 8),
        small=lambda: Transposed(8, 2),
    )
    snapshot = ran(small, "pt2e-static", (ROW,))()
    assert [each.level for each in snapshot.findings if each.rule == "layer_in_float"] == [Level.INFO]
    assert loud(snapshot) == []


def test_a_product_of_two_activations_is_no_layer():
    attends = made(lambda m, x: torch.matmul(m.q(x), m.k(x).transpose(-2, -1)), q=linear(), k=linear())
    assert "layer_in_float" not in {each.rule for each in ran(attends, "pt2e-dynamic", (SEQUENCE,))().findings}


def test_attention_beside_more_work_is_good_to_know():
    wide = made(
        lambda m, x: m.fc2(torch.relu(m.fc(m.attention(x, x, x, need_weights=False)[0]))),
        attention=lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        fc=lambda: nn.Linear(8, 64),
        fc2=lambda: nn.Linear(64, 8),
    )
    snapshot = ran(wide, "eager-dynamic", (SEQUENCE,))()
    assert [each.level for each in snapshot.findings if each.rule == "layer_in_float"] == [Level.INFO]


def test_a_recurrent_cell_is_quantized_dynamically():
    assert loud(ran(CELL, "eager-dynamic", (ROW,))()) == []


def stepping() -> nn.Module:
    """A plain recurrent layer as a cell that is called for each step, as the finding says."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros(x.shape[0], 32)
        steps = []
        for step in range(5):
            h = m.cell(x[:, step], h)
            steps.append(h)
        return m.fc(torch.stack(steps, 1))

    return made(forward, cell=lambda: nn.RNNCell(8, 32), fc=lambda: nn.Linear(32, 8))()


def test_a_plain_recurrent_layer_as_a_cell_is_quantized_dynamically():
    snapshot = ran(stepping, "eager-dynamic", (SEQUENCE,))()
    assert loud(snapshot) == []
    assert len(Evidence(snapshot).precision.low) >= 2


HEAD_IN_FLOAT: dict[str, dict[str, Any]] = {
    "fx-static": {"rules": (Rule("module_name", "head"),)},
    "pt2e-static": {"quantizer_options": Options(rules=(QuantizerRule("module_name", "head", enabled=False),))},
}


@pytest.mark.parametrize("flow", [*HEAD_IN_FLOAT])
def test_a_tied_weight_that_stays_in_float_as_a_whole(flow: str):
    snapshot = ran(Tied, flow, (SEQUENCE,), **HEAD_IN_FLOAT[flow])()
    assert not {"tied_weights_split", "nothing_quantized"}.intersection(each.rule for each in snapshot.findings)
    assert loud(snapshot) == []


def test_weights_of_their_own_are_not_tied():
    assert loud(ran(lambda: Tied(ties=False), "pt2e-static", (SEQUENCE,))()) == []


def tied_linears() -> nn.Module:
    model = made(lambda m, x: m.two(m.act(m.one(x))), one=linear(), act=nn.Sigmoid, two=linear())()
    model.get_submodule("two").weight = model.get_submodule("one").weight
    return model


def test_two_copies_that_need_less_than_the_one_before_are_told_and_no_warning():
    snapshot = ran(tied_linears, "fx-static", (ROW,))()
    (finding,) = [each for each in snapshot.findings if each.rule == "tied_weights_split"]
    assert (finding.level, finding.args["was"], finding.args["now"]) == (Level.INFO, 256, 128)
    assert loud(snapshot) == []


def test_quantized_as_one_weight_it_stays_tied():
    snapshot = ran(tied_linears, "pt2e-dynamic", (ROW,))()
    assert "tied_weights_split" not in {each.rule for each in snapshot.findings}


@pytest.mark.parametrize("flow", ["pt2e-static", "fx-static"])
def test_a_count_that_no_output_reads(flow: str):
    assert loud(ran(lambda: Counts(reads=False), flow, (ROW,))()) == []


@pytest.mark.parametrize("by_number", [False, True])
def test_a_constant_of_a_buffer_that_stays_as_it_is(by_number: bool):
    assert loud(ran(lambda: Computes(by_number, updates=False), "fx-static", (ROW,))()) == []


def test_a_buffer_whose_readers_stay_in_float_goes_on():
    """What the finding advises works: the converted model counts on."""
    rules = Options(rules=tuple(QuantizerRule("node", each, enabled=False) for each in ("add_", "add")))
    snapshot = ran(Counts, "pt2e-static", (ROW,), quantizer_options=rules)()
    assert "buffer_frozen" not in {each.rule for each in snapshot.findings}
    assert any(node.kind is Kind.CONSTANT and node.target == "count" for node in snapshot.stages[-1].graph.nodes)


def test_a_weight_that_is_computed_from_parameters_is_folded():
    assert loud(ran(lambda: Generates(from_input=False), "pt2e-dynamic", (ROW,))()) == []


def trained(observes: bool) -> GraphModule:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU()).train()
    prepared = prepare_qat_fx(model, get_default_qat_qconfig_mapping("x86"), (torch.randn(ROW),))
    prepared(torch.randn(ROW))
    if not observes:
        prepared.apply(disable_observer)
    return prepared.eval()


def test_fake_quants_that_observe_in_eval_mode():
    (finding,) = [each for each in record_graphs({"prepared": trained(True)}).findings if each.level is Level.WARNING]
    assert (finding.rule, finding.args["count"]) == ("observing_in_eval", len(finding.nodes))
    assert "activation_post_process_0" in finding.nodes
    assert loud(record_graphs({"prepared": trained(False)})) == []
    assert loud(record_graphs({"prepared": trained(True).train()})) == []


def test_what_was_converted_observes_no_more():
    prepared = trained(True)
    converted = convert_fx(copy.deepcopy(prepared))
    assert loud(record_graphs({"prepared": prepared, "converted": converted})) == []
