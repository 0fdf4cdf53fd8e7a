"""Finds the known cause of a failing step."""

from __future__ import annotations

import re
import traceback
from typing import NamedTuple

from qviz.engine.failures.chain import chain


class Cause(NamedTuple):
    """How to know one cause; what is None does not matter, and all else has to fit.

    Attributes:
        code: Names the entry of the catalog, which has what it is in words and the hint.
        type: A pattern of the exception's class name.
        text: A pattern of its text; named groups become arguments of the statement.
        frame: A pattern of ``file:function`` of a frame that it came through.
        step: A pattern of the step that failed.
    """

    code: str
    type: str | None = None
    text: str | None = None
    frame: str | None = None
    step: str | None = None

    def found_in(self, error: BaseException, step: str) -> dict[str, str] | None:
        """Return the arguments that an exception gives this cause; None if it has another one."""
        if self.step is not None and not re.fullmatch(self.step, step):
            return None
        if self.type is not None and not re.search(self.type, type(error).__name__):
            return None
        match = re.search(self.text, str(error)) if self.text is not None else None
        if self.text is not None and match is None:
            return None
        if self.frame is not None and not _came_through(error, self.frame):
            return None
        return {key: value.strip() for key, value in match.groupdict().items() if value} if match else {}


class KnownCause(NamedTuple):
    """A cause that was found: its code, and what the exception's text says of it."""

    code: str
    args: dict[str, str]


def known_cause(step: str, error: BaseException, causes: tuple[Cause, ...]) -> KnownCause | None:
    """Return the first cause that fits the root of an exception, else one that fits what was raised from it."""
    for each in chain(error):
        for cause in causes:
            if (args := cause.found_in(each, step)) is not None:
                return KnownCause(cause.code, args)
    return None


def _came_through(error: BaseException, pattern: str) -> bool:
    frames = (each.f_code for each, _ in traceback.walk_tb(error.__traceback__))
    return any(re.search(pattern, f"{code.co_filename}:{code.co_name}".replace("\\", "/")) for code in frames)
