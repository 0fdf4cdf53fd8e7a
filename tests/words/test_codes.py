"""Every code that the program can say has an entry, and every entry is written as it can be filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import qviz
from qviz.words.english import why, why_observers
from qviz.words.formats import FORMATS
from qviz.words.language import ENGLISH, LANGUAGES
from qviz.words.statement import _parsed, knows

PACKAGE = Path(qviz.__file__).parent
CODE = re.compile(r"(link|relation|kind|stop|step|advice|claim|row|answer|not_measured)\.[a-z0-9_]+(\.[a-z0-9_]+)*")

REASON = re.compile(
    r"(input|output|operator|quantized|unquantized|float|unobserved|stub|pattern|fused|not_fused|observer|origin|spec|edge"
    r"|tensor|cast|constant)\.[a-z0-9_]+"
)
REASONS = ("engine/why/", "analysis/verdicts/float_reasons.py")
"""Where reasons of nodes are made; elsewhere such names are other things, as keys of the theme."""

PARTS = ("text", "message", "hint", "failed", "during")


def codes() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "words" in path.relative_to(PACKAGE).parts:
            continue
        form = REASON if path.relative_to(PACKAGE).as_posix().startswith(REASONS) else CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and form.fullmatch(node.value):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.value


def test_every_code_of_the_program_is_in_the_catalog():
    found = list(codes())
    assert len({code for _, code in found}) > 20
    assert [(where, code) for where, code in found if not knows(code)] == []


def test_no_reason_of_a_node_stands_unused_in_the_catalog():
    used = {code for _, code in codes()}
    kinds = [f"{kind}.{what}" for kind in ("observer", "fake_quant") for what in ("output", "input", "parameter")]
    made = used | {*kinds, "observer.module_output", "fake_quant.module_output"}
    assert [code for code in (*why.STATEMENTS, *why_observers.STATEMENTS) if code not in made] == []


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_every_template_can_be_read(name: str):
    for code, entry in LANGUAGES[name].statements.items():
        for part, template in entry.items():
            assert template, f"{code}: {part} is empty"
            for _, field, how in _parsed(re.sub(r"\[\[|\]\]", "", template)):
                fits = (
                    how in {"", "stage", *FORMATS}
                    or "|" in how
                    or "/" in how
                    or how in {"text", "message", "hint", "failed", "during"}
                )
                assert field is None or (field.isidentifier() and fits), f"{code}: {template}"


def test_a_translation_has_no_fields_of_its_own():
    for name, language in LANGUAGES.items():
        for code, entry in language.statements.items():
            for part, template in entry.items():
                english = ENGLISH.statements[code][part]
                assert _fields(template) <= _fields(english), f"{name}: {code}"
        for english, template in language.texts.items():
            assert _fields(template) <= _fields(english), f"{name}: {english}"


def _fields(template: str) -> set[str]:
    return {name for _, name, _ in _parsed(re.sub(r"\[\[|\]\]", "", template)) if name}


def _attempted() -> Iterator[str]:
    """Yield what the engine tries to measure: the first argument of every ``_attempt``."""
    for path in sorted((PACKAGE / "engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_attempt":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: no code can be found here"
                yield str(node.args[0].value)


def test_whatever_the_engine_could_not_measure_has_words():
    tried = set(_attempted())
    assert {"original", "simulated", "converted"} <= tried
    assert [what for what in sorted(tried) if not knows(f"not_measured.{what}")] == []


def _steps() -> Iterator[str]:
    """Yield the steps that the engine names: the first argument of every ``started``, the second of ``StepStarted``."""
    for path in sorted((PACKAGE / "engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = {"started": 0, "StepStarted": 1}.get(called, len(node.args))
                yield from (str(each.value) for each in node.args[place : place + 1] if isinstance(each, ast.Constant))


def test_every_step_that_the_engine_names_has_words():
    named = set(_steps())
    assert {"measuring", "loading", "converting"} <= named
    assert [step for step in sorted(named) if not knows(f"step.{step}")] == []
