"""Writes the table of docs/flows.md from the flows themselves."""

from __future__ import annotations

import re
from pathlib import Path

from qviz.document.flows import FLOWS, Flow

PAGE = Path(__file__).parents[1] / "docs" / "flows.md"
_TABLE = re.compile(r"(\| flow \|.*?\n)(?=\n[^|])", re.DOTALL)


def table() -> str:
    """Return a row for each flow, in their order."""
    rows = ["| flow | runs | stages | options |", "|---|---|---|---|"]
    rows += [f"| `{each.id}` | {each.runs} | {_stages(each)} | {_options(each)} |" for each in FLOWS]
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """Return the page with its table as the flows are now."""
    return _TABLE.sub(lambda _: table(), text, count=1)


def _stages(flow: Flow) -> str:
    texts = [", ".join(flow.stages)]
    for extra in flow.extras:
        where = f" in place of {extra.instead_of}" if extra.instead_of else ""
        texts.append(f"with `{extra.option}` {extra.name}{where}")
    return "; ".join(texts)


def _options(flow: Flow) -> str:
    return ", ".join(f"`{each}`" for each in sorted(flow.options))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
