"""Opens documents of version 1: their reasons, links, findings and errors were texts, which are kept as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from qviz.words.statement import KEPT

_SUBJECT = re.compile(r"^(\w+)\.meta\[")
"""How an observer's evidence named the node that asked for it."""
_SHARED = "the range is shared with"
_FLOAT = "stays in float: "
_STEPS = {
    "starting the engine": "starting_engine",
    "start the engine": "starting_engine",
    "converting to the reference": "converting_to_reference",
}


def upgraded(data: bytes) -> bytes:
    """Return a document of version 1 as one of version 2.

    Raises:
        msgspec.DecodeError: It is no JSON.
    """
    document = msgspec.json.decode(data)
    for node in _nodes(document):
        if isinstance(node.get("why"), dict):
            node["why"] = _why(node["why"])
    for link in _records(document.get("links")):
        texts = {part: link.pop(part) for part in ("evidence", "reason") if part in link}
        link.update(code=KEPT, args=texts)
    for finding in _records(document.get("findings")):
        finding.update(code=KEPT, args={part: finding.pop(part, "") for part in ("message", "reason", "hint")})
    run = document.get("run")
    if isinstance(run, dict) and isinstance(run.get("error"), dict):
        error = run["error"]
        error["step"] = _STEPS.get(error.get("step"), error.get("step"))
        error.update(code=KEPT, args={part: error.pop(part, "") for part in ("message", "hint")})
    document["version"] = 2
    return msgspec.json.encode(document)


def _nodes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for stage in _records(document.get("stages")):
        inner = stage.get("subgraphs")
        for graph in [stage.get("graph"), *(inner.values() if isinstance(inner, dict) else ())]:
            yield from _records(graph.get("nodes") if isinstance(graph, dict) else None)


def _records(value: Any) -> Iterator[dict[str, Any]]:
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _why(why: dict[str, Any]) -> dict[str, Any]:
    """Keep the texts; what version 1 said only in them, who asked for an observer, becomes a role."""
    rule, evidence = str(why.get("rule", "")), str(why.get("evidence", ""))
    roles: dict[str, list[str]] = {}
    if match := _SUBJECT.match(evidence):
        roles["asked_by"] = [match[1]]
        if _SHARED in evidence:
            roles["shares_range"] = [match[1]]
    stays = {"stays_float": rule.removeprefix(_FLOAT)} if rule.startswith(_FLOAT) else {}
    args = {"rule": rule, "evidence": evidence, **stays}
    return {"code": KEPT, "roles": roles, "args": args, "api": str(why.get("api", ""))}
