"""Engine processes from the window's side, with short scripts in the place of torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.ui.process import client as engine_client
from qviz.ui.process.engines import Engines
from qviz.wire.messages import EngineReady, RunRejected

WAIT_MS = 20_000
SAY = """
import sys, time
from qviz.wire.framing import pack
from qviz.wire.messages import EngineReady, RunRejected
def say(report):
    sys.stdout.buffer.write(pack(report)); sys.stdout.buffer.flush()
say(EngineReady({"torch": "0"}, ("x86",)))
"""
ANSWER = SAY + "sys.stdin.buffer.readline(); say(RunRejected(7, 'stale', '', 2)); say(RunRejected(1, 'no', '', 2))\n"
HEAR = (
    SAY
    + """
import os
from qviz.wire.framing import request_reader
from qviz.wire.messages import RunFlow
reader = request_reader()
while data := os.read(0, 65536):
    for request in reader.feed(data):
        print(type(request).__name__, file=sys.stderr, flush=True)
        if isinstance(request, RunFlow):
            say(RunRejected(request.run_id, "no", "", 2))
"""
)
SLEEP = "time.sleep(600)\n"


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Engines]]:
    made: list[Engines] = []

    def start(script: str) -> Engines:
        monkeypatch.setattr(engine_client, "engine_command", lambda: [sys.executable, "-c", script])
        made.append(Engines())
        return made[-1]

    yield start
    for each in made:
        each.shut_down()


def test_a_spare_says_that_it_is_ready(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start(SAY + SLEEP)
    with qtbot.waitSignal(engines.ready, timeout=WAIT_MS) as told:
        engines.warm_up()
    assert told.args == [EngineReady({"torch": "0"}, ("x86",))]


def test_only_reports_of_the_run_at_work_are_passed_on(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start(ANSWER + SLEEP)
    with qtbot.waitSignal(engines.report_received, timeout=WAIT_MS) as told:
        engines.run(Plan(source="x"))
    assert told.args == [RunRejected(1, "no", "", 2)]
    assert not engines.is_running


@pytest.mark.logs
def test_a_spare_that_dies_is_told_and_not_started_again_and_again(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start("raise SystemExit('there is no torch')")
    with qtbot.waitSignal(engines.spare_died, timeout=WAIT_MS) as told:
        engines.warm_up()
    assert told.args[0].message == "The engine ended with code 1: there is no torch"


@pytest.mark.logs
def test_an_engine_that_speaks_nonsense_ends_the_run(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start("print('hello, this is no frame', flush=True); import time; time.sleep(600)")
    with qtbot.waitSignal(engines.run_died, timeout=WAIT_MS) as told:
        engines.run(Plan(source="x"))
    assert "unreadable" in told.args[0].message
    assert engines.process_id() == 0


def test_a_python_that_does_not_start_is_told(
    start: Callable[[str], Engines], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
):
    engines = start("")
    monkeypatch.setattr(engine_client, "engine_command", lambda: ["/nowhere/python"])
    with qtbot.waitSignal(engines.spare_died, timeout=WAIT_MS) as told:
        engines.warm_up()
    assert "did not start" in told.args[0].message


def test_cancel_kills_at_once_and_the_spare_takes_over(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start(SAY + SLEEP)
    engines.run(Plan(source="x"))
    first = engines.process_id()
    with qtbot.waitSignal(engines.ready, timeout=WAIT_MS):
        engines.cancel()
    assert engines.process_id() == 0
    engines.run(Plan(source="x"))
    assert engines.process_id() not in (0, first)


def test_a_question_is_given_up_for_a_run_and_at_the_end(start: Callable[[str], Engines]):
    engines = start(SAY + SLEEP)
    engines.guess_call(Plan(source="x"))
    assert engines.is_asked
    engines.run(Plan(source="x"))
    assert not engines.is_asked
    engines.cancel()
    engines.guess_call(Plan(source="x"))
    engines.end_engines()
    assert not engines.is_asked


def test_nothing_starts_an_engine_after_the_end(start: Callable[[str], Engines]):
    engines = start(SAY + SLEEP)
    engines.guess_call(Plan(source="x"))
    engines.close()
    engines.cancel()
    engines.guess_call(Plan(source="x"))
    assert engines.findChildren(engine_client.EngineProcess) == []


def test_an_engine_that_waits_imports_the_rest_of_torch(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start(HEAR)
    with qtbot.waitSignal(engines.printed, timeout=WAIT_MS) as told:
        engines.warm_up()
    assert told.args[0].split() == ["WarmUp"]  # the end of the line may come by itself


def test_an_engine_at_work_is_asked_for_more_imports_only_after_the_run(start: Callable[[str], Engines], qtbot: QtBot):
    engines = start(HEAR)
    heard: list[str] = []
    engines.printed.connect(heard.append)
    with qtbot.waitSignal(engines.report_received, timeout=WAIT_MS):
        engines.run(Plan(source="x"))
    qtbot.waitUntil(lambda: "WarmUp" in "".join(heard), timeout=WAIT_MS)
    assert "".join(heard).split() == ["RunFlow", "WarmUp"]


DONE = """
import os
from qviz.document.snapshot import Run
from qviz.wire.framing import request_reader
from qviz.wire.messages import RunFinished, RunFlow
reader = request_reader()
while data := os.read(0, 65536):
    for request in reader.feed(data):
        if isinstance(request, RunFlow) and request.plan.source == "bad":
            say(RunRejected(request.run_id, "no", "", 2))
        elif isinstance(request, RunFlow):
            say(RunFinished(request.run_id, Run(request.plan.source, "", "done", {}, {}, ""), (), {}, ()))
"""


@pytest.mark.parametrize("is_forked", [True, False])
def test_no_source_gets_an_engine_in_which_another_ran_or_was_rejected(
    is_forked: bool, start: Callable[[str], Engines], qtbot: QtBot
):
    engines = start(SAY.replace('("x86",)', f'("x86",), {is_forked}') + DONE)
    if is_forked:  # what one needs to know, the first engine tells
        with qtbot.waitSignal(engines.ready, timeout=WAIT_MS):
            engines.warm_up()
    used: list[int] = []
    for source in ("a", "a", "b", "bad", "bad", "a"):
        with qtbot.waitSignal(engines.report_received, timeout=WAIT_MS):
            engines.run(Plan(source=source))
            used.append(engines.process_id())
    a, again, b, bad, bad_again, last = used
    assert len({a, b, bad, bad_again, last}) == 5
    assert (again == a) is not is_forked, "only a forked engine costs nothing"
