"""`qviz check` with an engine that follows a script: what it prints, writes and ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qviz import cli
from qviz.document import codec
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level
from qviz.wire import client
from tests.factories import snapshot

ENGINE = """
import os, sys
from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Level, Run as RunRecord
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
from tests.factories import small_stages
def say(*messages):
    for message in messages:
        sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
def done(findings=(), error=None):
    record = RunRecord(plan.source, plan.flow or "", "failed" if error else "done", {}, {}, "", error)
    return RunFinished(1, record, findings, {}, ())
say(EngineReady({"torch": "0"}, ("x86", "onednn")))
plan = next(iter(request_reader().feed(os.read(0, 65536)))).plan
stages = [StageReached(1, stage, {}, ()) for stage in small_stages()]
bad = kept_finding("not_lowered", Level.ERROR, "converted", ("fc",), "fc: no kernel", "unknown", "Lower it.")
odd = kept_finding("mode_changed", Level.INFO, "captured", (), "another mode", "", "")
"""
CLEAN = "say(StepStarted(1, 'prepare'), *stages, done())"
BAD = "say(StepStarted(1, 'prepare'), *stages, done((bad, odd)))"
FAILED = """
say(StepStarted(1, "prepare"), stages[0], done((odd,), kept_error("prepare", "TraceError", "no", "Use torch.cond.")))
"""
REJECTED = "say(RunRejected(1, 'm.py has no Net', 'It has: Other.', 2, 'Traceback ...'))"
DEAD = "say(StepStarted(1, 'convert'), stages[0]); os.kill(os.getpid(), 6)"
DEAF = "say(StepStarted(1, 'calibrate'), stages[0]); os.read(0, 1)"

CHECK = ["check", "m.py:Net", "--flow", "fx-static"]


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch, own_log: Path):
    """Work in an empty folder, and keep the log of the tests out of the user's."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def no_engine(monkeypatch):
    """Nothing may start one."""

    def refuse(python: str) -> list[str]:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(client, "engine_command", refuse)


@pytest.mark.logs
@pytest.mark.parametrize(
    ("script", "words", "code"),
    [
        (CLEAN, [], 0),
        (CLEAN, ["--fail-on", "info"], 0),
        (BAD, [], 1),
        (BAD, ["--fail-on", "warning"], 1),
        (BAD, ["--fail-on", "never"], 0),
        (REJECTED, [], 2),
        (FAILED, [], 3),
        (DEAD, [], 4),
    ],
)
def test_it_ends_with(engine, script, words, code):
    engine(script)
    assert cli.main([*CHECK, *words]) == code


def test_a_clean_run_is_one_friendly_line(engine, capsys):
    engine(CLEAN)
    assert cli.main(CHECK) == 0
    told = capsys.readouterr()
    assert told.out == "No findings, nothing to look at; 2 of 2 operators run in low precision (fx-static).\n"
    assert told.err == ""


def test_a_failed_run_is_reported_as_far_as_it_came(engine, capsys):
    engine(FAILED)
    assert cli.main([*CHECK, "--json"]) == 3
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert (report["passed"], report["status"], report["error"]["step"]) == (False, "failed", "prepare")
    assert [each["rule"] for each in report["findings"]] == ["stopped", "mode_changed"]
    assert told.err == "qviz: Prepare failed: no\nUse torch.cond.\n"


@pytest.mark.logs
@pytest.mark.parametrize("script", [BAD, FAILED, DEAD])
@pytest.mark.parametrize(
    ("name", "start"), [("r.sarif", '{\n  "$schema"'), ("r.xml", "<?xml"), ("r.json", "{"), ("r", "")]
)
def test_the_ending_of_a_file_says_the_format(engine, capsys, script, name, start):
    engine(script)
    assert cli.main([*CHECK, "-o", name]) > 0
    assert Path(name).read_text(encoding="utf-8").startswith(start)
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert out.endswith(f"Written to {name}.\n")


def test_a_format_that_is_named_wins_over_the_ending(engine):
    engine(BAD)
    assert cli.main([*CHECK, "-o", "r.json", "--format", "sarif", "--quiet"]) == 1
    assert "runs" in json.loads(Path("r.json").read_text(encoding="utf-8"))


def test_json_on_standard_output_goes_with_another_file(engine, capsys):
    engine(BAD)
    assert cli.main([*CHECK, "--json", "-o", "r.sarif"]) == 1
    assert json.loads(capsys.readouterr().out)["format"] == "qviz-check"
    assert "runs" in json.loads(Path("r.sarif").read_text(encoding="utf-8"))


def test_json_is_format_json(engine, capsys):
    engine(BAD)
    assert cli.main([*CHECK, "--json", "-q"]) == 1
    one = capsys.readouterr().out
    assert cli.main([*CHECK, "--format", "json"]) == 1
    assert capsys.readouterr().out == one


def test_quiet_prints_nothing_and_ends_the_same(engine, capsys):
    engine(BAD)
    assert cli.main([*CHECK, "-q"]) == 1
    assert capsys.readouterr() == ("", "")


def test_a_result_is_checked_without_an_engine(no_engine, capsys):
    bad = kept_finding("r", Level.WARNING, "converted", ("fc",), "m", "", "")
    codec.save(snapshot(findings=[bad]), "a.qviz")
    assert cli.main(["check", "a.qviz"]) == 0
    assert cli.main(["check", "a.qviz", "--fail-on", "warning"]) == 1
    assert "warning r: m" in capsys.readouterr().out


