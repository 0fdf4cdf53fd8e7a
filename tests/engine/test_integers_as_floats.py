"""Integers that a PT2E quantizer takes for floats: named before data runs, and left alone where the plan says so."""

from __future__ import annotations

import torch
from torch import nn

from qviz.document.configuration import Quantizer
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Finding, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

IDS = (torch.arange(6).reshape(2, 3),)


class Positions(nn.Module):
    """Position ids that begin at 2, as in OPT and BART."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(8, 8), nn.Embedding(8, 8)
        self.out = nn.Linear(8, 4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        places = torch.ones_like(ids).cumsum(1) + 2
        return self.out(self.words(ids) + self.places(places))


class Halves(Positions):
    """Integers that only floats are computed from."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.words(ids) * (ids + 2).unsqueeze(-1))


class Joined(Positions):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.words(torch.cat([ids, ids], 1)))


def run(model: nn.Module, plan: Plan = Plan(flow="pt2e-static")) -> Snapshot:  # noqa: B008 - a plan does not change
    torch.manual_seed(0)
    return run_loaded(Loaded(model.eval(), Arguments(IDS, {}), None), plan, lambda _: None)


def found(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.rule == "integers_as_floats"]


def test_integers_that_become_floats_are_named_and_the_remedy_works() -> None:
    stopped = run(Positions())
    (finding,) = found(stopped)
    assert (finding.code, finding.nodes, finding.roles["readers"]) == (
        "integers_as_floats.scalars",
        ("add",),
        ("embedding_1",),
    )
    assert stopped.run.error is not None
    assert "skip_integers" in stopped.findings[0].hint
    mended = run(Positions(), patched(Plan(flow="pt2e-static"), str(finding.args["patch"])))
    assert mended.run.error is None
    assert not found(mended)
    observed = {node.id for node in mended.stages[1].graph.nodes if node.observer}
    assert observed
    assert "integers=True" in mended.run.python
    names: dict[str, object] = {"torch": torch, "model": Positions().eval(), "example_inputs": IDS, "batches": [IDS]}
    exec(mended.run.python[mended.run.python.index("captured = ") :], names)
    assert isinstance(names["converted"], torch.fx.GraphModule)


def test_integers_that_are_observed_are_named() -> None:
    (finding,) = found(run(Joined()))
    assert (finding.code, finding.nodes) == ("integers_as_floats.observed", ("ids", "cat"))
    mended = run(Joined(), Plan(flow="pt2e-static", quantizer_options=Quantizer(skip_integers=True)))
    assert mended.run.error is None
    assert not [each for each in mended.findings if each.rule in ("integers_as_floats", "converted_does_not_run")]


def test_integers_that_only_floats_come_from_are_no_fault() -> None:
    snapshot = run(Halves())
    assert snapshot.run.error is None
    assert not found(snapshot)
