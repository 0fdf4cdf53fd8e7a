"""Which rules a project lists is read, and nothing of it is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qviz.sources.own_rules import listed_rules

LISTS = '[tool.qviz]\nrules = ["checks:large", "more.py:other"]\n'


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_nearest_project_above_the_models_file_counts(tmp_path: Path):
    file = write(tmp_path / "project", LISTS)
    (tmp_path / "project" / "checks.py").write_text("raise SystemExit", encoding="utf-8")
    (tmp_path / "project" / "nets").mkdir()
    listed = listed_rules(f"{tmp_path}/project/nets/net.py:Net")
    assert listed == (file, ("checks:large", "more.py:other"), "")
    assert "checks" not in sys.modules
    write(tmp_path / "project" / "nets", "[project]\nname = 'inner'\n")
    assert listed_rules(f"{tmp_path}/project/nets/net.py:Net") is None


def test_a_name_and_a_file_without_a_project_take_that_of_the_working_folder(tmp_path: Path, monkeypatch):
    write(tmp_path / "project", LISTS)
    monkeypatch.chdir(tmp_path / "project")
    for source in ("package.module:Net", f"{tmp_path}/elsewhere/net.py:Net", f"{tmp_path}/elsewhere/net.pt2"):
        listed = listed_rules(source)
        assert listed is not None
        assert listed.targets == ("checks:large", "more.py:other")


def test_samples_have_no_project(tmp_path: Path, monkeypatch):
    write(tmp_path, LISTS)
    monkeypatch.chdir(tmp_path)
    assert listed_rules("sample:residual") is None


@pytest.mark.parametrize("text", ["[tool", "[tool.qviz]\nrules = 3\n", "[tool.qviz]\nrules = [1]\n", "tool = 1\n"])
def test_what_cannot_be_read_is_a_fault(tmp_path: Path, text: str):
    write(tmp_path / "project", text)
    listed = listed_rules(f"{tmp_path}/project/net.py:Net")
    assert listed is not None
    assert listed.targets == ()
    assert listed.fault
