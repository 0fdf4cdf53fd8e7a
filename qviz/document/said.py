"""A statement that is nothing else: its code, the nodes that it speaks of, its arguments."""

from __future__ import annotations

from qviz.document.graph import Json, Record
from qviz.errors import ExitCode, QvizError
from qviz.words import say


class Said(Record, frozen=True):
    """Something said of a run, as data; `qviz.words` renders it.

    Attributes:
        code: Names the entry of the catalog.
        roles: The nodes that it speaks of, by what they are in it.
        args: Numbers, names, lists of names.
    """

    code: str
    roles: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    args: dict[str, Json] = {}  # noqa: RUF012

    @property
    def text(self) -> str:
        """What is said, in words."""
        return say(self)

    @property
    def message(self) -> str:
        """What happened, in words; of what stopped a run."""
        return say(self, "message")

    def as_arg(self, part: str = "text") -> dict[str, Json]:
        """Return the statement as an argument of another one, which says that part of it."""
        roles: dict[str, Json] = {role: list(ids) for role, ids in self.roles.items()}
        return {"code": self.code, "roles": roles, "args": self.args, "part": part}


class StoppedError(QvizError):
    """What ended a run from outside: the engine's death, or a limit.

    Args:
        said: Why; an entry with the parts ``message`` and ``hint``, and ``option`` for the command line.
        exit_code: What the command line ends with.
    """

    def __init__(self, said: Said, exit_code: ExitCode) -> None:
        super().__init__(say(said, "message"), say(said, "hint"), exit_code, say(said, "option"))
        self.said = said
