"""The language of the command line: by an option or the environment, and for its help."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from qviz import cli
from qviz.cli.app import COMMANDS, WINDOW, program
from qviz.cli.commands import _paragraphs
from qviz.document import codec
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.wire.client import EngineClient
from qviz.wire.messages import RunFlow, RunRejected
from qviz.words import language
from qviz.words.language import SIMPLIFIED_CHINESE, VARIABLE, Language, using
from tests.factories import node, snapshot, stage, value

CAPTURED = stage(
    "captured",
    node("x", kind="input"),
    node("linear", "x", target="torch.nn.functional.linear"),
    node("unread", "linear", target="torch.nn.functional.linear"),
    node("output", "linear", kind=Kind.OUTPUT),
)
LOW = (value(1, 8, dtype="torch.quint8"),)
ISLAND = stage(
    "converted",
    node("x", kind="input"),
    node("linear", "x", kind="quantized_op", target="quantized.linear", values=LOW),
    node("dequantize", "linear", kind="dequantize"),
    node("softmax", "dequantize", target="torch.softmax"),
    node("quantize", "softmax", kind="quantize", values=LOW),
    node("linear_1", "quantize", kind="quantized_op", target="quantized.linear", values=LOW),
    node("output", "linear_1", kind=Kind.OUTPUT),
)


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tmp_path / "a.qviz"
    codec.save(snapshot(CAPTURED, ISLAND), path)
    return str(path)


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["check", *words]) == 0
    return capsys.readouterr().out


def test_a_check_speaks_chinese(result: str, capsys: pytest.CaptureFixture[str]):
    told = checked(capsys, result, "--language", "zh_CN")
    assert "float_island: softmax 在量化算子之间保持浮点" in told
    assert "原因：后端没有匹配 softmax 的模式" in told
    assert "以低精度运行（fx-static）。" in told
    assert "unread 的结果无人读取" in told
    assert "在" not in checked(capsys, result), "and the next call is in English again"
    assert language().name == "en"
    assert VARIABLE not in os.environ


def test_the_environment_names_the_language_too(
    result: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(VARIABLE, "zh_CN")
    assert "浮点" in checked(capsys, result)
    assert "浮点" not in checked(capsys, result, "--language=en")
    assert os.environ[VARIABLE] == "zh_CN"


def test_a_language_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["flows", "--language", "tlh"]) == 2
    assert capsys.readouterr().err == 'qviz: Unknown language "tlh"\nChoose one of: en, zh_CN.\n'


@pytest.mark.parametrize("name", [*COMMANDS, WINDOW])
def test_help_is_in_the_language_in_use(name: str):
    command = program.get_command(click.Context(program), name)
    assert command is not None
    with using(Language("loud", finish=lambda text: f"⟦{text}⟧")):
        told = command.get_help(click.Context(command, info_name=name))
    options = [each for each in command.params if isinstance(each, click.Option) and each.help and not each.hidden]
    assert options
    assert told.count("⟦") == told.count("⟧") > len(options)
    assert "⟦" not in command.get_help(click.Context(command, info_name=name))


def test_an_engine_speaks_the_language_of_who_started_it(monkeypatch: pytest.MonkeyPatch):
    from qviz.words.simplified_chinese.catalog import TEXTS

    assert 'Unknown flow "{flow_id}"' in TEXTS
    monkeypatch.setenv(VARIABLE, "zh_CN")
    with EngineClient() as engine:
        engine.send(RunFlow(1, Plan(source="m.py:Net", flow="no-such-flow")))
        rejected = next(each for each in engine.reports() if isinstance(each, RunRejected))
    assert rejected.text == "未知的流程“no-such-flow”"


def test_every_paragraph_of_help_has_a_translation():
    commands = [program, *(program.get_command(click.Context(program), name) for name in (*COMMANDS, WINDOW))]
    paragraphs = [text for each in commands if each is not None and each.help for text in _paragraphs(each.help)]
    assert len(paragraphs) > len(COMMANDS)
    assert [text for text in paragraphs if text not in SIMPLIFIED_CHINESE.texts] == []


def test_help_and_refusals_are_in_chinese(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert cli.main(["--language", "zh_CN", "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("用法： qviz [OPTIONS]")
    assert "选项：" in told
    assert "列出所有流程。" in told
    assert cli.main(["flows", "--jsn", "--language", "zh_CN"]) == 2
    assert capsys.readouterr().err == "qviz: 没有选项 '--jsn'。 您是指 --json 吗？\n请看 qviz flows --help。\n"
