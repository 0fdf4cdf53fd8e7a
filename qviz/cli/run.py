"""`qviz run`: apply a flow, write the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qviz.analysis.ledger import summary_line
from qviz.analysis.ledger.data import measurements
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
from qviz.cli.paths import check_place
from qviz.cli.progress import Progress
from qviz.cli.saying import say, say_json
from qviz.cli.value_types import FilePath
from qviz.document.causes import by_cause
from qviz.document.codec import SUFFIXES, save
from qviz.document.plan import Plan
from qviz.document.query import count_kinds
from qviz.document.snapshot import Finding, Snapshot
from qviz.errors import ExitCode, QvizError
from qviz.words import mark, names, tr, trn
from qviz.words.formats import sentence


@command()
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("The flow; `qviz flows` lists them."))
@option(
    "-o",
    "--out",
    type=FilePath(dir_okay=True),
    required=True,
    help=mark("Write the result to OUT.qviz or OUT.json."),
)
@may_measure
@takes_manner
@debug_option
def run(plan: Plan, out: Path, manner: Manner) -> int:
    """Run a flow and write the result, even if the run fails halfway.

    For example: qviz run sample:conv-bn-relu --flow fx-static -o review.qviz
    """
    from qviz.cli.runs import run_plan
    from qviz.cli.unfinished import Unfinished
    from qviz.log import start_log

    need_source(plan, needs_flow=True)
    if is_snapshot(plan.source):
        raise QvizError(
            tr("{source} is already a result", source=plan.source),
            tr("Open it with qviz {source}, or draw it with qviz render.", source=plan.source),
        )
    check_place(out, SUFFIXES)
    start_log()
    with Unfinished(out) as unfinished:
        with Progress(manner.quiet or manner.as_json) as progress:
            snapshot, failure = run_plan(plan, progress.report, manner, unfinished.keep)
        save(snapshot, out)
    if manner.as_json:
        _print_json(summarize(snapshot, out))
    elif not manner.quiet:
        _print_summary(snapshot, out)
    if failure is not None:
        raise failure
    return ExitCode.DONE


def summarize(snapshot: Snapshot, out: Path) -> dict[str, Any]:
    """Return what a run came to, for a program that reads it."""
    error = snapshot.run.error
    return {
        "out": str(out),
        "status": snapshot.run.status,
        "source": snapshot.run.source,
        "flow": snapshot.run.flow,
        "stages": [
            {
                "name": stage.name,
                "nodes": len(stage.whole.nodes),
                "edges": len(stage.whole.edges),
                "kinds": {kind.value: count for kind, count in sorted(count_kinds(stage.whole).items())},
            }
            for stage in snapshot.stages
        ],
        "findings": [
            {"rule": f.rule, "level": f.level.value, "stage": f.stage, "nodes": f.nodes, "message": f.message}
            for f in snapshot.findings
        ],
        "summary": snapshot.summary,
        "measurements": measurements(snapshot.measurements) if snapshot.measurements is not None else None,
        "error": None if error is None else {"step": error.step, "type": error.type, "message": error.message},
    }


def _said(finding: Finding) -> str:
    return tr("{level}: {message}", level=names.level(finding.level.value), message=finding.message)


def _print_json(value: dict[str, Any]) -> None:

    say_json(value)


def _print_summary(snapshot: Snapshot, out: Path) -> None:
    for stage in snapshot.stages:
        kinds = count_kinds(stage.whole)
        told = ", ".join(names.kinds(kind.value, count) for kind, count in kinds.most_common())
        nodes = trn(len(stage.whole.nodes), "{count} node", "{count} nodes")
        say(f"{stage.name:<10} {nodes:>11}: {told}")
    for cause, consequences in by_cause(snapshot.findings):
        say(_said(cause))
        for each in consequences:
            say("  " + tr("as a result, {finding}", finding=_said(each)))
    if line := summary_line(snapshot.measurements):
        say(sentence(line))
    ended = {"done": mark("{flow} is done, written to {out}."), "failed": mark("{flow} failed, written to {out}.")}
    say(
        tr(
            ended.get(snapshot.run.status, mark("{flow} was canceled, written to {out}.")),
            flow=snapshot.run.flow,
            out=out,
        )
    )
