"""`qviz compare` with an engine that follows a script: rows, deaths, what it prints and ends with."""

from __future__ import annotations

import json
import sys

import pytest

from qviz import cli
from qviz.document.comparison import compared
from qviz.document.flows import FLOWS
from qviz.wire import client

ENGINE = """
import os, sys
from qviz.document.comparison import *
from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Run
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
def say(*messages):
    for message in messages:
        sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
say(EngineReady({"torch": "0"}, ("x86",)))
request = next(iter(request_reader().feed(os.read(0, 65536))))
say(ModelLoaded(1, "Net", 1, 1, 1, (), tree=(("", "Net"), ("fc", "Linear"), ("fc2", "Linear"))))
for flow in request.flows:
    say(StepStarted(1, "converting", flow=flow))
"""
ROW = """
    say(FlowCompared(1, FlowRow(flow, "done", stage="converted", low=("fc",), sqnr_db=40.0, size=ModelSize(400, 100))))
"""
FAILED = """
    say(FlowCompared(1, FlowRow(flow, "failed", kept_error("capturing", "TraceError", "no", "try"))))
"""
DEATH = "    if flow == 'fx-static': os.kill(os.getpid(), 6)"
REJECTED = "    say(RunRejected(1, 'm.py has no Net', 'It has: Other.', 2, 'Traceback ...'))"

pytestmark = pytest.mark.usefixtures("own_log")


def test_rows_come_as_json_with_the_advice(engine, capsys):
    engine(ROW)
    assert cli.main(["compare", "m.py:Net", "--flows", "fx-static,pt2e-static", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["flow"] for row in told["rows"]] == ["fx-static", "pt2e-static"]
    assert told["rows"][0]["size"] == {"before": 400, "after": 100}
    assert told["types"] == ["Net", "Linear"]
    assert told["operators_used"] == ["Linear"]
    assert told["advice"]["flow"] == "fx-static"
    assert told["claims"][0]["measured"].startswith("4 times")


@pytest.mark.logs
def test_an_engine_that_dies_takes_one_row_and_the_next_engine_goes_on(engine, capsys):
    engine(DEATH + ROW)
    assert cli.main(["compare", "m.py:Net", "--flows", "fx-dynamic,fx-static,pt2e-static"]) == 0
    told = capsys.readouterr().out
    lines = [line.split()[:2] for line in told.splitlines()]
    assert ["fx-dynamic", "Converted"] in lines
    assert ["fx-static", "Engine"] in lines
    assert ["pt2e-static", "Converted"] in lines
    assert "Engine died during conversion" in told
    assert "SIGABRT" in told


def test_the_table_has_the_advice_the_claims_and_the_operators(engine, capsys):
    engine(ROW)
    assert cli.main(["compare", "m.py:Net", "--flows", "pt2e-static"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("PT2E static captures the whole model")
    assert "int8 makes a model 4 times smaller" in told
    assert "4 times (PT2E static)" in told
    marked = [line.split()[1] for line in told.splitlines() if line.startswith("✓")]
    assert marked == ["Linear"]
    assert "torch.ao.nn.quantizable.LSTM" in told


def test_options_reach_the_plan_of_all_flows(engine, tmp_path):
    engine(f"    open({str(tmp_path / 'asked')!r}, 'w').write(repr(request.plan))\n" + ROW.lstrip("\n"))
    words = ["--flows", "fx-qat,pt2e-static", "--backend", "onednn", "--lower", "--train", "m:fit", "--input", "1x3"]
    assert cli.main(["compare", "m.py:Net", *words, "--quiet"]) == 0
    asked = (tmp_path / "asked").read_text()
    for said in ("source='m.py:Net'", "inputs=('1x3',)", "backend='onednn'", "lower=True", "train='m:fit'"):
        assert said in asked


def test_all_flows_failing_is_a_failure(engine, capsys):
    engine(FAILED)
    assert cli.main(["compare", "m.py:Net", "--flows", "fx-static,fx-qat", "--quiet"]) == 3
    assert capsys.readouterr().out == ""


def test_a_rejected_model_is_told_once(engine, capsys):
    engine(REJECTED)
    assert cli.main(["compare", "m.py:Net"]) == 2
    assert capsys.readouterr().err == "qviz: m.py has no Net\nIt has: Other.\n"


@pytest.mark.logs
def test_an_engine_that_does_not_start_is_no_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(client, "engine_command", lambda python: [sys.executable, "-c", "raise SystemExit(3)"])
    assert cli.main(["compare", "m.py:Net"]) == 4
    assert "The engine ended with code 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["m.py:Net", "--flows", "fx-statik"], 'Unknown flow "fx-statik"; choose from: eager'),
        (["m.py:Net", "--flows", ","], "Name at least one flow"),
        (["a.qviz"], "a.qviz is already a result"),
        (["a.pt2"], "a.pt2 was not found"),
        (["m.py:Net", "--flows", "fx-static,eager-qat", "--quantizer", "xnnpack"], "--quantizer is for PT2E flows"),
    ],
)
def test_what_cannot_be_compared_is_refused(words, said, capsys):
    assert cli.main(["compare", *words]) == 2
    assert said in capsys.readouterr().err


def test_an_exported_program_is_compared_by_pt2e_flows_only():
    assert compared("m.pt2") == ("pt2e-static", "pt2e-dynamic", "pt2e-qat")
    assert compared("m.py:Net") == tuple(flow.id for flow in FLOWS if flow.quantizes)


def test_fusion_alone_is_not_among_the_flows_that_are_compared():
    assert "fx-fuse" not in compared("m.py:Net")
    assert {"eager-static", "fx-static", "pt2e-static"} <= set(compared("m.py:Net"))
