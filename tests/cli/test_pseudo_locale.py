"""Every text of the command line goes through words: in a language that marks them, help and errors have no other.

What may stand unmarked are names: of commands, options and their values, and the capital letters that stand for them.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from qviz import cli
from qviz.cli.app import COMMANDS, WINDOW, program
from qviz.cli.value_types import DecimalNumber, FilePath, OneOf, WholeNumber
from qviz.words.language import ENGLISH, LANGUAGES, Language

PSEUDO = Language("pseudo", ENGLISH.modules, finish=lambda text: f"⟦{text}⟧")
NAMES = re.compile(r"--?[a-z][\w-]*|\[[^\]⟦⟧]*\]|\S*\|\S*|mod:callable|FILE\.toml|\b[A-Z]+\b|[AB]\.qviz")
"""Options, choices, and what stands for a value."""
RUN = ["run", "m.py:N", "--flow", "fx-static", "-o", "a.qviz"]


@pytest.fixture(autouse=True)
def _pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, PSEUDO.name, PSEUDO)
    monkeypatch.setenv("QVIZ_LANGUAGE", PSEUDO.name)
    monkeypatch.setenv("COLUMNS", "100")


def unmarked(text: str) -> str:
    """Return what stands outside marks, nested ones too."""
    depth, kept = 0, []
    for letter in text:
        depth += letter == "⟦"
        kept.append(" " if depth else letter)
        depth -= letter == "⟧"
    assert depth == 0, text
    return "".join(kept)


def strange(text: str) -> list[str]:
    return re.findall(r"[^\W\d]{2,}", NAMES.sub(" ", unmarked(text)))


def test_the_help_of_the_program(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert set(strange(told)) == {"qviz", *COMMANDS}
    assert told.count("⟦") > len(COMMANDS) + 5


def test_the_version(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--version"]) == 0
    assert strange(capsys.readouterr().out) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command(name: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert "⟦Usage:⟧" in told
    assert "⟦Options:⟧" in told
    assert set(strange(told)) == {"qviz", name}


@pytest.mark.parametrize("name", [*COMMANDS, WINDOW])
def test_no_value_is_told_in_the_words_of_click(name: str):
    """Types of click's own refuse a value in English."""
    found = program.get_command(click.Context(program), name)
    assert found is not None
    for each in found.params:
        is_flag = isinstance(each, click.Option) and each.is_flag
        assert (
            is_flag or each.type is click.STRING or isinstance(each.type, (OneOf, FilePath, DecimalNumber, WholeNumber))
        )


@pytest.mark.parametrize(
    "words",
    [
        ["rendre"],
        ["nonsense"],
        ["--flow", "fx-static"],
        ["flows", "more"],
        ["flows", "more", "and more"],
        ["flows", "--jsn"],
        ["flows", "--magic"],
        ["flows", "-x"],
        ["flows", "--json=1"],
        ["diff"],
        ["diff", "a.qviz"],
        ["diff", "a.qviz", "b.qviz", "--tolerance"],
        ["diff", "a.qviz", "b.qviz", "--tolerance", "much"],
        ["diff", "a.qviz", "b.qviz", "--tolerance", "-1"],
        ["run", "m.py:N", "-o", "a.qviz"],
        ["run", "m.py:N", "--flow", "fx-dance", "-o", "a.qviz"],
        ["run", "m.py:N", "--flow", "fx-static"],
        ["run", "--flow", "fx-static", "-o", "a.qviz"],
        ["run", "a.pt2", "--flow", "fx-static", "-o", "a.qviz"],
        ["run", "a.qviz", "--flow", "fx-static", "-o", "b.qviz"],
        [*RUN, "--seed", "x"],
        [*RUN, "--batches", "0"],
        [*RUN, "--timeout", "0"],
        [*RUN, "--backend", "arm"],
        [*RUN, "--config", "none.toml"],
        [*RUN, "--config", "folder"],
        [*RUN, "--quantizer", "xnnpack"],
        [*RUN, "--strict"],
        [*RUN, "--train", "m:t"],
        ["run", "m.py:N", "--flow", "pt2e-static", "-o", "a.qviz", "--backend", "x86"],
        ["render", "m.py:N", "-o", "a.png", "--backend", "x86"],
        ["render", "m.py:N", "-o", "a.png", "--depth", "0"],
        ["render", "m.py:N", "-o", "a.png", "--scale", "9"],
        ["render", "m.py:N", "-o", "a.png", "--layout", "dots"],
        ["check", "m.py:N", "--flow", "fx-static", "--format", "pdf"],
        ["check", "m.py:N", "--flow", "fx-static", "--write-baseline"],
        ["check", "m.py:N", "--flow", "fx-static", "-o", "folder"],
        ["compare", "m.py:N", "--flows", "fx-dance"],
        ["compare", "m.py:N", "--flows", ","],
        ["flows", "--language", "tlh"],
    ],
    ids=" ".join,
)
def test_what_is_wrong_with_a_call(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith("qviz: ")
    assert strange(told.removeprefix("qviz: ")) == []


def test_a_call_that_click_refuses_names_the_help_of_its_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("QVIZ_LANGUAGE", "en")
    for words, told in (
        (["diff", "a", "b", "--tolerance"], "Option '--tolerance' requires an argument.\nSee qviz diff --help."),
        (["flows", "--json=1"], "Option '--json' does not take a value.\nSee qviz flows --help."),
        (["flows", "--jsn"], "No such option '--jsn'. Did you mean --json?\nSee qviz flows --help."),
        (["diff"], "Missing argument 'A.qviz'.\nSee qviz diff --help."),
        (["diff", "a", "b", "--tolerance", "-1"], "-1 is not in the range: at least 0."),
    ):
        assert cli.main(words) == 2
        assert told in capsys.readouterr().err
