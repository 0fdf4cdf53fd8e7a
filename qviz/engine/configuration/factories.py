"""Makes the constructors of observers and fake-quants that a qconfig holds, and the Python of them."""

from __future__ import annotations

import difflib
import functools
import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import torch
from torch.ao import quantization
from torch.ao.quantization.fake_quantize import FakeQuantizeBase
from torch.ao.quantization.observer import ObserverBase, _is_activation_post_process, _PartialWrapper

from qviz.document.configuration import Factory
from qviz.document.graph import Json
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError
from qviz.words import tr

_DTYPES = {key: value for key, value in vars(torch).items() if isinstance(value, torch.dtype | torch.qscheme)}
_UNKNOWN = re.compile(r"unexpected keyword argument '(\w+)'")


def _constructors() -> dict[str, Any]:
    """Return torch's classes and ready constructors (``default_weight_observer``) by name."""
    return {
        name: each
        for name, each in vars(quantization).items()
        if isinstance(each, _PartialWrapper)
        or (
            not name.startswith("_")
            and isinstance(each, type)
            and issubclass(each, (ObserverBase, FakeQuantizeBase))
            and not inspect.isabstract(each)
        )
    }


def make_factory(factory: Factory) -> Written:
    """Return the constructor of an observer or fake-quant, with its arguments bound.

    Raises:
        QvizError: No such class or argument, or torch does not take these arguments.
    """
    made = _named(factory.name)
    arguments = {key: _argument(key, value) for key, value in factory.arguments.items()}
    if arguments:
        made = _bound(made, arguments)
    _try(made, factory)
    return made


def _named(name: str) -> Written:
    if ":" in name:
        return users_own(name, is_called="(" in name)
    known = _constructors()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = (
            tr("Did you mean {near}?", near=near[0])
            if near
            else tr("For example: HistogramObserver, MinMaxObserver, FakeQuantize.")
        )
        raise QvizError(tr('torch.ao.quantization has no observer or fake-quantize "{name}"', name=name), hint)
    return Written(known[name], name, frozenset({f"from torch.ao.quantization import {name}"}))


def _argument(key: str, value: Json) -> Written:
    """Return an argument: a dtype or qscheme for its text, a constructor for the observer of a fake-quant."""
    if key == "observer":
        return make_factory(Factory(value) if isinstance(value, str) else msgspec.convert(value, Factory))
    if isinstance(value, str) and (value.startswith("torch.") or key.endswith(("dtype", "qscheme"))):
        name = value.removeprefix("torch.")
        if name not in _DTYPES:
            near = difflib.get_close_matches(name, _DTYPES, 1)
            hint = (
                tr("Did you mean torch.{near}?", near=near[0])
                if near
                else tr("For example: torch.qint8, torch.per_tensor_symmetric.")
            )
            raise QvizError(tr('torch has no dtype or qscheme "{value}"', value=value), hint)
        return Written(_DTYPES[name], f"torch.{name}")
    return Written(value, repr(value))


def _bound(made: Written, arguments: dict[str, Written]) -> Written:
    values = {key: each.value for key, each in arguments.items()}
    text = ", ".join(f"{key}={each.python}" for key, each in arguments.items())
    imports = made.imports.union(*(each.imports for each in arguments.values()))
    if hasattr(made.value, "with_args"):
        return Written(made.value.with_args(**values), f"{made.python}.with_args({text})", imports)
    bound = functools.partial(made.value, **values)
    return Written(bound, f"functools.partial({made.python}, {text})", imports | {"import functools"})


def _try(made: Written, factory: Factory) -> None:
    """Make one, as prepare will many times: what torch does not take is told before anything runs."""
    try:
        instance = made.value()
    except Exception as error:  # torch asserts its arguments, and the user's own may raise anything
        unknown = _UNKNOWN.search(str(error))
        if unknown and unknown[1] in factory.arguments:
            names = list(_arguments_of(made.value))
            near = difflib.get_close_matches(unknown[1], names, 1)
            hint = tr("It has: {names}.", names=", ".join(names)) if names else tr("It takes no arguments.")
            if near:
                hint = tr("Did you mean {near}?", near=near[0])
            raise QvizError(
                tr('{name} has no argument "{unknown}"', name=factory.name, unknown=unknown[1]), hint
            ) from error
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        raise QvizError(
            tr("{python} could not be created: {first}", python=made.python, first=first), tr("Check its arguments.")
        ) from error
    if not _is_activation_post_process(instance):
        what = type(instance).__name__
        raise QvizError(
            tr("{name} makes a {what}, which is neither an observer nor a fake-quantize", name=factory.name, what=what),
            tr("Name a subclass of ObserverBase or FakeQuantizeBase."),
        )


def _arguments_of(constructor: Any) -> Iterable[str]:
    """Return the names of a constructor's arguments: ``**kwargs`` are handed on to the base or to the observer."""
    while not isinstance(constructor, type) and hasattr(constructor, "p" if hasattr(constructor, "p") else "func"):
        constructor = constructor.p if hasattr(constructor, "p") else constructor.func
    if not isinstance(constructor, type):
        return list(inspect.signature(constructor).parameters)
    names: dict[str, None] = {}
    for each in inspect.getmro(constructor):
        own = vars(each).get("__init__")
        parameters = dict(inspect.signature(own).parameters) if own is not None else {}
        for name, parameter in parameters.items():
            if name != "self" and parameter.kind is not parameter.VAR_KEYWORD:
                names[name] = None
            if name == "observer" and isinstance(parameter.default, type):
                names.update(dict.fromkeys(_arguments_of(parameter.default)))
        if parameters and not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            break
    return [name for name in names if name != "factory_kwargs"]
