"""`qviz diff`: what changed between two runs."""

from __future__ import annotations

import click

from qviz.cli.commands import command, option
from qviz.cli.options import debug_option, json_option
from qviz.cli.saying import say, say_json
from qviz.cli.value_types import DecimalNumber
from qviz.document.codec import load
from qviz.errors import ExitCode
from qviz.words import mark

JSON_VERSION = 1


@command()
@click.argument("a", metavar="A.qviz")
@click.argument("b", metavar="B.qviz")
@option(
    "--tolerance",
    type=DecimalNumber(min=0),
    default=0.001,
    show_default=True,
    metavar="SHARE",
    help=mark("Relative difference up to which scales count as equal; for zero points, of 256."),
)
@option("--exit-code", is_flag=True, help=mark("Exit with code 1 if the runs differ."))
@option("--quiet", "-q", is_flag=True, help=mark("Print nothing; for use with --exit-code."))
@json_option
@debug_option
def diff(a: str, b: str, tolerance: float, exit_code: bool, quiet: bool, as_json: bool) -> int:
    """List what changed from run A to run B; both are files that `qviz run` wrote.

    For example: qviz diff before.qviz after.qviz
    """
    from qviz.analysis.verdicts.difference import difference
    from qviz.cli.difference_text import difference_text

    found = difference(load(a), load(b), tolerance)
    if as_json:
        import msgspec

        head = {"format": "qviz-diff", "version": JSON_VERSION, "a": a, "b": b, "same": found.is_same}
        say_json({**head, **msgspec.to_builtins(found)})
    elif not quiet:
        say(difference_text(found), nl=False)
    return ExitCode.FINDINGS if exit_code and not found.is_same else ExitCode.DONE
