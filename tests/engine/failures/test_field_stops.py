"""Stops that people meet, each raised by torch itself, named by its cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import RunError
from qviz.engine.failures.known import CAUSES, OF_INPUTS
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError
from qviz.words.statement import knows
from tests.engine.failures.test_known_causes import FORMS, RAISED
from tests.engine.failures.test_limits_of_engines import RAISED as OF_ENGINES
from tests.faults.cases import GIVEN, IMAGE, ROW, STUBS, ran
from tests.faults.models import linear, made

FC = made(lambda m, x: m.fc(x), fc=linear())


class Normed(nn.Module):
    """The older weight_norm, whose hook computes the weight at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.conv: Any = torch.nn.utils.weight_norm(nn.Conv2d(4, 4, 3))
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> Any:
        return self.bn(self.conv(x))


def diverge(model: nn.Module) -> None:
    with torch.no_grad():
        for each in model.parameters():
            each.fill_(float("nan"))
    model(torch.randn(ROW))


def stopped(snapshot: Any) -> RunError:
    assert snapshot.run.error is not None
    assert snapshot.findings[0].rule == "stopped"
    error: RunError = snapshot.run.error
    return error


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_a_weight_that_a_hook_computes():
    error = stopped(ran(Normed, "fx-static", [IMAGE], measure=False)())
    assert error.code == "stop.weight_by_hook"
    assert "remove_weight_norm" in error.hint


class Checks(nn.Module):
    """Tests what it is given, as layers of torch_geometric do."""

    def __init__(self, wanted: type, most: int = 8) -> None:
        super().__init__()
        self.fc, self.wanted, self.most = nn.Linear(8, 8), wanted, most

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.checked(x))

    def checked(self, edges: Any) -> Any:
        if not isinstance(edges, self.wanted):
            raise ValueError("only tensors are supported")
        return edges


class Limited(nn.Module):
    """Refuses a number of its own, in every mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.limited(3) * x

    def limited(self, count: int) -> int:
        if count > 2 and torch.compiler.is_compiling():
            raise ValueError("too many")
        return count


def test_an_argument_that_the_users_code_refuses_while_it_is_a_proxy():
    error = stopped(ran(lambda: Checks(torch.Tensor), "fx-static", [ROW])())
    assert error.code == "stop.trace_refused"
    assert "isinstance(edges, torch.fx.Proxy)" in error.hint
    assert ran(lambda: Checks(object), "fx-static", [ROW])().run.error is None
    assert stopped(ran(Limited, "pt2e-static", [ROW])()).code != "stop.trace_refused"


OTHER_PACKAGE = """
def split(x):
    if not hasattr(type(x), "untyped_storage"):
        raise RuntimeError(f"unknown type of tensor {type(x)}")
    return x.reshape(-1)
def parts(x):
    if not hasattr(type(x), "untyped_storage"):
        raise RuntimeError(f"unknown type of tensor {type(x)}")
