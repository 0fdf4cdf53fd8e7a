"""What tests of several folders share."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from qviz.wire import client
from tests.house_rules import (  # noqa: F401 - fixtures of every test
    _leaves_no_timer_running,
    _leaves_nothing_behind,
    _logs_no_fault,
)

# A collection walks all that torch and Qt have made: the usual 700 new objects cost a tenth of the suite.
gc.set_threshold(50_000, 20, 100)
# On a busy machine anything takes long once. `--hypothesis-profile=thorough` looks longer.
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.register_profile("qviz", deadline=None, max_examples=50)
settings.load_profile("qviz")


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let every engine follow a script, which goes on where the module's `ENGINE` ends."""

    def follow(script: str) -> None:
        path = tmp_path / "engine.py"
        path.write_text(request.module.ENGINE + script, encoding="utf-8")
        monkeypatch.setattr(client, "engine_command", lambda python: [python or sys.executable, str(path)])

    return follow


@pytest.fixture
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the log of the tests out of the user's."""
    path = tmp_path / "log" / "qviz.log"
    monkeypatch.setattr("qviz.log.log_path", lambda: path)
    yield path
    logger = logging.getLogger("qviz")
    for handler in list(logger.handlers):
        handler.close()
        logger.removeHandler(handler)


@pytest.fixture(scope="session")
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def _own_grants(_state_folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test allows out of the user's grants, and out of those of other tests."""
    own = _state_folder / str(abs(hash(request.node.nodeid)))
    monkeypatch.setenv("XDG_STATE_HOME", str(own))
    monkeypatch.setattr("qviz.trust.kept.grants_path", lambda: own / "qviz" / "grants.json")


@pytest.fixture(scope="session")
def torch_memory() -> Iterator[None]:
    """Let torch work out once what comes out the same for every model: for the folders whose tests run it a lot."""
    from tests.torch_memory import torch_remembers

    with torch_remembers():
        yield
