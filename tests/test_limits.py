from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import pytest

from qviz.cli.course import Course
from qviz.cli.limits import Limits, memory_of
from qviz.document.said import StoppedError
from qviz.errors import ExitCode
from qviz.wire.client import EngineClient
from qviz.wire.messages import Report, StageReached, StepStarted
from tests.factories import small_stages

HOARDER = "held = bytearray(300 << 20); print('ready', flush=True); input()"


def hoarder() -> EngineClient:
    """Something that holds 300 MiB, in the place of an engine."""
    process = subprocess.Popen([sys.executable, "-c", HOARDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return cast(EngineClient, SimpleNamespace(process=process, end=process.kill, link=""))


def test_memory_is_measured():
    assert memory_of(os.getpid()) > 10 << 20
    assert memory_of(2**22 + 1) == 0


@pytest.mark.parametrize(
    ("seconds", "gib", "told"), [(None, 0.2, "more than 0.2 GiB"), (0.05, None, "stopped after 0.05 s")]
)
def test_a_limit_ends_the_engine(seconds: float | None, gib: float | None, told: str):
    engine = hoarder()
    with Limits(engine, seconds, gib) as limits:
        engine.process.wait(timeout=20)
    failure = limits.failure(Course("calibrating"))
    assert failure is not None
    assert told in failure.message
    assert failure.exit_code == ExitCode.FLOW_FAILED
    engine.process.communicate()


def test_an_engine_within_its_limits_is_left_alone():
    engine = hoarder()
    with Limits(engine, 60, 4) as limits:
        assert engine.process.poll() is None
    assert limits.failure(Course("calibrating")) is None
    engine.process.kill()
    engine.process.communicate()


def stopped_after(*reports: Report, at: tuple[float, ...]) -> StoppedError:
    """Return what a limit of 60 s says; `at` are the seconds of a run's start, of each new step, of its end."""
    clock = iter(at)
    course = Course(clock=lambda: next(clock))
    for each in reports:
        course.take(each)
    limits = Limits(cast(EngineClient, SimpleNamespace(link="")), 60)
    limits._passed = "time"
    failure = limits.failure(course)
    assert failure is not None
    return failure


def test_a_limit_tells_the_step_its_rate_and_what_to_do():
    steps = (StepStarted(1, "calibrating", 0, 90), StepStarted(1, "calibrating", 8, 90))
    failure = stopped_after(StepStarted(1, "loading"), *steps, at=(0, 1, 20, 60))
    assert failure.message == (
        "Calibrating: stopped after 60 s, the time limit; 8 of 90 were done in 40 s, 0.2 per second"
    )
    assert "At that rate the step takes 450 s." in failure.hint
    assert "--batches" in failure.hint


def test_a_step_that_torch_does_in_one_piece_tells_what_it_works_on():
    captured = small_stages()[0]
    nodes = len(captured.whole.nodes)
    failure = stopped_after(StageReached(1, captured, {}, ()), StepStarted(1, "preparing"), at=(0, 12.5, 60))
    assert failure.message == (
        f"Preparing: stopped after 60 s, the time limit, 47.5 s of it in this step, on a graph of {nodes} nodes"
    )
    assert "torch does this step in one piece" in failure.hint


def test_a_limit_before_anything_is_known_tells_the_step():
    failure = stopped_after(at=(0, 60))
    assert failure.message == "Starting the engine: stopped after 60 s, the time limit"
