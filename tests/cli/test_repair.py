"""`qviz repair` with an engine that follows a script: what it prints, writes and ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qviz import cli
from qviz.analysis.ledger.repair_words import change_text, repair_lines
from qviz.document.changes import Change, Repair
from qviz.document.configuration import Rule
from qviz.document.measurements import OutputErrors
from qviz.document.plan import Plan
from qviz.document.plan_file import load

ENGINE = """
import os, sys
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
from tests.cli.test_repair import FOUND, LOST
def say(*messages):
    for message in messages:
        sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
say(EngineReady({"torch": "0"}, ("x86", "onednn")))
request = next(iter(request_reader().feed(os.read(0, 65536))))
assert isinstance(request, RepairPlan), request
say(StepStarted(1, "repairing", 0, 4))
"""
REACHED = "say(PlanRepaired(1, FOUND if (request.target_db, request.most) == (25.0, 3) else LOST))"
REJECTED = "say(RunRejected(1, 'm.py has no Net', 'It has: Other.', 2, 'Traceback ...', '--input'))"
DEAD = "os.kill(os.getpid(), 6)"
PLAN = Plan("m.py:Net", "fx-static", rules=(Rule("module_name", "fc"),))
CHANGE = Change("operator", "fc", ("fc weight",), nodes=("fc",), rules=PLAN.rules)
MEASURED = OutputErrors("", 120.0, 27.1, "inf", 27.0)
FOUND = Repair(
    25.0, 16.2, True, (CHANGE,), 26.0, 27.1, MEASURED, PLAN, '[[rules]]\nkind = "module_name"\ntarget = "fc"\n'
)
LOST = Repair(60.0, 16.2, False, (CHANGE,), 26.0, 27.1, MEASURED, PLAN, "x = 1\n", best_db=40.0, stopped="most")
FX = ["repair", "m.py:Net", "--flow", "fx-static", "--target"]


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_log: Path):
    """Work in an empty folder, and keep the log of the tests out of the user's."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def test_a_repair_is_told_and_its_plan_written(engine: Callable[[str], None], capsys: pytest.CaptureFixture[str]):
    engine(REACHED)
    assert cli.main([*FX, "25", "-o", "plan.toml"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 change reaches 25 dB: 27.1 dB instead of 16.2 dB\n  operator fc in float\n")
    assert 'target = "fc"' in told
    assert told.endswith("Written to plan.toml.\n")
    assert load("plan.toml") == PLAN


def test_a_target_out_of_reach_ends_with_1_and_writes_nothing(
    engine: Callable[[str], None], capsys: pytest.CaptureFixture[str]
):
    engine(REACHED)
    assert cli.main([*FX, "60", "--most", "1", "-o", "plan.toml"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("60 dB is not reached: 1 change gives 27.1 dB instead of 16.2 dB\n")
    assert "As many changes were made as --most allows\n" in told
    assert not Path("plan.toml").exists()


def test_json_is_for_programs(engine: Callable[[str], None], capsys: pytest.CaptureFixture[str]):
    engine(REACHED)
    assert cli.main([*FX, "25", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["reached"], told["changes"][0]["target"], told["measured"]["simulated"]) == (True, "fc", 27.1)
    assert 'flow = "fx-static"' in told["plan"]


@pytest.mark.logs
def test_a_death_and_a_rejection_end_as_those_of_a_run(
    engine: Callable[[str], None], capsys: pytest.CaptureFixture[str]
):
    engine(REJECTED)
    assert cli.main([*FX, "25"]) == 2
    assert capsys.readouterr().err == "qviz: m.py has no Net\nIt has: Other. (--input)\n"
    engine(DEAD)
    assert cli.main([*FX, "25"]) == 4
    assert capsys.readouterr().err.startswith("qviz: The engine was ended by SIGABRT\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["repair", "m.py:Net", "--flow", "fx-fuse", "--target", "25"], "there is nothing to repair"),
        (["repair", "a.qviz", "--target", "25"], "a.qviz is already a result"),
        (["repair", "m.py:Net", "--flow", "fx-static"], "Missing option '--target'"),
        ([*FX, "25", "-o", "plan.json"], ".json is not one of .toml"),
    ],
)
def test_what_cannot_be_repaired_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(words) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (Change("module", "layer1", ()), "module layer1 in float"),
        (Change("tensor", "relu", ()), "output of relu in float"),
        (Change("alternative", "fc weight", (), "per_channel"), "fc weight: per channel"),
        (Change("alternative", "per_channel", (), "per_channel", per_channel=True), "all weights per channel"),
    ],
)
def test_each_kind_of_change_has_words(change: Change, told: str):
    assert change_text(change) == told


def test_what_needs_or_finds_no_change_says_so():
    assert next(repair_lines(Repair(10.0, 16.2, True))) == "10 dB is reached without a change: 16.2 dB"
    none = list(repair_lines(Repair(90.0, 16.2, False, stopped="flow", best_db=16.2)))
    assert none == ["90 dB is not reached: 16.2 dB", "A plan of this flow cannot leave a single operator in float"]
