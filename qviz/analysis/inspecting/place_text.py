"""What a place of a finding, or of noise, is called in lists."""

from __future__ import annotations

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.document.snapshot import Finding
from qviz.words import tr
from qviz.words.formats import capitalized


def place_text(run: InspectedRun | None, place: NodePlace) -> str:
    """Return the module path of an operator that is alone in its module, of any other node its name there."""
    node = run.node(place) if run is not None else None
    if run is None or node is None or not node.place:
        return place.node
    return (
        node.place if node.kind.computes and run.leaf(place) else tr("{node} in {path}", node=node.id, path=node.place)
    )


def headline(finding: Finding, text: str) -> str:
    """Return a text of a finding with a capital letter, unless it begins with the name of one of its nodes."""
    return text if text.partition(" ")[0] in finding.nodes else capitalized(text)
