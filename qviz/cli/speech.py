"""The language of a call: taken from its words before anything else is done with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.language import LANGUAGES, VARIABLE, language, use, use_environment

_OPTION = "--language"


@contextmanager
def speaking(words: Sequence[str]) -> Iterator[list[str]]:
    """Use the language that the words or the environment name, here and in the engines; gives the other words.

    Raises:
        QvizError: The words name none, or one that is not there.
    """
    before, environment = language(), os.environ.get(VARIABLE)
    use_environment()
    try:
        name, left = _chosen(words)
        if name is not None:
            os.environ[VARIABLE] = name
            use_environment()
        yield left
    finally:
        use(before.name)
        if environment is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = environment


def _chosen(words: Sequence[str]) -> tuple[str | None, list[str]]:
    name, left, waiting = None, [], iter(words)
    for word in waiting:
        if word == _OPTION:
            name = next(waiting, "")
        elif word.startswith(f"{_OPTION}="):
            name = word.partition("=")[2]
        else:
            left.append(word)
    if name is not None and name not in LANGUAGES:
        raise QvizError(
            tr('Unknown language "{name}"', name=name), tr("Choose one of: {names}.", names=", ".join(LANGUAGES))
        )
    return name, left
