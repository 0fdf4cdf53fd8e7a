"""Which models a file offers, what their forward takes, and which one is meant: read, not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from qviz.sources.model_list import ListedModel, listed_models, model_list

RANKER = """
raise SystemExit("nothing of this file runs")
from torch import nn

class TextHead(nn.Module):
    def __init__(self, dim, vocab):
        super().__init__()
    def forward(self, tokens): ...

class Ranker(nn.Module):
    def __init__(self):
        super().__init__()
        self.text = TextHead(8, 10)
    def forward(self, image, ids, mask=None): ...

class RankerSmall(Ranker): ...

def build(width=64) -> Ranker:
    return Ranker()

def load_config(path): return {}
"""


@pytest.fixture
def ranker(tmp_path: Path) -> str:
    (tmp_path / "ranker.py").write_text(RANKER)
    return str(tmp_path / "ranker.py")


def by_name(source: str) -> dict[str, ListedModel]:
    return {each.candidate.name: each for each in listed_models(Path(source))}


def test_the_whole_model_is_guessed_and_not_its_part(ranker: str):
    found = model_list(ranker, [])
    assert found is not None
    assert found.models[found.chosen].candidate.name == "Ranker"
    assert [each.candidate.name for each in found.models] == [
        "TextHead",
        "Ranker",
        "RankerSmall",
        "build",
        "load_config",
    ]


def test_forward_is_read_also_of_a_base_and_of_what_a_function_makes(ranker: str):
    models = by_name(ranker)
    names = {name: [each.name for each in model.forward or ()] for name, model in models.items()}
    whole = ["image", "ids", "mask"]
    assert names == {"TextHead": ["tokens"], "Ranker": whole, "RankerSmall": whole, "build": whole, "load_config": []}
    assert (models["build"].makes, models["TextHead"].part_of) == ("Ranker", "Ranker")


def test_a_named_model_is_chosen_with_its_arguments(ranker: str):
    found = model_list(f"{ranker}:TextHead(dim=3, vocab=4)", [])
    assert found is not None
    assert (found.models[found.chosen].candidate.name, found.arguments) == ("TextHead", "dim=3, vocab=4")
    assert model_list(f"{ranker}:Missing", []) is None
    assert model_list("sample:residual", []) is None


def test_an_instance_is_meant_before_its_class(tmp_path: Path):
    (tmp_path / "one.py").write_text("from torch import nn\nclass Net(nn.Module): ...\nmodel = Net()\n")
    found = model_list(str(tmp_path / "one.py"), [])
    assert found is not None
    assert found.models[found.chosen].candidate.name == "model"


def test_an_instance_that_is_bound_with_its_inputs_tells_what_it_takes(tmp_path: Path):
    net = "from torch import nn\nclass Net(nn.Module):\n    def forward(self, image): ...\n"
    (tmp_path / "two.py").write_text(f"{net}model, example_inputs = Net(), (1,)\n")
    found = model_list(str(tmp_path / "two.py"), [])
    assert found is not None
    chosen = found.models[found.chosen]
    assert (chosen.candidate.name, [each.name for each in chosen.forward or ()]) == ("model", ["image"])


def test_a_file_that_cannot_be_read_offers_nothing(tmp_path: Path):
    (tmp_path / "broken.py").write_text("class Net(")
    found = model_list(str(tmp_path / "broken.py"), [])
    assert found is not None
    assert (found.models, found.chosen) == ((), -1)
