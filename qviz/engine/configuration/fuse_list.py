"""Derives from a trace which modules ``fuse_modules`` can fuse, and checks a list that the user wrote."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, takewhile
from typing import TypeAlias

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


def out_of_order(graph: GraphModule, wanted: FuseList) -> list[tuple[str, ...]]:
    """Return the entries whose modules do not follow each other: torch fuses them all the same, and computes anew."""
    follows = {
        (str(producer.target), str(node.target))
        for node in graph.graph.nodes
        for producer in node.all_input_nodes
        if node.op == producer.op == "call_module"
    }
    calls = Counter(str(node.target) for node in graph.graph.nodes if node.op == "call_module")
    return [
        entry
        for entry in wanted
        if any(pair not in follows for pair in pairwise(entry)) or any(calls[path] > 1 for path in entry)
    ]


def unknown_paths(model: nn.Module, wanted: FuseList) -> list[str]:
    """Return the paths of a list that no module has."""
    known = {path for path, _ in model.named_modules(remove_duplicate=False)}
    return [path for entry in wanted for path in entry if path not in known]
