"""A statement that is nothing else: its code, the nodes that it speaks of, its arguments."""

from __future__ import annotations

from qviz.document.graph import Json, Record
from qviz.words import say


class Said(Record, frozen=True):
    """Something said of a run, as data; `qviz.words` renders it.

    Attributes:
        code: Names the entry of the catalog, which has the part ``text``.
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
    def as_arg(self) -> dict[str, Json]:
        """The statement as an argument of another one."""
        roles: dict[str, Json] = {role: list(ids) for role, ids in self.roles.items()}
        return {"code": self.code, "roles": roles, "args": self.args, "part": "text"}
