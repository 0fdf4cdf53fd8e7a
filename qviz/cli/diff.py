"""`qviz diff`: what changed between two runs."""

from __future__ import annotations

import click

from qviz.cli.options import debug_option, json_option
from qviz.document.codec import load
from qviz.errors import ExitCode

JSON_VERSION = 1


@click.command()
@click.argument("a", metavar="A.qviz")
@click.argument("b", metavar="B.qviz")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.001,
    show_default=True,
    metavar="SHARE",
    help="By what share scales may differ, and zero points of 256.",
)
@click.option("--exit-code", is_flag=True, help="End with 1 if they differ.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing; for --exit-code.")
@json_option
@debug_option
def diff(a: str, b: str, tolerance: float, exit_code: bool, quiet: bool, as_json: bool) -> int:
    """Say what changed from run A to run B; both are files that `qviz run` wrote.

    For example: qviz diff before.qviz after.qviz
    """
    from qviz.analysis.verdicts.difference import difference
    from qviz.cli.difference_text import difference_text

    found = difference(load(a), load(b), tolerance)
    if as_json:
        import json

        import msgspec

        head = {"format": "qviz-diff", "version": JSON_VERSION, "a": a, "b": b, "same": found.is_same}
        click.echo(json.dumps({**head, **msgspec.to_builtins(found)}, indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo(difference_text(found), nl=False)
    return ExitCode.FINDINGS if exit_code and not found.is_same else ExitCode.DONE
