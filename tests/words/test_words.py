"""Statements and texts are rendered by the catalog of a language."""

from __future__ import annotations

import pytest

from qviz.document.graph import Why
from qviz.document.said import Said
from qviz.words import formats, language, say, tr, trn
from qviz.words.formats import decibels, gain
from qviz.words.language import ENGLISH, LANGUAGES, SIMPLIFIED_CHINESE, Language, using

TEST = Language("test")
object.__setattr__(
    TEST,
    "statements",
    {
        "a": {
            "rule": "{subject} takes {for:names} at {scale:number}[[ of {path}]]",
            "evidence": "{count:node|nodes}, {dtype:dtype}",
        },
        "outer": {"rule": "because {cause}"},
    },
)


def why(code="a", **args):
    return Why(code, {"subject": ("conv",), "for": ("a", "b", "c", "d", "e")}, args)


def test_roles_and_arguments_are_filled_in():
    filled = why(scale=0.0123456, count=1, dtype="torch.qint8")
    assert say(filled, "rule", TEST) == "conv takes a, b, c and 2 more at 0.01235"
    assert say(filled, "evidence", TEST) == "1 node, qint8"
    assert say(why(scale=-2.0, path="layer1", count=2), "rule", TEST).endswith("at −2 of layer1")


def test_a_statement_may_be_an_argument_of_another():
    inner = {"code": "a", "roles": {"subject": ["x"], "for": ["y"]}, "args": {"scale": 1}}
    assert say(why("outer", cause=inner), "rule", TEST) == "because x takes y at 1"


def test_what_a_language_lacks_is_english():
    with using(Language("poor")):
        assert tr("Open…") == "Open…"
    assert say(Why("no.such.code"), "rule") == ""


def test_a_whole_text_is_finished_once():
    loud = Language("loud", finish=lambda text: f"[{text}]")
    with using(loud):
        assert trn(2, "{count} node", "{count} nodes") == "[2 nodes]"
        assert trn(1545, "{count} node", "{count} nodes") == "[1,545 nodes]"
    assert tr("{a}", a="{b}") == "{b}"


def test_the_catalogs_load():
    for each in LANGUAGES.values():
        assert isinstance(each.statements, dict)
    assert language() is ENGLISH


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000123456, "0.0001235"), (-4.34, "−4.34"), (12345678, "12345678"), ("-inf", "−∞"), ("nan", "nan"), (2.0, "2")],
)
def test_numbers(value, text):
    assert formats.number(value) == text


def test_lists_sizes_and_ranges():
    assert formats.listed("abcde") == "a, b, c and 2 more"
    assert formats.joined("abc") == "a, b and c"
    assert formats.joined("a") == "a"
    assert formats.clauses(["a, b", "c"]) == "a, b; c"
    assert formats.span(-4.34, 4.56) == "−4.34 … 4.56"
    assert formats.channels([0.0013, 0.0015]) == "2 channels, 0.0013 … 0.0015"
    assert formats.channels([0, 0]) == "2 channels, all 0"
    assert (formats.size(999), formats.size(1.26e9), formats.percent(0.61)) == ("999 bytes", "1.26 GB", "61 %")


def test_lists_and_sentences_have_the_punctuation_of_the_language():
    with using(SIMPLIFIED_CHINESE):
        assert formats.every("ab") == "a、b"
        assert formats.joined("abc") == "a、b 和 c"
        assert formats.clauses("ab") == "a；b"
        assert formats.listed("abcde") == "a、b、c 等，另有 2 项"
        assert formats.sentence("没有发现问题") == "没有发现问题。"
        assert formats.sentence("fell back") == "Fell back."


def test_a_sentence_that_falls_back_is_english_throughout(monkeypatch: pytest.MonkeyPatch):
    there = {"fused.operators": SIMPLIFIED_CHINESE.statements["fused.operators"]}
    monkeypatch.setattr(SIMPLIFIED_CHINESE, "statements", there)
    fallen = Said("asked_but_float.parametrized", {"subject": ("fc",)}, {"by": ["a", "b", "c"]})
    with using(SIMPLIFIED_CHINESE):
        said = "fc was observed but still runs in float: a parametrization (a, b and c) changed its class"
        assert say(fallen, "message") == said
        assert say(Said("fused.operators", {"taken": ("a", "b", "c")}, {}), "rule") == "与 a、b 和 c 融合"
        assert say(Said("fused.operators", {"taken": ("a", "b", "c")}, {}), "rule", ENGLISH) == "Fused with a, b and c"


def test_levels_have_one_decimal_and_tiny_ones_a_digit():
    assert [decibels(each) for each in (39.0, 120.34, -0.26, "inf", 0.0312)] == [
        "39.0 dB", "120.3 dB", "−0.3 dB", "∞ dB", "0.03 dB",
    ]  # fmt: skip
    assert [gain(each) for each in (0.0, -0.0, 3.049, -0.06)] == ["+0.0 dB", "+0.0 dB", "+3.0 dB", "−0.06 dB"]
