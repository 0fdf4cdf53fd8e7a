"""Says of weights that came without their model what they are, and how to give the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import listed


def weights_alone(name: str, held: Mapping[Any, Any], expression: str) -> QvizError:
    """Return what to say of weights that came without their model.

    Args:
        name: What holds them.
        held: What it holds.
        expression: The Python that gives `held`.
    """
    path, weights = _state_dict(held)
    keys = [str(each) for each in weights] if path or weights else []
    prefix = next((each for each in ("module.", "_orig_mod.") if keys and all(k.startswith(each) for k in keys)), None)
    expression += "".join(f"[{each!r}]" for each in path)
    if not weights:
        return QvizError(
            tr("{name} holds no model, but a dict with {keys}", name=name, keys=listed(held) or tr("nothing in it")),
            tr("Name a .py file with a function that builds the model and loads the weights."),
        )
    message = tr("{name} holds weights without their model: {keys}", name=name, keys=listed(keys))
    if path:
        message = tr(
            "{name} holds weights without their model: under {path} {keys}",
            name=name,
            path=".".join(map(str, path)),
            keys=listed(keys),
        )
    hint = tr(
        "Name a function that builds the model, calls model.load_state_dict({expression}) and returns the model.",
        expression=expression,
    )
    if prefix is not None:
        hint = tr(
            "{hint} Remove the prefix {prefix} from the keys first; a wrapper added it.",
            hint=hint,
            prefix=prefix,
        )
    return QvizError(message, hint)


def _state_dict(held: Mapping[Any, Any], path: tuple[Any, ...] = ()) -> tuple[tuple[Any, ...], Mapping[Any, Any]]:
    """Return the largest dict of tensors inside a dict, and its keys; an optimizer's state has numbers for keys."""
    found = [(path, held)] if _is_of_tensors(held) else []
    for key, value in held.items():
        if isinstance(value, Mapping) and isinstance(key, str):
            found.append(_state_dict(value, (*path, key)))
    return max(found, key=lambda each: len(each[1]), default=(path, {}))


def _is_of_tensors(held: Mapping[Any, Any]) -> bool:
    return (
        bool(held)
        and all(isinstance(key, str) for key in held)
        and any(isinstance(value, Tensor) for value in held.values())
    )
