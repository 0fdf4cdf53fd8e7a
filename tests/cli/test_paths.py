"""A result that could not be kept is refused before anything runs for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from qviz import cli
from qviz.cli.paths import check_folder
from qviz.document.baseline import baseline_of, write_baseline
from qviz.errors import QvizError
from qviz.wire import client

SOURCE = ["sample:conv-bn-relu", "--flow", "fx-static"]
COMMANDS = [
    ["run", *SOURCE, "-o", "out.qviz"],
    ["check", *SOURCE, "-o", "out.sarif"],
    ["measure", *SOURCE, "-o", "out.csv"],
    ["repair", *SOURCE, "-o", "out.toml", "--target", "20"],
    ["render", *SOURCE, "-o", "out.svg"],
]


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch, own_log: Path):
    def refuse(python: str | None = None) -> list[str]:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(client, "engine_command", refuse)
    monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
@pytest.mark.parametrize("words", COMMANDS)
def test_a_read_only_file_is_refused_before_the_run(words: list[str], capsys):
    name = next(each for each in words if each.startswith("out."))
    Path(name).write_text("mine", encoding="utf-8")
    Path(name).chmod(0o444)
    assert cli.main(words) == 2
    assert f"{name} is read-only" in capsys.readouterr().err
    assert Path(name).read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("words", COMMANDS)
def test_so_is_a_pipe(words: list[str], capsys):
    os.mkfifo(next(each for each in words if each.startswith("out.")))
    assert cli.main(words) == 2
    assert "is not a plain file" in capsys.readouterr().err


def test_a_folder_that_lets_nothing_in_is_refused_and_another_is_not(tmp_path: Path, monkeypatch):
    check_folder(tmp_path / "a.qviz")
    (tmp_path / "b.qviz").write_text("")
    check_folder(tmp_path / "b.qviz")
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path))
    with pytest.raises(QvizError, match="could not be written"):
        check_folder(tmp_path / "c.qviz")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.qviz"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_read_only_baseline_is_refused_only_where_it_is_written(tmp_path: Path, monkeypatch, capsys):
    write_baseline(baseline_of(()), tmp_path / "base.json")
    (tmp_path / "base.json").chmod(0o444)
    words = ["check", *SOURCE, "--baseline", "base.json"]
    assert cli.main([*words, "--write-baseline"]) == 2
    assert "base.json is read-only" in capsys.readouterr().err
    with pytest.raises(AssertionError, match="an engine was started"):
        cli.main([*words, "--debug"])
