"""Makes reasons as data: a code, the nodes by role, arguments; what is known from where is a statement inside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from torch.fx import Node

from qviz.document.graph import Json, Why

Roles: TypeAlias = Mapping[str, Node | str | Collection[Node | str]]
"""Nodes by what they are in a statement, as nodes or as ids."""


def reason(code: str, api: str, roles: Roles | None = None, **args: Json) -> Why:
    """Return the reason of a node; roles without nodes and arguments that are None are left out.

    Args:
        code: Of an entry in `qviz.words.english` with the parts ``rule`` and ``evidence``.
        api: The torch API that says so.
        roles: The nodes that it speaks of.
        args: Numbers, dtypes, names, and statements made with `inner` or `within`.
    """
    return Why(code, _with_nodes(roles), _known(args), api)


def inner(code: str, roles: Roles | None = None, **args: Json) -> dict[str, Json]:
    """Return a statement for use as an argument of another."""
    return _as_argument(code, _with_nodes(roles), _known(args))


def within(why: Why) -> dict[str, Json]:
    """Return a reason, of the stage before, as an argument of another."""
    return _as_argument(why.code, why.roles, why.args)


def _as_argument(code: str, roles: Mapping[str, tuple[str, ...]], args: dict[str, Json]) -> dict[str, Json]:
    statement: dict[str, Json] = {"code": code}
    if roles:
        statement["roles"] = {role: list(ids) for role, ids in roles.items()}
    if args:
        statement["args"] = args
    return statement


def _with_nodes(roles: Roles | None) -> dict[str, tuple[str, ...]]:
    return {role: _ids(nodes) for role, nodes in roles.items() if nodes} if roles else {}


def _ids(nodes: Node | str | Collection[Node | str]) -> tuple[str, ...]:
    if isinstance(nodes, Node):
        return (nodes.name,)
    if isinstance(nodes, str):
        return (nodes,)
    return tuple([each.name if isinstance(each, Node) else each for each in nodes])


def _known(args: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in args.items() if value is not None}
