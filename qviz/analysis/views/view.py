"""What is on the canvas: boxes and lines, after groups and weight plumbing are folded.

A view is made by `qviz.analysis.views.folding` from a graph and the user's folds; the layout gives
it places, the canvas paints it. It holds no coordinates and no colours.
"""

from __future__ import annotations

from qviz.document.graph import Kind, Record


class Folds(Record, frozen=True):
    """What the user has opened; everything else is folded.

    ``groups`` are module paths drawn as frames; ``plumbing`` the ids of operators whose
    weights, scales and dequantizes are drawn as boxes of their own. Where two stages share
    their rows, ``seams`` are those opened, by nodes of theirs in the union of both; without `has_seams` there are none.
    ``apart`` are the module paths of groups that stand by themselves although their siblings are equal.
    """

    groups: frozenset[str] = frozenset()
    plumbing: frozenset[str] = frozenset()
    seams: frozenset[str] = frozenset()
    has_seams: bool = True
    apart: frozenset[str] = frozenset()


class Badge(Record, frozen=True):
    """How many nodes of one kind a folded group holds."""

    kind: Kind
    count: int


def drawn_as(kind: Kind | None, is_low: bool) -> Kind | None:
    """Return the kind that a node of a kind is drawn as: an operator in low precision as a quantized one."""
    return Kind.QUANTIZED_OP if is_low and kind in (Kind.OP, Kind.FUSED_OP) else kind


class Box(Record, frozen=True):
    """One thing on the canvas.

    A node has its own id and kind. A module group has ``id`` ``"group:" + path`` and kind
    None; open, it is a frame around the boxes whose ``parent`` it is. A stub
    (``stub_of`` set) is a label beside one consumer in place of a line from a source with
    many consumers. ``members`` are the ids of all nodes that the box stands for, the main one
    first; ``repeat`` counts equal nodes folded into one; ``ring`` numbers observer objects
    that several nodes share. ``parts`` are the main nodes of a box in which another stage's
    operator took in others. ``low`` counts the operators that could run in low precision: how
    many do, and all; None where the stage was not converted; ``precision`` says it in few words, such as an operator's
    dtype, or "" where there is no need to. A seam (`is_seam`) stands for what
    only one of two stages has; ``seam`` is its first node, also at the boxes of one that is open.
    An open list of modules that computes nothing itself has a bracket (`is_bracket`), no frame.
    ``alike`` are the module paths of equal groups for which one box stands; ``note`` says how the
    groups inside compare, or what a seam holds where its title has no room; ``odd`` says which of them differ.
    """

    id: str
    title: str
    subtitle: str
    kind: Kind | None
    members: tuple[str, ...]
    parent: str | None = None
    is_open: bool = False
    badges: tuple[Badge, ...] = ()
    repeat: int = 1
    ring: int | None = None
    stub_of: str | None = None
    has_plumbing: bool = False
    parts: tuple[str, ...] = ()
    low: tuple[int, int] | None = None
    precision: str = ""
    seam: str | None = None
    is_seam: bool = False
    is_bracket: bool = False
    alike: tuple[str, ...] = ()
    note: str = ""
    odd: str = ""

    @property
    def role(self) -> Kind | None:
        """What it is drawn as: an operator in low precision is a quantized one, whatever torch calls it."""
        return drawn_as(self.kind, self.low is not None and self.low[0] == self.low[1] > 0)

    @property
    def is_mixed(self) -> bool:
        """Whether some of its operators stayed in float, and others did not."""
        return self.low is not None and 0 < self.low[0] < self.low[1]


class Line(Record, frozen=True):
    """One value that flows from box to box; ``pairs`` are the edges (from id, to id) it stands for."""

    from_box: str
    to_box: str
    label: str
    pairs: tuple[tuple[str, str], ...]


class View(Record, frozen=True):
    """All boxes (a frame before what it holds) and lines; ``box_of`` gives the box of each node id."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    box_of: dict[str, str]


SEAM = "seam:"
"""How the id of a seam's box begins."""
ALIKE = "alike:"
"""How the id of the box of equal groups begins."""


def group_box_id(path: str) -> str:
    """Return the id of the box of a module group."""
    return f"group:{path}"
