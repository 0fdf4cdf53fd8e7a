"""Models that are called by keyword, or with lists and dicts of tensors, go through every flow and its script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments, arrange, as_arguments
from qviz.engine.loading.importing import forget
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded, run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.fc = torch.nn.Linear(4, 4)
        self.register_buffer("table", torch.randn(10, 4))

    def forward(self, input_ids, extra=None, *, mask=None, parts=None):
        x = self.dequant(self.fc(self.quant(self.table[input_ids])))
        return {"out": x * mask + parts["left"] - parts["pair"][0]}

def batch(ids=3):
    torch.manual_seed(ids)
    half = torch.rand(2, 5, 4)
    return {"input_ids": torch.full((2, 5), ids), "mask": torch.ones(2, 5, 1), "labels": torch.ones(2),
            "parts": {"left": half, "pair": [half * 2, half]}}

example_inputs = {key: value for key, value in batch().items() if key != "labels"}
calibration_data = [batch(1), batch(7)]
"""
FLOWS = ["eager-static", "eager-dynamic", "fx-static", "fx-qat", "pt2e-static", "pt2e-qat", None]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "called_by_name.py").write_text(MODEL)
    yield f"{tmp_path / 'called_by_name.py'}:Net"
    forget()


def result_of_script(snapshot: Snapshot) -> nn.Module:
    forget()
    found: dict[str, nn.Module] = {}
    with kept(99):
        exec(compile(snapshot.run.python, "again.py", "exec"), found)
    sys.modules.pop("called_by_name", None)
    return found["captured" if not snapshot.run.flow else "converted"]


class Pair(NamedTuple):
    image: torch.Tensor
    scale: torch.Tensor


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_calls_by_keyword_and_so_does_its_script(flow: str | None, source: str):
    snapshot = run_plan(Plan(source, flow), lambda _: None)
    assert snapshot.run.error is None
    assert snapshot.run.config["inputs"] == [
        "2×5 int64",
        "mask=2×5×1 float32",
        "parts={left: 2×5×4 float32, pair: (2×5×4 float32, 2×5×4 float32)}",
    ]
    made: Any = result_of_script(snapshot)
    if not (flow or "").startswith("eager"):
        assert [node.name for node in made.graph.nodes] == [node.id for node in snapshot.stages[-1].graph.nodes]
    shapes = {value.shape for node in snapshot.stages[0].graph.nodes for value in node.values}
    assert (2, 5, 4) in shapes, "the graph was run on the inputs"


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_both_batches_reach_the_observers(flow: str, source: str):
    snapshot = run_plan(Plan(source, flow), lambda _: None)
    one = run_plan(Plan(source, flow, batch_limit=1), lambda _: None)

    def widths(each: Snapshot) -> list[float]:
        seen: Any = (facts.observer for facts in each.facts["prepared"].values())
        return [float(fact.max) - float(fact.min) for fact in seen if fact is not None and fact.calibrated]

    assert len(widths(snapshot)) == len(widths(one)) > 0
    assert widths(snapshot) != widths(one)


def test_a_list_is_one_argument_where_forward_takes_one():
    class Detector(nn.Module):
        def forward(self, images: list[torch.Tensor], targets: Any = None) -> torch.Tensor:
            return torch.stack(images)

    class Adds(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    one, images = torch.ones(2), [torch.ones(2), torch.zeros(2)]
    assert as_arguments(images, Detector()).args == (images,)
    assert as_arguments([images, "targets"], Detector()).args == (images, "targets")
    assert as_arguments((images,), Detector()).args == (images,)
    assert as_arguments([one, one], Adds()).args == (one, one)


LIST = """
import torch
class Detector(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 2)
    def forward(self, images: "List[torch.Tensor]"):
        return self.fc(torch.stack(images))
model = Detector()
example_inputs = [torch.ones(2), torch.zeros(2)]
"""


def test_a_list_beside_a_model_is_one_argument_in_the_script_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "takes_a_list.py").write_text(LIST)
    snapshot = run_plan(Plan(f"{tmp_path / 'takes_a_list.py'}:model", "pt2e-static"), lambda _: None)
    assert snapshot.run.error is None
    assert isinstance(result_of_script(snapshot), nn.Module)
    forget()


