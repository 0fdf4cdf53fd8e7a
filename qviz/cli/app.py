"""The program `qviz` with its commands and options."""

from __future__ import annotations

import importlib

import click

from qviz.cli.commands import WordedGroup, help_option, option
from qviz.cli.usage import usage_text
from qviz.errors import QvizError
from qviz.extensions import load_extensions
from qviz.version import __version__
from qviz.words import mark, tr

COMMANDS = {
    "run": "qviz.cli.run",
    "render": "qviz.cli.render",
    "check": "qviz.cli.check",
    "measure": "qviz.cli.measure",
    "repair": "qviz.cli.repair",
    "compare": "qviz.cli.compare",
    "diff": "qviz.cli.diff",
    "flows": "qviz.cli.listing",
    "samples": "qviz.cli.listing",
    "inputs": "qviz.cli.inputs",
    "doctor": "qviz.cli.doctor",
}
WINDOW = "window"


class _Program(WordedGroup):
    """The commands by name; anything else in their place is a SOURCE for the window."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = {**COMMANDS, WINDOW: "qviz.cli.window"}.get(cmd_name)
        if module is None:
            return None
        load_extensions()  # before the module of a command reads the registries, and not for --version
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, "--help", "-h", "--version"):
            args = [WINDOW, *args]
        return super().parse_args(ctx, args)


def _tell_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(tr("{program}, version {version}", program="qviz", version=__version__))
        ctx.exit()


@click.group(
    cls=_Program,
    epilog=mark("SOURCE is file.py:name, package.module:name, sample:NAME, FILE.qviz or FILE.json."),
    subcommand_metavar="[SOURCE] [--flow FLOW]  |  COMMAND [ARGS]...",
)
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help=mark("Show the version and exit."),
)
@help_option
def program() -> None:
    """Shows what quantization did to a PyTorch model, stage by stage, and why.

    Without a command it opens the window.
    """


def dispatch(words: list[str]) -> int:
    """Run the command that the words say; return its exit code.

    Raises:
        QvizError: Also for words that make no command.
        KeyboardInterrupt: The user had enough.
    """
    try:
        return int(program.main(args=words, prog_name="qviz", standalone_mode=False) or 0)
    except click.UsageError as error:
        path = error.ctx.command_path.replace(f" {WINDOW}", "") if error.ctx else "qviz"
        raise QvizError(usage_text(error), tr("See {path} --help.", path=path)) from error
    except click.Abort as error:
        cause = error.__cause__
        raise KeyboardInterrupt(*cause.args if isinstance(cause, KeyboardInterrupt) else ()) from error