@pytest.mark.logs
@pytest.mark.parametrize(("script", "words", "code"), [(DEAF, ["--timeout", "3"], 3), (DEAD, [], 4), (FAILED, [], 3)])
def test_a_result_of_a_run_that_failed_ends_as_the_run_did(engine, capsys, script, words, code):
    engine(script)
    assert cli.main(["run", *CHECK[1:], "-o", "a.qviz", "-q", *words]) == code
    capsys.readouterr()
    assert cli.main(["check", "a.qviz"]) == code
    told = capsys.readouterr()
    assert told.out.startswith("error stopped: ")
    assert "; the run failed" in told.out
    assert " failed: " in told.err


def test_a_result_that_was_cancelled_does_not_pass(no_engine, capsys):
    codec.save(snapshot(status="cancelled"), "a.json")
    assert cli.main(["check", "a.json"]) == 3
    assert capsys.readouterr().err == "qviz: The run was canceled\nRun the flow again.\n"


def test_the_baseline_from_the_first_to_the_last_day(engine, capsys):
    engine(BAD)
    words = [*CHECK, "--fail-on", "info", "--baseline", "b.json"]
    assert cli.main(words) == 2
    assert "b.json: no such baseline\nCreate it" in capsys.readouterr().err
    assert cli.main([*words, "--write-baseline"]) == 0
    assert [each["rule"] for each in json.loads(Path("b.json").read_text())["findings"]] == [
        "mode_changed",
        "not_lowered",
    ]
    capsys.readouterr()
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith("No new findings; 2 accepted by the baseline; ")
    engine(CLEAN)
    assert cli.main(words) == 0
    assert "the baseline lists it: not_lowered at converted: fc\n" in capsys.readouterr().out
    assert cli.main([*words, "--write-baseline"]) == 0
    engine(BAD)
    assert cli.main(words) == 1


@pytest.mark.logs
@pytest.mark.parametrize("script", [FAILED, DEAD, REJECTED])
def test_a_run_that_fails_leaves_the_baseline_alone(engine, script):
    engine(script)
    assert cli.main([*CHECK, "--baseline", "b.json", "--write-baseline"]) > 1
    assert not Path("b.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["m.py:Net"], "Missing option '--flow'"),
        (["--flow", "fx-static"], "--flow needs a SOURCE"),
        (["a.qviz", "--flow", "fx-static"], "does not apply to a.qviz"),
        (["a.qviz"], "a.qviz was not found"),
        ([*CHECK[1:], "--json", "--format", "sarif"], "--json and --format sarif exclude each other"),
        ([*CHECK[1:], "--fail-on", "note"], "'note' is not one of"),
        ([*CHECK[1:], "--write-baseline"], "--write-baseline needs --baseline FILE"),
        ([*CHECK[1:], "--baseline", "no/b.json", "--write-baseline"], "no such folder: no"),
        ([*CHECK[1:], "-o", "no/r.xml"], "no such folder: no"),
    ],
)
def test_bad_usage_is_told_before_anything_runs(no_engine, words, told, capsys):
    assert cli.main(["check", *words]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert 1 <= len(said.err.splitlines()) <= 2
    assert said.out == ""


@pytest.mark.parametrize(
    ("name", "start"), [("r.sarif", '{\n  "$schema"'), ("r.xml", "<?xml"), ("r.json", "{"), ("r", "")]
)
def test_a_run_that_is_refused_is_reported_as_that(engine, capsys, name, start):
    engine(REJECTED)
    assert cli.main([*CHECK, "-o", name]) == 2
    report = Path(name).read_text(encoding="utf-8")
    assert report.startswith(start)
    assert "m.py has no Net" in report
    assert capsys.readouterr().err == "qviz: m.py has no Net\nIt has: Other.\n"


def test_the_refusal_is_the_one_finding(engine, capsys):
    engine(REJECTED)
    assert cli.main([*CHECK, "--json", "--fail-on", "never"]) == 2
    report = json.loads(capsys.readouterr().out)
    (finding,) = report["findings"]
    told = [finding[each] for each in ("rule", "level", "message", "hint")]
    assert told == ["stopped", "error", "m.py has no Net", "It has: Other."]
    assert (report["status"], report["passed"], report["error"]["message"]) == ("failed", False, "m.py has no Net")
    assert report["precision"] is None


def test_on_a_terminal_a_refusal_is_said_once(engine, capsys):
    engine(REJECTED)
    assert cli.main(CHECK) == 2
    assert capsys.readouterr() == ("", "qviz: m.py has no Net\nIt has: Other.\n")


def test_a_file_that_nobody_trusts_is_refused_in_the_report_too(no_engine, capsys):
    Path("m.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert cli.main(["check", "m.pt", "--flow", "fx-static", "--json"]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["message"].startswith("m.pt can run code when it is opened")
    assert "calls os.system('true')" in finding["message"]


def test_a_finding_that_the_baseline_has_in_part_is_shown_at_the_rest(no_engine, capsys):
    def written(*nodes: str) -> None:
        found = Finding("r", Level.ERROR, "converted", nodes, "float_island.no_pattern", {"subject": nodes})
        codec.save(snapshot(findings=[found]), "a.qviz")

    written("fc")
    assert cli.main(["check", "a.qviz", "--baseline", "b.json", "--write-baseline"]) == 0
    written("fc", "conv")
    capsys.readouterr()
    assert cli.main(["check", "a.qviz", "--baseline", "b.json"]) == 1
    assert "  at converted: conv\n  the baseline accepts 1 other node\n" in capsys.readouterr().out
    assert cli.main(["check", "a.qviz", "--baseline", "b.json", "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["nodes"], finding["new_nodes"], finding["accepted"]) == (["fc", "conv"], ["conv"], False)
