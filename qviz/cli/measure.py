"""`qviz measure`: who owns the noise at the output, and why."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import msgspec

from qviz.analysis.ledger import LEDGER_FORMATS, ledger_format_of
from qviz.analysis.ledger.tables import ROWS
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
from qviz.cli.outcome import failure_of
from qviz.cli.paths import check_folder
from qviz.cli.report_formats import formats_of
from qviz.cli.saying import say, say_data
from qviz.cli.snapshots import obtain
from qviz.cli.value_types import FilePath, Registered, WholeNumber
from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.document.writing import write_atomically
from qviz.errors import ExitCode, QvizError
from qviz.words import mark, tr


@command()
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("The flow; a result given as SOURCE has its own."))
@option(
    "--format",
    "wanted",
    type=Registered(LEDGER_FORMATS),
    help=mark("Format of the report; by default text, or the one that OUT's suffix names."),
)
@option(
    "--rows",
    type=WholeNumber(min=1),
    metavar="N",
    help=mark("List at most this many quantizers; {rows} in text and Markdown if not given."),
    values={"rows": ROWS},
)
@option("-o", "--out", type=FilePath(), metavar="OUT", help=mark("Write the report to this file."))
@takes_measured_plan
@takes_manner
@debug_option
def measure(plan: Plan, manner: Manner, wanted: str | None, rows: int | None, out: Path | None) -> int:
    """Measure what each quantizer costs the output; the first line names the one that owns most of the noise, and why.

    For example: qviz measure sample:uneven --flow fx-static
    """
    need_source(plan, needs_flow=not is_snapshot(plan.source))
    _check_plan(plan)
    shown, written = formats_of(wanted, manner.as_json, out, ledger_format_of)
    if out is not None:
        check_folder(out)
    snapshot, failure = obtain(_measuring(plan), manner)
    failure = failure or failure_of(snapshot)
    if failure is not None:
        raise failure
    if snapshot.measurements is None:
        raise QvizError(
            tr("{source} has no measurements", source=plan.source),
            tr("Measure the model that it was made from: qviz measure {source}.", source=snapshot.run.source),
        )
    if out is not None:
        write_atomically(out, _report(snapshot, written, rows).encode())
    if not (manner.quiet and shown == "text"):
        (partial(say, nl=False) if shown == "text" else say_data)(_shown(snapshot, shown, rows, out))
    return ExitCode.DONE


def _check_plan(plan: Plan) -> None:
    """Refuse a flow that nothing can be measured of.

    Raises:
        click.UsageError: It leaves all in float.
    """
    chosen = flow(plan.flow)
    if chosen is not None and not chosen.quantizes:
        raise click.UsageError(tr("{flow} leaves everything in float: there is nothing to measure", flow=chosen.id))


def _measuring(plan: Plan) -> Plan:
    return plan if is_snapshot(plan.source) else msgspec.structs.replace(plan, measure=True)


def _report(snapshot: Snapshot, name: str, rows: int | None) -> str:
    is_for_people = name in ("text", "markdown")
    return LEDGER_FORMATS[name].write(snapshot, rows or (ROWS if is_for_people else None))


def _shown(snapshot: Snapshot, shown: str, rows: int | None, out: Path | None) -> str:
    """Return what standard output says: the report, or its first line where a file has it."""
    text = _report(snapshot, shown, rows)
    if out is not None and shown == "text":
        return "\n".join((text.partition("\n")[0], tr("Written to {out}.", out=out))) + "\n"
    return text
