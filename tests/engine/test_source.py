from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qviz.document.plan import Plan
from qviz.document.samples import SAMPLES
from qviz.engine.loading.source import load
from qviz.errors import QvizError
from qviz.sources.text import read_name

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.layers = torch.nn.Sequential(*[torch.nn.Linear(4, 4) for _ in range(depth)])

    def forward(self, x):
        return self.layers(x)

net = Net()
number = 3

def make(depth=1):
    return Net(depth), (torch.zeros(1, 4),)

def nothing():
    return None

def broken():
    raise ValueError("no weights")

def deep(depth, width):
    return Net(depth)

def lost():
    return open("/nowhere/labels.txt")

def download():
    from urllib.error import URLError
    raise URLError("no address of models.example")

def twins():
    return Net(), Net()

class Trainer:
    def __init__(self):
        self.model = Net()

def trainer():
    return Trainer()

class Tokenizer:
    def __init__(self):
        self.size = 3

def tokenized():
    return Net(), Tokenizer()

def labeled():
    return [Net(), torch.zeros(1, 4), "labels"]

with_loss = Net(), torch.nn.MSELoss()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small_net.py"
    path.write_text(MODEL)
    return path


@pytest.mark.parametrize(("name", "layers"), [("Net", 2), ("net", 2), ("make", 1), ("make(depth=3)", 3)])
def test_a_class_an_instance_and_a_function_give_a_model(file: Path, name: str, layers: int):
    loaded = load(Plan(source=f"{file}:{name}", inputs=("1x4",)))
    assert len(loaded.module.get_submodule("layers")._modules) == layers
    assert loaded.inputs.args[0].shape == (1, 4)
    assert loaded.file == str(file)


def test_a_function_may_return_its_inputs(file: Path):
    assert torch.equal(load(Plan(source=f"{file}:make")).inputs.args[0], torch.zeros(1, 4))


@pytest.mark.parametrize(
    ("source", "inputs", "code"),
    [("tokenized", ("1x4",), "first_of"), ("labeled", (), "first_two_of"), ("with_loss", ("1x4",), "first_of")],
)
def test_a_model_is_taken_from_among_other_things_which_is_said_and_written(
    file: Path, source: str, inputs: tuple[str, ...], code: str, monkeypatch: pytest.MonkeyPatch
):
    loaded = load(Plan(source=f"{file}:{source}", inputs=inputs))
    assert [each.said.code for each in loaded.steps] == [f"made_ready.{code}"]
    again: dict[str, object] = {}
    monkeypatch.syspath_prepend(file.parent)
    exec(compile(f"import torch\n{loaded.python}", "again.py", "exec"), again)
    model = again["model"]
    assert isinstance(model, torch.nn.Module)
    assert list(model.state_dict()) == list(loaded.module.state_dict())


def test_inputs_and_calibration_data_stand_beside_the_model(file: Path):
    file.write_text(
        MODEL + "\nexample_inputs = torch.ones(2, 4)\ncalibration_data = [(torch.ones(1, 4), 'label')] * 3\n"
    )
    loaded = load(Plan(source=f"{file}:Net"))
    assert torch.equal(loaded.inputs.args[0], torch.ones(2, 4))
    assert [len(batch) for batch in loaded.batches or ()] == [1, 1, 1]


def test_an_importable_name_is_a_source():
    assert isinstance(load(Plan(source="torch.nn:ReLU", inputs=("2x2",))).module, torch.nn.ReLU)


