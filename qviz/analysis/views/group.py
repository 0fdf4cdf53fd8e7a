"""One module of the hierarchy, with what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class ModuleGroup:
    """One module with what it holds, in graph order.

    Attributes:
        path: Its module path, "" for the whole model.
        type: Its class name, "" where unknown.
        nodes: Ids of all its boxes at any depth.
        call: 1, or which group of the same module this is, where it is called again.
        items: Ids of nodes, and groups.
    """

    path: str
    type: str
    nodes: list[str]
    call: int = 1
    items: list[str | ModuleGroup] = field(default_factory=list)

    @property
    def groups(self) -> Iterator[ModuleGroup]:
        """The groups directly inside."""
        return (item for item in self.items if isinstance(item, ModuleGroup))

    def walk(self) -> Iterator[ModuleGroup]:
        """Yield all groups inside, outer before inner."""
        for group in self.groups:
            yield group
            yield from group.walk()
