"""Puts weights into a model; says of those that came without their model what they are, and how to give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import Module

from qviz.engine.loading.tensor_files import read_tensors
from qviz.errors import QvizError
from qviz.sources.input_text import DATA_FILES
from qviz.words import tr
from qviz.words.formats import listed

_WRAPPERS = ("_orig_mod.module.", "module._orig_mod.", "module.", "_orig_mod.")
"""What DataParallel and torch.compile put before the names of what they wrap."""
_PAIR = 2


def load_weights(module: Module, text: str) -> None:
    """Put the weights of a file into a model, as ``load_state_dict`` does.

    Raises:
        QvizError: The file does not open, or its weights are those of another model.
    """
    if not text.endswith(DATA_FILES):
        raise QvizError(
            tr("{path} is not a file of weights", path=text), tr("Save the state dict as a .pt or .safetensors file.")
        )
    held = read_tensors(Path(text))
    if not held.names:
        raise QvizError(
            tr("{path} holds tensors without names", path=text), tr("Save what model.state_dict() returns.")
        )
    try:
        module.load_state_dict(dict(zip(held.names, held.tensors, strict=True)))
    except RuntimeError as error:  # missing, unexpected, or of another shape: torch lists them
        cause = " ".join(str(error).split())
        raise QvizError(
            tr("The weights of {path} do not fit the model: {cause}", path=text, cause=cause),
            tr("Name the file of this model's own state dict, or build the model with the same arguments."),
        ) from error


def written_weights(text: str) -> str:
    """Return the statements that load weights again."""
    path = str(Path(text).expanduser().absolute())
    if text.endswith(".safetensors"):
        return f"from safetensors.torch import load_file\n\nmodel.load_state_dict(load_file({path!r}))"
    if text.endswith(".pt"):
        return f'model.load_state_dict(torch.load({path!r}, weights_only=True, map_location="cpu"))'
    arrays = f"numpy.load({path!r}).items()"
    return f"import numpy\n\nmodel.load_state_dict({{name: torch.as_tensor(array) for name, array in {arrays}}})"


def weights_alone(name: str, held: Mapping[Any, Any], expression: str) -> QvizError:
    """Return what to say of weights that came without their model.

    Args:
        name: What holds them.
        held: What it holds.
        expression: The Python that gives `held`.
    """
    path, weights = _state_dict(held)
    keys = [str(each) for each in weights] if path or weights else []
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
    if any(not isinstance(each, Tensor) for each in weights.values() if _is_array(each)):
        hint = tr("{hint} Its arrays have to become tensors first: torch.from_numpy(array).", hint=hint)
    return QvizError(message, _with_prefix(hint, keys))


def _with_prefix(hint: str, keys: list[str]) -> str:
    """Return what to do about weights, with what is to be removed from all of their names, if anything is."""
    wrapper = next((each for each in _WRAPPERS if keys and all(key.startswith(each) for key in keys)), None)
    if wrapper is not None:
        return tr(
            "{hint} Remove the prefix {prefix} from the keys first; a wrapper added it.",
            hint=hint,
            prefix=wrapper,
        )
    first = {key.partition(".")[0] for key in keys}
    if len(first) == 1 and len(keys) > 1 and all(key.count(".") > 1 for key in keys):
        prefix = f"{first.pop()}."
        return tr(
            "{hint} All keys begin with {prefix}; remove that if it names the model inside a larger one.",
            hint=hint,
            prefix=prefix,
        )
    return hint


def unnamed_weights(name: str, held: Sequence[Any], expression: str) -> QvizError | None:
    """Return what to say of a list of weights, with or without their names; None of any other list.

    Args:
        name: What holds it.
        held: The list.
        expression: The Python that gives `held`.
    """
    if held and all(isinstance(each, tuple) and len(each) == _PAIR and isinstance(each[0], str) for each in held):
        named = dict(held)
        return weights_alone(name, named, f"dict({expression})") if _is_of_tensors(named) else None
    if held and all(isinstance(each, Tensor) for each in held):
        return QvizError(
            tr("{name} holds {count} tensors without names and without their model", name=name, count=len(held)),
            tr("Save model.state_dict(), which has the names, and name a function that builds the model and loads it."),
        )
    return None


def _state_dict(held: Mapping[Any, Any], path: tuple[Any, ...] = ()) -> tuple[tuple[Any, ...], Mapping[Any, Any]]:
    """Return the largest dict of tensors inside a dict, and its keys; an optimizer's state has numbers for keys."""
    found = [(path, held)] if _is_of_tensors(held) else []
    for key, value in held.items():
        if isinstance(value, Mapping) and isinstance(key, str):
            found.append(_state_dict(value, (*path, key)))
    return max(found, key=lambda each: len(each[1]), default=(path, {}))


def _is_of_tensors(held: Mapping[Any, Any]) -> bool:
    return bool(held) and all(isinstance(key, str) for key in held) and any(map(_is_array, held.values()))


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor) or type(value).__module__ == "numpy"
