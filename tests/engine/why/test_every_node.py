"""No node of any stage of any flow goes without a reason, and every reason has its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

import pytest

from qviz.document.flows import FLOWS
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.serving.run import run_plan
from qviz.words.language import ENGLISH


def run(sample: str, flow: str) -> Snapshot:
    return run_plan(Plan(source=f"sample:{sample}", flow=flow), lambda _: None)


@pytest.mark.parametrize("flow", [flow.id for flow in FLOWS])
@pytest.mark.parametrize("sample", ["residual", "transformer"])
def test_every_node_says_why(sample: str, flow: str):
    whys = {(stage.name, node.id): node.why for stage in run(sample, flow).stages for node in stage.graph.nodes}
    assert [place for place, why in whys.items() if why is None] == []
    told = [why for why in whys.values() if why is not None]
    assert [why for why in told if not why.rule or not why.evidence] == []
    assert not any("0x" in str(why) for why in told)
    inside = [each for why in told for each in statements(why.code, why.roles, why.args)]
    assert [each for each in inside if missing(*each)] == []


def statements(code: str, roles: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield the code of a statement and of those inside it, with the names that each has a value for."""
    yield code, {name for name, value in (*roles.items(), *args.items()) if value not in ((), [], "", None)}
    for value in args.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and "code" in each:
                yield from statements(each["code"], each.get("roles", {}), each.get("args", {}))


def missing(code: str, known: set[str]) -> set[str]:
    """Return the fields of a code's templates that have no value, those that may be left out aside."""
    found = set()
    for template in ENGLISH.statements[code].values():
        needed = "".join(part.split("]]")[-1] for part in template.split("[["))
        found |= {name for _, name, _, _ in Formatter().parse(needed) if name is not None}
    return found - known
