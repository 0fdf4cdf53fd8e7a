"""What can be laid over a graph: a value for each node or edge, and how to tell the values apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from qviz.analysis.overlays.scale import Amount, Categories, Look, Range
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.document.graph import Json
from qviz.document.snapshot import Facts, Finding, Snapshot, Stage
from qviz.words import tr

Mark: TypeAlias = Literal["none", "flag", "bar", "side", "outline", "chip"]
"""How nodes show their values on the canvas: not at all, by a flag at the corner, a bar under the box, a bar at its
left side, another outline with a sign, a chip with a word."""

Shape: TypeAlias = Literal["line", "width"] | Mark


class StageRecord(NamedTuple):
    """What is known of one stage: all that an overlay can be made from.

    Attributes:
        stage: Its graph.
        facts: What was measured, by node id.
        findings: Those of this stage.
        summary: The run's, once it is done.
        trees: Keeps the hierarchies of the stages, for an overlay that asks for one; None makes it anew.
    """

    stage: Stage
    facts: Mapping[str, Facts] = {}
    findings: tuple[Finding, ...] = ()
    summary: Mapping[str, Json] = {}
    trees: Hierarchies | None = None

    @property
    def tree(self) -> Hierarchy:
        """The groups of the stage's graph."""
        return (self.trees or Hierarchies()).of(self.stage.whole)

    @staticmethod
    def of(snapshot: Snapshot, stage: Stage) -> StageRecord:
        """Return what a snapshot knows of one of its stages."""
        findings = tuple(each for each in snapshot.findings if each.stage == stage.name)
        return StageRecord(stage, snapshot.facts.get(stage.name, {}), findings, snapshot.summary)


@dataclass(frozen=True)
class Overlay:
    """Values over one stage; no coordinates, no colors.

    Attributes:
        name: The code under which it is registered.
        title: What a reader calls it, in English.
        scale: How values are told apart, and which one stands for several.
        nodes: By node id.
        edges: By the ids of the nodes from which and to which the edge runs.
        widths: Likewise, what makes lines wide; on the same scale, but of another quantity.
        width_title: What a reader calls that, in English.
        unit: Of the numbers, such as ``dB``.
        mark: How nodes show their values.
        is_plain: Whether the colors of roles give way to it.
        findings: The nodes of each finding that it shows: a folded group tells how many it holds.
    """

    name: str
    title: str
    scale: Categories | Range
    nodes: Mapping[str, Amount] = field(default_factory=dict)
    edges: Mapping[tuple[str, str], Amount] = field(default_factory=dict)
    widths: Mapping[tuple[str, str], Amount] = field(default_factory=dict)
    width_title: str = ""
    unit: str = ""
    mark: Mark = "none"
    is_plain: bool = False
    findings: tuple[tuple[str, ...], ...] = ()

    def text(self, node_id: str) -> str | None:
        """Return the value of a node in words, with its unit; None where it has none."""
        value = self.nodes.get(node_id)
        return None if value is None else " ".join(filter(None, (self.scale.text(value), self.unit)))


class LegendEntry(NamedTuple):
    """One row of a legend: some looks, what has them, and whether it is a line, its width, a flag or a bar."""

    text: str
    looks: tuple[Look, ...]
    shape: Shape


def legend(
    overlay: Overlay, on_lines: Iterable[Amount], on_boxes: Iterable[Amount], has_widths: bool = False
) -> tuple[LegendEntry, ...]:
    """Return what a reader must know of the values that are drawn.

    Args:
        overlay: Their overlay.
        on_lines: The values of the lines.
        on_boxes: The values of the boxes.
        has_widths: Whether the width of any line says something.
    """
    entries: list[LegendEntry] = []
    drawn: tuple[tuple[Shape, set[Amount]], ...] = (("line", set(on_lines)), (overlay.mark, set(on_boxes)))
    for shape, values in drawn:
        if not values or shape in ("none", "chip"):
            continue
        if isinstance(overlay.scale, Categories):
            there = [each for each in overlay.scale.order if each.code in values]
            entries += [LegendEntry(each.title, (Look(each.token, each.stroke),), shape) for each in there]
        else:
            looks = tuple(map(overlay.scale.look, overlay.scale.ticks()))
            entries.append(_range_entry(overlay, overlay.title, overlay.scale.ticks(), looks, shape))
    if has_widths and isinstance(overlay.scale, Range):
        ticks = overlay.scale.width_ticks()
        looks = tuple(Look("text.muted", width=overlay.scale.width(each)) for each in ticks)
        entries.append(_range_entry(overlay, overlay.width_title, ticks, looks, "width"))
    return tuple(entries)


def _range_entry(
    overlay: Overlay, title: str, ticks: Iterable[float], looks: tuple[Look, ...], shape: Shape
) -> LegendEntry:
    said = " · ".join(map(overlay.scale.text, ticks))
    return LegendEntry(f"{tr(title)}: {said} {overlay.unit}".rstrip(), looks, shape)
