"""The import statements of a script: names of one module in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def import_lines(statements: Iterable[str]) -> str:
    """Return the statements, each once; those that prepare the path of a file come last, as they are."""
    names: dict[str, set[str]] = defaultdict(set)
    others: set[str] = set()
    for each in statements:
        place, imports, name = each.removeprefix("from ").partition(" import ")
        if each.startswith("from ") and imports and "\n" not in each:
            names[place].add(name)
        else:
            others.add(each)
    plain = sorted(each for each in others if "\n" not in each)
    whole = sorted(each for each in others if "\n" in each)
    lines = [*plain, *(f"from {place} import {', '.join(sorted(names[place]))}" for place in sorted(names)), *whole]
    return "".join(f"{line}\n" for line in lines)
