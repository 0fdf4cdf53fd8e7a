"""Bytes of anybody: whatever they are, what reads them says so in a `QvizError`."""

from __future__ import annotations

from pathlib import Path

import pytest

from qviz.document import codec, plan_file
from qviz.document.baseline import read_baseline
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.errors import QvizError
from qviz.session.run_records import RunRecord, decoded
from qviz.sources.candidates import candidates, offer
from qviz.sources.content import content_of
from qviz.sources.input_text import read_input
from qviz.sources.model_list import listed_models
from qviz.sources.own_rules import listed_rules
from qviz.sources.text import read_name
from qviz.trust.imported import files_with
from qviz.trust.listing import list_all
from qviz.trust.references import NamedBy, code_refs
from qviz.wire.framing import ReportReader, WireError, read_request
from qviz.words import say

DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = [
    b'{"format": "qviz", "version": 2, "stages": ' + DEEP + b"}",
    b'{"format": "qviz", "version": 1, "stages": ' + DEEP + b"}",
    b'{"format": "qviz", "version": 2, "run": {"source": "\xff"}}',
    b'{"format": "\xff"}',
    b'{"\xff": 1}',
    DEEP,
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_no_bytes_surprise_what_reads_them(data: bytes, tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    for read in (codec.load, read_baseline):
        with pytest.raises(QvizError):
            read(path)
    for receive in (read_request, ReportReader().read):
        with pytest.raises(WireError):
            receive(data)
    assert decoded(data, RunRecord) is None


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 5000, "version = 1\nsource = 1979-99-99"])
def test_no_toml_surprises(text: str):
    with pytest.raises(QvizError):
        plan_file.read(text)


@pytest.mark.parametrize(
    "text", ["9" * 5000 + "x3", "(" * 5000 + "1x3" + ")" * 5000, "{a=" * 5000 + "1" + "}" * 5000], ids=["9", "(", "{"]
)
def test_no_input_surprises(text: str):
    with pytest.raises(QvizError):
        read_input(text)


@pytest.mark.parametrize("argument", ["-" * 100_000 + "1", "(" * 1000, "[" * 5000 + "]" * 5000], ids=["-", "(", "["])
def test_no_call_surprises(argument: str):
    with pytest.raises(QvizError):
        read_name(f"m.py:f({argument})")


@pytest.mark.parametrize(
    "source", ["a\0b.py:f", "~nobody-of-that-name/m.py:f", "a" * 5000 + ".py:f", "a\0.pt"], ids=["0", "~", "long", "pt"]
)
def test_no_path_surprises(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QvizError):
        list_all(code_refs(Plan(source), (), NamedBy.FILE))
    assert listed_rules(source) is None
    assert offer(source, ["."]) is None
    assert content_of(source) == ""


def test_no_name_of_an_import_surprises(tmp_path: Path):
    (tmp_path / "m.py").write_text(f"import {'a' * 5000}\nfrom .{'b' * 5000} import c\nfrom . import {'d' * 5000}\n")
    assert files_with(tmp_path / "m.py", [tmp_path]) == (tmp_path / "m.py",)


@pytest.mark.parametrize(
    "rest",
    [
        "y = " + "1+" * 20_000 + "1",
        "# " + "x" * (1 << 20),
        "type X = int",
        "x = 0" * 2,
        "\0",
    ],
    ids=["deep", "long", "newer", "wrong", "null"],
)
def test_a_file_that_cannot_be_read_here_brings_all_of_its_folder(rest: str, tmp_path: Path):
    (tmp_path / "m.py").write_text(f"import helper\nclass Net: ...\n{rest}\n")
    (tmp_path / "helper.py").touch()
    assert set(files_with(tmp_path / "m.py", [tmp_path])) == {tmp_path / "m.py", tmp_path / "helper.py"}


def test_a_deep_name_is_no_obstacle_and_what_is_not_imported_stays_out(tmp_path: Path):
    deep = ".b" * 900
    (tmp_path / "m.py").write_text(f"import helper\nclass Net(nn.Module, a{deep}): ...\ndef f(a): a{deep}()\n")
    (tmp_path / "helper.py").touch()
    (tmp_path / "other.py").touch()
    assert set(files_with(tmp_path / "m.py", [tmp_path])) == {tmp_path / "m.py", tmp_path / "helper.py"}
    assert len(candidates(tmp_path / "m.py")) < 2
    assert len(listed_models(tmp_path / "m.py")) < 2


def test_a_statement_whose_arguments_do_not_fit_is_told_as_it_is():
    causes: tuple[Json, ...] = ("x", {"code": "stop.refused", "args": "x"}, {"code": [], "roles": 1})
    for cause in causes:
        assert isinstance(say(Said("own_rule_failed.raised", {}, {"type": cause, "text": cause}), "message"), str)
