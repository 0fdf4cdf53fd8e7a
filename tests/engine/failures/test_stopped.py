"""A run that stops has a finding: first, at its node, with the root cause, the line of the model, and a hint."""

from __future__ import annotations

import contextlib
import inspect
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.ao.quantization.observer import MinMaxObserver
from torch.ao.quantization.quantizer import QuantizationSpec

from qviz.analysis.verdicts.verdict import judge
from qviz.document.plan import Plan
from qviz.document.run_steps import stopped
from qviz.document.said import Said
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.failures import line_of, run_error
from qviz.engine.failures.chain import root
from qviz.engine.failures.culprits import culprits
from qviz.engine.loading.source import Loaded
from qviz.engine.serving import other_capture
from qviz.engine.serving.run import run_loaded
from qviz.wire.assembly import Assembly
from tests.engine.failures.test_known_causes import Annotates, annotated, shares_with_nothing

X = torch.ones(2, 4)
ACTIVATION = QuantizationSpec(torch.int8, MinMaxObserver, -128, 127, torch.per_tensor_affine)


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


class ByKeyword(nn.Module):
    """FX graph mode looks for input and weight by position."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.weight = nn.Parameter(torch.eye(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(F.linear(input=x, weight=self.weight))


class Branches(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class OnSize(nn.Module):
    """torch.fx follows no loop over a size; torch.export does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for at in range(x.shape[0]):
            x = x + at
        return x


