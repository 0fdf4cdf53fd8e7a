"""Finds the part of a qconfig, or of a QuantizationSpec, that makes no observer, from the objects in the frames."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from typing import Any

from torch import nn
from torch.ao.quantization import QConfig
from torch.ao.quantization.quantizer import QuantizationSpec

from qviz.engine.failures.causes import KnownCause
from qviz.engine.failures.chain import root
from qviz.engine.nodes.module_roles import OBSERVING, role_of

_UNKNOWN = object()
_OF_SPEC = "_create_obs_or_fq_from_qspec"
_LESS_SAID = ("stop.observer_incomplete", "stop.weight_only_qconfig", "stop.weight_is_method")
"""Causes that a text alone tells, which the objects in the frames may contradict."""


def no_observer(error: BaseException, known: KnownCause | None) -> KnownCause | None:
    """Return that a part makes no observer where that is what the exception came from; else what was known.

    Args:
        error: What stopped the run.
        known: The cause that its text tells.
    """
    if known is not None and known.code not in _LESS_SAID:
        return known
    first = root(error)
    frames = [frame for frame, _ in traceback.walk_tb(first.__traceback__)]
    if frames and frames[-1].f_code.co_name == "__getattr__":
        frames.pop()
    values = [[*frame.f_locals.values()] for frame in frames if "torch" in frame.f_code.co_filename]
    if frames and frames[-1].f_code.co_name == _OF_SPEC:
        return next(_of_specs(values[-1]), known)
    for at, there in enumerate(reversed(values)):
        for qconfig in (each for each in map(_qconfig, there) if each is not None):
            for part in ("activation", "weight"):
                made = _made(getattr(qconfig, part))
                if made is _UNKNOWN or _observes(made) or not (_names(first, made) or (not at and _is_silent(first))):
                    continue
                return _cause(part, made, known)
    return known


def _cause(part: str, made: Any, known: KnownCause | None) -> KnownCause:
    class_ = type(made)
    if known is not None and known.code == "stop.weight_only_qconfig" and part == "activation":
        return known  # what qconfigs for weights alone have there
    if known is not None and not class_.__module__.startswith("torch.") and isinstance(made, nn.Module):
        return known  # a class of the user's that lacks one thing
    return KnownCause("stop.no_observer", {"part": part, "class": class_.__name__})


def _of_specs(values: list[Any]) -> Iterator[KnownCause]:
    for spec in values:
        maker = getattr(spec, "observer_or_fake_quant_ctr", None) if isinstance(spec, QuantizationSpec) else None
        if isinstance(maker, nn.Module):
            yield KnownCause("stop.spec_of_instance", {"class": type(maker).__name__})
        elif maker is not None and not hasattr(maker, "with_args"):
            yield KnownCause("stop.spec_without_observer", {"class": getattr(maker, "__name__", type(maker).__name__)})


def _qconfig(value: Any) -> QConfig | None:
    found = value if isinstance(value, QConfig) else getattr(value, "qconfig", None)
    return found if isinstance(found, QConfig) else None


def _made(factory: Any) -> Any:
    """Return what a part of a qconfig makes, itself where it cannot be called, `_UNKNOWN` where it wants arguments."""
    if not callable(factory):
        return factory
    try:
        return factory()
    except Exception:  # it is the user's, and may raise anything
        return _UNKNOWN


def _observes(made: Any) -> bool:
    return isinstance(made, nn.Module) and role_of(made) in OBSERVING


def _names(error: BaseException, made: Any) -> bool:
    """Tell whether the text of an exception speaks of the class of an object."""
    name = re.escape(type(made).__name__)
    return re.search(rf"'{name}' object|\b{name}\.__init__\(\)", str(error)) is not None


def _is_silent(error: BaseException) -> bool:
    """Tell whether an exception says nothing but that its function did not get what it asserts or calls."""
    return not str(error) or "factory_kwargs" in str(error)
