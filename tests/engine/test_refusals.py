"""Models that no flow can take are refused in their own words, with a hint that works."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

import qviz
from qviz import cli
from qviz.document.plan import Plan
from qviz.engine.loading.importing import forget
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.running.outputs import outputs_of
from qviz.engine.serving.run import run_loaded, run_plan
from qviz.errors import QvizError

X = torch.linspace(-1, 1, 8).reshape(2, 4)
MODELS = """
import torch
from torch import nn

example_inputs = (torch.ones(2, 4),)

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 4), nn.ReLU())

def program():
    return torch.export.export(Net().eval(), example_inputs)

whole = program()

def pair():
    return program(), example_inputs

def script():
    return torch.jit.script(Net().eval())

def converted():
    from torch._export.converter import TS2EPConverter
    return TS2EPConverter(script(), example_inputs).convert()

def relu(x: torch.Tensor):
    return x.relu()

def function():
    return torch.jit.script(relu)

def weights():
    return {"epoch": 1, "optimizer": {"state": {0: {"step": torch.ones(1)}}}, "net": Net().state_dict()}

def weights_and_inputs():
    return {"model": Net().state_dict()}, example_inputs

def wrapped_weights():
    return nn.DataParallel(Net()).state_dict()

def settings():
    return {"rate": 0.1}

def pairs():
    return [*Net().state_dict().items()]

def tensors():
    return [*Net().parameters()]

def arrays():
    return {name: each.numpy() for name, each in Net().state_dict().items()}

def inner_weights():
    return {"state_dict": {f"model.{name}": each for name, each in Net().state_dict().items()}}

def compiled_weights():
    return {f"_orig_mod.{name}": each for name, each in Net().state_dict().items()}

def nothing():
    Net()

async def later():
    return Net()

def on_gpu():
    return Net().to("cuda:99")
