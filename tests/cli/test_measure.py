"""`qviz measure` with an engine that follows a script: what it prints, writes and ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qviz import cli
from qviz.document import codec
from qviz.wire import client
from tests.factories import small_stages, snapshot
from tests.measured import measured_run

ENGINE = """
import os, sys
from qviz.document.snapshot import Run as RunRecord
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
from tests.factories import small_stages
from tests.measured import ledger, measured
def say(*messages):
    for message in messages:
        sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
say(EngineReady({"torch": "0"}, ("x86", "onednn")))
plan = next(iter(request_reader().feed(os.read(0, 65536)))).plan
record = RunRecord(plan.source, plan.flow or "", "done", {}, {}, "")
made = measured(ledger=ledger() if plan.measure else None) if plan.measure is not False else None
stages = [StageReached(1, stage, {}, ()) for stage in small_stages()]
say(*stages, RunFinished(1, record, (), {}, (), made))
"""
ANSWER = "layer1.0.conv1 weight owns 61 % of the noise; per channel +9.1 dB"
FX = ["m.py:Net", "--flow", "fx-static"]


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_log: Path):
    """Work in an empty folder, and keep the log of the tests out of the user's."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def scripted(engine: Callable[[str], None]):
    """Let every engine measure by hand."""
    engine("")


@pytest.fixture
def result() -> str:
    codec.save(measured_run(), "a.qviz")
    return "a.qviz"


@pytest.mark.usefixtures("scripted")
def test_a_model_is_run_and_measured(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["measure", *FX]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{ANSWER}\n\n")
    assert told.err == ""


@pytest.mark.usefixtures("scripted")
def test_the_command_measures_whatever_the_plan_says(capsys: pytest.CaptureFixture[str]):
    Path("plan.toml").write_text('version = 1\nsource = "m.py:Net"\nflow = "fx-static"\nmeasure = false\n')
    Path("m.py").touch()
    assert cli.main(["measure", "--config", "plan.toml", "--trust", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"]["text"] == ANSWER


@pytest.mark.parametrize(
    ("name", "start"), [("r.csv", "share,name"), ("r.json", "{"), ("r.md", "**layer1"), ("r.txt", "layer1"), ("r", "l")]
)
def test_the_ending_of_a_file_says_the_format(name: str, start: str, result: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["measure", result, "-o", name]) == 0
    assert Path(name).read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out == f"{ANSWER}\nWritten to {name}.\n"


def test_a_result_is_read_and_nothing_runs(
    result: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def refuse(python: str) -> list[str]:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(client, "engine_command", refuse)
    assert cli.main(["measure", result, "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith(f"**{ANSWER}**")
    assert cli.main(["check", result, "--fail-on", "never"]) == 0
    assert "output SQNR 14.3 dB, 87.5 % of the samples in the same class." in capsys.readouterr().out
    assert cli.main(["check", result, "--fail-on", "never", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["output_sqnr_db"]["simulated"] == 14.3
    assert cli.main(["check", result, "--fail-on", "never", "--format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["properties"]["outputSqnrDb"]["total"] == 14.3


def test_a_result_without_measurements_is_refused(capsys: pytest.CaptureFixture[str]):
    codec.save(snapshot(*small_stages()), "bare.qviz")
    assert cli.main(["measure", "bare.qviz"]) == 2
    assert capsys.readouterr().err.startswith("qviz: bare.qviz has no measurements\nMeasure the model")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["measure", "m.py:Net", "--flow", "fx-fuse"],
            "fx-fuse leaves everything in float: there is nothing to measure",
        ),
        (["measure", "a.qviz", "--metric", "m:top1"], "--metric does not apply to a.qviz, which is already a result"),
        (["run", *FX, "-o", "a.qviz", "--no-measure", "--exact"], "--exact and --no-measure exclude each other"),
        (["run", "m.py:Net", "--flow", "fx-fuse", "-o", "a.qviz", "--measure"], "--measure is for eager flows"),
        (["run", *FX, "-o", "a.qviz", "--workers", "2"], "--workers needs --exact"),
        (["render", *FX, "-o", "a.png", "--metric", "m:f"], "No such option '--metric'"),
        (["compare", "m.py:Net", "--evaluate", "x.pt"], "No such option '--evaluate'"),
    ],
)
def test_what_says_nothing_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(words) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("scripted")
def test_a_run_tells_the_output_in_one_line_and_measures_what_it_is_told_to(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["run", *FX, "-o", "a.qviz"]) == 0
    assert "Output SQNR 14.3 dB.\n" in capsys.readouterr().out
    assert cli.main(["run", *FX, "-o", "a.qviz", "--json", "--measure"]) == 0
    assert json.loads(capsys.readouterr().out)["measurements"]["quantizers"][0]["share"] == 0.61
    assert cli.main(["run", *FX, "-o", "a.qviz", "--json", "--no-measure"]) == 0
    assert json.loads(capsys.readouterr().out)["measurements"] is None
