from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qviz.sources.candidates import Candidate, Parameter, candidates, module_file, offer

ZOO = """
import torch
from torch import nn
from elsewhere import Base, Mixin

raise SystemExit("nothing of this file runs")

class Block(nn.Module):
    def __init__(self, width: int, act="relu", *, bias: bool = True, **rest): ...

class Wide(Block):
    @classmethod
    def small(cls, depth=2): return cls(4)
    @staticmethod
    def read(path): return open(path)

class Bare(torch.nn.Module): ...
class Data: ...
class _Hidden(nn.Module): ...
class Far(Base):
    def forward(self, x): return x
class Tall(elsewhere.SmallNet): ...
class Config(BaseModel): ...
def tall() -> Tall: return _build()

def helper(x): return x + 1
def make(depth, /, width: int | None = None, *blocks): return Block(depth)
def nothing(): print("no value")
def batches(): yield 1
def example_inputs(): return torch.ones(1)
def _private(): return Block(1)

net = make(3).eval()
number = len("abc")
if torch.cuda.is_available():
    other: nn.Module = nn.Sequential(nn.ReLU())
if __name__ == "__main__":
    last = Block(1)
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    (tmp_path / "zoo.py").write_text(ZOO)
    return tmp_path / "zoo.py"


def named(file: Path) -> dict[str, Candidate]:
    return {each.name: each for each in candidates(file)}


def test_models_come_first_and_what_is_none_is_left_out(zoo: Path):
    found = candidates(zoo)
    assert [each.name for each in found if each.is_likely] == [
        "Block", "Wide", "Wide.small", "Bare", "Far", "Tall", "tall", "make", "net", "other",
    ]  # fmt: skip
    assert [each.name for each in found if not each.is_likely] == ["helper"]
    assert found[-1].name == "helper"
    assert {each.kind for each in found} == {"class", "function", "instance"}


def test_parameters_are_what_the_file_says(zoo: Path):
    found = named(zoo)
    assert found["Block"].parameters == (
        Parameter("width", "int"),
        Parameter("act", "", "'relu'"),
        Parameter("bias", "bool", "True", "keyword"),
        Parameter("rest", kind="double star"),
    )
    assert found["make"].parameters == (
        Parameter("depth", kind="positional"),
        Parameter("width", "int | None", "None"),
        Parameter("blocks", kind="star"),
    )
    assert found["Wide.small"].parameters == (Parameter("depth", "", "2"),)
    assert [each.is_required for each in found["make"].parameters] == [True, False, False]


def test_a_class_has_the_arguments_of_its_base(zoo: Path):
    found = named(zoo)
    assert found["Wide"].parameters == found["Block"].parameters
    assert found["Bare"].parameters == ()
    assert [each.kind for each in found["Far"].parameters] == ["star", "double star"]  # its base is in another file
    assert not found["Far"].needs_arguments


def test_what_is_defined_last_counts(tmp_path: Path):
    file = tmp_path / "twice.py"
    file.write_text(
        "from torch import nn\nclass Net(nn.Module): ...\nclass Net(nn.Module):\n def __init__(self, a): ...\n"
    )
    assert [each.name for each in named(file)["Net"].parameters] == ["a"]


@pytest.mark.parametrize("text", ["def broken(:", "a = 1\0", ""])
def test_a_file_that_cannot_be_read_offers_nothing(tmp_path: Path, text: str):
    (tmp_path / "bad.py").write_text(text)
    assert candidates(tmp_path / "bad.py") == ()
    assert candidates(tmp_path / "missing.py") == ()


def test_a_class_that_is_its_own_base_ends(tmp_path: Path):
    (tmp_path / "odd.py").write_text("class A(B):\n def forward(self): ...\nclass B(A):\n def forward(self): ...\n")
    assert candidates(tmp_path / "odd.py") == ()


@pytest.mark.parametrize(
    ("rest", "names"),
    [
        ("", ["Block", "Wide", "Wide.small", "Bare", "Far", "Tall", "tall", "make", "net", "other", "helper"]),
        (":make", ["make"]),
        (":Block", ["Block"]),
        (":Bare", None),
        (":Wide.small", None),  # it has a default for all
        (":make(3)", None),
        (":missing", None),
    ],
)
def test_only_what_a_source_leaves_open_is_offered(zoo: Path, rest: str, names: list[str] | None):
    made = offer(f"{zoo}{rest}", ())
    assert (made and [each.name for each in made.candidates]) == names
    assert made is None or made.place == str(zoo)


def test_one_model_without_arguments_is_plain(tmp_path: Path):
    (tmp_path / "one.py").write_text("from torch.nn import Module\nclass Net(Module): ...\n")
    made = offer(str(tmp_path / "one.py"), ())
    assert made is not None
    assert made.is_plain


def test_a_module_is_found_without_importing_its_packages(tmp_path: Path):
    package = tmp_path / "qviz_probe_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit")
    (package / "nets.py").write_text(ZOO)
    assert module_file("qviz_probe_package.nets", [str(tmp_path)]) == package / "nets.py"
    made = offer("qviz_probe_package.nets:make", [str(tmp_path)])
    assert made is not None
    assert made.place == "qviz_probe_package.nets"
    assert "qviz_probe_package" not in sys.modules


@pytest.mark.parametrize(
    "source", ["sample:residual", "net.pt2", "no_such_module:make", "no_such.module", "sys:exit", "m n"]
)
def test_where_no_file_is_found_the_typed_line_stands(source: str):
    assert offer(source, sys.path) is None


def test_a_module_that_only_passes_names_on_is_not_asked_about(tmp_path: Path):
    (tmp_path / "qviz_probe_hub.py").write_text("from somewhere import Net\ndef helper(x): return x\n")
    assert offer("qviz_probe_hub", [str(tmp_path)]) is None
    assert offer(str(tmp_path / "qviz_probe_hub.py"), ()) is not None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("model, example_inputs = Net().eval(), (torch.ones(1),)", ["model"]),
        ("one, two = Net(), Net()", ["one", "two"]),
        ("count, model = len('ab'), Net()", ["model"]),
        ("model, example_inputs = made()", []),  # what a call gives is not read
        ("first, *rest = Net(), Net(), Net()", []),
    ],
)
def test_models_that_are_bound_together_are_found(tmp_path: Path, line: str, names: list[str]):
    (tmp_path / "net.py").write_text(f"import torch\nfrom torch import nn\nclass Net(nn.Module): ...\n{line}\n")
    found = candidates(tmp_path / "net.py")
    assert [(each.name, each.line) for each in found if each.kind == "instance"] == [(name, 4) for name in names]
