"""Names what an fx node calls, in torch's own words."""

from __future__ import annotations

import functools
from typing import Any

from torch._ops import HigherOrderOperator, OpOverload, OpOverloadPacket
from torch.fx import Node
from torch.fx.node import _get_qualified_name

QUANTIZED_DTYPES = frozenset({"torch.quint8", "torch.qint8", "torch.qint32", "torch.quint4x2", "torch.quint2x4"})
"""The dtypes of torch's own quantized tensors; the int8 of an exported program is a plain integer."""


def target_name(target: Any) -> str:
    """Return the name of a target: ``aten.conv2d.default``, ``torch.flatten``, ``layer1.0.conv1``."""
    if isinstance(target, str):
        return target
    if isinstance(target, OpOverload):
        return _overload_name(target)
    if isinstance(target, OpOverloadPacket):
        return str(target)
    if isinstance(target, HigherOrderOperator):
        return f"higher_order.{target.name()}"
    try:
        return str(_get_qualified_name(target))
    except (AttributeError, RuntimeError):
        return str(getattr(target, "__name__", type(target).__name__))


@functools.cache
def _overload_name(overload: OpOverload) -> str:
    """Return what ``str`` makes of an operator anew each time; operators live as long as the process."""
    return str(overload)


def bare_name(target: Any) -> str:
    """Return only what it does: ``aten.relu_.default`` and ``torch.relu`` are both ``relu``."""
    if isinstance(target, OpOverload):
        name = str(target.overloadpacket.__name__)
    elif callable(target):
        name = str(getattr(target, "__name__", ""))
    else:
        name = str(target).rsplit(".", 1)[-1]
    return name.strip("_") if name.startswith("__") else name.rstrip("_")


def argument(node: Node, name: str, default: Any = None) -> Any:
    """Return an argument of a call of an operator by its name in the operator's schema."""
    if name in node.kwargs:
        return node.kwargs[name]
    if isinstance(node.target, OpOverload):
        names = argument_names(node.target)
        if name in names and names.index(name) < len(node.args):
            return node.args[names.index(name)]
    return default


def argument_names(overload: OpOverload) -> list[str]:
    """Return the names of an operator's arguments, as its schema has them."""
    return [each.name for each in overload._schema.arguments]  # noqa: SLF001 - torch has no public way
