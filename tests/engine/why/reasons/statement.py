"""What is drawn: one reason of one node, as the document holds it; and how proofs answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class NoIntervention(Exception):  # noqa: N818 - it is an answer
    """There is no way to put a reason to the test."""


@dataclass(frozen=True)
class Claim:
    """A reason.

    Attributes:
        origin: The name of the model.
        node: Its id; its target, as the document has it.
    """

    origin: str
    flow: str
    stage: str
    node: str
    code: str
    roles: dict[str, tuple[str, ...]]
    args: dict[str, Any]
    text: str
    fields: dict[str, Any] = field(default_factory=dict)

    def one(self, role: str) -> str:
        """Return the only node in a role."""
        (found,) = self.roles[role]
        return found

    def many(self, role: str) -> set[str]:
        return set(self.roles.get(role, ()))

    @property
    def where(self) -> str:
        return f"{self.origin} {self.flow} {self.stage} {self.node}: {self.code}: {self.text}"
