"""Tells of operators in float that the backend would quantize, were they written in another form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence
from qviz.document.graph import Json, Node


class OtherForms(NamedTuple):
    """How an operator is called, and the forms of it that the backend has a pattern for."""

    called: str
    forms: tuple[str, ...]


def other_forms(evidence: Evidence, node: Node) -> OtherForms | None:
    """Return the other forms of an operator that the backend has a pattern for; None where there is none."""
    for why in evidence.whys(node):
        forms = why.args.get("forms")
        if why.code == "float.no_pattern" and isinstance(forms, list):
            return OtherForms(str(why.args["operator"]).lstrip("_"), tuple(map(str, forms)))
    return None


def as_args(found: Sequence[OtherForms | None]) -> dict[str, Json]:
    """Return what a finding says of them, each name once; nothing where one operator has no other form."""
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return {}
    forms = dict.fromkeys(name for each in known for name in each.forms)
    return {"called": [*dict.fromkeys(each.called for each in known)], "forms": [*forms]}
