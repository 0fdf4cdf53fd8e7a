from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import pytest

from qviz.cli.limits import Limits, memory_of
from qviz.errors import ExitCode
from qviz.wire.client import EngineClient

HOARDER = "held = bytearray(300 << 20); print('ready', flush=True); input()"


def hoarder() -> EngineClient:
    """Something that holds 300 MiB, in the place of an engine."""
    process = subprocess.Popen([sys.executable, "-c", HOARDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return cast(EngineClient, SimpleNamespace(process=process, end=process.kill))


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
    failure = limits.failure("calibrating")
    assert failure is not None
    assert told in failure.message
    assert failure.exit_code == ExitCode.FLOW_FAILED
    engine.process.communicate()


def test_an_engine_within_its_limits_is_left_alone():
    engine = hoarder()
    with Limits(engine, 60, 4) as limits:
        assert engine.process.poll() is None
    assert limits.failure("calibrating") is None
    engine.process.kill()
    engine.process.communicate()
