"""Derives from a trace which modules ``fuse_modules`` can fuse, and checks a list that the user wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise, takewhile
from typing import NamedTuple, TypeAlias

from torch import nn
from torch.ao.quantization import fuser_method_mappings as mappings
from torch.fx import GraphModule, Node

FuseList: TypeAlias = tuple[tuple[str, ...], ...]

_PATTERNS = frozenset(each for each in mappings._DEFAULT_OP_LIST_TO_FUSER_METHOD if isinstance(each, tuple))  # noqa: SLF001
"""The sequences of module types that torch can fuse."""
FUSIBLE = frozenset(type_ for pattern in _PATTERNS for type_ in pattern)
_LONGEST = max(map(len, _PATTERNS))
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def fuse_list(graph: GraphModule, for_training: bool = False) -> FuseList:
    """Return the module paths to fuse, the longest sequences first tried, in the order of the graph.

    A module that is called more than once stands alone, and ends a sequence: fusing would replace it at every call.

    Args:
        graph: The trace of the model.
        for_training: For ``fuse_modules_qat``, which refuses transposed convolutions.
    """
    patterns = {each for each in _PATTERNS if not (for_training and issubclass(each[0], _TRANSPOSED))}
    calls = Counter(str(node.target) for node in graph.graph.nodes if node.op == "call_module")
    found: list[tuple[str, ...]] = []
    taken: set[str] = set()
    for node in graph.graph.nodes:
        chain = list(takewhile(lambda each: calls[str(each.target)] == 1 and each.target not in taken, _chain(node)))
        for length in range(min(_LONGEST, len(chain)), 1, -1):
            paths = tuple(str(each.target) for each in chain[:length])
            if tuple(type(graph.get_submodule(path)) for path in paths) in patterns:
                found.append(paths)
                taken.update(paths)
                break
    return tuple(found)


def _chain(node: Node) -> list[Node]:
    """Return module calls that hand on to each other alone, from a node on."""
    chain: list[Node] = []
    step: Node | None = node
    while step is not None and step.op == "call_module" and len(chain) < _LONGEST:
        chain.append(step)
        step = next(iter(step.users)) if len(step.users) == 1 else None
    return chain


class Misfit(NamedTuple):
    """An entry of a fuse list that changes what the model computes: torch fuses it all the same.

    Attributes:
        entry: The module paths.
        read_by: The nodes that also read a value between two of them, where that is all that is wrong.
        listed_before: The modules that an earlier entry has, too, and that are an Identity by then.
    """

    entry: tuple[str, ...]
    read_by: tuple[str, ...] = ()
    listed_before: tuple[str, ...] = ()


def misfits(graph: GraphModule, wanted: FuseList) -> list[Misfit]:
    """Return the entries whose modules do not hand on to each other alone, at every call."""
    calls: defaultdict[str, list[Node]] = defaultdict(list)
    for node in graph.graph.nodes:
        if node.op == "call_module":
            calls[str(node.target)].append(node)
    found, listed = list[Misfit](), set[str]()
    for entry in wanted:
        again = tuple(path for path in entry if path in listed)
        listed.update(entry)
        chains = [_along(node, entry) for node in calls[entry[0]]] if entry else []
        follow = bool(chains) and all(len(chain) == len(entry) for chain in chains)
        if entry and not (follow and all(len(calls[path]) == len(chains) for path in entry)):
            found.append(Misfit(entry, listed_before=again))
        elif readers := [other for chain in chains for other in _others(chain)]:
            found.append(Misfit(entry, tuple(dict.fromkeys(readers)), again))
        elif again:
            found.append(Misfit(entry, listed_before=again))
    return found


def _along(node: Node, entry: tuple[str, ...]) -> list[Node]:
    """Return the calls of an entry's modules one behind the other, from a call of its first on."""
    chain = [node]
    for path in entry[1:]:
        behind = next((user for user in chain[-1].users if user.op == "call_module" and user.target == path), None)
        if behind is None:
            break
        chain.append(behind)
    return chain


def _others(chain: list[Node]) -> list[str]:
    """Return what reads a value of a chain besides the next in it."""
    return [user.name for node, behind in pairwise(chain) for user in node.users if user is not behind]


def unknown_paths(model: nn.Module, wanted: FuseList) -> list[str]:
    """Return the paths of a list that no module has."""
    known = {path for path, _ in model.named_modules(remove_duplicate=False)}
    return [path for entry in wanted for path in entry if path not in known]
