"""The client outlives every kind of engine: good, dying, talking nonsense, deaf."""

from __future__ import annotations

import os
import signal
import site
import sys
from pathlib import Path

import pytest

from qviz.document.plan import Plan
from qviz.errors import ExitCode, QvizError
from qviz.wire.client import EngineClient, engine_command, engine_environment, outcome
from qviz.wire.messages import EngineReady, RunFlow, StepStarted, Stop

ENGINE = """
import os, signal, sys
from qviz.wire.framing import pack, request_reader
from qviz.wire.messages import *
def say(message):
    sys.stdout.buffer.write(pack(message)); sys.stdout.buffer.flush()
def hear():
    reader = request_reader()
    while data := os.read(0, 65536):
        yield from reader.feed(data)
say(EngineReady({"torch": "0"}, ("x86",)))
"""


@pytest.fixture
def engine(engine):
    """Start a client of an engine that follows a script."""

    def start(script: str) -> EngineClient:
        engine(script)
        return EngineClient()

    return start


def test_requests_arrive_and_reports_come_back(engine):
    script = """
for request in hear():
    match request:
        case RunFlow(): say(StepStarted(request.run_id, request.plan.source))
        case Stop(): break
"""
    with engine(script) as it:
        reports = it.reports()
        assert next(reports) == EngineReady({"torch": "0"}, ("x86",))
        it.send(RunFlow(7, Plan("sample:x")))
        assert next(reports) == StepStarted(7, "sample:x")
        it.send(Stop())
        assert it.process.wait(10) == 0


@pytest.mark.logs
def test_a_killed_engine_is_told_from_a_failing_one(engine):
    with engine("os.kill(os.getpid(), signal.SIGKILL)") as it:
        reports = it.reports()
        next(reports)
        with pytest.raises(QvizError, match="was ended by SIGKILL") as caught:
            next(reports)
    assert caught.value.exit_code == ExitCode.ENGINE_DIED


@pytest.mark.logs
def test_its_last_words_are_told(engine):
    with engine("sys.exit('terminate called after throwing')") as it:
        reports = it.reports()
        next(reports)
        with pytest.raises(QvizError, match="ended with code 1: terminate called after throwing"):
            next(reports)


def test_what_came_before_the_death_arrives(engine):
    with engine("say(StepStarted(1, 'a')); say(StepStarted(1, 'b')); os._exit(3)") as it:
        reports = it.reports()
        assert [next(reports), next(reports), next(reports)][1:] == [StepStarted(1, "a"), StepStarted(1, "b")]


def test_nonsense_ends_the_conversation(engine):
    with engine("print('a library that prints to standard output', flush=True); hear().__next__()") as it:
        reports = it.reports()
        next(reports)
        with pytest.raises(QvizError, match="something unreadable") as caught:
            next(reports)
    assert caught.value.exit_code == ExitCode.ENGINE_DIED


@pytest.mark.logs
def test_a_request_to_a_dead_engine_fails(engine):
    with engine("os._exit(0)") as it:
        it.process.wait(10)
        with pytest.raises(QvizError, match="ended with code 0"):
            it.send(RunFlow(1, Plan("x" * 1_000_000)))


def test_leaving_kills_even_an_engine_that_ignores_everything(engine):
    script = "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    with engine(script) as it:
        next(it.reports())
    assert it.process.returncode == -signal.SIGKILL


def test_the_death_of_an_engine_is_logged(engine, caplog):
    with engine("sys.exit('out of memory')") as it, pytest.raises(QvizError):
        for _ in it.reports():
            pass
    assert "out of memory" in caplog.text


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (-signal.SIGABRT, "", "The engine was ended by SIGABRT"),
        (-250, "", "The engine was ended by signal 250"),
        (1, "Traceback\n\nOSError: no\n", "The engine ended with code 1: OSError: no"),
    ],
)
def test_outcome(code, words, told):
    assert outcome(code, words).message == told


def test_the_real_engine_finds_this_qviz_and_not_the_users_files(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    home, mine = engine_environment()["PYTHONPATH"].split(os.pathsep)
    assert (Path(home) / "qviz" / "wire").is_dir()
    assert mine == str(tmp_path)
    assert engine_command("/usr/bin/python3")[0] == "/usr/bin/python3"
    assert engine_command()[0] == sys.executable


def test_an_installed_qviz_is_not_put_before_the_standard_library(monkeypatch):
    """``PYTHONPATH`` would be, and site-packages may hold an old ``typing.py``."""
    monkeypatch.setenv("PYTHONPATH", "mine")
    home, _ = engine_environment()["PYTHONPATH"].split(os.pathsep)
    monkeypatch.setattr(site, "getsitepackages", lambda: [home])
    assert engine_environment()["PYTHONPATH"] == "mine"
