"""The flows that this process knows: those that qviz brings, and those that were registered."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from qviz.document.flows.builtin import BUILTIN, DEFAULT_FLOW, DEFAULT_FLOW_OF_PROGRAMS
from qviz.document.flows.flow import OPTIONS, ExtraStage, Flow, Method, Mode, Need
from qviz.registry import Registry

__all__ = [
    "BUILTIN",
    "DEFAULT_FLOW",
    "DEFAULT_FLOW_OF_PROGRAMS",
    "FLOWS",
    "OPTIONS",
    "REGISTRY",
    "ExtraStage",
    "Flow",
    "Method",
    "Mode",
    "Need",
    "flow",
    "flow_ids",
    "register",
]


class _Flows(Collection[Flow]):
    """All flows in their order; a live view, so that one registered later is seen by whoever iterates."""

    def __init__(self, registry: Registry[Flow]) -> None:
        self._registry = registry

    def __contains__(self, flow: object) -> bool:
        return flow in self._registry.values()

    def __iter__(self) -> Iterator[Flow]:
        return iter(self._registry.values())

    def __len__(self) -> int:
        return len(self._registry)


REGISTRY: Registry[Flow] = Registry("flow")
for each in BUILTIN:
    REGISTRY.add(each.id, each)
FLOWS = _Flows(REGISTRY)


def flow(flow_id: str | None) -> Flow | None:
    """Return the flow of that id; None without an id, and for one that this version does not know."""
    return REGISTRY[flow_id] if flow_id is not None and flow_id in REGISTRY else None


def flow_ids() -> tuple[str, ...]:
    """Return the ids of all flows, in their order."""
    return tuple(REGISTRY)


def register(added: Flow) -> None:
    """Make a flow known to this process: to lists, choices, options and comparisons.

    The engine finds what carries it out by `Flow.implementation`; a program that has torch anyway can call
    `qviz.engine.flow_table.register_flow` in place of this.

    Raises:
        ValueError: There is another flow of that id. The same one again changes nothing.
    """
    if flow(added.id) != added:
        REGISTRY.add(added.id, added)