def test_inputs_in_hand_may_be_a_dict():
    class Keywords(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor, scale: float = 1.0, *, shift: torch.Tensor) -> torch.Tensor:
            return self.fc(x) * scale + shift

    given = {"shift": torch.ones(4), "x": torch.ones(2, 4)}
    batches = [given, (torch.zeros(2, 4), torch.ones(4), "label"), {**given, "label": 3}]
    snapshot = run_loaded(Loaded(Keywords().eval(), given, batches), Plan("net", "pt2e-static"), lambda _: None)
    assert snapshot.run.error is None
    assert "example_kwargs = ...  # those by keyword: shift" in snapshot.run.python


def test_a_program_is_called_as_it_was_exported(source: str, tmp_path: Path):
    assert run_plan(Plan(source), lambda _: None).run.error is None
    net = sys.modules["called_by_name"].Net().eval()
    kwargs = sys.modules["called_by_name"].example_inputs
    torch.export.save(torch.export.export(net, (), kwargs, strict=True), tmp_path / "net.pt2")
    snapshot = run_plan(Plan(str(tmp_path / "net.pt2"), "pt2e-static"), lambda _: None)
    assert snapshot.run.error is None
    found: Any = result_of_script(snapshot)
    assert [node.name for node in found.graph.nodes] == [node.id for node in snapshot.stages[-1].graph.nodes]


class Loose(nn.Module):
    def forward(self, x, *rest, y=None, **more):
        return x


@pytest.mark.parametrize(
    ("inputs", "args", "kwargs"),
    [
        (torch.ones(1), 1, []),
        ([torch.ones(1)] * 3, 3, []),
        ({"x": 1, "z": 2, "y": 3}, 1, ["y", "z"]),
        (({"x": 1},), 1, []),
    ],
)
def test_what_a_call_is_made_of(inputs: object, args: int, kwargs: list[str]):
    made = as_arguments(inputs, Loose())
    assert (len(made.args), list(made.kwargs)) == (args, kwargs)


def test_a_named_tuple_is_one_argument_where_forward_takes_no_more():
    class Scaled(nn.Module):
        def forward(self, pair: Pair) -> torch.Tensor:
            return pair.image * pair.scale

    pair = Pair(torch.ones(1), torch.ones(1))
    assert as_arguments(pair, Scaled()).args == (pair,)
    assert as_arguments(pair, nn.Bilinear(1, 1, 1)).args == tuple(pair)
    assert len(as_arguments(tuple(pair), Scaled())) == 2


def test_a_dict_that_fits_in_part_is_refused():
    with pytest.raises(QvizError, match="it has no mask") as refused:
        as_arguments({"input": 1, "mask": 2}, nn.ReLU())
    assert "({...},)" in refused.value.hint


def test_a_batch_is_arranged_like_the_example():
    example = Arguments((1,), {"b": 2})
    assert arrange((3, 4, "label"), example) == Arguments((3,), {"b": 4})
    assert arrange({"b": 4}, Arguments((), {"b": 2})) == Arguments((), {"b": 4})
    assert arrange({"image": 4}, Arguments((1,))) == Arguments(({"image": 4},))


class Optional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor, shift: torch.Tensor | None = None) -> torch.Tensor:
        return self.fc(x) if shift is None else self.fc(x) + shift


def test_an_eager_graph_goes_the_way_of_what_is_left_out():
    from qviz.engine.recording.module_graph import draw

    model, x = Optional().eval(), torch.ones(2, 4)
    drawn = draw(model, Arguments((x,)))
    assert drawn.error is None
    assert [node.name for node in drawn.graph.graph.nodes] == ["x", "fc", "output"]
    assert torch.equal(drawn.graph(x), model(x))
    assert "add" in [node.name for node in draw(model, Arguments((x, x))).graph.graph.nodes]


def test_what_is_called_by_keyword_cannot_be_lowered():
    class Keyword(Optional):
        def forward(self, *, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            return self.fc(x)

    loaded = Loaded(Keyword().eval(), {"x": torch.ones(2, 4)})
    with pytest.raises(QvizError, match="takes x by keyword cannot be lowered"):
        run_loaded(loaded, Plan("net", "pt2e-static", lower=True), lambda _: None)
