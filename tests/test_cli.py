"""The command line, with an engine that follows a script: what it prints, writes and ends with."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from qviz import cli
from qviz.cli import options
from qviz.document import codec
from qviz.document.flows import FLOWS
from qviz.document.plan import Plan
from qviz.document.samples import SAMPLES
from qviz.wire import client
from tests.factories import snapshot
from tests.measured import measured_run

ENGINE = """
import os, sys
from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Run as RunRecord, SourceLine
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
from tests.factories import small_stages
def say(*messages):
    for message in messages:
        sys.stdout.buffer.write(pack(message))
    sys.stdout.buffer.flush()
def done(plan, error=None):
    record = RunRecord(plan.source, plan.flow or "", "failed" if error else "done", {}, {}, "", error)
    return RunFinished(1, record, (), {}, ())
say(EngineReady({"torch": "0"}, ("x86", "onednn")))
request = next(iter(request_reader().feed(os.read(0, 65536))))
plan = request.plan
stages = [StageReached(1, stage, {}, ()) for stage in small_stages()]
"""
WHOLE = "say(StepStarted(1, 'prepare'), *stages, done(plan))"
FAILED = """
where = SourceLine("model.py", 12, "if x.sum() > 0:")
say(StepStarted(1, "prepare"), stages[0])
say(done(plan, kept_error("prepare", "TraceError", "the model\\nbranches on data", "Use torch.cond.", where)))
"""
REJECTED = "say(RunRejected(1, 'm.py has no Net', 'It has: Other.', 2, 'Traceback ...', '--input'))"
BUG = "say(RunRejected(1, 'Bug in qviz: KeyError: 1', 'Report it.', 70, 'Traceback of the engine'))"
DEAD = "say(StepStarted(1, 'convert'), stages[0]); os.kill(os.getpid(), 6)"
DEAF = "say(StepStarted(1, 'calibrate'), stages[0]); os.read(0, 1)"


pytestmark = pytest.mark.usefixtures("own_log")

RUN = ["run", "m.py:Net", "--flow", "fx-static", "-o"]


def test_a_run_is_written(engine, tmp_path, capsys):
    engine(WHOLE)
    assert cli.main([*RUN, str(tmp_path / "a.qviz")]) == 0
    read = codec.load(tmp_path / "a.qviz")
    assert [stage.name for stage in read.stages] == ["captured", "converted"]
    told = capsys.readouterr()
    assert "captured" in told.out
    assert "a.qviz" in told.out
    assert told.err == "", "no progress where nobody looks"


def test_quiet_says_nothing(engine, tmp_path, capsys):
    engine(WHOLE)
    assert cli.main([*RUN, str(tmp_path / "a.json"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_json_is_for_programs(engine, tmp_path, capsys):
    engine(WHOLE)
    assert cli.main([*RUN, str(tmp_path / "a.json"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["flow"], told["error"]) == ("done", "fx-static", None)
    assert [stage["name"] for stage in told["stages"]] == ["captured", "converted"]
    assert sum(told["stages"][0]["kinds"].values()) == told["stages"][0]["nodes"]


def test_the_plan_reaches_the_engine(engine, tmp_path):
    engine("import pathlib; pathlib.Path('plan.txt').write_text(repr(plan)); " + WHOLE)
    more = ["--input", "1x3x8x8", "--input", "y=2:int64", "--quantizer", "x86_inductor", "--no-strict", "--seed", "3"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert cli.main(["run", "m.py:Net", "--flow", "pt2e-static", "-o", "a.qviz", *more]) == 0
    assert (tmp_path / "plan.txt").read_text() == repr(
        Plan(
            "m.py:Net",
            "pt2e-static",
            inputs=("1x3x8x8", "y=2:int64"),
            quantizer="x86_inductor",
            strict=False,
            seed=3,
        )
    )


def test_a_failed_flow_keeps_its_stages(engine, tmp_path, capsys):
    engine(FAILED)
    assert cli.main([*RUN, str(tmp_path / "a.qviz"), "-q"]) == 3
    read = codec.load(tmp_path / "a.qviz")
    assert read.run.status == "failed"
    assert len(read.stages) == 1
    assert capsys.readouterr().err == (
        "qviz: Prepare failed: the model branches on data (model.py:12)\nUse torch.cond.\n"
    )


def test_bad_input_writes_nothing(engine, tmp_path, capsys):
    engine(REJECTED)
    assert cli.main([*RUN, str(tmp_path / "a.qviz")]) == 2
    assert capsys.readouterr().err == "qviz: m.py has no Net\nIt has: Other. (--input)\n"
    assert not (tmp_path / "a.qviz").exists()


@pytest.mark.logs
def test_a_dead_engine_keeps_what_arrived(engine, tmp_path, capsys, own_log):
    engine(DEAD)
    assert cli.main([*RUN, str(tmp_path / "a.qviz"), "-q"]) == 4
    read = codec.load(tmp_path / "a.qviz")
    assert read.run.error is not None
    assert (read.run.error.step, read.run.status, len(read.stages)) == ("convert", "failed", 1)
    assert capsys.readouterr().err.startswith("qviz: The engine was ended by SIGABRT\n")
    assert "SIGABRT" in own_log.read_text()


@pytest.mark.logs
def test_the_deadline_ends_a_run(engine, tmp_path, capsys):
    engine(DEAF)
    assert cli.main([*RUN, str(tmp_path / "a.qviz"), "-q", "--timeout", "2"]) == 3
    assert capsys.readouterr().err.startswith("qviz: Calibrate: stopped after 2 s")
    assert len(codec.load(tmp_path / "a.qviz").stages) == 1


def test_debug_shows_the_traceback(engine, tmp_path, capsys):
    engine(REJECTED)
    assert cli.main([*RUN, str(tmp_path / "a.qviz"), "--debug"]) == 2
    told = capsys.readouterr().err
    assert "Traceback (most recent call last)" in told
    assert "Traceback ..." in told, "that of the engine, too"


@pytest.mark.logs
def test_a_bug_in_the_engine_is_one_here_with_its_traceback_in_the_log(engine, tmp_path, capsys, own_log):
    engine(BUG)
    assert cli.main([*RUN, str(tmp_path / "a.qviz")]) == 70
    told = capsys.readouterr().err
    assert told.startswith("qviz: Bug in qviz: KeyError: 1\nThe details are in ")
    assert "Traceback of the engine" in own_log.read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rendre"], '"rendre" is neither a qviz command nor a model\nDid you mean qviz render?'),
        (["--flow", "fx-static"], "--flow needs a SOURCE"),
        (["run", "m.py:N", "-o", "a.qviz"], "Missing option '--flow'"),
        (["run", "m.py:N", "--flow", "fx-dance", "-o", "a.qviz"], "'fx-dance' is not one of"),
        (["run", "m.py:N", "--flow", "fx-static"], "Missing option '-o'"),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "a.onnx"], "a.onnx: .onnx is not one of .qviz, .json"),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "no/a.qviz"], "no such folder: no"),
        (["run", "a.qviz", "--flow", "fx-static", "-o", "b.qviz"], "which is already a result"),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "a.qviz", "--quantizer", "xnnpack"], "is for PT2E flows"),
        (
            ["run", "m.py:N", "--flow", "pt2e-static", "-o", "a.qviz", "--backend", "x86"],
            "is for eager flows",
        ),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "a.qviz", "--strict"], "is for PT2E flows"),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "a.qviz", "--train", "m:t"], "is for QAT flows"),
        (
            ["run", "m.py:N", "--flow", "fx-fuse", "-o", "a.qviz", "--backend", "x86"],
            "is for eager flows",
        ),
        (["run", "m.py:N", "--flow", "fx-static", "-o", "a.qviz", "--magic", "m:q"], "No such option '--magic'"),
        (["render", "m.py:N", "-o", "a.bmp"], "a.bmp: .bmp is not one of .svg, .png, .pdf, .dot, .md"),
        (["render", "m.py:N", "-o", "a.png", "--html"], "No such option '--html'"),
        (["render", "m.py:N", "-o", "a.png", "--changes", "--focus", "x"], "--changes and --focus exclude each other"),
        (["render", "m.py:N", "-o", "a.png", "--hops", "2"], "--hops needs --focus"),
        (["render", "m.py:N", "-o", "a.png", "--wrap", "0"], "0 is not in the range"),
        (["render", "m.py:N", "-o", "a.png", "--side-by-side", "captured"], "--side-by-side takes two stages"),
        (["render", "m.py:N", "-o", "a.png", "--side-by-side", "a,b", "--stage", "a"], "exclude each other"),
        (["render", "m.py:N", "-o", "a.png", "--depth", "0"], "is neither a positive number nor"),
        (["render", "m.py:N", "-o", "a.png", "--scale", "9"], "9 is not in the range"),
        (["render", "none.qviz", "-o", "a.png"], "none.qviz was not found"),
        (["flows", "more"], "Got unexpected extra argument"),
    ],
)
def test_bad_usage_is_told_in_two_lines(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert 1 <= len(said.err.splitlines()) <= 2
    assert said.out == ""
    assert not [path for path in tmp_path.iterdir() if path.name != "log"]


@pytest.mark.parametrize(
    ("display", "told"), [(None, "DISPLAY is not set"), (":98765", "The display :98765 does not answer")]
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_the_headless_commands_are_named(display, told, monkeypatch, capsys):
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    assert cli.main([]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "qviz run, render" in said


@pytest.mark.parametrize(
    ("words", "source", "plan"),
    [
        ([], None, None),
        (["sample:conv-bn-relu"], "sample:conv-bn-relu", Plan("sample:conv-bn-relu")),
        (["m.py:N", "--flow", "fx-static"], "m.py:N", Plan("m.py:N", "fx-static")),
        (["--flow", "fx-static", "m.py:N"], "m.py:N", Plan("m.py:N", "fx-static")),
        (["a.qviz"], "a.qviz", None),
    ],
)
def test_the_window_gets_the_source(words, source, plan, monkeypatch):
    opened = []
    for module in ("opening", "window"):
        monkeypatch.setattr(f"qviz.cli.{module}.open_window", lambda *given: opened.append((*given, None)[:2]) or 0)  # type: ignore[func-returns-value]
    assert cli.main(words) == 0
    assert opened == [(source, plan)]


def test_flows(capsys):
    assert cli.main(["flows"]) == 0
    text = capsys.readouterr().out
    assert cli.main(["flows", "--json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == [flow.id for flow in FLOWS]
    assert all(flow.id in text and flow.runs in text for flow in FLOWS)


def test_samples(capsys):
    assert cli.main(["samples"]) == 0
    text = capsys.readouterr().out
    assert cli.main(["samples", "--json"]) == 0
    sources = [each["source"] for each in json.loads(capsys.readouterr().out)]
    assert sources == [f"sample:{sample.name}" for sample in SAMPLES]
    assert all(source in text for source in sources)


def test_doctor_looks_at_everything(engine, capsys):
    engine("os.read(0, 1)")
    # nobody sends a request, so this engine waits for one until it is killed
    assert cli.main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"qviz", "python", "torch", "engine", "dot", "fonts", "display", "log file", "cache"} <= set(told)
    assert "x86, onednn" in told["engine"]["found"]


@pytest.mark.logs
def test_doctor_says_that_the_engine_does_not_start(monkeypatch, capsys):
    monkeypatch.setattr(client, "engine_command", lambda python: [sys.executable, "-c", "raise OSError('libgomp')"])
    assert cli.main(["doctor"]) == 4
    assert "!!  engine" in capsys.readouterr().out


def test_an_interruption_is_no_finding(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("qviz.cli.opening.open_window", interrupted)
    assert cli.main([]) == 130
    assert capsys.readouterr().err == "qviz: Interrupted\n"


@pytest.mark.parametrize(
    ("words", "is_told"), [(["--exact"], True), (["--exact", "--at-most", "9"], False), ([], False)]
)
def test_an_interrupted_exact_measurement_says_how_to_keep_one(words, is_told, monkeypatch, capsys, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("qviz.cli.runs.run_plan", interrupted)
    (tmp_path / "model.py").write_text("from torch import nn\nmodel = nn.Linear(2, 2)\n")
    assert cli.main(["measure", str(tmp_path / "model.py"), "--flow", "fx-static", *words]) == 130
    assert ("--at-most SECONDS" in capsys.readouterr().err) is is_told


def test_a_bug_is_logged_and_told(tmp_path):
    script = (
        "import sys, qviz.log, pathlib; qviz.log.log_path = lambda: pathlib.Path(sys.argv.pop())\n"
        "from qviz import cli; cli.main = lambda words: 1 / 0\n"
        "from qviz.__main__ import main; main()"
    )
    log = tmp_path / "qviz.log"
    done = subprocess.run([sys.executable, "-c", script, str(log)], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert done.stderr.startswith(
        "qviz: This is a bug in qviz: ZeroDivisionError: division by zero\nThe details are in"
    )
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_large_log_is_put_aside(own_log, monkeypatch):
    from qviz.log import start_log

    monkeypatch.setattr("qviz.log.MAX_BYTES", 10)
    own_log.parent.mkdir()
    own_log.write_text("x" * 11)
    start_log()
    start_log()
    assert len(logging.getLogger("qviz").handlers) == 1
    assert own_log.read_text() == ""
    assert own_log.with_suffix(".old.log").read_text() == "x" * 11


def test_a_log_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    from qviz.log import start_log

    (tmp_path / "file").touch()
    monkeypatch.setattr("qviz.log.log_path", lambda: tmp_path / "file" / "qviz.log")
    start_log()
    assert logging.getLogger("qviz").handlers == []


def test_every_option_of_a_plan_has_a_word_for_itself():
    helps = [vars(option(lambda: None))["__click_params__"][0].help for option in options.PLAN_OPTIONS]
    assert all(helps)


def test_render_opens_what_run_wrote(tmp_path, capsys):
    pytest.importorskip("qviz.ui.export.picture")
    codec.save(snapshot(), tmp_path / "a.qviz")
    command = [sys.executable, "-m", "qviz", "render", str(tmp_path / "a.qviz")]
    outs = [tmp_path / "a.svg", tmp_path / "a.png"]
    words = [word for out in outs for word in ("-o", str(out))]
    done = subprocess.run(
        [*command, *words, "--side-by-side", "captured,converted"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert outs[0].read_text(encoding="utf-8").startswith("<?xml")
    assert outs[1].read_bytes().startswith(b"\x89PNG")


def test_render_writes_all_that_the_contract_names(tmp_path):
    codec.save(measured_run(), tmp_path / "a.qviz")
    names = ("a.png", "a.svg", "a.pdf", "a.dot", "a.md")
    words = [word for name in names for word in ("-o", str(tmp_path / name))]
    scope = ["--focus", "view", "--hops", "1", "--numbers", "--wrap", "2"]
    command = [sys.executable, "-m", "qviz", "render", str(tmp_path / "a.qviz")]
    done = subprocess.run([*command, *words, *scope], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.qviz", "a-graph.svg", *names])
    assert "3 of 9 nodes" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_render_tells_that_no_quantizer_was_measured(tmp_path, capsys):
    codec.save(snapshot(), tmp_path / "a.qviz")
    assert cli.main(["render", str(tmp_path / "a.qviz"), "-o", str(tmp_path / "a.svg"), "--numbers"]) == 2
    assert "No quantizer of sample:small-conv was measured" in capsys.readouterr().err


def test_render_names_the_node_that_is_meant(tmp_path, capsys):
    codec.save(snapshot(), tmp_path / "a.qviz")
    assert cli.main(["render", str(tmp_path / "a.qviz"), "-o", str(tmp_path / "a.svg"), "--focus", "veiw"]) == 2
    assert capsys.readouterr().err == "qviz: Converted has no node veiw\nDid you mean view?\n"


def test_render_names_the_stages_there_are(tmp_path, capsys):
    codec.save(snapshot(), tmp_path / "a.qviz")
    assert cli.main(["render", str(tmp_path / "a.qviz"), "-o", str(tmp_path / "a.svg"), "--stage", "prepared"]) == 2
    assert "no stage 'prepared'; there are: captured, converted" in capsys.readouterr().err
