"""The language in use, and the catalogs there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from importlib import import_module
from typing import TypeAlias

Template: TypeAlias = str
Entry: TypeAlias = Mapping[str, Template]
"""The templates of one code by part: ``rule``, ``evidence``, ``message``, ``reason``, ``hint``, ``text``."""


class Language:
    """One catalog; English is the source, and what another one lacks falls back to it.

    Attributes:
        name: As users name it: ``en``, ``zh_CN``.
        modules: Modules that hold a part of the catalog: ``STATEMENTS`` (code to entry), ``TEXTS`` (English to
            translation), or both; imported when first needed.
        finish: What is done to every whole text, for languages that test the seam.
        title: What its speakers call it.
    """

    def __init__(
        self,
        name: str,
        modules: tuple[str, ...] = (),
        finish: Callable[[str], str] | None = None,
        title: str = "",
    ) -> None:
        self.name = name
        self.title = title or name
        self.modules = modules
        self.finish = finish

    @cached_property
    def statements(self) -> Mapping[str, Entry]:
        """The entries by code.

        Raises:
            ValueError: Two modules have the same code.
        """
        found: dict[str, Entry] = {}
        for name in self.modules:
            for code, entry in getattr(import_module(name), "STATEMENTS", {}).items():
                if code in found:
                    raise ValueError(f"{code!r} stands twice in the catalog of {self.name}")
                found[code] = entry
        return found

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The translations of the texts of window, command line and errors, by the English text."""
        found: dict[str, str] = {}
        for name in self.modules:
            found.update(getattr(import_module(name), "TEXTS", {}))
        return found

    def finished(self, text: str) -> str:
        """Return a whole text as it is shown."""
        return text if self.finish is None else self.finish(text)


_ENGLISH = (
    "why",
    "why_observers",
    "links",
    "findings",
    "findings_eager",
    "findings_exported",
    "findings_fusion",
    "findings_models",
    "findings_run",
    "findings_rules",
    "findings_layers",
    "findings_noise",
    "findings_scales",
    "stops",
    "causes",
    "causes_running",
    "causes_own",
    "comparison",
    "measurements",
    "general",
    "names",
    "inputs",
)
ENGLISH = Language("en", tuple(f"qviz.words.english.{name}" for name in _ENGLISH), title="English")
_CHINESE = (
    "catalog",
    "command_line",
    "shell",
    "panels",
    "forms",
    "review",
    "names",
    "why",
    "why_observers",
    "run",
    "findings",
    "measuring",
    "inputs",
    "runs",
    "findings_eager",
    "findings_exported",
    "findings_fusion",
    "findings_layers",
    "findings_models",
    "findings_numbers",
    "findings_rules",
    "causes",
    "causes_running",
    "causes_own",
    "commands",
    "documents",
    "configuring",
    "loading",
    "sources",
)
SIMPLIFIED_CHINESE = Language(
    "zh_CN",
    tuple(f"qviz.words.simplified_chinese.{name}" for name in _CHINESE),
    title="简体中文",
)

LANGUAGES: dict[str, Language] = {each.name: each for each in (ENGLISH, SIMPLIFIED_CHINESE)}

VARIABLE = "QVIZ_LANGUAGE"
"""The environment variable that names the language."""

_current = [ENGLISH]
_rendered: ContextVar[Language | None] = ContextVar("rendered", default=None)
"""The language of the statement that this thread renders, where it is another."""


def register(new: Language) -> None:
    """Add a language.

    Raises:
        ValueError: There is one of this name.
    """
    if new.name in LANGUAGES:
        raise ValueError(f"there is a language {new.name!r} already")
    LANGUAGES[new.name] = new


def language() -> Language:
    """Return the language in use."""
    return _rendered.get() or _current[0]


def use(name: str) -> None:
    """Use a language from now on, in this process; one that is not there is English."""
    _current[0] = LANGUAGES.get(name, ENGLISH)


def use_environment() -> None:
    """Use the language that the environment names, as an engine does for the program that started it."""
    use(os.environ.get(VARIABLE, ENGLISH.name))


@contextmanager
def using(other: Language) -> Iterator[None]:
    """Use a language inside the ``with``."""
    before, _current[0] = _current[0], other
    try:
        yield
    finally:
        _current[0] = before


@contextmanager
def rendering(other: Language) -> Iterator[None]:
    """Use a language inside the ``with``, in this thread only: others show texts meanwhile."""
    token = _rendered.set(other)
    try:
        yield
    finally:
        _rendered.reset(token)


def mark(text: str) -> str:
    """Return the English text as it is: it stands in a table, and `tr` gets it when it is shown."""
    return text


def tr(text: str, /, **values: object) -> str:
    """Return a text of the window, the command line or an error in the language in use.

    Args:
        text: In English, with ``{name}`` where values go.
        values: What goes there.
    """
    here = language()
    template = text if here is ENGLISH else here.texts.get(text, text)
    return here.finished(template.format_map(values) if values else template)


def sign(text: str) -> str:
    """Return a punctuation mark between parts of a text as the language in use writes it: ``、`` for ``, ``."""
    return language().texts.get(text, text)


def trn(count: int, one: str, many: str, /, **values: object) -> str:
    """Return the form of a text that agrees with a count; ``{count}`` stands for it, its thousands apart.

    Args:
        count: How many.
        one: The English text for one.
        many: The English text for any other number.
        values: What else goes in.
    """
    return tr(one if count == 1 else many, count=f"{count:,}", **values)
