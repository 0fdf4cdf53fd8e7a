"""What the monkey may write, and what counts as left behind by a long day."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from long_days import left, own_temporary_folder
from monkey import is_within


def test_a_folder_whose_name_begins_alike_is_another(tmp_path: Path):
    own, other = tmp_path / "own", tmp_path / "own-not"
    assert is_within(f"{own}/a/b", own)
    assert is_within("/dev/null", own, Path("/dev"))
    assert not is_within(f"{other}/a", own)
    assert not is_within("/devices", own, Path("/dev"))
    own.mkdir()
    (own / "link").symlink_to(other)
    assert not is_within(f"{own}/link/a", own), "where it leads counts"


def test_files_of_other_processes_are_not_left_by_this_one(
    qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    day = tmp_path / "day"
    day.mkdir()
    (tmp_path / "qviz-of-another").write_bytes(b"")
    own_temporary_folder(day / "temporary")
    before = left(day).files
    with tempfile.NamedTemporaryFile(prefix="qviz-"):
        assert left(day).files == before + 1
    assert left(day).files == before == 0
