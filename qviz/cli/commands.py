"""Commands and options whose help is rendered when it is shown, in the language in use.

click takes its own words ("Usage:", "Options") from gettext, whose catalogs are files that the environment chooses;
the methods that click offers for it are overridden here, so these words are in the catalog, too.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import click

from qviz.cli.value_types import DecimalNumber, WholeNumber
from qviz.words import mark, tr, trn


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
        record = super().get_help_record(ctx)
        if record is None:
            return None
        text = tr(self.help, **self._values) if self.help else ""
        more = "; ".join(self._notes())
        return record[0], f"{text}  [{more}]".lstrip() if more else text

    def _notes(self) -> Iterator[str]:
        if self.show_default and self.default is not None:
            yield tr("default: {value}", value=self.default)
        if isinstance(self.type, (DecimalNumber, WholeNumber)) and (limits := self.type.limits()):
            yield limits
        if self.required:
            yield tr("required")


class _Worded(click.Command):
    """What the help of commands and of the program has in common."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how to call it."""
        formatter.write_usage(
            ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=f"{tr(mark('Usage:'))} "
        )

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text("\n\n".join(map(tr, _paragraphs(self.help))))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        records = [record for each in options if (record := each.get_help_record(ctx)) is not None]
        _write_section(formatter, tr("Options:"), records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands at the end."""
        if self.epilog:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(tr(self.epilog))

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph, whole, for the list of commands."""
        return tr(_paragraphs(self.help)[0]) if self.help else ""


class WordedCommand(_Worded):
    """A command whose docstring is in the catalog, a text for each paragraph."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a call.

        Raises:
            click.UsageError: They make none.
        """
        ctx.allow_extra_args = True  # click's own refusal is in its own words
        try:
            left = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # for what the parser finds, click does not say which command
            raise
        if left and not ctx.resilient_parsing:
            ctx.fail(
                trn(
                    len(left),
                    "Got unexpected extra argument ({names})",
                    "Got unexpected extra arguments ({names})",
                    names=" ".join(left),
                )
            )
        return left


class WordedGroup(_Worded, click.Group):
    """A program with commands."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with what it does."""
        names = self.list_commands(ctx)
        commands = ((name, self.get_command(ctx, name)) for name in names)
        records = [(name, each.get_short_help_str()) for name, each in commands if each is not None]
        _write_section(formatter, tr("Commands:"), records)


def _write_section(formatter: click.HelpFormatter, heading: str, records: list[tuple[str, str]]) -> None:
    """Write names with their help; click's own section puts a colon of its own behind the heading."""
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    with formatter.indentation():
        formatter.write_dl(records)


def _paragraphs(docstring: str) -> list[str]:
    """Return the paragraphs, each a key of the catalog, without line breaks."""
    return [" ".join(each.split()) for each in inspect.cleandoc(docstring).split("\n\n")]


option = functools.partial(click.option, cls=WordedOption)
command = functools.partial(click.command, cls=WordedCommand)
help_option = click.help_option("-h", "--help", cls=WordedOption, help=mark("Show this message and exit."))