@pytest.mark.parametrize("sample", [each.name for each in SAMPLES if each.name != "seed"])
def test_samples_run_on_their_inputs(sample: str):
    loaded = load(Plan(source=f"sample:{sample}"))
    assert loaded.inputs.call(loaded.module.eval()).isfinite().all()
    assert loaded.file is None


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("{file}:Nett", 'has no "Nett"', "Did you mean Net?"),
        ("{file}", "the name of the model is missing", "Choose one of: Net, net."),
        ("{file}:number", "is a int, not a model", "Module class"),
        ("{file}:nothing", "nothing() returned nothing", "return model"),
        ("{file}:broken", "ValueError: no weights at {file}:22", "Fix that line"),
        ("{file}:deep", "deep() needs a value for depth, width", "deep(depth=18)"),
        ("{file}:lost", "FileNotFoundError", "Path(__file__).parent"),
        ("{file}:twins", "twins() returned several models", "twins()[0]"),
        ("{file}:trainer", "trainer() returned a Trainer, not a model", "trainer().model"),
        ("{file}:make(depth=unknown)", "could not be read", "Write arguments as literals"),
        ("{folder}/small_nett.py:Net", "was not found", "Did you mean small_net.py?"),
        ("no_such_package:Net", 'Python has no module "no_such_package"', "Install it"),
        ("torch.nn:Liner", 'has no "Liner"', "Did you mean Linear?"),
        ("sample:residul", "sample:residul does not exist", "Did you mean sample:residual?"),
        ("resnet18", "does not name a model", "file.py:name"),
        ("train.ipynb", "train.ipynb is a notebook", "export the notebook as a Python script"),
        ("https://models.example/net", "is an address", "Download the model first"),
        ("net.pkl", "is a pickle of Python", "torch.save"),
        ("torchvision.models.resnet18", "does not name a model", "Did you mean torchvision.models:resnet18?"),
        ('torch.hub.load("a/b", "net")', "does not name a model", 'Did you mean torch.hub:load("a/b", "net")?'),
        ("bert-base-uncased", "does not name a model", "For a checkpoint of a hub, name a function that loads it."),
        ("{folder}", "is a folder, not a Python file", "Name a function that builds the model from it"),
        ("{file}:download", "no address of models.example", "build the model without its weights"),
        ("work/train.ipynb:Net", "is a notebook", "into a .py file"),
        ("model.pt2", "was not found", "Check"),
    ],
)
def test_what_cannot_be_loaded_is_said(file: Path, source: str, message: str, hint: str):
    names = {"file": file, "folder": file.parent}
    with pytest.raises(QvizError) as caught:
        load(Plan(source=source.format(**names), inputs=("1x4",)))
    assert message.format(**names) in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["Net", "tokenized", "with_loss"])
def test_a_model_without_inputs_says_how_to_give_them(file: Path, name: str):
    with pytest.raises(QvizError, match="has no example inputs") as caught:
        load(Plan(source=f"{file}:{name}"))
    assert "1x3x224x224" in caught.value.hint
    assert "--input" in caught.value.option


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import torch\nimport no_such_thing\n", "no_such_thing.*:2"),
        ("import torch\nx = 1 / 0\n", "ZeroDivisionError.*:2"),
        ("def f(:\n", "SyntaxError.*:1"),
    ],
)
def test_a_file_that_does_not_import_names_its_line(tmp_path: Path, text: str, message: str):
    path = tmp_path / "does_not_import.py"
    path.write_text(text)
    with pytest.raises(QvizError, match=message):
        load(Plan(source=f"{path}:Net"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("from torch.nn import MultiHeadAttention\n", "Did you mean MultiheadAttention?"),
        ("import os\nos.environ['QVIZ_TEST_NOWHERE']\n", "Set the environment variable QVIZ_TEST_NOWHERE"),
        ("{}['key']\n", "Fix that line."),
        ("from torch.nn import zzz\n", "Fix that line."),
    ],
)
def test_a_file_that_does_not_import_says_what_to_do(tmp_path: Path, text: str, hint: str):
    path = tmp_path / "does_not_import.py"
    path.write_text(text)
    with pytest.raises(QvizError) as caught:
        load(Plan(source=f"{path}:Net"))
    assert hint in caught.value.hint


def test_a_module_may_have_a_name_of_one_letter():
    assert read_name("m:Ok")[:2] == ("m", "Ok")
    assert read_name("C:\\models\\net.py")[:2] == ("C:\\models\\net.py", "")
