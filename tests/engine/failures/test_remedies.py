"""The remedy of a stop is the change of the plan that its hint speaks of; applied, the run gets past the stop."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import QuantWrapper

from qviz.document.configuration import Custom, QConfig, Quantizer, Rule
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import RunError, Snapshot
from qviz.engine.failures.remedies import remedy
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.engine.test_integers_as_floats import IDS, Positions

ROW = (torch.ones(2, 4),)
IMAGE = (torch.ones(1, 2, 8, 8),)
SEQUENCE = (torch.ones(2, 3, 4),)


class Calls(nn.Module):
    """Calls a module with what it needs, and returns the first of what it gives."""

    def __init__(self, inner: nn.Module, times: int = 1) -> None:
        super().__init__()
        self.inner, self.times = inner, times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.inner(*[x] * self.times)
        return found[0] if isinstance(found, tuple) else found


class Clocked(nn.Module):
    """Strict capture follows no clock."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * time.time()


class OnSize(nn.Module):
    """torch.fx follows no loop over a size."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(x.shape[0]):
            x = self.fc(x)
        return x


class OnValues(OnSize):
    """Neither torch.fx nor torch.export follows a branch on a value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) if x.sum() > 0 else x


class Encoder(nn.Module):
    """One of its parts branches on values."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.part, self.last = nn.Linear(4, 4), OnValues(), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.part(self.first(x)))


class Adds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x) + 1)


class Chain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.act = nn.Linear(4, 4), nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x))


class Signs(nn.Module):
    """Observers watch integers on both sides of cat, and before mul."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        signs = (x > 0).long()
        return self.fc(x) * torch.cat([signs, signs])[:2]


def plan(flow: str, **options: Any) -> Plan:
    return Plan(source="module", flow=flow, measure=False, **options)


def run(model: nn.Module, inputs: tuple[torch.Tensor, ...], chosen: Plan) -> Snapshot:
    torch.manual_seed(0)
    return run_loaded(Loaded(model.eval(), Arguments(inputs)), chosen, lambda _: None)


STOPS: tuple[tuple[str, nn.Module, tuple[torch.Tensor, ...], Plan, str], ...] = (
    ("trace_proxy", OnSize(), ROW, plan("fx-static"), 'flow = "pt2e-static"'),
    ("trace_branch", OnValues(), ROW, plan("fx-static"), 'flow = "eager-dynamic"'),
    ("trace_branch", Encoder(), ROW, plan("fx-static"), 'non_traceable_modules = [\n    "part",\n]'),
    ("trace_branch", Encoder(), ROW, plan("fx-qat"), 'flow = "eager-dynamic"'),
    ("data_dependent", OnValues(), ROW, plan("pt2e-static"), 'flow = "eager-dynamic"'),
    ("export_unsupported", Clocked(), ROW, plan("pt2e-static", strict=True), "strict = false"),
    ("indices_in_float", Positions(), IDS, plan("pt2e-static"), "skip_integers = true"),
    ("onednn_number", Adds(), IMAGE, plan("fx-static", backend_config="onednn"), 'backend_config = "x86"'),
    (
        "embedding_qconfig",
        Calls(nn.Embedding(8, 4)),
        IDS,
        plan("eager-static"),
        'name = "float_qparams_weight_only_qconfig"',
    ),
    ("embedding_qconfig", Calls(nn.Embedding(8, 4)), IDS, plan("eager-qat"), "torch.nn.Embedding"),
    (
        "transposed_per_channel",
        nn.Sequential(nn.ConvTranspose2d(2, 2, 1)),
        IMAGE,
        plan("eager-static"),
        'target = "torch.nn.ConvTranspose2d"',
    ),
    ("attention_projection", Calls(nn.MultiheadAttention(4, 1), 3), SEQUENCE, plan("eager-qat"), "MultiheadAttention"),
    ("attention_without_batch", Calls(nn.MultiheadAttention(4, 1), 3), ROW, plan("eager-static"), "MultiheadAttention"),
    (
        "prelu_per_channel",
        QuantWrapper(nn.Sequential(nn.Conv2d(2, 2, 1), nn.PReLU(2))),
        IMAGE,
        plan("eager-static"),
        "FixedQParamsObserver",
    ),
    ("recurrent_observed", Calls(nn.GRU(4, 4)), SEQUENCE, plan("eager-static"), 'target = "inner"'),
    ("recurrent_observed", Calls(nn.LSTMCell(4, 4)), ROW, plan("eager-static"), 'target = "inner"'),
    ("no_tensor_observed", Calls(nn.MaxPool2d(2, return_indices=True)), IMAGE, plan("fx-static"), 'target = "inner"'),
    (
        "padding_mode",
        nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular")),
        IMAGE,
        plan("fx-static"),
        'kind = "module_name"',
    ),
    ("gru_annotator", Calls(nn.GRU(4, 4)), SEQUENCE, plan("pt2e-static"), "enabled = false"),
    ("no_fuser", Chain(), ROW, plan("eager-static", fuse_list=(("fc", "act"),)), "fuse_list = []"),
)


