"""An observer that saw no data: its range is empty and the scale will be 1."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.document.snapshot import Finding, Level, Snapshot


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield one finding for each stage that has such observers."""
    for stage in snapshot.stages:
        facts = snapshot.facts.get(stage.name, {})
        empty = tuple(
            node.id
            for node in stage.graph.nodes
            if node.id in facts and (fact := facts[node.id].observer) is not None and fact.calibrated is False
        )
        if empty:
            yield Finding(
                rule="never_calibrated",
                level=Level.WARNING,
                stage=stage.name,
                nodes=empty,
                message=f"{len(empty)} observers saw no data"
                if len(empty) > 1
                else f"the observer {empty[0]} saw no data",
                reason="min is inf and max -inf, so torch falls back to scale 1 and zero point 0",
                hint="Calibrate with data that reaches every branch of the model (--calibrate).",
            )
