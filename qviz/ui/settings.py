"""What is remembered between sessions: window sizes, theme, language, recent files, editor, filters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QByteArray, QSettings

from qviz.words import mark

if TYPE_CHECKING:
    from qviz.trust.consent import Consent

RECENT_LIMIT = 8
BASELINE_LIMIT = 50
LESS_MOTION, OPEN_CASTS, NO_RESTORE = "less_motion", "open_casts", "no_restore"
"""Choices that are off at first."""


class Meaning(NamedTuple):
    """Which texts of a setting mean something.

    Attributes:
        holds: Tells whether a text does.
        takes: In words, what does.
    """

    holds: Callable[[str], bool]
    takes: str


class Ignored(NamedTuple):
    """A setting whose text means nothing; its default is used.

    Attributes:
        name: As it stands in the store.
        text: What stands there.
        takes: In words, what means something.
    """

    name: str
    text: str
    takes: str


class StoredText:
    """One text of the store, as an attribute of `Settings`; one that means nothing is its default."""

    def __init__(self, default: str = "") -> None:
        self._default, self._key = default, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = name

    def __get__(self, settings: Settings, owner: type) -> str:
        return settings.meant(self._key) or self._default

    def __set__(self, settings: Settings, text: str) -> None:
        settings.store.setValue(self._key, text)


def is_editor_command(text: str) -> bool:
    """Tell whether a command names the file and can be taken apart."""
    import shlex  # no part of the first paint

    try:
        words = [word.format(file="", line=1) for word in shlex.split(text)]
    except (ValueError, LookupError, AttributeError):  # a quote without its end, a field of another name
        return False
    return bool(words) and "{file}" in text


def _is_amount(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


MEANINGS = {
    "text_size": Meaning(lambda text: text.isascii() and text.isdigit(), mark("a whole number from 90 to 160")),
    "theme": Meaning(lambda text: text in ("light", "dark", "system"), mark("light, dark or system")),
    "editor": Meaning(is_editor_command, mark("a command with {file}")),
    "memory": Meaning(_is_amount, mark("a number of GiB above 0")),
    "network": Meaning(lambda text: text in ("0", "1"), mark("0 or 1")),
}
"""By the name of the setting; any text means something where none stands here."""


class Settings:
    """Typed access to the platform's settings store.

    Attributes:
        theme: ``light``, ``dark`` or ``system``.
        editor: The command that opens a file at a line, with ``{file}`` and ``{line}``; empty for the usual ones.
        language: The name of the language of the texts; empty for that of the environment.
        python: The interpreter of the engine; empty for qviz's own.
        engine: The command that starts the engine elsewhere; empty for this machine.
        memory: How much memory an engine may take, in GiB; empty for 80 % of the machine's.
        network: ``1`` lets all code use the network, ``0`` none; empty: what the user named herself.
    """

    theme, editor = StoredText("system"), StoredText()
    language, python, engine = StoredText(), StoredText(), StoredText()
    memory, network = StoredText(), StoredText()

    def __init__(self) -> None:
        self.store = QSettings("qviz", "qviz")

    def meant(self, name: str) -> str:
        """Return the text of a setting; "" where none stands, or one that means nothing."""
        text = self._text(name)
        return text if name not in MEANINGS or MEANINGS[name].holds(text) else ""

    def ignored(self) -> tuple[Ignored, ...]:
        """Return the settings that somebody wrote and that mean nothing."""
        texts = ((name, self._text(name), meaning.takes) for name, meaning in MEANINGS.items())
        return tuple(Ignored(name, text, takes) for name, text, takes in texts if text and not self.meant(name))

    def _text(self, name: str) -> str:
        value = self.store.value(name)  # a text with commas comes back as a list
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value) if value is not None else ""

    @property
    def text_size(self) -> int:
        """The size of all text in percent of the usual one, from 90 to 160."""
        return min(160, max(90, int(self.meant("text_size") or 100)))

    @text_size.setter
    def text_size(self, percent: int) -> None:
        self.store.setValue("text_size", percent)

    @property
    def recent(self) -> list[tuple[str, str]]:
        """Source and what was done with it, the newest first."""
        return [(source, about) for source, about, _ in self._recent()]

    def recent_plan(self, source: str) -> str:
        """Return the plan that a source was run with last, as TOML; "" where none is known."""
        return next((plan for each, _, plan in self._recent() if each == source), "")

    def remember(self, source: str, about: str, plan: str = "") -> None:
        """Put a source first among the recent ones.

        Args:
            source: What was open.
            about: What was done with it.
            plan: What it was run with, as TOML; "" for a result.
        """
        rows = [(source, about, plan), *(row for row in self._recent() if row[0] != source)]
        self.store.setValue("recent", ["\n".join(row) for row in rows[:RECENT_LIMIT]])

    def _recent(self) -> list[tuple[str, str, str]]:
        rows = ([*row.split("\n", 2), "", ""] for row in self._strings("recent"))
        return [(row[0], row[1], row[2]) for row in rows]

    def is_on(self, choice: str) -> bool:
        """Tell whether the user turned something on that is off at first, such as `LESS_MOTION`."""
        return str(self.store.value(f"on/{choice}", False)).lower() == "true"

    def turn(self, choice: str, is_on: bool) -> None:
        """Remember that the user turned something on or off."""
        self.store.setValue(f"on/{choice}", is_on)

    @property
    def filters(self) -> dict[str, str]:
        """The searches that the user saved, by their names."""
        pairs = (row.partition("\n") for row in self._strings("filters"))
        return {name: query for name, _, query in pairs}

    @filters.setter
    def filters(self, by_name: dict[str, str]) -> None:
        self.store.setValue("filters", [f"{name}\n{query}" for name, query in by_name.items()])

    def baseline(self, source: str) -> str:
        """Return the file in which accepted findings of a source are kept; empty for none yet."""
        pairs = (row.partition("\n") for row in self._strings("baselines"))
        return next((path for each, _, path in pairs if each == source), "")

    def keep_baseline(self, source: str, path: str) -> None:
        """Remember in which file accepted findings of a source are kept."""
        others = [row for row in self._strings("baselines") if row.partition("\n")[0] != source]
        self.store.setValue("baselines", [f"{source}\n{path}", *others][:BASELINE_LIMIT])

    @property
    def saved_in(self) -> list[str]:
        """Folders that results were saved in: a save that ended half-way left its temporary file there."""
        return self._strings("saved_in")

    def note_saved_in(self, folder: str) -> None:
        """Remember a folder before something is saved there."""
        others = (each for each in self.saved_in if each != folder)
        self.store.setValue("saved_in", [folder, *others][:RECENT_LIMIT])

    @cached_property
    def consent(self) -> Consent:
        """What the user allowed to run, kept apart from all else, by content."""
        from qviz.trust.consent import Consent  # no part of the first paint

        return Consent()

    def _strings(self, key: str) -> list[str]:
        value = self.store.value(key)  # a list of one comes back as its one text
        return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []

    def is_open(self, panel: str) -> bool:
        """Tell whether the user left a panel open; every one is at first."""
        return str(self.store.value(f"open/{panel}", True)).lower() != "false"

    def set_open(self, panel: str, is_open: bool) -> None:
        """Remember that the user opened or closed a panel."""
        self.store.setValue(f"open/{panel}", is_open)

    def state(self, name: str) -> QByteArray:
        """Return the saved geometry or splitter sizes of that name."""
        value = self.store.value(f"state/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def save_state(self, name: str, state: QByteArray) -> None:
        """Keep a geometry or splitter sizes."""
        self.store.setValue(f"state/{name}", state)
