"""`qviz check`: a gate for continuous integration."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.verdict import FAIL_ON, FailOn, Verdict, findings_of, judge
from qviz.cli.commands import command, option
from qviz.cli.options import (
    Manner,
    debug_option,
    flow_option,
    is_snapshot,
    may_measure,
    need_source,
    takes_manner,
)
from qviz.cli.outcome import failure_of, refused
from qviz.cli.paths import check_folder
from qviz.cli.report_formats import formats_of
from qviz.cli.reports import REPORT_FORMATS, format_of
from qviz.cli.reports.text import totals
from qviz.cli.saying import say, say_data
from qviz.cli.snapshots import obtain
from qviz.cli.value_types import FilePath, OneOf, Registered
from qviz.document.baseline import Baseline, read_baseline, write_baseline
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.document.writing import write_atomically
from qviz.errors import ExitCode, QvizError
from qviz.words import mark, tr

_path = FilePath()


@command()
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("The flow; a result given as SOURCE has its own."))
@option(
    "--fail-on",
    type=OneOf(FAIL_ON),
    default="error",
    show_default=True,
    help=mark("Exit with code 1 for findings of this level or worse."),
)
@option(
    "--format",
    "wanted",
    type=Registered(REPORT_FORMATS),
    help=mark("Format of the report; by default text, or the one that OUT's suffix names."),
)
@option("--baseline", "baseline_path", type=_path, metavar="FILE", help=mark("A file with accepted findings."))
@option(
    "--write-baseline", "writes", is_flag=True, help=mark("Accept the current findings: write them to the baseline.")
)
@option("-o", "--out", type=_path, metavar="OUT", help=mark("Write the report to this file."))
@may_measure
@takes_manner
@debug_option
def check(
    plan: Plan,
    manner: Manner,
    fail_on: FailOn,
    wanted: str | None,
    baseline_path: Path | None,
    writes: bool,
    out: Path | None,
) -> int:
    """Report findings, and exit with 1 if any is at or above --fail-on.

    For example: qviz check model.py:Net --flow fx-static --fail-on warning --format sarif -o qviz.sarif
    """
    shown, written = formats_of(wanted, manner.as_json, out, format_of)
    baseline = _baseline(baseline_path, writes)
    if out is not None:
        check_folder(out)
    snapshot, failure = _obtained(plan, manner)
    failure = failure or failure_of(snapshot)
    if writes and baseline_path is not None and failure is None:
        baseline = _accept(snapshot, baseline_path, baseline)
    verdict = judge(snapshot, fail_on, baseline)
    if out is not None:
        write_atomically(out, REPORT_FORMATS[written].write(verdict, Path.cwd()).encode())
    says_all = shown == "text" and out is None and not snapshot.stages and failure is not None
    if not (shown == "text" and manner.quiet) and not says_all:
        (partial(say, nl=False) if shown == "text" else say_data)(_shown(verdict, shown, out))
    if failure is not None:
        raise failure
    return ExitCode.FINDINGS if verdict.failing else ExitCode.DONE


def _obtained(plan: Plan, manner: Manner) -> tuple[Snapshot, QvizError | None]:
    """Return the result, and why it is not whole; where nothing ran, one that says why."""
    try:
        need_source(plan, needs_flow=not is_snapshot(plan.source))
        return obtain(plan, manner)
    except QvizError as error:
        return refused(plan, error), error


def _baseline(path: Path | None, writes: bool) -> Baseline | None:
    """Read the baseline before the work begins; one that is to be written need not be there.

    Raises:
        click.UsageError: One shall be written, nobody says where.
        QvizError: It cannot be read, or there is no such folder.
    """
    if path is None:
        if writes:
            raise click.UsageError(tr("--write-baseline needs --baseline FILE, the file to write"))
        return None
    if writes:
        check_folder(path)
    return None if writes and not path.exists() else read_baseline(path)


def _accept(snapshot: Snapshot, path: Path, before: Baseline | None) -> Baseline:
    baseline = Acceptance(before, FindingPlaces(snapshot)).accepting(findings_of(snapshot))
    write_baseline(baseline, path)
    return baseline


def _shown(verdict: Verdict, shown: str, out: Path | None) -> str:
    """Return what standard output says: the report, or one line where a file has it."""
    if out is not None and shown == "text":
        return " ".join((totals(verdict), tr("Written to {out}.", out=out))) + "\n"
    return REPORT_FORMATS[shown].write(verdict, Path.cwd())
