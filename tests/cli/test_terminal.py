"""What the command line prints of a stranger's result: nothing of it is obeyed by the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from qviz import cli
from qviz.cli.progress import Progress
from qviz.document import codec
from qviz.wire.messages import EngineHello
from tests.hostile import HIDDEN, hostile_run


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    made = []
    for seed in (9, 16):
        run = hostile_run(seed)
        made.append(str(tmp_path / f"{seed}.qviz"))
        codec.save(msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, flow="fx-static")), made[-1])
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["check", "{0}"],
        ["check", "{0}", "--json"],
        ["check", "{0}", "--format", "sarif"],
        ["check", "{0}", "--format", "junit"],
        ["diff", "{0}", "{1}"],
        ["diff", "{0}", "{1}", "--json"],
        ["measure", "{0}"],
        ["measure", "{0}", "--json"],
        ["measure", "{0}", "--format", "csv"],
        ["run", "{0}\x9b2J\u202e"],
        ["--debug", "run", "\x9b2J\u202e.qviz", "--flow", "\x1b[2J"],
    ],
)
def test_no_name_reaches_the_terminal_as_a_command(words: list[str], results: list[str], capfd):
    cli.main([each.format(*results) for each in words])
    told = capfd.readouterr()
    assert told.out or told.err
    assert not HIDDEN.search(told.out)
    assert not HIDDEN.search(told.err)


def test_json_means_the_names_themselves(results: list[str], capfd):
    cli.main(["check", results[0], "--json"])
    names = {name for finding in json.loads(capfd.readouterr().out)["findings"] for name in finding["nodes"]}
    assert names == {name for finding in codec.load(results[0]).findings for name in finding.nodes}
    assert any(HIDDEN.search(name) for name in names)


def test_what_another_machine_calls_itself_is_a_line_of_text(monkeypatch, capfd):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress = Progress(quiet=False)
    shown: list[str] = []
    assert progress._status is not None
    monkeypatch.setattr(progress._status, "update", shown.append)
    progress.report(EngineHello("0.2.0", 2, "box\x1b]0;owned\x07[bold]\n", "/"))
    assert shown == ["Starting torch on box\\x1b]0;owned\\x07\\[bold]\\n"]
