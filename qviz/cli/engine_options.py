"""The options that say which engine a command starts, and what it may take; all engines of a process follow them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from qviz.cli.commands import option
from qviz.cli.value_types import DecimalNumber
from qviz.words import mark

Callback = Callable[..., Any]


def _choose_python(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Have every engine of this process run in that interpreter."""
    if value is not None:
        from qviz.wire.interpreter import VARIABLE, check

        os.environ[VARIABLE] = check(value)


def _for_engines(variable: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return what tells every engine of this command a choice, by a variable of the environment."""

    def tell(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
        if value is not None:
            before = os.environ.get(variable)
            os.environ[variable] = f"{value:g}"

            def put_back() -> None:
                os.environ.pop(variable, None)  # the window may have taken it out
                if before is not None:
                    os.environ[variable] = before

            ctx.call_on_close(put_back)
        return value

    return tell


python_option = option(
    "--python",
    metavar="PATH",
    callback=_choose_python,
    expose_value=False,
    help=mark("The Python that runs the engine: your project's, with torch 2.8 and msgspec."),
)

network_option = option(
    "--network/--no-network",
    default=None,
    callback=_for_engines("QVIZ_NETWORK"),
    expose_value=False,
    help=mark("Let all code use the network, or none; by default, on Linux, only the code that you name here."),
)

memory_option = option(
    "--memory",
    type=DecimalNumber(min=0, min_open=True),
    metavar="GIB",
    callback=_for_engines("QVIZ_MEMORY"),
    expose_value=False,
    help=mark("Stop the run when the engine takes more memory than this; 80 % of the machine's if not given."),
)


def _choose_engine(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Have every engine of this process be one that a command starts."""
    if value is not None:
        from qviz.wire.elsewhere import VARIABLE, check

        os.environ[VARIABLE] = check(value) if value.strip() else ""


engine_option = option(
    "--engine",
    metavar="COMMAND",
    callback=_choose_engine,
    expose_value=False,
    help=mark('Run the engine elsewhere: "ssh HOST python -m qviz.engine". Model and data are files of that machine.'),
)


def takes_engine(command: Callback) -> Callback:
    """Give a command the options of which engine it starts."""
    return python_option(engine_option(command))
