"""What has to be opened so that a node has a box of its own, or one level more is seen."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.view import Folds


def uncovered(tree: Hierarchy, folds: Folds, node_id: str) -> Folds:
    """Return the folds with every group around a node open, and the operator that holds it where it is plumbing."""
    hosts = tree.plumbing.hosts.get(node_id, ())
    unit = hosts[0] if hosts else tree.plumbing.repeats.get(node_id, node_id)
    if any(host in folds.plumbing for host in hosts):
        unit = next(host for host in hosts if host in folds.plumbing)
    groups, group = set(folds.groups), tree.root
    while (inner := next((each for each in group.groups if unit in each.nodes), None)) is not None:
        groups.add(inner.path)
        group = inner
    plumbing = folds.plumbing if unit == node_id else folds.plumbing | {unit}
    if groups == folds.groups and plumbing == folds.plumbing:
        return folds
    return replace(folds, groups=frozenset(groups), plumbing=plumbing)


def one_level_more(tree: Hierarchy, folds: Folds) -> Folds:
    """Return the folds with every group open that is a closed box now; the same where none is left."""
    return replace(folds, groups=folds.groups | {group.path for group in _closed(tree.root, folds)})


def alone(tree: Hierarchy, folds: Folds, path: str, node_id: str) -> Folds:
    """Return the folds with a group open, and inside of it only what leads to a node."""
    kept = frozenset(each for each in folds.groups if each != path and not each.startswith(f"{path}."))
    return uncovered(tree, replace(folds, groups=kept), node_id)


def boxes_shown(tree: Hierarchy, folds: Folds) -> int:
    """Return how many boxes are shown under some folds, without frames; of equal siblings in one box one."""
    return _shown(tree, tree.root, folds)


def _shown(tree: Hierarchy, group: ModuleGroup, folds: Folds) -> int:
    return sum(
        _shown(tree, row, folds) if isinstance(row, ModuleGroup) and row.path in folds.groups else 1
        for row in tree.siblings.rows(group, folds)
    )


def groups_at(tree: Hierarchy, path: str) -> frozenset[str]:
    """Return the paths of a group and of all groups inside."""
    return frozenset(each.path for each in tree.root.walk() if f"{each.path}.".startswith(f"{path}."))


def _closed(group: ModuleGroup, folds: Folds) -> Iterator[ModuleGroup]:
    for each in group.groups:
        if each.path in folds.groups:
            yield from _closed(each, folds)
        else:
            yield each
