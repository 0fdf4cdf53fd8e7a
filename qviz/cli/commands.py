"""Commands and options whose help is rendered when it is shown, in the language in use."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from qviz.words import tr


class WordedOption(click.Option):
    """An option whose help is a text of the catalog.

    Args:
        values: What goes into the help.
    """

    def __init__(self, *args: Any, values: Mapping[str, object] | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._values = values or {}

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return names and help for the page of the command."""
        key = self.help
        self.help = tr(key, **self._values) if key else key
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = key


class WordedCommand(click.Command):
    """A command whose docstring is a text of the catalog."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        with _translated(self):
            super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, for the list of commands."""
        with _translated(self):
            return super().get_short_help_str(limit)


@contextmanager
def _translated(command: click.Command) -> Iterator[None]:
    key = command.help
    command.help = tr(inspect.cleandoc(key)) if key else key
    try:
        yield
    finally:
        command.help = key


option = functools.partial(click.option, cls=WordedOption)
command = functools.partial(click.command, cls=WordedCommand)
