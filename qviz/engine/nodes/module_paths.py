"""Reads the module that a node belongs to, whichever way torch wrote it down."""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from torch.fx import GraphModule, Node

from qviz.engine.nodes.called import called_module

KNOWN_STACK = "qviz_module_stack"
"""The key in a node's metadata under which a list of `ModulePlace` stands, where torch's own stack lost some."""

_ROOT = re.compile(r"^(L\[['\"]\w+['\"]\]|L__\w+__)\.?")
_FOLLOWED = re.compile(r"L\[['\"](?P<name>\w+)['\"]\]")
_GETATTR = re.compile(r"getattr\((?P<owner>[^()]*), ['\"](?P<name>[^'\"]*)['\"]\)")
_SUBSCRIPT = re.compile(r"(\.?_modules)?\[['\"]?([^'\"\]]+)['\"]?\]")
_SECOND_CALL = re.compile(r"@\d+$")


class ModulePlace(NamedTuple):
    """A module by its path in the user's model, and the name of its class."""

    path: str
    type: str


@functools.lru_cache(maxsize=4096)
def plain_path(path: str) -> str:
    """Return a path as the user would write it: ``getattr(L['self'].layer1, '0').conv1`` is ``layer1.0.conv1``."""
    before = ""
    while before != path:
        before, path = path, _GETATTR.sub(r"\g<owner>.\g<name>", path)
    path = _ROOT.sub("", path)
    path = _SUBSCRIPT.sub(r".\2", path)
    return _SECOND_CALL.sub("", path).strip(".")


def class_name(type_: Any) -> str:
    """Return the bare class name of what ``nn_module_stack`` holds: a class, or its full name."""
    return type_.__name__ if isinstance(type_, type) else str(type_).rsplit(".", 1)[-1]


def module_stack(node: Node) -> list[ModulePlace]:
    """Return the modules around a node, the outermost first; empty where torch kept none."""
    if node.op in ("placeholder", "output") or is_of_pattern(node):
        return []
    if (known := node.meta.get(KNOWN_STACK)) is not None:
        return list(known)
    return torchs_stack(node)


def torchs_stack(node: Node) -> list[ModulePlace]:
    """Return the modules around a node as torch wrote them down, which is what quantizers read."""
    stack = node.meta.get("nn_module_stack") or {}
    return [ModulePlace(plain_path(str(path)), class_name(type_)) for path, type_ in stack.values()]


def quantizers_paths(node: Node) -> list[str]:
    """Return the paths of the modules around a node as torch's quantizers read them, who know no root but ``self``.

    So does `_get_module_name_filter` of ao/quantization/quantizer/utils.py, which XNNPACKQuantizer and
    X86InductorQuantizer use.
    """
    stack = node.meta.get("nn_module_stack") or {}
    return [str(path).removeprefix("L['self'].") for path, _ in stack.values()]


def root_name(node: Node) -> str | None:
    """Return how forward() calls the model that strict capture followed, where that is not ``self``."""
    stack = node.meta.get("nn_module_stack") or {}
    found = [match["name"] for path, _ in stack.values() if (match := _FOLLOWED.match(str(path))) is not None]
    return next((each for each in found if each != "self"), None)


def is_of_pattern(node: Node) -> bool:
    """Return whether a node was copied from a pattern that torch.ao exported for its rewriting.

    Its metadata tells of the pattern, whose module and shapes are not the model's.
    """
    stack = node.meta.get("nn_module_stack") or {}
    return any(str(type_).startswith("torch.ao.quantization.") for _, type_ in stack.values())


def own_place(module: GraphModule, node: Node) -> ModulePlace | None:
    """Return the module that torch itself gives for a node, or None."""
    if node.op == "call_module":
        return ModulePlace(str(node.target), type(called_module(module, node)).__name__)
    if node.op == "get_attr":
        owner, _, _ = str(node.target).rpartition(".")
        return ModulePlace(owner, "") if owner else None
    stack = module_stack(node)
    return stack[-1] if stack else None
