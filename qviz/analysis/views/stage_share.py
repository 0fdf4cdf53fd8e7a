"""What one stage has of a union, whatever is open: found once, so that a view costs what is seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from qviz.analysis.views.folding import badges, box_id_of
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.union import Union
from qviz.analysis.views.view import Badge, Box
from qviz.document.snapshot import Facts, Stage


class Holding(NamedTuple):
    """What a stage has of a group's box.

    Attributes:
        members: Its nodes, in the order of the box.
        homes: Each of them with the id of the box.
        badges: What quantization put there.
    """

    members: tuple[str, ...]
    homes: Mapping[str, str]
    badges: tuple[Badge, ...]


class StageShare:
    """One stage of a union.

    Args:
        union: Of this stage and others.
        union_tree: Its groups.
        stage: One of its stages.
        facts: Of the stage, by node id.
        tree: The groups of the stage.

    Attributes:
        to_union: The id in the union of each node.
        from_union: The node that an id in the union is, of those that the stage has.
    """

    def __init__(
        self, union: Union, union_tree: Hierarchy, stage: Stage, facts: Mapping[str, Facts], tree: Hierarchy
    ) -> None:
        self.union_tree, self.stage, self.facts, self.tree = union_tree, stage, facts, tree
        self.to_union: Mapping[str, str] = union.ids[stage.name]
        self.from_union: Mapping[str, str] = {each: node_id for node_id, each in self.to_union.items()}
        self._holdings: dict[str, Holding] = {}

    def members(self, box: Box) -> tuple[str, ...]:
        """Return the nodes of the stage that are in a box of the union."""
        if len(box.members) == 1:  # most, where all is open
            own = self.from_union.get(box.members[0])
            return () if own is None else (own,)
        return self.holding(box).members if _is_of_groups(box) else self._own(box.members)

    def holding(self, box: Box) -> Holding:
        """Return what the stage has of a group's box, or of one for equal groups."""
        found = self._holdings.get(box.id)
        if found is None:
            members, nodes = self._own(box.members), self.tree.index.nodes
            kinds = Counter(nodes[each].kind for each in members)
            found = self._holdings[box.id] = Holding(members, dict.fromkeys(members, box.id), badges(kinds))
        return found

    def homes(self, box: Box, members: Sequence[str]) -> Mapping[str, str]:
        """Return the members of a box with its id."""
        return self.holding(box).homes if _is_of_groups(box) else dict.fromkeys(members, box.id)

    def edges_between(self, opened: Iterable[ModuleGroup]) -> Iterator[tuple[str, str]]:
        """Yield the edges of the stage that may run between boxes, in the stage's order.

        Args:
            opened: The groups of the union that are open, the whole model among them.
        """
        edges, crossings = self.stage.whole.edges, self._crossings
        for place in sorted(chain.from_iterable(crossings.get(group, ()) for group in opened)):
            edge = edges[place]
            yield edge.from_id, edge.to_id

    @cached_property
    def _crossings(self) -> Mapping[ModuleGroup, Sequence[int]]:
        ids, edges = self.to_union.__getitem__, self.stage.whole.edges
        return self.union_tree.crossings_of([ids(edge.from_id) for edge in edges], [ids(edge.to_id) for edge in edges])

    def _own(self, members: Iterable[str]) -> tuple[str, ...]:
        return tuple(filter(None, map(self.from_union.get, members)))


def _is_of_groups(box: Box) -> bool:
    return box.kind is None and not box.is_seam


class UnionShares:
    """What each stage has of a union, and the union's groups by the ids of their boxes.

    Args:
        union: Of the stages.
        stages: In their order.
        facts: What was measured, by the stage's name and the node's id.
        trees: Of the stages, and of the union.
        union_tree: The union's, where it is not that of `trees`.
    """

    def __init__(
        self,
        union: Union,
        stages: Sequence[Stage],
        facts: Mapping[str, Mapping[str, Facts]],
        trees: Hierarchies,
        union_tree: Hierarchy | None = None,
    ) -> None:
        self.union = union
        self.tree = union_tree or trees.of(union.graph)
        self.groups = {box_id_of(group): group for group in self.tree.root.walk()}
        self.stages = tuple(
            StageShare(union, self.tree, stage, facts.get(stage.name, {}), trees.of(stage.whole)) for stage in stages
        )

    def opened(self, boxes: Iterable[Box]) -> list[ModuleGroup]:
        """Return the groups that are open among some boxes, and the whole model."""
        return [self.tree.root, *(self.groups[box.id] for box in boxes if box.is_open)]
