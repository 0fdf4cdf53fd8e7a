"""`qviz repair`: the smallest change of a plan that reaches an output SQNR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from qviz.analysis.ledger.repair_words import repair_lines
from qviz.cli.commands import command, option
from qviz.cli.options import (
    Manner,
    debug_option,
    flow_option,
    is_snapshot,
    need_source,
    takes_manner,
    takes_measured_plan,
)
from qviz.cli.paths import check_place
from qviz.cli.saying import say, say_json
from qviz.cli.value_types import DecimalNumber, FilePath, WholeNumber
from qviz.document.changes import Repair
from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.document.plan_file import SUFFIX, save, write
from qviz.errors import ExitCode, QvizError
from qviz.words import mark, tr


@command()
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("The flow; `qviz flows` lists them."))
@option(
    "--target",
    type=DecimalNumber(),
    required=True,
    metavar="DB",
    help=mark("The SQNR that the outputs must reach, in dB."),
)
@option(
    "--most",
    type=WholeNumber(min=1),
    default=3,
    show_default=True,
    metavar="K",
    help=mark("Make at most this many changes."),
)
@option("-o", "--out", type=FilePath(), metavar="OUT", help=mark("Write the changed plan to OUT.toml."))
@takes_measured_plan
@takes_manner
@debug_option
def repair(plan: Plan, manner: Manner, target: float, most: int, out: Path | None) -> int:
    """Find the smallest change of the plan that reaches an output SQNR; exit with 1 if none does.

    The changed plan has run before it is shown.

    For example: qviz repair model.py:Net --flow fx-static --target 25 -o plan.toml
    """
    from qviz.cli.progress import Progress
    from qviz.cli.repairs import find_repair
    from qviz.log import start_log

    _check_plan(plan)
    need_source(plan, needs_flow=True)
    if out is not None:
        check_place(out, (SUFFIX,))
    start_log()
    with Progress(manner.quiet or manner.as_json) as progress:
        found = find_repair(plan, target, most, progress.report, manner)
    if out is not None and found.reached:
        save(found.plan, out)
    if manner.as_json:
        _print_json(found)
    elif not manner.quiet:
        _print(found, out)
    return ExitCode.DONE if found.reached else ExitCode.FINDINGS


def _check_plan(plan: Plan) -> None:
    """Refuse what cannot be repaired.

    Raises:
        click.UsageError: The flow leaves all in float.
        QvizError: It is a result.
    """
    if is_snapshot(plan.source):
        raise QvizError(
            tr("{source} is already a result", source=plan.source), tr("Name the model that it was made from.")
        )
    chosen = flow(plan.flow)
    if chosen is not None and not chosen.quantizes:
        raise click.UsageError(tr("{flow} leaves everything in float: there is nothing to repair", flow=chosen.id))


def _print(found: Repair, out: Path | None) -> None:
    for line in repair_lines(found):
        say(line)
    if found.patch:
        say("\n" + tr("Added to the plan:") + f"\n\n{found.patch.rstrip()}")
    if out is not None and found.reached:
        say("\n" + tr("Written to {out}.", out=out))


def _print_json(found: Repair) -> None:

    plain: dict[str, Any] = msgspec.to_builtins(found)
    plain["plan"] = write(found.plan)
    plain["text"] = list(repair_lines(found))
    say_json(plain)
