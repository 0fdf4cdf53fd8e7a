"""What changed between two stages, as an overlay on each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qviz.analysis.linking.changes import Changes, changes
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import Amount, Categories, Category
from qviz.document.snapshot import Link, Stage
from qviz.words import mark

SCALE = Categories(
    (
        Category("replaced", mark("replaced"), "change.replaced", sign="≠"),
        Category("removed", mark("removed"), "change.removed", "dashed", "−"),
        Category("added", mark("added"), "change.added", sign="+"),
    ),
    mixed="replaced",
)


class StageChanges(NamedTuple):
    """What changed between two stages, on each of them.

    Attributes:
        changes: The nodes.
        overlays: By the stage's name: which node was added, replaced or removed.
    """

    changes: Changes
    overlays: dict[str, Overlay]


def changed(stages: Sequence[Stage], links: Iterable[Link], one: str, other: str) -> StageChanges:
    """Return what changed between two stages, whichever comes first."""
    links = tuple(links)
    found = changes(stages, links, one, other)
    index = LinkIndex(links)
    overlays = {}
    for here, there, ids in ((one, other, found.before), (other, one, found.after)):
        alone: Amount = "removed" if here == found.earlier else "added"
        values = {each: "replaced" if index.partners(here, there, (each,)) else alone for each in ids}
        overlays[here] = Overlay("changes", mark("changes"), SCALE, values, mark="outline")
    return StageChanges(found, overlays)
