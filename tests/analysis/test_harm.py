"""What a finding was measured to do to the outputs is its level, with the figure in its reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from qviz.analysis.findings import find
from qviz.document.measurements import Ledger, Measurements, OutputErrors, QuantizerNoise
from qviz.document.snapshot import Finding, Level, Snapshot
from tests.factories import node, snapshot, stage

SATURATED = {"low": -9.0, "high": 9.0, "least": -1.0, "greatest": 1.0}
UNEVEN = {"lost": 2, "total": 4, "widest": 0, "ratio": 100.0}


def said(rule: str, code: str, place: str, args: dict[str, Any]) -> Finding:
    return Finding(rule, Level.WARNING, "prepared", (place,), code, {"subject": (place,), "example": (place,)}, args)


def run(
    finding: Finding, *outputs: OutputErrors, powers: dict[str, dict[str, float]] | None = None, tail: bool = True
) -> Snapshot:
    layers = [node("fc2", "obs", path="fc2", type="Linear")] if tail else []
    prepared = stage(
        "prepared",
        node("x", kind="input"),
        node("fc", "x", path="fc", type="Linear"),
        node("obs", "fc", kind="observer"),
        *layers,
        node("output", layers[0].id if layers else "obs", kind="output"),
    )
    rows = tuple(
        QuantizerNoise(place, "prepared", (place,), "", "activation", powers={**each}, share=sum(each.values()))
        for place, each in (powers or {}).items()
    )
    ledger = Ledger("exact", 0, {"output": 100.0}, {"output": 10.0}, rows, additivity=1.0) if rows else None
    measured = Measurements("calibration", 1, 8, outputs, ledger=ledger) if outputs else None
    return replace(snapshot(prepared, findings=[finding]), measurements=measured)


def level_of(whole: Snapshot, rule: str) -> tuple[str, str]:
    (found,) = [each for each in find(whole) if each.rule == rule]
    return found.level.value, found.reason


GOOD = OutputErrors("output", simulated=34.0, total=34.0)


def test_what_does_no_harm_is_good_to_know_and_says_what_was_measured():
    clipped = said("saturated_range", "saturated_range", "obs", SATURATED)
    assert level_of(run(clipped), "saturated_range")[0] == "warning"
    level, reason = level_of(run(clipped, GOOD), "saturated_range")
    assert (level, reason.endswith("; measured, the outputs keep 34.0 dB")) == ("info", True)


@pytest.mark.parametrize(
    "output",
    [
        OutputErrors("output"),
        OutputErrors("output", simulated=34.0),
        OutputErrors("output", simulated=34.0, total=34.0, agreement=0.75),
    ],
)
def test_what_is_not_known_to_be_harmless_keeps_its_level(output: OutputErrors):
    clipped = said("saturated_range", "saturated_range", "obs", SATURATED)
    assert level_of(run(clipped, output), "saturated_range")[0] == "warning"


@pytest.mark.parametrize(("alone", "level"), [(0.5, "info"), (5.0, "warning"), (50.0, "error")])
def test_away_from_the_owner_a_finding_has_the_level_of_its_own_noise(alone: float, level: str):
    clipped = said("saturated_range", "saturated_range", "obs", SATURATED)
    noisy = OutputErrors("output", simulated=5.0, total=5.0)
    powers = {"x": {"output": 90.0}, "obs": {"output": alone}}
    found, reason = level_of(run(clipped, noisy, powers=powers), "saturated_range")
    assert found == level
    assert "measured alone, it leaves the outputs" in reason


def test_at_the_owner_it_is_as_bad_as_the_damage():
    clipped = said("saturated_range", "saturated_range", "obs", SATURATED)
    noisy = OutputErrors("output", simulated=5.0, total=5.0)
    assert level_of(run(clipped, noisy, powers={"obs": {"output": 90.0}}), "saturated_range")[0] == "error"


def test_a_mistake_of_the_configuration_stays_a_warning_and_says_what_was_measured():
    few = said("few_levels", "few_levels.range", "obs", {"levels": 16, "low": 0, "high": 15})
    level, reason = level_of(run(few, GOOD), "few_levels")
    assert (level, reason.endswith("; measured, the outputs keep 34.0 dB")) == ("warning", True)


@pytest.mark.parametrize(("mixed", "level"), [(True, "info"), (False, "warning")])
def test_lost_channels_that_leave_the_model_vanish_beside_loud_ones_in_its_figure(mixed: bool, level: str):
    uneven = said("uneven_channels", "uneven_channels.lost", "fc", UNEVEN)
    assert level_of(run(uneven, GOOD, tail=mixed), "uneven_channels")[0] == level


@pytest.mark.parametrize("rule", ["never_calibrated", "setting_rewritten", "float_island"])
def test_what_is_no_noise_on_the_data_keeps_its_level(rule: str):
    other = Finding.of(rule, Level.ERROR, "prepared", ["obs"], message="m", reason="r", hint="h")
    assert level_of(run(other, GOOD), rule)[0] == "error"
