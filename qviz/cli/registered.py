"""An option whose values are the names of a registry, also those that another package adds later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qviz.errors import QvizError
from qviz.registry import Registry

if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType  # generic only in the newest versions


class Registered(_TextType):
    """Takes the name of something registered."""

    def __init__(self, registry: Registry[Any]) -> None:
        self.registry = registry
        self.name = registry.noun

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names, as help shows them: ``[dot|graphlay]``."""
        return f"[{'|'.join(self.registry)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name.

        Raises:
            click.BadParameter: Nothing of that name is registered.
        """
        try:
            self.registry[str(value)]
        except QvizError as error:
            self.fail(f"{error.message}. {error.hint}", param, ctx)
        return str(value)
