"""No text of the window and the command line is written on the spot: what people read goes through tr, trn or mark."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.program import sources

PLACES = ("qviz/ui", "qviz/cli", "qviz/session", "qviz/analysis/views", "qviz/analysis/searching")
WORDS = {"tr", "trn", "mark", "term", "command", "Registry"}
"""`command` takes a title and `Registry` a noun in English, which go to tr when they are shown."""
SILENT = {
    "ValueError",
    "TypeError",
    "KeyError",
    "RuntimeError",
    "AssertionError",
    "NotImplementedError",
    "compile",
    "error",
    "warning",
}
"""Nobody reads these but who mends qviz: bugs, the log file, patterns."""
SHOWING = {
    "setText", "setToolTip", "setPlaceholderText", "setAccessibleName", "setAccessibleDescription", "setWindowTitle",
    "setInformativeText", "setStatusTip", "setTitle", "setHeaderLabels", "setHorizontalHeaderLabels", "setTabText",
    "addItem", "addItems", "addTab", "addRow", "addAction", "drawText", "label", "button", "section", "inform", "tell",
    "QLabel", "QPushButton", "QCheckBox", "QAction", "QListWidgetItem", "QTreeWidgetItem", "QTableWidgetItem",
}  # fmt: skip
SENTENCE = re.compile(r"[^\W\d]{2,} [^\W\d]")
LETTERS = re.compile(r"[^\W\d]{2,}")
NAMES = {
    # Roles of the style sheet and levels of notices, which name a look: they stand among a widget's arguments.
    "muted", "title", "heading", "section", "pane", "error", "link", "primary", "segment", "chip", "field", "brand",
    "part", "small", "cell", "strong", "code.near", "code.line", "step", "here", "act", "fold", "boxed",
    "badge", "dashed", "info", "warning", "pending", "page", "guess", "fault",
    "qviz",
}  # fmt: skip
NAMES |= {
    "double star",  # a kind of parameter
    "the flow runs to its end",  # names a test case for good, as the ids of rules do
    "[SOURCE] [--flow FLOW]  |  COMMAND [ARGS]...",  # what is typed
}
EXEMPT = {
    "stylesheet.py": "a style sheet is code",
    "editor.py": "commands that open editors",
    "dot.py": "the language of graphviz is code",
    "call_code.py": "Python is code",
    "copied_script.py": "Python is code",
}


def written_on_the_spot(source: str) -> Iterator[tuple[int, str]]:
    """Yield texts that people would read as they stand here: sentences anywhere, words in what shows a text."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node.value in NAMES:
            continue
        around = list(_around(node, parents))
        calls = [name for name in around if name is not None]
        if None in around or WORDS.intersection(calls) or SILENT.intersection(calls):
            continue
        is_shown = bool(calls) and calls[0] in SHOWING and LETTERS.search(node.value)
        if is_shown or (SENTENCE.search(node.value) and not node.value.lstrip().startswith("<")):
            yield node.lineno, node.value


def _around(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[str | None]:
    """Yield the calls that a text is an argument of, from the inside; None where it is data."""
    while node in parents:
        inner, node = node, parents[node]
        if _is_data(node, inner):
            yield None
        if isinstance(node, ast.Call) and inner is not node.func:
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def _is_data(node: ast.AST, inner: ast.AST) -> bool:
    """Tell whether a text at this place is a docstring, an annotation, a key, a value of an enum, or for who mends."""
    match node:
        case ast.Expr():
            return isinstance(inner, ast.Constant)
        case ast.arg() | ast.AnnAssign():
            return inner is node.annotation
        case ast.ClassDef():
            return isinstance(inner, ast.Assign) and any(getattr(base, "id", "") == "Enum" for base in node.bases)
        case _:
            return isinstance(node, ast.Subscript | ast.Compare | ast.Assert)


def test_texts_go_through_words():
    files = [each for each in sources() if each.is_in(*PLACES) and each.path.rpartition("/")[2] not in EXEMPT]
    assert len(files) > 200
    assert [(each.path, *found) for each in files for found in written_on_the_spot(each.text)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('self.setToolTip("Open")', 1),
        ('label(f"{count} nodes", "muted")', 1),
        ('text = "Nothing is selected"', 1),
        ('ROWS = {"a": "Run the flow"}', 1),
        ('box.setText("Done" if done else tr("Waiting"))', 1),
        ('self.setToolTip(tr("Open"))', 0),
        ('ROWS = {"a": mark("Run the flow")}', 0),
        ('label("", "muted")', 0),
        ('made.setProperty("role", "muted")', 0),
        ('"""Shows a node."""', 0),
        ('raise ValueError("there is no such part")', 0),
    ],
)
def test_the_rule_finds_what_it_forbids(source: str, found: int):
    assert len(list(written_on_the_spot(source))) == found
