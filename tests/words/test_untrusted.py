from __future__ import annotations

import ast
import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qviz.words.untrusted import Untrusted
from qviz.words.visible import escaped_json, one_line, visible, well_formed

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "\x1b]0;owned\x07",
    "a\u202egpj.exe",
    "<img src='file:///etc/passwd'>",
    "'\n__import__('os')#",
    "\x00",
    "../../x",
    "COM1.svg",
    "\ud800\ufffe\U0001ffff",
    "\\N \\",
    "- [a](javascript:b) ![c](http://d) www.e &#x202e; ~~f~~ | `g` <h> me@i 1. j",
    "   =1+1",
    "< img src='file:///etc/passwd'>",
    "< b>x &lt",
    '"=1+1"',
    'a; =1+1;"-2',
    "-rf",
    '{"a": "\x7f\x9b2J\U000e0041"}',
]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1.weight", "conv1.weight"),
        ("é 卷积 ×", "é 卷积 ×"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb\u200b", "a\\u202eb\\u200b"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str):
    assert visible(text) == shown


def test_one_line_is_one_line():
    assert one_line("a\nb\tc\r\u2028") == "a\\nb\\tc\\x0d\\u2028"


def test_xml_of_qt_is_well_formed():
    text = well_formed("<a>x\x1b[2J\x00\uffff</a>")
    assert ElementTree.fromstring(text).text == "x\\x1b[2J\\x00\\uffff"


@given(st.text() | st.sampled_from(HOSTILE))
def test_every_way_out_is_safe(text: str):
    made, shown = Untrusted(text), one_line(" ".join(text.split()))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", str(made))
    assert "".join(ElementTree.fromstring(f"<a>{made.xml}</a>").itertext()) == str(made)
    assert ast.literal_eval(made.python) == text
    assert not set(made.file_name) & set("/\\:\x00\n")
    assert made.file_name not in ("", ".", "..")
    assert "\n" not in made.line
    assert made.file_name.upper().partition(".")[0].strip() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert len(made.file_name.encode()) <= 121
    assert re.fullmatch(r'(?:[^"\\\n]|\\.)*', made.dot)
    assert not any(re.match(r'[\s"]*[=+\-@]', part) for part in made.cell.split(";"))
    assert not made.cell.startswith('"')
    assert not made.file_name.startswith("-")
    written = json.dumps([text], ensure_ascii=False)
    assert json.loads(escaped_json(written)) == [text]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", escaped_json(written))
    tokens = MARKDOWN.parse(made.markdown)
    assert [each.type for each in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    inner = [child for each in tokens for child in each.children or ()]
    assert {each.type for each in inner} <= {"text"}
    assert "".join(each.content for each in inner) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_a_tooltip_shows_markup_as_text(text: str):
    from PySide6.QtGui import Qt, QTextDocumentFragment

    tip = Untrusted(text).plain_tip
    shown = QTextDocumentFragment.fromHtml(tip).toPlainText() if Qt.mightBeRichText(tip) else tip
    assert shown == str(Untrusted(text))


@pytest.mark.parametrize("text", ["a, b; c", "3 < 4", "conv-1", "1 = 2; 'x'", 'of "x"', "−4.34 … 4.56"])
def test_what_means_no_harm_stays_as_it_is(text: str):
    made = Untrusted(text)
    assert (made.cell, str(made), made.file_name[:1]) == (text, text, text[:1])
    assert escaped_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)
