"""Watches what runs: programs started, names that pickles look up, code of a test's folder that is executed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qviz.engine.loading.importing import forget

_STARTS = frozenset({"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "pickle.find_class"})
_watching: list[tuple[str, list[str]]] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if not _watching:
        return
    folder, heard = _watching[-1]
    if event in _STARTS:
        heard.append(event)
    elif event == "exec" and folder in str(getattr(args[0], "co_filename", "")):
        heard.append(f"exec {args[0]!r}")


sys.addaudithook(_hear)


@pytest.fixture
def ran(tmp_path: Path) -> Iterator[list[str]]:
    """What ran since the test began."""
    heard: list[str] = []
    _watching.append((str(tmp_path), heard))
    yield heard
    _watching.pop()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start every test in its own folder, with the modules of none before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    forget()
    yield
    forget()
