"""Ratios of two checkouts: their mean and interval, and that a change for the worse is told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import bench_against

    return bench_against


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.706), (2, 4.303), (4, 2.776), (8, 2.306), (30, 2.042)])
def test_students_quantiles_are_those_of_the_tables(bench: ModuleType, freedom: int, quantile: float):
    assert bench.student(freedom) == pytest.approx(quantile, rel=5e-3)


def test_a_steady_ratio_has_a_narrow_interval_around_it(bench: ModuleType):
    ratio = bench.ratio_of([1.0, 2.0, 4.0], [1.1, 2.2, 4.4])
    assert (ratio.low, ratio.mean, ratio.high) == pytest.approx((1.1, 1.1, 1.1))


def test_a_noisy_ratio_has_an_interval_that_spans_one(bench: ModuleType):
    ratio = bench.ratio_of([1.0, 1.0, 1.0, 1.0], [0.8, 1.25, 0.9, 1.15])
    assert ratio.low < 1 < ratio.high


@pytest.mark.parametrize(("ours", "code"), [(1.2, 1), (1.02, 0), (0.5, 0)])
def test_both_are_measured_in_turn_and_slower_fails(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, ours: float, code: int
):
    asked: list[str] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "git":
            return subprocess.CompletedProcess(command, 0)
        environment = options["env"]
        assert isinstance(environment, dict)
        is_ours = environment["PYTHONPATH"].endswith(str(bench.ROOT))
        asked.append("ours" if is_ours else "theirs")
        took = (ours if is_ours else 1.0) * (1 + 0.001 * len(asked))
        return subprocess.CompletedProcess(command, 0, stdout=json.dumps({"engine ready, s": took}))

    monkeypatch.setattr(bench.subprocess, "run", run)
    done = CliRunner().invoke(bench.against, ["abc", "startup", "--pairs", "3"])
    assert done.exit_code == code, done.output
    assert asked == ["theirs", "ours", "theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert "engine ready, s" in done.output
    assert ("SLOWER" in done.output) == bool(code)