class OnValues(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class FlatTwo(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x).view(2, 4)


def run(module: nn.Module, flow: str, *batches: torch.Tensor, **plan: Any) -> Snapshot:
    data = [(batch,) for batch in batches] or None
    return run_loaded(Loaded(module.eval(), (X,), data), Plan(source="module", flow=flow, **plan), lambda _: None)


def first(snapshot: Snapshot) -> Finding:
    finding = snapshot.findings[0]
    assert (finding.rule, finding.level) == ("stopped", Level.ERROR)
    assert [each.rule for each in snapshot.findings].count("stopped") == 1
    return finding


def line_of_code(of: type, text: str) -> int:
    lines, start = inspect.getsourcelines(of)
    return start + next(at for at, line in enumerate(lines) if text in line)


def test_a_conversion_that_stops_names_the_node_its_line_and_the_way_out():
    snapshot = run(ByKeyword(), "fx-static")
    finding = first(snapshot)
    assert (finding.stage, finding.nodes) == ("prepared", ("linear",))
    assert finding.args["line"] == line_of_code(ByKeyword, "F.linear")
    assert "by position" in finding.hint
    assert finding.reason.startswith("AssertionError in torch.ao.quantization.fx._lower_to_native_backend.")
    assert snapshot.stage("prepared").graph.nodes


def test_the_finding_stands_at_its_line_in_a_report():
    snapshot = run(ByKeyword(), "fx-static")
    judged = judge(snapshot, "error").judged[0]
    assert judged.finding == snapshot.findings[0]
    assert (judged.sources[0].file, judged.sources[0].line) == (
        str(Path(__file__)),
        line_of_code(ByKeyword, "F.linear"),
    )
    assert judged.fails


def test_a_trace_that_stops_names_the_module_and_offers_what_was_tried():
    finding = first(run(Branches(OnSize()), "fx-static"))
    assert finding.nodes == ()
    assert finding.args["module"] == "inner"
    assert "choose the flow pt2e-static" in finding.hint
    assert finding.place == ("inner",)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_no_flow_is_offered_that_cannot_capture_the_model_either(flow: str):
    finding = first(run(Branches(OnValues()), flow))
    assert finding.args["module"] == "inner"
    assert "choose the flow" not in finding.hint
    assert "torch.where" in finding.hint


def test_a_flow_that_torch_fx_can_trace_is_offered_for_one_that_torch_export_cannot():
    class Keeps(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.kept = x + 1
            return self.kept

    finding = first(run(Keeps(), "pt2e-static"))
    assert "choose the flow fx-static" in finding.hint


def test_a_batch_is_blamed_only_where_there_are_batches():
    with_batches = first(run(FlatTwo(), "fx-static", X, torch.ones(3, 4)))
    assert "batches of the shape of the example inputs" in with_batches.hint
    error = RuntimeError("shape '[2, 4]' is invalid for input of size 12")
    assert run_error("calibrating", error, has_data=False).code == "stop.unknown"


def test_an_annotation_names_its_owner_and_what_it_refers_to():
    with pytest.raises(KeyError) as caught:
        annotated(Annotates(shares_with_nothing))
    assert [node.name for node in culprits(caught.value).nodes] == ["add", "x", "relu"]


def test_the_root_of_a_chain_is_told_and_what_hid_it():
    def fails() -> None:
        try:
            raise KeyError("the true one")
        except KeyError as error:
            raise RuntimeError("An error occurred when running the 'SomePass' pass") from error

    with pytest.raises(RuntimeError) as caught:
        fails()
    assert isinstance(root(caught.value), KeyError)
    error = run_error("converting", caught.value)
    assert (error.type, error.args["text"]) == ("KeyError", "'the true one'")
    assert "SomePass" in str(error.args["outer"])


def test_a_context_that_was_suppressed_is_no_cause():
    def fails() -> None:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("told") from None

    with pytest.raises(ValueError, match="told") as caught:
        fails()
    assert root(caught.value) is caught.value


def test_the_operator_that_an_observer_watches_is_named_before_it():
    class Integers(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            signs = (x > 0).long()
            return torch.cat([signs, signs])

    finding = first(run(Integers(), "fx-static"))
    watched, watcher = finding.nodes
    assert watched == "long"
    assert "activation_post_process" in watcher
    assert "the type Long" in finding.message


def test_a_line_of_a_captured_graph_is_its_node():
    finding = first(run(FlatTwo(), "pt2e-static", torch.ones(2, 4).double()))
    assert finding.nodes == ("linear",)
    assert finding.args["line"] == line_of_code(FlatTwo, "self.fc(x)")


def test_strict_capture_throws_its_frames_away_and_the_module_is_found_by_the_line():
    finding = first(run(Branches(OnValues()), "pt2e-static", strict=True))
    assert finding.args["module"] == "inner"


def test_modules_that_cannot_be_fused_are_named():
    class Chain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.act = nn.Linear(4, 4), nn.Sigmoid()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.act(self.fc(x))

    finding = first(run(Chain(), "eager-static", fuse_list=(("fc", "act"),)))
    assert (finding.stage, finding.nodes) == ("captured", ("fc",))
    assert "fuse" in finding.hint


def test_non_strict_capture_is_offered_where_it_works():
    class Clocked(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * time.time()

    finding = first(run(Clocked(), "pt2e-static", strict=True))
    assert finding.hint.endswith("turn strict capture off.")


def test_flows_that_stop_on_the_same_model_try_another_capture_once(monkeypatch: pytest.MonkeyPatch):
    calls = []

    def fails(*args: Any) -> Any:
        calls.append(args)
        return other_capture._Trial(False)

    monkeypatch.setattr(other_capture, "_try", fails)
    model = Branches(OnSize()).eval()
    for flow in ("fx-static", "fx-dynamic", "fx-qat"):
        run_loaded(Loaded(model, (X,)), Plan(source="module", flow=flow), lambda _: None)
    assert [trial.__name__ for trial, *_ in calls] == ["_exported", "_traced_in_part", "_by_modules"]


def test_an_exception_of_the_users_own_is_not_laid_to_torch():
    class Refuses(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if torch.compiler.is_compiling():
                raise ValueError("not here")
            return x

    finding = first(run(Refuses(), "pt2e-static"))
    assert finding.message.startswith("Capture failed: not here (test_stopped.py:")
    assert "not from torch" in finding.hint


def test_the_standard_library_is_not_the_users_code():
    with pytest.raises(RuntimeError) as caught, contextlib.ExitStack() as stack:
        stack.callback(fails)
    where = line_of(caught.value)
    assert where is not None
    assert where.file == __file__


def test_packages_whose_names_begin_like_torchs_are_the_users_code():
    from qviz.engine.failures import lines

    site = Path(torch.__file__).parents[1]
    assert lines.is_users(str(site / "torchvision" / "ops" / "boxes.py"))
    assert not lines.is_users(str(site / "torch" / "fx" / "proxy.py"))
    assert not lines.is_users(str(site / "torchao" / "quantization" / "pt2e" / "prepare.py"))


def fails() -> None:
    raise RuntimeError("in a callback")


def test_what_is_not_known_says_so_and_names_torchs_function():
    with pytest.raises(RuntimeError) as caught:
        torch.nn.functional.fold(X, 3, 2)
    error = run_error("converting", caught.value)
    assert error.code == "stop.unknown"
    assert error.hint == "This is not a known cause; torch.nn.functional.fold raised it."


def test_a_run_that_its_engine_did_not_survive_has_the_finding_too():
    error = stopped("calibrating", "EngineDied", Said("stop.engine.signal", {}, {"signal": "SIGKILL"}))
    snapshot = Assembly(Plan(source="module", flow="fx-static")).interrupted(error)
    finding = first(snapshot)
    assert "SIGKILL" in finding.message
    assert judge(snapshot, "error").judged[0].finding.rule == "stopped"
