"""What has to be opened so that a node has a box of its own."""

from __future__ import annotations

from msgspec.structs import replace

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