"""


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "refused.py"
    path.write_text(MODELS)
    return path


def refused(model: Any, flow: str = "fx-static", inputs: Any = X) -> QvizError:
    with pytest.raises(QvizError) as caught:
        run_loaded(Loaded(model, inputs), Plan(flow=flow), lambda _: None)
    return caught.value


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("script", "Net is TorchScript, made by torch.jit", "before torch.jit."),
        ("function", "returned TorchScript, made by torch.jit", "forward() calls the function"),
        ("weights", "weights() holds weights without their model: under net 0.weight, 0.bias", "weights()['net'])"),
        ("weights_and_inputs", "under model 0.weight, 0.bias", "weights_and_inputs()[0]['model'])"),
        ("wrapped_weights", "module.0.weight, module.0.bias", "Remove the prefix module. from the keys"),
        ("pairs", "holds weights without their model: 0.weight, 0.bias", "load_state_dict(dict(pairs()))"),
        ("tensors", "tensors() holds 2 tensors without names and without their model", "Save model.state_dict()"),
        ("arrays", "holds weights without their model: 0.weight, 0.bias", "torch.from_numpy(array)"),
        ("inner_weights", "under state_dict model.0.weight", "All keys begin with model.; remove that if it names"),
        ("compiled_weights", "_orig_mod.0.weight", "Remove the prefix _orig_mod. from the keys"),
        ("nothing", "nothing() returned nothing", "End the function with: return model"),
        ("later", "later() is an async function", "without async"),
        ("settings", "holds no model, but a dict with rate", "builds the model"),
        ("on_gpu", "on_gpu() needs a GPU at {file}:", "remove .cuda()"),
        ("program", "is an exported program, which only PT2E flows accept", "pt2e-static"),
        ("whole", "is an exported program, which only PT2E flows accept", "pt2e-static"),
    ],
)
def test_what_a_function_gives_is_named(name: str, message: str, hint: str, file: Path):
    with pytest.raises(QvizError) as caught:
        run_plan(Plan(source=f"{file}:{name}", flow="fx-static"), lambda _: None)
    assert message.format(file=file) in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["program", "whole", "pair", "converted"])
def test_an_exported_program_is_a_source_of_pt2e(name: str, file: Path, capsys: pytest.CaptureFixture[str]):
    snapshot = run_plan(Plan(source=f"{file}:{name}", flow="pt2e-static"), lambda _: None)
    assert snapshot.run.error is None
    assert "quantize_per_tensor" in (snapshot.stages[-1].code or "")
    capsys.readouterr()
    forget()  # the script imports the file by itself
    sys.modules.pop("refused", None)
    exec(compile(snapshot.run.python, "again.py", "exec"), {"__name__": "again"})
    assert "quantize_per_tensor" in capsys.readouterr().out


def test_a_program_in_hand_is_inspected():
    program = torch.export.export(net(), (X,))
    snap = qviz.inspect(program, (X,), flow="pt2e-static", measure=False)
    assert snap.run.error is None
    assert "captured = ..." in snap.run.python
    with pytest.raises(QvizError, match="only PT2E flows accept"):
        qviz.inspect(program, (X,), flow="fx-static")
    with pytest.raises(QvizError, match="holds weights without their model"):
        qviz.inspect(net().state_dict(), (X,))  # type: ignore[arg-type]


@pytest.mark.logs  # torch.export logs what it cannot classify
def test_torch_script_names_the_converter_where_it_works():
    fault = refused(torch.jit.trace(net(), X), "pt2e-static")
    assert "TS2EPConverter(model, example_inputs).convert()" in fault.hint

    class Raises(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.sum() > 100:
                raise ValueError("too much")
            return x + 1

    assert "TS2EPConverter" not in refused(torch.jit.script(Raises()), "pt2e-static").hint


def test_torch_script_inside_a_model_is_named_where_export_stops_at_it():
    model = net()
    model[0] = torch.jit.script(model[0])  # type: ignore[index,operator]
    assert "0 is TorchScript, made by torch.jit" in refused(model, "pt2e-static").message
    model = net()
    model[1] = torch.jit.script(model[1])
    assert run_loaded(Loaded(model, X), Plan(flow="pt2e-static"), lambda _: None).run.error is None


def test_an_archive_of_torch_script_is_named(tmp_path: Path):
    torch.jit.save(torch.jit.trace(net(), X), str(tmp_path / "traced.pt"))
    with pytest.raises(QvizError, match="Sequential is TorchScript"):
        run_plan(Plan(source=str(tmp_path / "traced.pt"), flow="fx-static", inputs=("2x4",)), lambda _: None)


def test_weights_that_are_not_there_are_named_by_layer():
    model = net()
    model[0].to("meta")  # type: ignore[index]
    assert refused(model).message == "0 has no weights: they are on the meta device"
    assert "The input input has no values" in refused(net(), inputs=X.to("meta")).message
    mended = model.to_empty(device="cpu")  # as the hint says
    mended.load_state_dict(net().state_dict())
    assert run_loaded(Loaded(mended, X), Plan(flow="fx-static"), lambda _: None).run.error is None


@pytest.mark.parametrize("model", [nn.ModuleList([net()]), nn.ModuleDict({"0": net()}), nn.Module()])
def test_what_has_no_forward_is_named(model: nn.Module):
    for flow in ("fx-static", "pt2e-static", "eager-dynamic"):
        assert f"{type(model).__name__} has no forward()" in refused(model, flow).message


class AsksForGpu(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.ones(4).to("cuda:99")


def test_a_gpu_that_is_not_there_is_named_at_its_line():
    for flow in ("fx-static", "pt2e-static"):
        fault = refused(AsksForGpu(), flow)
        assert "forward() needs a GPU at" in fault.message
        assert "test_refusals.py:" in fault.message
        assert "x.device" in fault.hint


@dataclasses.dataclass
class Scores:
    logits: torch.Tensor


class ReturnsScores(nn.Module):
    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.kind = kind

    def forward(self, x: torch.Tensor) -> Any:
        return self.kind(self.fc(x))


def test_a_dataclass_is_named_until_it_is_registered():
    assert "forward() returns a Scores" in (fault := refused(ReturnsScores(Scores).eval(), "pt2e-static")).message
    assert "torch.export.register_dataclass(Scores)" in fault.hint

    @dataclasses.dataclass
    class Registered(Scores):
        pass

    torch.export.register_dataclass(Registered)
    loaded = Loaded(ReturnsScores(Registered).eval(), X)
    assert run_loaded(loaded, Plan(flow="pt2e-static"), lambda _: None).run.error is None


def test_a_dataclass_is_measured_in_fx():
    snapshot = run_loaded(Loaded(ReturnsScores(Scores).eval(), X), Plan(flow="fx-static"), lambda _: None)
    assert snapshot.measurements is not None
    assert [each.name for each in snapshot.measurements.outputs] == ["logits"]


@pytest.mark.parametrize(
    ("name", "data", "message", "hint"),
    [
        ("net.onnx", b"", "net.onnx is a file of ONNX", "PyTorch model that it was made from"),
        ("net.tflite", b"", "net.tflite is a file of TensorFlow Lite", "PyTorch model"),
        ("net.safetensors", b"", "net.safetensors is damaged", "download it again"),
        ("cut.safetensors", b"\xff\x00\x00\x00\x00\x00\x00\x00{", "is damaged", "download it again"),
        ("weights.safetensors", None, "holds weights without their model: a.bias, a.weight", "load_file('weights."),
    ],
)
def test_files_of_others_are_named(name: str, data: bytes | None, message: str, hint: str, tmp_path: Path, capsys):
    header = json.dumps({"__metadata__": {}, "a.bias": {}, "a.weight": {}}).encode()
    whole = len(header).to_bytes(8, "little") + header
    (tmp_path / name).write_bytes(whole if data is None else data)
    assert cli.main(["check", str(tmp_path / name), "--flow", "fx-static"]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert hint in told


@pytest.mark.parametrize("name", ["weights.pth", "weights.bin", "weights.ckpt"])
def test_pickled_weights_are_named_with_their_keys(name: str, tmp_path: Path):
    torch.save({"state_dict": net().state_dict(), "step": 1}, tmp_path / name)
    with pytest.raises(QvizError, match=f"{name} holds weights without their model: under state_dict 0.weight") as told:
        run_plan(Plan(source=str(tmp_path / name), flow="fx-static", inputs=("2x4",)), lambda _: None)
    assert "weights_only=False)['state_dict'])" in told.value.hint


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ([*net().parameters()], "list.pt holds 2 tensors without names"),
        ((net().state_dict(), {"step": 1}), "list.pt holds weights without their model: 0.weight"),
        ([1, 2], "list.pt holds a list, not a model"),
    ],
)
def test_pickled_lists_are_named_by_what_is_in_them(held: Any, message: str, tmp_path: Path):
    torch.save(held, tmp_path / "list.pt")
    with pytest.raises(QvizError, match=message):
        run_plan(Plan(source=str(tmp_path / "list.pt"), flow="fx-static", inputs=("2x4",)), lambda _: None)


def test_of_several_models_in_a_checkpoint_one_has_to_be_named(tmp_path: Path):
    torch.save({"teacher": net(), "student": net()}, tmp_path / "two.pth")
    with pytest.raises(QvizError, match=r"two\.pth holds several models: teacher, student"):
        run_plan(Plan(source=str(tmp_path / "two.pth"), flow="fx-static", inputs=("2x4",)), lambda _: None)
    torch.save({"model": net(), "ema": net(), "loss": nn.MSELoss()}, tmp_path / "two.pth")
    snapshot = run_plan(Plan(source=str(tmp_path / "two.pth"), flow="fx-static", inputs=("2x4",)), lambda _: None)
    assert "['model']" in snapshot.run.python
    assert (
        "taken from the key model of a checkpoint"
        in {each.rule: each.message for each in snapshot.findings}["made_ready"]
    )


class Named(OrderedDict[str, torch.Tensor]):
    """As the outputs of transformers: a dict of its own class, registered without names."""


pytree.register_pytree_node(
    Named, lambda out: ([*out.values()], [*out]), lambda values, keys: Named(zip(keys, values, strict=True))
)


def test_outputs_of_other_classes_are_measured_by_their_names():
    given = outputs_of((Named(logits=X), [Scores(X)], {"ids": torch.ones(2, dtype=torch.int64)}))
    assert [*given] == ["0.logits", "1.0.logits"]
