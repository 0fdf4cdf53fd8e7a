"""Models as they arrive: made ready on a copy, told in one finding and written into the Python."""

from __future__ import annotations

import copy
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments, parameters
from qviz.engine.loading.importing import forget
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded, run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError

MODELS = """
import torch
from torch import nn

X = torch.linspace(-1, 1, 8).reshape(2, 4)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(self.body(x))

class Optional(Net):
    def forward(self, x, mask=None, *, shift=None, **options):
        if mask is not None and shift is not None:
            raise ValueError("mask and shift exclude each other")
        return super().forward(x)

class Lazy(Net):
    def __init__(self):
        super().__init__()
        self.fc = nn.LazyLinear(4)

class Decorated(Net):
    @torch.compile
    def forward(self, x):
        return super().forward(x)

class Cached(Net):
    def __init__(self):
        super().__init__()
        self.last = self.fc.weight * 2

def half():
    return Net().half(), X.half()

def double_training():
    return Net().double().train(), X.double()

def compiled():
    return torch.compile(Net()), X

def compiled_inside():
    model = Net()
    model.body = torch.compile(model.body)
    return model, X

def compiled_method():
    model = Net()
    model.forward = torch.compile(model.forward)
    return model, X

def compiled_method_inside():
    model = Net()
    model.body[0].forward = torch.compile(model.body[0].forward)
    return model, X

def compiled_in_place():
    model = Net()
    model.compile()
    model.body.compile()
    return model, X

def patched():
    model = Net()
    model.forward = other_forward.__get__(model)
    return model, X

def other_forward(self, x, scale=None):
    return self.body(x)

def decorated():
    return Decorated(), X

def parallel():
    return nn.DataParallel(torch.compile(Net())), X

def parallel_inside():
    model = nn.DataParallel(Net())
    model.module.body = nn.DataParallel(model.module.body)
    return model, X

def lazy():
    return Lazy(), X

def inference():
    with torch.inference_mode():
        return Net(), X.clone()

def cached():
    return Cached(), X

def optional():
    return Optional(), X

class Flagged(Net):
    def forward(self, x, form="sum", twice=False):
        x = super().forward(x)
        return (x + x if twice else x) if form == "sum" else (x,)

def flagged():
    return Flagged(), {"x": X, "twice": True}

def checkpoint():
    return {"epoch": 3, "model": Net().bfloat16(), "loss": nn.MSELoss()}

example_inputs = (X,)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "arriving.py"
    path.write_text(MODELS)
    return path


def told(snapshot: Snapshot) -> str:
    found = [each for each in snapshot.findings if each.rule == "made_ready"]
    assert len(found) == 1
    assert found[0].level is Level.INFO
    return found[0].message


def printed_by(python: str, capsys: pytest.CaptureFixture[str]) -> str:
    forget()
    capsys.readouterr()
    with kept(99):
        exec(compile(python, "again.py", "exec"), {"__name__": "again"})
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "flow", "words"),
    [
        ("half", "fx-static", "float32 instead of float16"),
        ("double_training", "fx-static", "float32 instead of float64"),
        ("compiled", "fx-static", "taken out of torch.compile"),
        ("compiled_inside", "fx-static", "body taken out of torch.compile"),
        ("compiled_method", "fx-static", "torch.compile taken off forward"),
        ("compiled_method_inside", "fx-static", "torch.compile taken off body.0.forward"),
        ("decorated", "fx-static", "torch.compile taken off forward"),
        ("compiled_in_place", "fx-static", "torch.compile taken off Net, body"),
        ("patched", "fx-static", "forward() of the instance made that of its class"),
        ("patched", "eager-dynamic", "forward() of the instance made that of its class"),
        ("parallel", "fx-static", "taken out of DataParallel and torch.compile"),
        ("parallel_inside", "fx-static", "taken out of DataParallel; body taken out of DataParallel"),
        ("lazy", "fx-static", "lazy parameters of fc built by one run"),
        ("inference", "fx-static", "tensors made in inference mode"),
        ("cached", "fx-static", "last detached from autograd"),
        ("optional", "fx-static", "fixed to their defaults; **options, which the inputs do not fill, left empty"),
        ("flagged", "fx-static", "form, which the inputs leave out, fixed to its default; twice fixed to its value"),
        ("checkpoint", "fx-static", "taken from the key model of a checkpoint; float32 instead of bfloat16"),
        ("checkpoint", "pt2e-static", "taken from the key model of a checkpoint; float32 instead of bfloat16"),
        ("half", "eager-dynamic", "float32 instead of float16"),
    ],
)
def test_a_model_is_made_ready_which_is_said_and_written(name: str, flow: str, words: str, file: Path, capsys):
    snapshot = run_plan(Plan(source=f"{file}:{name}", flow=flow), lambda _: None)
    assert snapshot.run.error is None
    assert words in told(snapshot)
    assert not [each for each in snapshot.findings if each.rule.startswith("not_measured")]
    printed = printed_by(snapshot.run.python, capsys)
    scales = [
        node.quant.output.scale
        for node in snapshot.stages[-1].graph.nodes
        if node.quant is not None and node.quant.output is not None and node.op == "call_module"
    ]
    assert flow != "fx-static" or scales
    assert all(str(scale) in printed for scale in scales)
    assert "Quantized" in printed or "quantize_per_tensor" in printed


@pytest.mark.parametrize("name", ["half", "compiled_inside", "compiled_method", "parallel_inside", "lazy", "cached"])
@pytest.mark.parametrize("flow", ["fx-static", "eager-qat"])
def test_the_model_in_hand_stays_as_it_is(name: str, flow: str):
    place: dict[str, Any] = {"__name__": "arriving"}
    exec(MODELS, place)
    model, x = place[name]()
    before = {key: each.clone() for key, each in model.state_dict().items()} if name != "lazy" else {}
    held = [*map(id, model.modules()), *map(id, model.parameters())]
    of_class = type(model)
    snapshot = run_loaded(Loaded(model, (x,)), Plan(flow=flow), lambda _: None)
    assert snapshot.run.error is None
    assert told(snapshot)
    assert held == [*map(id, model.modules()), *map(id, model.parameters())]
    assert type(model) is of_class
    assert all(
        torch.equal(before[key], each) and before[key].dtype is each.dtype
        for key, each in model.state_dict().items()
        if before
    )


@torch.compile(backend="eager")
def compiled(x: torch.Tensor) -> torch.Tensor:
    return x.relu()


class CallsCompiled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return compiled(self.fc(x))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.head = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.fc(x).to(self.head.weight.dtype))


def test_types_that_go_together_become_float32():
    model = Twice().eval()
    model.head.half()
    snapshot = run_loaded(Loaded(model, torch.ones(2, 4)), Plan(flow="fx-static"), lambda _: None)
    assert snapshot.run.error is None
    assert "float32 instead of float16" in told(snapshot)
    assert model.head.weight.dtype is torch.float16


def test_types_that_do_not_are_refused_by_the_layer():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 8), nn.Linear(8, 4)).eval()
    model[2].bfloat16()
    for flow in ("fx-static", "pt2e-static"):
        with pytest.raises(QvizError, match="weights of 2 are bfloat16, the others float32") as refused:
            run_loaded(Loaded(model, torch.ones(2, 4)), Plan(flow=flow), lambda _: None)
        assert "model.float()" in refused.value.hint


def test_a_forward_that_asks_for_its_own_type_is_named():
    class Casts(Twice):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.fc(x).to(torch.float64))

    loaded = Loaded(Casts().double().eval(), torch.ones(2, 4).double())
    with pytest.raises(QvizError, match=r"does not run in float32 at .*test_readiness.py:\d+") as refused:
        run_loaded(loaded, Plan(flow="fx-static"), lambda _: None)
    assert ".to(x.dtype)" in refused.value.hint

    class Follows(Twice):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.fc(x).to(x.dtype))

    loaded = Loaded(Follows().double().eval(), torch.ones(2, 4).double())
    assert run_loaded(loaded, Plan(flow="fx-static"), lambda _: None).run.error is None


def test_the_type_can_be_kept():
    loaded = Loaded(Twice().double().eval(), torch.ones(2, 4).double())
    snapshot = run_loaded(loaded, Plan(flow=None, dtype="keep"), lambda _: None)
    assert not [each for each in snapshot.findings if each.rule == "made_ready"]
    assert "float64" in str(snapshot.stages[0].graph)


class Locked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.held = {"lock": threading.Lock(), "numbers": (each for each in range(3))}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


def test_lazy_buffers_are_built_where_they_are():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(affine=False), nn.ReLU()).half()
    snapshot = run_loaded(Loaded(model, torch.ones(2, 3, 8, 8).half()), Plan(flow="fx-static"), lambda _: None)
    assert snapshot.run.error is None
    assert "float32 instead of float16; lazy parameters of 0, 1 built" in told(snapshot)
    assert torch.nn.parameter.is_lazy(model[1].running_mean)  # type: ignore[arg-type]


def test_what_cannot_be_copied_is_shared_with_the_copy():
    model = Locked().eval()
    for flow in ("fx-static", "pt2e-qat"):
        snapshot = run_loaded(Loaded(model, torch.ones(2, 4)), Plan(flow=flow), lambda _: None)
        assert snapshot.run.error is None
        assert snapshot.measurements is not None
        assert not snapshot.measurements.not_measured


def test_weights_stay_tied_and_shared_wrappers_shared():
    shared: Any = torch.compile(nn.Linear(4, 4))
    model = nn.Sequential(shared, nn.Sequential(shared)).half().eval()
    loaded = Loaded(model, torch.ones(2, 4).half())
    from qviz.engine.loading.readiness import make_ready

    ready = make_ready(loaded, Plan(flow="fx-static"))
    first: Any = ready.module
    assert first[0] is first[1][0]
    assert type(first[0]) is nn.Linear
    assert [each.said.args.get("path") for each in ready.steps] == ["0", "1.0", None]
    assert make_ready(ready, Plan(flow="fx-static")) is ready


def test_data_is_read_in_the_type_of_the_model():
    batches = [torch.full((2, 4), float(at)).half() for at in range(1, 4)]
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).half().eval()
    loaded = Loaded(model, batches[0], batches, evaluation=batches)
    snapshot = run_loaded(loaded, Plan(flow="fx-static"), lambda _: None)
    assert snapshot.run.error is None
    assert snapshot.measurements is not None
    assert not snapshot.measurements.not_measured
    assert "tree_map_only(torch.Tensor, ready, batch)" in snapshot.run.python


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_inputs_alone_become_float32_where_the_model_needs_it(dtype: torch.dtype):
    model, x = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval(), torch.ones(2, 4, dtype=dtype)
    snapshot = run_loaded(Loaded(model, x, [x, x]), Plan(flow="pt2e-static"), lambda _: None)
    assert snapshot.run.error is None
    assert f"inputs in float32 instead of {str(dtype).removeprefix('torch.')}" in told(snapshot)

    class Takes(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return model(x.float())

    snapshot = run_loaded(Loaded(Takes(), x), Plan(flow=None), lambda _: None)
    assert not [each for each in snapshot.findings if each.rule == "made_ready"]


def test_functions_that_torch_compile_wrapped_are_traced_through():
    snapshot = run_loaded(Loaded(CallsCompiled().eval(), torch.ones(2, 4)), Plan(flow="fx-static"), lambda _: None)
    assert snapshot.run.error is None
    assert "compiled traced without torch.compile" in told(snapshot)
    assert torch._dynamo.config.error_on_nested_fx_trace
    assert "torch._dynamo.config.error_on_nested_fx_trace = False" in snapshot.run.python


def test_the_default_type_is_left_as_it_was():
    torch.set_default_dtype(torch.float64)
    try:
        snapshot = run_loaded(Loaded(Twice().eval(), torch.ones(2, 4)), Plan(flow="fx-static"), lambda _: None)
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert snapshot.run.error is None
    assert "torch.set_default_dtype(torch.float32)" in snapshot.run.python


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (Arguments((torch.ones(2, 4),)), (("mask",), ("*rest", "**options"), (), "")),
        (Arguments((), {"x": torch.ones(2, 4), "mask": None}), ((), ("*rest", "**options"), (), "")),
        (Arguments((torch.ones(2, 4),), {"by": 2}), (("mask",), ("*rest",), ("by",), "**options")),
        (Arguments((torch.ones(2, 4), None, 1)), ((), (), (), "")),
    ],
)
def test_what_inputs_leave_out(inputs: Arguments, names: tuple[object, ...]):
    from qviz.engine.loading.default_arguments import arguments_left_out, constants, fix

    class Open(Twice):
        def forward(self, x: torch.Tensor, mask: Any = None, *rest: Any, **options: Any) -> torch.Tensor:
            return super().forward(x) * options.get("by", 1)

    model = Open().eval()
    assert arguments_left_out(model, inputs) == names
    before, whole = inputs.call(model), copy.deepcopy(model)
    if any(names):
        fix(whole, inputs)
        assert torch.equal(inputs.call(whole), before)
        assert list(parameters(whole)) == (["x", *inputs.kwargs] if inputs.args else [*inputs.kwargs])
    assert constants(model, inputs) == [name for name in inputs.kwargs if name == "mask"]
    assert not any(arguments_left_out(torch.fx.symbolic_trace(Twice()), inputs))
