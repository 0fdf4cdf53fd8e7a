"""Every code that the program can say has an entry, and every entry is written as it can be filled in."""

from __future__ import annotations

import ast
import functools
import re

import pytest

from qviz.words.english import why, why_observers
from qviz.words.formats import FORMATS
from qviz.words.language import ENGLISH, LANGUAGES
from qviz.words.statement import _parsed, knows
from tests.program import sources

CODE = re.compile(r"(link|relation|kind|stop|step|advice|claim|row|answer|not_measured)\.[a-z0-9_]+(\.[a-z0-9_]+)*")

REASON = re.compile(
    r"(input|output|operator|quantized|unquantized|float|unobserved|stub|pattern|fused|not_fused|observer|origin|spec|edge"
    r"|tensor|cast|constant)\.[a-z0-9_]+"
)
REASONS = ("qviz/engine/why/", "qviz/analysis/verdicts/float_reasons.py")
"""Where reasons of nodes are made; elsewhere such names are other things, as keys of the theme."""

PARTS = ("text", "message", "hint", "failed", "during")


@functools.cache
def codes() -> list[tuple[str, str]]:
    """Return the codes that the program writes, with their places."""
    found = []
    for source in sources():
        form = REASON if source.path.startswith(REASONS) else CODE
        if not source.is_in("qviz/words") and form.search(source.text):
            written = [(each.lineno, each.value) for each in source.nodes() if isinstance(each, ast.Constant)]
            texts = [(line, text) for line, text in written if isinstance(text, str) and form.fullmatch(text)]
            found += [(f"{source.path}:{line}", text) for line, text in texts]
    return found


def test_every_code_of_the_program_is_in_the_catalog():
    assert len({code for _, code in codes()}) > 20
    assert [(where, code) for where, code in codes() if not knows(code)] == []


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
                fits = how in {"", "stage", *FORMATS} or "|" in how or "/" in how or how in {*PARTS, "option"}
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


def _said_by(*names: str) -> list[tuple[str, ast.Call]]:
    """Return the calls of functions and methods of some names in the engine, with their places."""
    found = []
    for source in sources("qviz/engine"):
        if any(f"{each}(" in source.text for each in names):
            calls = (each for each in source.nodes() if isinstance(each, ast.Call))
            found += [(f"{source.path}:{each.lineno}", each) for each in calls if _called(each) in names]
    return found


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def test_whatever_the_engine_could_not_measure_has_words():
    """What it tries to measure is the first argument of every ``_attempt``."""
    calls = _said_by("_attempt")
    assert [where for where, call in calls if not isinstance(call.args[0], ast.Constant)] == [], "no code can be found"
    tried = {str(call.args[0].value) for _, call in calls if isinstance(call.args[0], ast.Constant)}
    assert {"original", "simulated", "converted"} <= tried
    assert [what for what in sorted(tried) if not knows(f"not_measured.{what}")] == []


def test_every_step_that_the_engine_names_has_words():
    """Its name is the first argument of every ``started``, the second of ``StepStarted``."""
    places = {"started": 0, "StepStarted": 1}
    given = [call.args[places[_called(call)] :][:1] for _, call in _said_by(*places)]
    named = {str(each.value) for arguments in given for each in arguments if isinstance(each, ast.Constant)}
    assert {"measuring", "loading", "converting"} <= named
    assert [step for step in sorted(named) if not knows(f"step.{step}")] == []
