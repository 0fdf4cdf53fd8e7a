"""The difference of two plans as TOML: what is added to a plan file, or given to somebody as a remedy.

Tables are merged; lists of tables, such as rules, are longer by those of the patch; anything else is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from qviz.document import plan_file
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.words import tr

_HINT = "docs/configuration.md lists what a plan can say."


def patch(before: Plan, after: Plan) -> str:
    """Return what turns one plan into the other, as TOML; "" where they are equal.

    A list of tables that begins otherwise than before stands in it whole, and `patched` would add it: edits
    that only add rules are what it is for. TOML has no word for None: what is set back to it is left out.
    """
    old, new = _builtins(before), _builtins(after)
    set_back = {key: getattr(after, key) for key in old if key not in new}  # what is as by default is not written
    new |= {key: value for key, value in set_back.items() if isinstance(value, (bool, int, float, str))}
    return "\n".join(_written("", _difference(old, new)))


def patched(plan: Plan, text: str, name: str = "the patch") -> Plan:
    """Return a plan with a patch.

    Raises:
        QvizError: The patch is no TOML, or has an unknown key or a wrong value.
    """
    plan_file.read(f"version = {plan_file.PLAN_VERSION}\n{text}", name)
    try:
        return msgspec.convert(_merged(_builtins(plan), msgspec.toml.decode(text)), Plan)
    except msgspec.ValidationError as error:
        raise QvizError(tr("{name}: {error}", name=name, error=error), tr(_HINT)) from error


def _builtins(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan))  # lists, whatever was a tuple
    return found


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in after.items():
        old = before.get(key)
        if value == old:
            continue
        if isinstance(value, dict) and isinstance(old, dict):
            found[key] = _difference(old, value)
        elif _is_tables(value) and isinstance(old, list) and value[: len(old)] == old:
            found[key] = value[len(old) :]
        else:
            found[key] = value
    return {key: value for key, value in found.items() if value != {}}


def _written(path: str, table: dict[str, Any], header: str = "") -> Iterator[str]:
    """Yield the TOML of a table, then of those in it; ``[[rules]]`` may stand behind other rules of a plan file."""
    plain = {key: value for key, value in table.items() if _is_plain(value)}
    own = header + msgspec.toml.encode(plain).decode()
    if own:
        yield own
    for key, value in table.items():
        if key in plain:
            continue
        inner = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from _written(inner, value, f"[{inner}]\n" if any(map(_is_plain, value.values())) else "")
        else:
            for each in value:
                yield from _written(inner, each, f"[[{inner}]]\n")


def _is_plain(value: Any) -> bool:
    return not (isinstance(value, dict) or _is_tables(value))


def _merged(plan: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    found = dict(plan)
    for key, value in patch.items():
        old = found.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            found[key] = _merged(old, value)
        elif _is_tables(value) and isinstance(old, list):
            found[key] = [*old, *value]
        else:
            found[key] = value
    return found


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
