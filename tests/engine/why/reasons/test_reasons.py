"""Reasons drawn at random are proved by intervention in plain torch: what a text names is taken away, its effect goes.

Run as ``pytest -m slow -s`` this prints the tables of 200; a reason without an intervention is not proved.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.engine.why.reasons.draws import claims, drawn, verdict
from tests.engine.why.reasons.models import ORIGINS, Origin

SEEDS = [int(each) for each in os.environ.get("REASONS_SEEDS", "17 4711").split()]
"""Others draw other reasons."""


def _some(name: str, *flows: str) -> Origin:
    (found,) = [each for each in ORIGINS if each.name == name]
    return Origin(found.name, found.make, found.shape, flows, found.left_out, found.fuse_list)


def test_some_reasons_hold():
    few = (_some("recurrent", "eager-dynamic"), _some("stubbed", "eager-static"), _some("chain_with_rule", "fx-static"))
    found = [(claim, verdict(claim)) for claim in _one_of_each(drawn(SEEDS[0], 60, few))]
    assert [(answer, claim.where) for claim, answer in found if answer != "proved"] == []
    assert sum(answer == "proved" for _, answer in found) >= 20


def _one_of_each(found: list) -> list:
    return list({claim.code: claim for claim in found}.values())


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_200_reasons_hold(seed: int):
    found = [(claim, verdict(claim)) for claim in drawn(seed, 200)]
    counts = Counter((claim.code, answer) for claim, answer in found)
    table = Table("code", "proved", "false", "without intervention")
    for code in sorted({code for code, _ in counts}):
        table.add_row(code, *(str(counts[code, answer]) for answer in ("proved", "false", "none")))
    whole = Counter(answer for _, answer in found)
    table.add_row("all", *(str(whole[answer]) for answer in ("proved", "false", "none")))
    Console(width=100).print(table)
    assert [(answer, claim.where) for claim, answer in found if answer != "proved"] == []


def test_the_proofs_know_nothing_of_the_reasons():
    here = Path(__file__).parent
    texts = [path.read_text() for path in here.glob("*.py") if path.stem not in ("draws", "test_reasons")]
    assert texts
    assert not any("from qviz" in text or "import qviz" in text for text in texts)


@pytest.mark.parametrize("change", [lambda roles: {**roles, "asked_by": ("fc2",)}])
def test_a_false_reason_is_found_out(change: Callable[[dict], dict]):
    from dataclasses import replace

    all_of_it = claims(_some("chain_with_rule", "fx-static"), "fx-static")
    (claim,) = [each for each in all_of_it if each.code == "observer.output" and each.many("asked_by") == {"conv"}]
    assert verdict(claim) == "proved"
    assert verdict(replace(claim, roles=change(claim.roles))) == "false"
