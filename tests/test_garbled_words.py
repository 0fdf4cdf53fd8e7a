"""Nothing reads a rendered text: with a catalog of nonsense, all that qviz concludes comes out the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qviz.analysis.linking.beside import beside
from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.advice import advise
from qviz.analysis.verdicts.claims import claims
from qviz.analysis.verdicts.difference import difference
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.float_reasons import why_float
from qviz.analysis.verdicts.verdict import findings_of, judge
from qviz.cli.reports import REPORT_FORMATS
from qviz.document import codec
from qviz.document.comparison import FloatOperators, FlowRow, ModelSize, died
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.words.language import ENGLISH, Language, using

FLOWS = ("fx-static", "fx-dynamic", "eager-static", "pt2e-static")


def nonsense(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


GARBLED = Language("garbled", finish=nonsense)


class Faulty(nn.Module):
    """A model with something for many rules: no stub, a function between layers, a float island, a shared module."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn(self.conv(x)))
        x = torch.softmax(x.mean((2, 3)), 1)
        return torch.cat([self.fc(x), self.fc(x + 1.0)], 1)


def run(flow: str) -> Snapshot:
    torch.manual_seed(0)
    inputs = Arguments((torch.randn(1, 3, 8, 8),), {})
    return run_loaded(Loaded(Faulty(), inputs), Plan("m:Faulty", flow=flow), lambda report: None)


@pytest.fixture(scope="module", params=FLOWS)
def both(request: pytest.FixtureRequest) -> tuple[Snapshot, Snapshot]:
    """The same run in English, and with nonsense in place of every text."""
    english = run(request.param)
    with using(GARBLED):
        return english, run(request.param)


def test_a_run_is_the_same(both):
    english, garbled = both
    assert len(english.findings) > 1
    assert codec.encode(english) == codec.encode(garbled)


def conclusions(snapshot: Snapshot, other: Snapshot) -> Iterator[Any]:
    """Yield what analysis makes of a run, as data."""
    places = FindingPlaces(snapshot)
    yield [(each.rule, each.code, each.roles, each.args, each.nodes, places.of(each)) for each in findings_of(snapshot)]
    baseline = Acceptance(None, places).accepting(snapshot.findings[:2])
    yield baseline
    verdict = judge(snapshot, "warning", baseline)
    yield [(each.fingerprint, each.accepted, each.fails) for each in verdict.judged], verdict.coverage
    yield difference(snapshot, other, 0.1)
    yield why_float(snapshot)
    yield [(link.code, link.from_ids, link.to_ids, link.relation) for link in beside(snapshot, other, "b").links]


def test_conclusions_are_the_same(both):
    snapshot = both[0]
    other = codec.decode(codec.encode(snapshot))
    english = list(conclusions(snapshot, other))
    with using(GARBLED):
        assert list(conclusions(snapshot, other)) == english


@pytest.mark.parametrize(
    "query", ["conv", "observer", "kind:quantize", "softmax", "relu dtype:quint8", "finding:error"]
)
def test_searches_find_the_same(both, query):
    stage = both[0].stages[-1]
    english = SearchIndex(stage.graph, both[0].findings).search(query).ids
    with using(GARBLED):
        assert SearchIndex(stage.graph, both[0].findings).search(query).ids == english


def test_the_comparison_of_flows_is_the_same():
    floats = (
        FloatOperators("softmax", ("a",), "float.not_annotated"),
        FloatOperators("add", ("d",), "float.no_mapping"),
    )
    rows = (
        FlowRow("fx-static", "done", low=("x",), stays_float=floats, size=ModelSize(4000, 1000), sqnr_db=40.0),
        FlowRow("fx-dynamic", "done", low=("x", "y"), stays_float=floats[:1], size=ModelSize(4000, 900), sqnr_db=20.0),
        died("pt2e-static", "calibrating", Said("stop.engine.signal", {}, {"signal": "SIGKILL"})),
    )
    english = advise(rows), claims(rows)
    with using(GARBLED):
        assert (advise(rows), claims(rows)) == english


def without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_texts(each) for key, each in value.items() if key not in ("message", "reason", "hint", "text")
        }
    return [without_texts(each) for each in value] if isinstance(value, list) else value


def test_a_report_differs_in_its_texts_only(both, tmp_path: Path):
    report = REPORT_FORMATS["json"].write
    english = json.loads(report(judge(both[0], "warning"), tmp_path))
    with using(GARBLED):
        garbled = json.loads(report(judge(both[0], "warning"), tmp_path))
    assert english != garbled, "the texts were rendered anew"
    assert without_texts(english) == without_texts(garbled)


def test_the_catalog_of_nonsense_is_used():
    finding = run("eager-static").findings[0]
    english = finding.message
    with using(GARBLED):
        assert re.fullmatch(r"[0-9a-f]{8}", finding.message)
    assert finding.message == english
    assert ENGLISH.statements
