"""Says how a node is related to those of another stage, seen from the node."""

from __future__ import annotations

from qviz.document.said import Said
from qviz.document.snapshot import Link


def came_from(link: Link, node_id: str) -> Said:
    """Return how a node came from the stage before: ``Fused with bn1 and relu (from Captured)``."""
    return _related("came", link, link.from_stage, node_id)


def became(link: Link, node_id: str) -> Said:
    """Return what happened to a node on the way to the next stage: ``Replaced (in Converted)``."""
    return _related("became", link, link.to_stage, node_id)


def _related(direction: str, link: Link, stage: str, node_id: str) -> Said:
    others = tuple(each for each in link.from_ids if each != node_id)
    return Said(f"relation.{direction}.{link.relation}", {"others": others}, {"stage": stage})
