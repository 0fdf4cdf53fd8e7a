"""Outside the window, too, all that an error tells the user goes through the catalog."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from qviz.words.language import ENGLISH
from tests.program import Source, sources

OPTION = re.compile(r"(?<![\w-])--[a-z]")

FILES = [each for each in sources() if not each.is_in("qviz/ui", "qviz/words")]
RAISED = {"QvizError": (0, 1), "UsageError": (0,), "BadParameter": (0,), "BadOptionUsage": (1,)}


TEXTS = {"tr": slice(0, 1), "mark": slice(0, 1), "trn": slice(1, 3)}


def calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls of a file, each with the name of what it calls."""
    for call in source.nodes():
        if isinstance(call, ast.Call):
            yield getattr(call.func, "id", getattr(call.func, "attr", "")), call


def bare(source: Source) -> Iterator[str]:
    """Yield what is English written on the spot, or put together there; ``tr(f"...")`` could never be translated."""
    for name, call in calls(source):
        raised = [call.args[place] for place in RAISED.get(name, ()) if place < len(call.args)]
        keys = call.args[TEXTS[name]] if name in TEXTS and isinstance(call.func, ast.Name) else []
        wrong = [*(each for each in raised if not is_said(each)), *(each for each in keys if is_made(each))]
        yield from (f"{source.path}:{call.lineno}: {ast.unparse(each)}" for each in wrong)


def is_said(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return is_said(node.body) and is_said(node.orelse)
    if isinstance(node, ast.Constant):
        return node.value == ""
    return not is_made(node)


def is_made(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.BinOp)


def test_errors_are_made_of_words_and_texts_have_no_value_in_their_key():
    assert [each for source in FILES for each in bare(source)] == []


def test_the_rule_finds_what_it_forbids():
    bad = 'raise QvizError(f"no {x}", "Try." if y else tr("Do."))\ntr(f"no {x}")\ntrn(x, "one", "many" + x)\nmark("a")'
    assert len(list(bare(Source("bad.py", bad)))) == 4


def test_no_text_that_the_window_shows_too_quotes_an_option_of_the_command_line():
    """The window has fields for them; `QvizError.option` and the part ``option`` of a statement tell the others."""
    of_window = [
        each
        for each in sources()
        if not each.is_in("qviz/cli", "qviz/__main__.py", "qviz/words", "qviz/analysis/ledger")
    ]
    keys = [
        (f"{source.path}:{call.lineno}", ast.unparse(each))
        for source in of_window
        for name, call in calls(source)
        if name in TEXTS
        for each in call.args[TEXTS[name]]
    ]
    assert len(keys) > 500
    told = [
        (code, text) for code, entry in ENGLISH.statements.items() for part, text in entry.items() if part != "option"
    ]
    assert [each for each in (*keys, *told) if OPTION.search(each[1])] == []
