"""A write leaves the old file or the new one whole, whatever fails on the way; what others did to it is respected."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qviz.document import writing
from qviz.document.writing import ChangedOnDiskError, digest, remove_leftovers, write_atomically
from qviz.errors import QvizError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
OLD, NEW = b"old" * 1000, b"new" * 1000
CALLS = ("open", "fdopen", "fsync", "replace", "chmod", "stat", "scandir", "close")
"""What of the system a write calls."""


def parts(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name.endswith(".part")]


def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: int, code: int) -> Callable[[], int]:
    """Let a call of the system fail, the one of that number; return how often it was called."""
    usual, count = getattr(os, name), 0

    def fail(*args: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(code, os.strerror(code))
        return usual(*args, **named)

    monkeypatch.setattr(os, name, fail)
    return lambda: count


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("name", CALLS)
def test_whatever_fails_the_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int, code: int, is_there: bool
):
    path = tmp_path / "a.qviz"
    if is_there:
        path.write_bytes(OLD)
    with monkeypatch.context() as patched:
        failing(patched, name, at, code)
        try:
            write_atomically(path, NEW)
        except QvizError:
            allowed: tuple[bytes | None, ...] = (OLD, NEW) if is_there else (None, NEW)
        else:
            allowed = (NEW,)
    assert (path.read_bytes() if path.exists() else None) in allowed
    assert parts(tmp_path) == []


@pytest.mark.parametrize("written", [0, 1, len(NEW) - 1])
def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
):
    path = tmp_path / "a.qviz"
    path.write_bytes(OLD)
    usual = os.fdopen

    class Full:
        def __init__(self, *args: Any) -> None:
            self.file = usual(*args)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> None:
            self.file.write(data[:written])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", Full)
        with pytest.raises(QvizError, match="No space left on device") as caught:
            write_atomically(path, NEW)
    assert "unchanged" in caught.value.hint
    assert path.read_bytes() == OLD
    assert parts(tmp_path) == []


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.qviz"
    path.write_bytes(OLD)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert parts(tmp_path) == []


@POSIX
def test_a_folder_that_does_not_confirm_is_told_and_the_new_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patched:
        failing(patched, "fsync", 2, errno.EIO)
        with pytest.raises(QvizError, match="does not confirm"):
            write_atomically(tmp_path / "a.qviz", NEW)
    assert (tmp_path / "a.qviz").read_bytes() == NEW


@POSIX
def test_the_mode_is_kept_and_a_new_file_may_be_private(tmp_path: Path):
    path = tmp_path / "a.qviz"
    path.write_bytes(OLD)
    path.chmod(0o640)
    write_atomically(path, NEW)
    assert path.stat().st_mode & 0o777 == 0o640
    write_atomically(tmp_path / "b.qviz", NEW, is_private=True)
    assert (tmp_path / "b.qviz").stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_link_stays_a_link(tmp_path: Path):
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.qviz").write_bytes(OLD)
    link = tmp_path / "a.qviz"
    link.symlink_to(there / "a.qviz")
    write_atomically(link, NEW)
    assert link.is_symlink()
    assert (there / "a.qviz").read_bytes() == NEW


@POSIX
def test_what_is_read_only_is_not_replaced(tmp_path: Path):
    path = tmp_path / "a.qviz"
    path.write_bytes(OLD)
    path.chmod(0o444)
    with pytest.raises(QvizError, match="read-only"):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD


@POSIX
def test_a_pipe_is_not_replaced(tmp_path: Path):
    os.mkfifo(tmp_path / "a.qviz")
    with pytest.raises(QvizError, match="not a plain file"):
        write_atomically(tmp_path / "a.qviz", NEW)


def test_another_writer_is_noticed(tmp_path: Path):
    path = tmp_path / "a.qviz"
    path.write_bytes(OLD)
    known = digest(path)
    path.write_bytes(b"theirs")
    with pytest.raises(ChangedOnDiskError, match="has changed"):
        write_atomically(path, NEW, known=known)
    assert path.read_bytes() == b"theirs"
    assert parts(tmp_path) == []
    write_atomically(path, NEW, known=digest(path))
    assert path.read_bytes() == NEW


def test_a_file_that_was_removed_is_written_again(tmp_path: Path):
    write_atomically(tmp_path / "a.qviz", NEW, known="of another day")
    assert (tmp_path / "a.qviz").read_bytes() == NEW


@POSIX
def test_leftovers_of_a_dead_process_go_and_those_of_the_living_stay(tmp_path: Path):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    machine = writing._machine()
    dead, alive, elsewhere, old, theirs = (
        tmp_path / name
        for name in (
            f".qviz-{machine}-{int(ended.stdout)}-x.part",
            f".qviz-{machine}-{os.getpid()}-x.part",
            ".qviz-00000000-1-x.part",
            ".qviz-00000000-2-x.part",
            ".other.part",
        )
    )
    for each in (dead, alive, elsewhere, old, theirs):
        each.write_bytes(b"half")
    os.utime(old, (0, 0))
    remove_leftovers(tmp_path)
    assert set(tmp_path.iterdir()) == {alive, elsewhere, theirs}
    dead.write_bytes(b"half")
    write_atomically(tmp_path / "a.qviz", NEW)
    assert not dead.exists(), "the next write clears up, too"
