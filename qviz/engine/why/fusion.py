"""States which operators a fused operator replaces, and why a batch norm or a relu was not fused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from torch import nn
from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.fx import GraphModule, Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import type_before_parametrizations

from qviz.document import graph as document
from qviz.document.graph import Json, Why
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import Role, role_of
from qviz.engine.nodes.targets import bare_name
from qviz.engine.why.calls import name_of
from qviz.engine.why.patterns import BACKEND_CONFIG, fused_pairs, listed_pairs
from qviz.engine.why.statements import Roles, reason

FUSER = "BackendPatternConfig.set_fuser_method"
FUSE_LIST = "qviz.fuse_list"
"""Where the meta of a fused eager graph keeps the user's list; None there is one that was derived from the trace."""
_WEIGHTED = ("conv", "linear")
_LISTED = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
)
"""What torch's patterns of convolution and batch norm list, each by its exact type."""
_NORM = re.compile(r"^BatchNorm\dd$|batch_norm")


class Fusion:
    """Explains the operators of a graph by what fusing did to it.

    Args:
        module: The graph.
        before: The nodes of the stage before; empty for the first one, in which nothing is fused yet.
    """

    def __init__(self, module: GraphModule, before: Mapping[str, document.Node]) -> None:
        self.module, self.before = module, before
        self.now = {node.name for node in module.graph.nodes}
        self.is_listed = FUSE_LIST in module.meta
        self.read_by: dict[str, list[str]] = {}
        for node in before.values():
            if node.args and isinstance(node.args[0], dict) and "node" in node.args[0]:
                self.read_by.setdefault(str(node.args[0]["node"]), []).append(node.id)

    def of(self, node: Node) -> Why | None:
        """Return what was fused into a node or why nothing was; None of what fusing has nothing to do with."""
        if not self.before:
            return None
        if node.name in self.before and self._is_kept_place(node.name):
            called = {"target": str(node.target), "module_type": "Identity"}
            return reason("fused.place_left", "fuse_modules", {"subject": node}, **called)
        if node.op == "call_module" and (why := self._fused(node, self._taken(node))):
            return why
        if self._function(node).startswith("conv") and (why := self._kept_apart(node)):
            return why
        if self._is_batch_norm(node) or self._function(node) == "relu":
            return self._unfused(node)
        return None

    @cached_property
    def pairs(self) -> frozenset[tuple[Any, Any]]:
        """What may fuse with what comes right behind it."""
        return listed_pairs() if self.is_listed else fused_pairs(self.module.meta.get(BACKEND_CONFIG))

    def _taken(self, node: Node) -> list[str]:
        """Return what stood behind a node before and is gone, one behind the other."""
        found: list[str] = []
        step = node.name
        while step in self.read_by and len(self.read_by[step]) == 1:
            step = self.read_by[step][0]
            if step in self.now and not self._is_kept_place(step):
                break
            found.append(step)
        return found

    def _is_kept_place(self, name: str) -> bool:
        """Return whether an eager module left an Identity where it was fused away."""
        before = self.before[name]
        if before.op != "call_module" or before.module_type == "Identity":
            return False
        return type(self.module.get_submodule(before.target)).__name__ == "Identity"

    def _fused(self, node: Node, taken: list[str]) -> Why | None:
        child = called_module(self.module, node)
        called = {"target": str(node.target), "module_type": type(child).__name__}
        if not taken and (why := self._fused_at_other_call(node, called)):
            return why
        if isinstance(child, _FusedModule) or role_of(child) is Role.SEVERAL:
            if taken:
                return reason("fused.operators", FUSER, {"subject": node, "taken": taken}, **called)
            before = self.before[node.name].module_type if node.name in self.before else called["module_type"]
            if before != called["module_type"]:  # a list to fuse may join modules that do not follow each other
                return reason("fused.apart", "fuse_modules", {"subject": node}, **called, replaced=before)
            return None
        norms = [each for each in taken if _is_norm(self.before[each])]
        if not norms:
            return None
        api = "torch.nn.utils.fusion.fuse_conv_bn_eval"
        return reason("fused.batch_norm", api, {"subject": node, "taken": norms}, **called)

    def _fused_at_other_call(self, node: Node, called: Mapping[str, Json]) -> Why | None:
        """Say that a module is no longer what the model calls here, for what stood behind another call of it."""
        for other in self.module.graph.nodes:
            if other is node or other.op != "call_module" or other.target != node.target:
                continue
            if taken := self._taken(other):
                return reason("fused.at_other_call", FUSER, {"subject": node, "taken": taken, "call": other}, **called)
        return None

    def _unfused(self, node: Node) -> Why | None:
        producer = next(iter(node.all_input_nodes), None)
        while producer is not None and producer.name in self.before and self._is_kept_place(producer.name):
            producer = next(iter(producer.all_input_nodes), None)  # what stood there is in the one before
        if producer is None:
            return None
        roles = {"subject": node, "producer": producer}
        if self._is_batch_norm(node) and (first := self._norm_before(node)):
            return reason("not_fused.second_batch_norm", FUSER, {**roles, "first": first})
        if not self._function(producer).startswith(_WEIGHTED):
            return self._apart(node, producer, roles)
        return self._refused(node, producer, roles)

    def _refused(self, node: Node, producer: Node, roles: Roles) -> Why | None:
        """Say why a node did not fuse with the convolution or linear before it; None where nothing is in the way."""
        if producer.op != "call_module":
            return reason("not_fused.into_function", FUSER, roles, function=bare_name(producer.target))
        if not self._have_pattern(producer, node):
            return self._without_pattern(node, producer, roles)
        if self.is_listed and self.module.meta[FUSE_LIST] is not None:
            return reason("not_fused.not_listed", "fuse_modules", roles)
        if others := [each for each in producer.users if each is not node]:
            return reason("not_fused.read_elsewhere", FUSER, {**roles, "others": others})
        for each in (producer, node) if self.is_listed else ():  # FX fuses behind each call
            if (calls := self._calls(each)) > 1:
                return reason("not_fused.called_again", FUSER, roles, path=str(each.target), calls=calls)
        return None

    def _kept_apart(self, node: Node) -> Why | None:
        """Return that a convolution, or the batch norm that alone reads it, is of a class that no pattern lists."""
        norm = next(iter(node.users), None)
        if norm is None or len(node.users) > 1 or not self._is_batch_norm(norm):
            return None
        roles: Roles = {"subject": node, "norm": norm}
        for each, code in ((node, "not_fused.own_class"), (norm, "not_fused.into_own_class")):
            if (own := self._own_class(each)) is not None:
                return reason(code, FUSER, roles, **own)
        return None

    def _own_class(self, node: Node) -> dict[str, Json] | None:
        """Return the class of a layer, and the one of torch it derives from, if patterns list that one alone."""
        class_ = _traced_class(node)
        if node.op == "call_module":
            class_ = type_before_parametrizations(called_module(self.module, node))
        if class_ is None or class_ in _LISTED or class_.__module__.startswith("torch.ao."):
            return None
        base = next((each for each in class_.__mro__ if each in _LISTED), None)
        return {"type": class_.__name__, "base": base.__name__ if base is not None else "BatchNorm2d"}

    def _without_pattern(self, node: Node, producer: Node, roles: Roles) -> Why:
        operator = self._called(node)
        if self._is_batch_norm(node) and (own := self._own_class(node)) is not None:
            return reason("not_fused.exact_type", FUSER, roles, **own)
        if self.is_listed and node.op != "call_module":
            return reason("not_fused.function_in_eager", "fuse_modules", roles, function=bare_name(node.target))
        if node.op != "call_module" and not any(operator == behind for _, behind in self.pairs):
            return reason("not_fused.function_after_module", FUSER, roles, function=bare_name(node.target))
        names: list[Json] = [name_of(each) for each in (operator, self._called(producer))]
        return reason("not_fused.no_pattern", FUSER, roles, operator=names[0], other=names[1])

    def _have_pattern(self, producer: Node, node: Node) -> bool:
        """Return whether two operators are one after the other in a pattern, as they are or were before fusing."""
        behind = self._called(node)
        if (self._called(producer), behind) in self.pairs:
            return True
        before = self._producer_before(node)
        if before is None or not self._taken(producer):
            return False
        return before.module_type in {name_of(one) for one, other in self.pairs if other == behind}

    def _producer_before(self, node: Node) -> document.Node | None:
        """Return what a node read in the stage before."""
        given = self.before[node.name].args if node.name in self.before else []
        first = given[0] if given else None
        return self.before.get(str(first["node"])) if isinstance(first, dict) and "node" in first else None

    def _norm_before(self, node: Node) -> str | None:
        """Return the batch norm that a batch norm read in the stage before, folded by now or not."""
        first = self._producer_before(node)
        return first.id if first is not None and _is_norm(first) else None

    def _apart(self, node: Node, producer: Node, roles: Roles) -> Why | None:
        """Say that an operator stands between; None of what would not fuse without it either."""
        behind = producer.all_input_nodes[0] if len(producer.all_input_nodes) == 1 else None
        if behind is None or self._is_batch_norm(producer) or not self._function(behind).startswith(_WEIGHTED):
            return None
        if behind.op != "call_module" or not self._have_pattern(behind, node):
            return None
        return reason("not_fused.operator_between", FUSER, {**roles, "weighted": behind})

    def _called(self, node: Node) -> Any:
        """Return the type of the module that a node calls, as it was before a parametrization, or the function."""
        is_module = node.op == "call_module"
        return type_before_parametrizations(called_module(self.module, node)) if is_module else node.target

    def _is_batch_norm(self, node: Node) -> bool:
        if node.op == "call_module":
            return isinstance(called_module(self.module, node), _BatchNorm)
        return "batch_norm" in bare_name(node.target)

    def _function(self, node: Node) -> str:
        if node.op == "call_module":
            return type(called_module(self.module, node)).__name__.lower()
        return bare_name(node.target) if node.op in ("call_function", "call_method") else ""

    def _calls(self, node: Node) -> int:
        """Return how many nodes call the module that a node calls; 0 for a function."""
        if node.op != "call_module":
            return 0
        return sum(each.op == node.op and each.target == node.target for each in self.module.graph.nodes)


def _traced_class(node: Node) -> type | None:
    """Return the class of the module that a function stands in, where that is a convolution or a batch norm."""
    stack = node.meta.get("nn_module_stack") or {}
    class_ = [*stack.values()][-1][1] if stack else None
    is_layer = isinstance(class_, type) and issubclass(class_, (_ConvNd, _BatchNorm))
    return class_ if is_layer else None


def _is_norm(node: document.Node) -> bool:
    return _NORM.search(node.module_type or node.target) is not None
