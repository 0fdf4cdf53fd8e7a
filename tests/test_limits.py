from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import click
import pytest
from click.testing import CliRunner

from qviz.cli import limits as cli_limits
from qviz.cli.course import Course
from qviz.cli.limits import Limits, held_by
from qviz.cli.options import takes_manner
from qviz.document.said import StoppedError
from qviz.errors import ExitCode
from qviz.wire import memory
from qviz.wire.client import EngineClient, outcome
from qviz.wire.memory import EXCEEDED, GIB
from qviz.wire.messages import Report, StageReached, StepStarted
from tests.factories import small_stages

HOARDER = "held = bytearray(300 << 20); print('ready', flush=True); input()"


def hoarder() -> EngineClient:
    """Something that holds 300 MiB, in the place of an engine."""
    process = subprocess.Popen([sys.executable, "-c", HOARDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return cast(EngineClient, SimpleNamespace(process=process, end=process.kill, link=""))


@pytest.mark.skipif(shutil.which("ps") is None, reason="this system has no ps")
def test_memory_is_measured_where_no_supervisor_does():
    assert held_by(os.getpid()) > 10 << 20
    assert held_by(2**22 + 1) == 0


@pytest.mark.parametrize(
    ("seconds", "gib", "told"), [(None, 0.2, "more than 0.2 GiB"), (0.05, None, "stopped after 0.05 s")]
)
def test_a_limit_ends_the_engine(seconds: float | None, gib: float | None, told: str, monkeypatch: pytest.MonkeyPatch):
    if gib is not None:
        if shutil.which("ps") is None:
            pytest.skip("this system has no ps")
        monkeypatch.setattr(cli_limits, "IS_OWNED", False)
        monkeypatch.setenv(memory.VARIABLE, str(gib))
    engine = hoarder()
    with Limits(engine, seconds) as limits:
        engine.process.wait(timeout=20)
    failure = limits.failure(Course("calibrating"))
    assert failure is not None
    assert told in failure.message
    assert failure.exit_code == ExitCode.FLOW_FAILED
    engine.process.communicate()


def test_an_engine_within_its_limits_is_left_alone():
    engine = hoarder()
    with Limits(engine, 60) as limits:
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
    assert (failure.option, "--" in failure.hint) == ("--batches", False), "the window, too, shows the hint"


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


def test_an_engine_that_its_supervisor_ended_for_its_memory_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(memory.VARIABLE, "2.5")
    ended = cast(EngineClient, SimpleNamespace(process=SimpleNamespace(returncode=-EXCEEDED), link=""))
    failure = Limits(ended, None).failure(Course("calibrating"))
    assert failure is not None
    assert "more than 2.5 GiB" in failure.message
    assert outcome(-EXCEEDED).message == "The engine was ended because it took more than 2.5 GiB, the memory limit"
    told = StoppedError(outcome(-EXCEEDED), ExitCode.ENGINE_DIED)
    assert told.option == "--memory"
    assert "--" not in told.hint, "the window says it, too"


def test_the_memory_of_another_machine_is_not_that_of_this_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(memory.VARIABLE, "2.5")
    ended = cast(EngineClient, SimpleNamespace(process=SimpleNamespace(returncode=-EXCEEDED), link=""))
    limits = Limits(ended, None)
    monkeypatch.setattr(ended, "link", "ssh gpubox x")
    failure = limits.failure(Course("calibrating"))
    assert failure is not None
    for told in (failure, StoppedError(outcome(-EXCEEDED, link="ssh gpubox x"), ExitCode.ENGINE_DIED)):
        assert "2.5" not in f"{told.message} {told.hint}"
        assert "QVIZ_MEMORY there" in told.hint
        assert not told.option


@pytest.mark.parametrize(("name", "command"), [("RLIMIT_AS", "ulimit -v"), ("RLIMIT_DATA", "ulimit -d")])
def test_a_limit_of_the_shell_is_named_where_memory_was_lacking(name: str, command: str, monkeypatch):
    resource = pytest.importorskip("resource")
    most = {getattr(resource, name): 4 << 30}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (most.get(which, resource.RLIM_INFINITY),) * 2)
    words = "ImportError: libtorch_cuda.so: failed to map segment from shared object"
    told = StoppedError(outcome(1, words), ExitCode.ENGINE_DIED)
    assert words in told.message
    assert f"4 GiB of {'address space' if command == 'ulimit -v' else 'data'} here ({command})" in told.hint
    assert outcome(1, "OSError: no").code == "stop.engine.exit_code"
    most.clear()
    assert outcome(1, words).code == "stop.engine.exit_code"


def test_the_limit_is_a_share_of_the_machine_or_what_the_user_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(memory.VARIABLE, raising=False)
    monkeypatch.setattr(memory, "machine", lambda: 10 * GIB)
    assert memory.limit() == 8 * GIB
    monkeypatch.setenv(memory.VARIABLE, "0.5")
    assert memory.limit() == GIB // 2
    monkeypatch.setenv(memory.VARIABLE, "much")
    assert memory.limit() == 8 * GIB


def test_control_groups_of_both_versions_are_asked_up_to_the_root(tmp_path: Path):
    own = tmp_path / "own"
    own.write_text("4:memory:/a/b\n3:cpuset:/a\n0::/c/d\n")
    for place, text in (
        ("memory/a/memory.limit_in_bytes", "700"),
        ("memory/memory.limit_in_bytes", "9223372036854771712"),
        ("c/d/memory.max", "max"),
        ("c/memory.max", "500"),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"{text}\n")
    assert sorted(memory._of_groups(str(tmp_path), str(own))) == [500, 700, 9223372036854771712]
    assert list(memory._of_groups(str(tmp_path), str(tmp_path / "none"))) == []


@pytest.mark.parametrize(
    ("words", "memory_said", "network_said"),
    [([], None, None), (["--memory", "2", "--no-network"], "2", "0"), (["--network"], None, "1")],
)
def test_options_reach_every_engine_of_the_command_and_no_later_one(
    words: list[str], memory_said: str | None, network_said: str | None, monkeypatch: pytest.MonkeyPatch
):
    names = ("QVIZ_MEMORY", "QVIZ_NETWORK")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    seen: list[tuple[str | None, ...]] = []

    @click.command()
    @takes_manner
    def command(manner: object) -> None:
        seen.append(tuple(map(os.environ.get, names)))

    assert CliRunner().invoke(command, words).exit_code == 0
    assert seen == [(memory_said, network_said)]
    assert not any(name in os.environ for name in names)
