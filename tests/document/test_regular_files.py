"""Whatever reads a file opens it once, and never waits for a pipe or a device."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from qviz.document import codec, plan_file
from qviz.document.baseline import read_baseline
from qviz.document.regular_files import read_regular
from qviz.document.writing import digest
from qviz.errors import QvizError
from qviz.session.run_files import RunFiles
from qviz.session.window_sessions import WindowSessions
from qviz.sources.candidates import candidates
from qviz.sources.model_list import listed_models
from qviz.sources.own_rules import listed_rules
from qviz.trust.imported import files_with
from qviz.trust.kept import GrantBook, KeptGrants

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")

KEY = "1a-1"


def refused(read: Callable[[Path], object]) -> Callable[[Path], None]:
    def take(path: Path) -> None:
        with pytest.raises(QvizError, match="a pipe or a device"):
            read(path)

    return take


def no_rules(path: Path) -> None:
    listed = listed_rules(f"{path.parent}/m.py:Net")
    assert listed is None or "pipe" in listed.fault


def no_runs(path: Path) -> None:
    files = RunFiles(path.parent)
    files.begin()
    assert files.read().records == ()


def no_session(path: Path) -> None:
    assert WindowSessions(path.parent, "2b").last() is None


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "result": ("a.qviz", refused(codec.load)),
    "plan": ("a.toml", refused(plan_file.load)),
    "baseline": ("a.json", refused(read_baseline)),
    "digest": ("a", lambda path: pytest.fail("hashed") if digest(path) is not None else None),
    "models": ("a.py", lambda path: pytest.fail("listed") if listed_models(path) or candidates(path) else None),
    "imports": ("a.py", lambda path: pytest.fail("read") if files_with(path, [path.parent]) != (path,) else None),
    "rules": ("pyproject.toml", no_rules),
    "grants": ("grants.json", lambda path: pytest.fail("read") if KeptGrants(path).book != GrantBook() else None),
    "run": (f"{KEY}.json", no_runs),
    "session": ("1a.json", no_session),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("special", ["pipe", "device"])
def test_no_reader_waits_for_a_pipe_or_reads_a_device(reader: str, special: str, tmp_path: Path):
    name, read = READERS[reader]
    path = tmp_path / name
    if special == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    fault: list[BaseException] = []
    reading = threading.Thread(target=_caught, args=(read, path, fault), daemon=True)
    reading.start()
    reading.join(20)
    assert not reading.is_alive(), "it waits"
    assert fault == []


def _caught(read: Callable[[Path], None], path: Path, fault: list[BaseException]) -> None:
    try:
        read(path)
    except BaseException as error:
        fault.append(error)


def test_what_is_asked_about_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pipe that takes the place of a file after it was opened is not read; one that stood there before is refused."""
    path = tmp_path / "a"
    path.write_bytes(b"file")
    real = os.fstat

    def swapped(handle: int) -> os.stat_result:
        if path.is_file():
            path.unlink()
            os.mkfifo(path)
        return real(handle)

    monkeypatch.setattr("qviz.document.regular_files.os.fstat", swapped)
    assert read_regular(path, 100) == b"file"
    with pytest.raises(QvizError, match="pipe"):
        read_regular(path, 100)


def test_a_file_is_read_as_far_as_it_may_be_large(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    assert read_regular(path, 1000) == b"x" * 1000
    with pytest.raises(QvizError, match=r"larger than the 999 bytes"):
        read_regular(path, 999)
    if sys.platform == "linux":
        assert read_regular(Path("/proc/self/stat"), 1 << 16).startswith(b"%d " % os.getpid()), "it tells no size"
