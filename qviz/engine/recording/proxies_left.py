"""Takes out of a model what tracing left in it: a forward() that keeps what it computes keeps a Proxy then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from torch.fx import Proxy
from torch.nn import Module


@contextlib.contextmanager
def taken_out(model: Module) -> Iterator[None]:
    """Put back what attributes of modules held before, where they hold a Proxy afterwards, and dicts and lists too."""
    before = [(module, dict(vars(module)), _contents(module)) for module in model.modules()]
    try:
        yield
    finally:
        for module, attributes, contents in before:
            for name, value in [*vars(module).items()]:
                if isinstance(value, Proxy):
                    _put_back(module, name, attributes)
                elif _holds_proxy(value):
                    value.clear()
                    _fill(value, contents.get(name, ()) if attributes.get(name) is value else ())


def _contents(module: Module) -> dict[str, Any]:
    return {name: value.copy() for name, value in vars(module).items() if type(value) in (dict, list)}


def _holds_proxy(value: Any) -> bool:
    if type(value) not in (dict, list):
        return False
    held: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return any(isinstance(each, Proxy) for each in held)


def _fill(value: Any, contents: Any) -> None:
    if isinstance(value, dict):
        value.update(contents)
    else:
        value.extend(contents)


def _put_back(module: Module, name: str, attributes: dict[str, Any]) -> None:
    if name in attributes:
        vars(module)[name] = attributes[name]
    else:
        del vars(module)[name]
