"""The values that options take; what is wrong with one is told in the language in use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qviz.document.flows import flow_ids
from qviz.errors import QvizError
from qviz.registry import Registry
from qviz.words import tr
from qviz.words.formats import every, number

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _TextType = click.ParamType[str]
    _PathType = click.Path[Path]
else:
    _TextType, _PathType = click.ParamType, click.Path  # generic only in the newest versions


class OneOf(_TextType):
    """Takes one of some names."""

    name = "choice"

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    @property
    def names(self) -> Sequence[str]:
        """The names there are now."""
        return self._names

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names, as help shows them: ``[dot|graphlay]``."""
        return f"[{'|'.join(self.names)}]"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return all names, for the error of an option that has to be given."""
        return tr("Choose one of: {names}.", names=every(self.names))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name.

        Raises:
            click.BadParameter: It is none of them.
        """
        if value not in self.names:
            quoted = every(map(repr, self.names))
            self.fail(tr("'{value}' is not one of {names}.", value=value, names=quoted), param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.names if name.startswith(incomplete)]


class FlowId(OneOf):
    """Takes the id of a flow known when the command runs, not when it was defined."""

    name = "flow"

    def __init__(self) -> None:
        super().__init__(())

    @property
    def names(self) -> Sequence[str]:
        """The ids there are now."""
        return flow_ids()


class Registered(OneOf):
    """Takes the name of something registered, also of what another package adds later."""

    def __init__(self, registry: Registry[Any]) -> None:
        super().__init__(())
        self.registry = registry
        self.name = registry.noun

    @property
    def names(self) -> Sequence[str]:
        """The names there are now."""
        return tuple(self.registry)

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


class WholeNumber(click.IntRange):
    """Takes an integer between limits."""

    name = "integer"

    def limits(self) -> str:
        """Return the limits in words, "" where there are none."""
        return _limits(self)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the integer.

        Raises:
            click.BadParameter: It is none, or outside the limits.
        """
        try:
            int(value)
        except ValueError:
            self.fail(tr("'{value}' is not a whole number.", value=value), param, ctx)
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(tr("{value} is not in the range: {limits}.", value=value, limits=self.limits()), param, ctx)


class DecimalNumber(click.FloatRange):
    """Takes a number between limits."""

    name = "number"

    def limits(self) -> str:
        """Return the limits in words, "" where there are none."""
        return _limits(self)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number.

        Raises:
            click.BadParameter: It is none, or outside the limits.
        """
        try:
            float(value)
        except ValueError:
            self.fail(tr("'{value}' is not a number.", value=value), param, ctx)
        try:
            return float(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(tr("{value} is not in the range: {limits}.", value=value, limits=self.limits()), param, ctx)


def _limits(of: WholeNumber | DecimalNumber) -> str:
    if of.min is None:
        return ""
    if of.max is not None:
        return tr("{low} to {high}", low=number(of.min), high=number(of.max))
    return tr("more than {low}", low=number(of.min)) if of.min_open else tr("at least {low}", low=number(of.min))


class FilePath(_PathType):
    """Takes the path of a file, one that is there or one to write."""

    def __init__(self, exists: bool = False, dir_okay: bool = False) -> None:
        super().__init__(exists=exists, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path.

        Raises:
            click.BadParameter: There is a folder, no such file, or one that cannot be read.
        """
        path = Path(value)
        if path.is_dir() and not self.dir_okay:
            self.fail(tr("'{path}' is a folder; name a file.", path=path), param, ctx)
        if self.exists and not path.exists():
            self.fail(tr("File '{path}' does not exist.", path=path), param, ctx)
        if path.exists() and not os.access(path, os.R_OK):
            self.fail(tr("'{path}' is not readable.", path=path), param, ctx)
        return path
