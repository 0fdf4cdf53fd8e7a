"""The program `qviz`: finds the command, and turns failures into two lines and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn

import click

from qviz import __version__
from qviz.errors import ExitCode, QvizError

INTERRUPTED = 130
BUG = 70

COMMANDS = {
    "run": "qviz.cli.run",
    "render": "qviz.cli.render",
    "flows": "qviz.cli.listing",
    "samples": "qviz.cli.listing",
    "doctor": "qviz.cli.doctor",
}
WINDOW = "window"
SOURCE_ENDINGS = (".qviz", ".json", ".py", ".pt2", ".pt")


class _Program(click.Group):
    """The commands by name; anything else in their place is a SOURCE for the window."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = {**COMMANDS, WINDOW: "qviz.cli.window"}.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, WINDOW, "--help", "-h", "--version"):
            args = [WINDOW, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="SOURCE is file.py:name, package.module:name, sample:NAME, FILE.qviz or FILE.json.",
    subcommand_metavar="[SOURCE] [--flow FLOW]  |  COMMAND [ARGS]...",
)
@click.version_option(__version__, prog_name="qviz")
def program() -> None:
    """Shows what quantization did to a PyTorch model, stage by stage, and why.

    Without a command it opens the window.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code (contract, section 4)."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    sys.excepthook = _on_bug if not debug else sys.__excepthook__
    try:
        return int(program.main(args=words, prog_name="qviz", standalone_mode=False) or 0)
    except QvizError as error:
        _explain(error.message, error.hint, debug)
        return int(error.exit_code)
    except click.UsageError as error:
        path = error.ctx.command_path.replace(f" {WINDOW}", "") if error.ctx else "qviz"
        _explain(error.format_message(), f"{path} --help lists what there is.", debug)
        return int(ExitCode.BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        _explain("interrupted", "", debug)
        return INTERRUPTED
    except BrokenPipeError:  # `qviz flows | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(ExitCode.DONE)


def _explain(message: str, hint: str, debug: bool) -> None:
    """Say on standard error what went wrong, and what to do."""
    if debug:
        import traceback

        traceback.print_exc()
    click.echo(f"qviz: {message}" + (f"\n{hint}" if hint else ""), err=True)


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> NoReturn:
    """Keep the traceback of a bug in the log, and say so."""
    import logging

    from qviz.log import log_path, start_log

    start_log()
    logging.getLogger("qviz.cli").critical("bug", exc_info=(kind, error, trace))
    _explain(
        f"this is a bug in qviz: {kind.__name__}: {error}",
        f"The details are in {log_path()}; --debug shows them here.",
        False,
    )
    raise SystemExit(BUG)
