"""The Chinese catalog keeps up with the English one: what it lacks is listed here, and what it has says the same."""

from __future__ import annotations

import ast
import functools
import re
import string
from collections.abc import Iterator
from importlib import import_module

from qviz.words.language import ENGLISH, SIMPLIFIED_CHINESE
from tests.program import Source, sources

NOT_YET = 12
"""New texts and codes that may wait for their translation, and old ones whose translation may stay."""
BY_OTHER_WAYS = {"File", "Edit", "Go", "Help"}
"""The titles of groups of commands, which `Menus` and the palette hand to tr."""
SAME_IN_ALL = re.compile(r"^[\W\d]*$|^[\W\d]*({\w+}[\W\d]*)*$")
"""Texts of signs, numbers and fields alone."""
_FIRST = {"tr": slice(0, 1), "mark": slice(0, 1), "sign": slice(0, 1), "trn": slice(1, 3), "command": slice(0, 1)}


@functools.cache
def keys() -> dict[Source, tuple[str, ...]]:
    """Return the English texts that files hand to words; synonyms of commands stay, for who types English."""
    return {each: tuple(_keys(each)) for each in sources() if any(f"{name}(" in each.text for name in _FIRST)}


def _keys(source: Source) -> Iterator[str]:
    for node in source.nodes():
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for argument in node.args[_FIRST[name]] if name in _FIRST else ():
                yield from (
                    each.value
                    for each in ast.walk(argument)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


def fields(template: str) -> set[str]:
    """Return the names of the fields, also of those in optional parts."""
    return {name for _, name, _, _ in string.Formatter().parse(template.replace("[[", "").replace("]]", "")) if name}


def test_every_text_has_a_translation():
    there = SIMPLIFIED_CHINESE.texts
    shown = [texts for each, texts in keys().items() if "/simplified_chinese/" not in each.path]
    wanted = dict.fromkeys(key for texts in shown for key in texts if not SAME_IN_ALL.match(key))
    lacking = [text for text in wanted if text not in there]
    assert len(lacking) <= NOT_YET, "\n".join(["these lack a translation:", *lacking])


def test_a_translation_has_the_fields_of_its_text():
    texts = SIMPLIFIED_CHINESE.texts.items()
    assert {english: chinese for english, chinese in texts if fields(english) != fields(chinese)} == {}


def test_no_translation_is_of_a_text_that_is_gone():
    used = {key for texts in keys().values() for key in texts} | BY_OTHER_WAYS
    modules = [name for name in SIMPLIFIED_CHINESE.modules if not name.endswith("command_line")]  # click says those
    texts = {text for name in modules for text in getattr(import_module(name), "TEXTS", {})}
    gone = sorted(texts - used)
    assert len(gone) <= NOT_YET, "\n".join(["these are of no text:", *gone])


def test_every_statement_is_translated_whole():
    there = SIMPLIFIED_CHINESE.statements
    lacking = {
        code: sorted(missing)
        for code, entry in ENGLISH.statements.items()
        if (missing := set(entry) - set(there.get(code, {})))
    }
    assert len(lacking) <= NOT_YET, "\n".join(["these lack a translation:", *map(str, lacking.items())])


def test_no_translated_statement_is_of_a_code_that_is_gone():
    assert set(SIMPLIFIED_CHINESE.statements) - set(ENGLISH.statements) == set()


def test_a_translated_statement_names_nothing_that_the_english_one_does_not_know():
    strange = {
        code: more
        for code, entry in SIMPLIFIED_CHINESE.statements.items()
        if (
            more := set().union(*map(fields, entry.values()))
            - set().union(*map(fields, ENGLISH.statements[code].values()))
        )
    }
    assert strange == {}


def test_translations_are_chinese():
    letters = re.compile(r"[一-鿿]")
    said = SIMPLIFIED_CHINESE.texts.items()
    left = [chinese for english, chinese in said if chinese != english and not letters.search(chinese)]
    assert [text for text in left if re.search(r"[a-z]{3} [a-z]{3}", text)] == []