"""
of_other_package: dict[str, Any] = {"__name__": "another_package.functions"}
exec(compile(OTHER_PACKAGE, "functions.py", "exec"), of_other_package)
split = of_other_package["split"]


class Splits(nn.Module):
    """Calls a function of another package, as models do with einops."""

    def __init__(self, by_name: bool) -> None:
        super().__init__()
        self.fc, self.by_name = nn.Linear(8, 8), by_name

    def forward(self, x: torch.Tensor) -> Any:
        x = self.fc(x)
        return split(x) if self.by_name else of_other_package["parts"](x)


def test_a_function_of_another_package_that_takes_no_proxy_is_to_be_wrapped():
    error = stopped(ran(lambda: Splits(True), "fx-static", [ROW])())
    assert error.code == "stop.trace_wrap"
    assert "torch.fx.wrap('split') at the top of test_field_stops.py" in error.hint
    assert stopped(ran(lambda: Splits(False), "fx-static", [ROW])()).code != "stop.trace_wrap"
    torch.fx._symbolic_trace._wrapped_fns_to_patch[id(globals()), "split"] = globals()
    try:  # the hint does what it says
        assert ran(lambda: Splits(True), "fx-static", [ROW])().run.error is None
    finally:
        del torch.fx._symbolic_trace._wrapped_fns_to_patch[id(globals()), "split"]


def test_a_qconfig_for_weights_alone():
    error = stopped(ran(FC, "fx-static", [ROW], qconfig="default_weight_only_qconfig", measure=False)())
    assert error.code == "stop.weight_only_qconfig"


@pytest.mark.parametrize("flow", ["fx-static", "eager-static"])
def test_weights_with_scales_along_another_axis(flow: str):
    wide = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=lambda: nn.Linear(8, 24), **STUBS)
    error = stopped(ran(wide, flow, [ROW], qconfig=f"{GIVEN}:along_inputs", measure=False)())
    assert error.code == "stop.weight_axis"


def test_weights_of_another_dtype():
    stubbed = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)
    error = stopped(ran(stubbed, "eager-static", [ROW], qconfig=f"{GIVEN}:unsigned_weights", measure=False)())
    assert error.code == "stop.weight_dtype"


@pytest.mark.parametrize(
    ("flow", "code"),
    [("fx-static", "stop.weights_without_scale"), ("eager-static", "stop.observer_without_scale")],
)
def test_weights_without_a_scale(flow: str, code: str):
    stubbed = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)
    error = stopped(ran(stubbed, flow, [ROW], qconfig=f"{GIVEN}:weights_without_scale", measure=False)())
    assert error.code == code
    hinted = ran(stubbed, flow, [ROW], qconfig=f"{GIVEN}:weights_with_scale", measure=False)()
    assert hinted.run.error is None


def test_training_that_diverges():
    error = stopped(ran(FC, "fx-qat", [ROW], train=diverge, measure=False)())
    assert error.code == "stop.zero_point_outside"


def test_sparse_inputs():
    loaded = Loaded(FC(), (torch.eye(8).to_sparse(),), is_ours=True)
    error = stopped(run_loaded(loaded, Plan(source="x", flow="fx-static", measure=False), lambda _: None))
    assert error.code == "stop.sparse_tensor"
    assert "could be because" not in error.message


def test_other_processes_that_are_not_there():
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = m.fc(x)
        torch.distributed.all_reduce(y)
        return y

    loaded = Loaded(made(forward, fc=linear())(), (torch.ones(ROW),))
    with pytest.raises(QvizError) as caught:
        run_loaded(loaded, Plan(source="x", flow="fx-static"), lambda _: None)
    assert "torch.distributed.is_initialized()" in caught.value.hint


@pytest.mark.parametrize(
    ("inputs", "hint"),
    [
        ((torch.ones(ROW), torch.ones(ROW)), "forward(), which takes x"),
        ([torch.ones(ROW), torch.ones(ROW)], "a list or dict that is one argument stands in a tuple"),
        ({"image": torch.ones(ROW)}, "forward() takes x, and the inputs are a dict with image"),
    ],
)
def test_inputs_of_another_number_or_name(inputs: Any, hint: str):
    with pytest.raises(QvizError) as caught:
        run_loaded(Loaded(FC(), inputs), Plan(source="x", flow="fx-static"), lambda _: None)
    assert hint in caught.value.hint
    assert "but expected one of" not in caught.value.message


def test_every_known_cause_has_a_test_and_there_are_many():
    codes = {cause.code for cause in (*CAUSES, *OF_INPUTS)}
    here = Path(__file__)
    of_runs = [
        here,
        *map(here.with_name, ("test_own_parts.py", "test_in_backward.py")),
        *(here.parents[1] / name for name in ("test_own_qconfigs.py", "test_dynamic_sizes.py")),
    ]
    asserted = {code for code in codes if any(f'"{code}"' in file.read_text() for file in of_runs)}
    assert codes == {f"stop.{code}" for code, _ in (*RAISED, *OF_ENGINES, *FORMS)} | asserted
    assert all(knows(code) for code in codes)
    assert len(codes) >= 30
