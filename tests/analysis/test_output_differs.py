"""Outputs that differ: the level by damage, each output by itself, and its root said before it."""

from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.findings import find
from qviz.document.graph import Graph
from qviz.document.measurements import Ledger, Measurements, OutputErrors, QuantizerNoise
from qviz.document.said import Said
from qviz.document.snapshot import Run, Snapshot, Stage


def snapshot(*outputs: OutputErrors, samples: int = 8) -> Snapshot:
    rows = (
        QuantizerNoise("head weight", "prepared", (), "", "weight", powers={"logits": 9.0, "boxes": 1.0}, share=0.5),
        QuantizerNoise("neck weight", "prepared", (), "", "weight", powers={"logits": 1.0, "boxes": 8.0}, share=0.5),
    )
    ledger = Ledger("exact", 0, {}, {"logits": 10.0, "boxes": 10.0}, rows, additivity=1.0)
    measured = Measurements("calibration", 1, samples, outputs, ledger=ledger)
    run = Run("model", "fx-static", "done", {}, {}, "")
    return Snapshot(
        format="qviz",
        version=2,
        run=run,
        stages=(Stage("prepared", Graph((), (), ())),),
        links=(),
        facts={},
        findings=(),
        summary={},
        notes=(),
        measurements=measured,
    )


def found(*outputs: OutputErrors, samples: int = 8) -> list[tuple[str, object]]:
    findings = find(snapshot(*outputs, samples=samples))
    return [(each.level.value, each.args.get("name")) for each in findings if each.rule == "output_differs"]


@pytest.mark.parametrize(("db", "level"), [(9.9, "error"), (19.9, "warning"), (20.1, None)])
def test_the_level_is_that_of_the_damage(db: float, level: str | None):
    assert found(OutputErrors("logits", simulated=db, total=db)) == ([(level, "head weight")] if level else [])


def test_each_output_names_its_own_quantizer():
    both = OutputErrors("logits", simulated=15.0, total=15.0), OutputErrors("boxes", simulated=5.0, total=5.0)
    assert found(*both) == [("error", "neck weight"), ("warning", "head weight")]


@pytest.mark.parametrize(
    ("agreement", "samples", "level"), [(0.875, 16, None), (0.5, 16, "error"), (0.85, 200, "error")]
)
def test_changes_of_class_count_where_they_are_no_chance(agreement: float, samples: int, level: str | None):
    output = OutputErrors("logits", simulated=30.0, total=30.0, agreement=agreement)
    assert found(output, samples=samples) == ([(level, "head weight")] if level else [])


def test_what_kernels_changed_is_not_quantization():
    assert found(OutputErrors("logits", simulated=30.0, converted=2.0, total=2.0)) == []


def test_the_figure_is_the_one_that_the_level_is_of():
    both = snapshot(OutputErrors("logits", simulated=14.0, converted=-3.5, total=-3.4))
    (finding,) = [each for each in find(both) if each.rule == "output_differs"]
    assert (finding.level.value, finding.args["db"], finding.args["total_db"]) == ("warning", 14.0, -3.4)
    assert "SQNR 14.0 dB by rounding alone, −3.4 dB with what else differs" in finding.message
    alone = snapshot(OutputErrors("logits", simulated=30.0, converted=40.0, total=14.0))
    (finding,) = [each for each in find(alone) if each.rule == "output_differs"]
    assert (finding.level.value, finding.args["db"]) == ("warning", 14.0)
    assert "total_db" not in finding.args


@pytest.mark.parametrize(
    ("notes", "code"),
    [
        ((Said("not_measured.ledger", args={"type": "RuntimeError", "text": "no gradient"}),), "not_measurable"),
        ((Said("not_measured.converted", args={"type": "RuntimeError", "text": "no kernel"}),), "unknown"),
        ((), "unknown"),
    ],
)
def test_without_a_ledger_it_is_said_why_there_is_none(notes: tuple[Said, ...], code: str):
    noisy = snapshot(OutputErrors("logits", simulated=5.0, total=5.0))
    assert noisy.measurements is not None
    measured = msgspec.structs.replace(noisy.measurements, ledger=None, not_measured=notes)
    findings = find(msgspec.structs.replace(noisy, measurements=measured))
    (finding,) = [each for each in findings if each.rule == "output_differs"]
    assert (finding.code, finding.level.value) == (f"output_differs.{code}", "error")
    assert ("RuntimeError: no gradient" in finding.reason) == (code == "not_measurable")