@pytest.mark.logs
@pytest.mark.parametrize(
    ("code", "model", "inputs", "chosen", "text"), STOPS, ids=[f"{each[0]} {each[3].flow}" for each in STOPS]
)
def test_applied_it_gets_past_the_stop(
    code: str, model: nn.Module, inputs: tuple[torch.Tensor, ...], chosen: Plan, text: str
):
    stopped = run(model, inputs, chosen)
    assert stopped.run.error is not None
    assert stopped.run.error.code == f"stop.{code}"
    given = stopped.findings[0].args["patch"]
    assert text in str(given)
    again = run(model, inputs, patched(chosen, str(given)))
    assert again.run.error is None


def test_the_part_that_torch_fx_can_be_kept_out_of_is_named_beside_another_flow():
    model = nn.Sequential(nn.Linear(4, 4), OnSize())
    hint = run(model, ROW, plan("fx-static")).findings[0].hint
    assert "choose the flow pt2e-static. torch.fx traces the model if it does not look into 1:" in hint
    custom = Custom(non_traceable_modules=("1",))
    assert run(model, ROW, plan("fx-static", custom=custom)).run.error is None


def test_remedies_follow_each_other_until_the_run_is_through():
    chosen, given = plan("fx-static"), []
    while (stopped := run(Signs(), ROW, chosen)).run.error is not None:
        assert stopped.run.error.code == "stop.dtype_observed"
        given.append(str(stopped.findings[0].args["patch"]))
        chosen = patched(chosen, given[-1])
    assert ["cat" in given[0], "mul" in given[-1], len(given)] == [True, True, 2]
    assert run(Signs(), ROW, plan("pt2e-static", quantizer_options=Quantizer(skip_integers=True))).run.error is None


@pytest.mark.parametrize(
    ("code", "asked", "text"),
    [
        ("stop.no_compiler", {"lower": True}, "lower = false\n"),
        ("stop.no_compiler", {}, ""),
        ("stop.needs_strict_capture", {"strict": False}, "strict = true\n"),
        ("stop.needs_strict_capture", {}, ""),
    ],
)
def test_a_setting_is_taken_back_only_where_the_plan_has_it(code: str, asked: dict[str, bool], text: str):
    assert remedy(RunError("lowering", "Error", code), plan("pt2e-static", **asked), nn.Linear(4, 4)) == text


def test_a_remedy_that_the_plan_has_already_is_not_given_again():
    model = Calls(nn.Embedding(8, 4))
    rules = (Rule("object_type", "torch.nn.Embedding", QConfig("float_qparams_weight_only_qconfig")),)
    error = run(model, IDS, plan("eager-static")).run.error
    assert error is not None
    assert remedy(error, plan("eager-static", rules=rules), model) == ""


def test_slopes_outside_of_0_to_1_have_no_remedy():
    model = QuantWrapper(nn.Sequential(nn.Conv2d(2, 2, 1), nn.PReLU(2, init=-0.5)))
    stopped = run(model, IMAGE, plan("eager-static"))
    assert stopped.run.error is not None
    assert stopped.run.error.code == "stop.prelu_per_channel"
    assert "patch" not in stopped.findings[0].args


def test_a_stop_that_only_an_edit_of_the_model_mends_has_none():
    class Refuses(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    stopped = run(Refuses(), ROW, plan("fx-static"))
    assert stopped.run.status == "failed"
    assert "patch" not in stopped.findings[0].args
    assert "The flow pt2e-static stops, too: " in stopped.findings[0].hint
    assert "choose the flow" not in stopped.findings[0].hint
