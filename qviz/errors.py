"""The one exception that means: the user can act on this."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command line ends with (docs/contract.md, section 4)."""

    DONE = 0
    FINDINGS = 1
    BAD_INPUT = 2
    FLOW_FAILED = 3
    ENGINE_DIED = 4
    BUG = 70


class QvizError(Exception):
    """A failure the user can fix: what went wrong and where, and what to do.

    Args:
        message: One sentence: what, and where.
        hint: One sentence: what to do about it; may be empty.
        exit_code: What the command line ends with.
        option: The option of the command line that the hint means; the window, which has a field for it, leaves it out.
    """

    def __init__(
        self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.BAD_INPUT, option: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.option = option

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
