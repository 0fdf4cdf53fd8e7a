"""`qviz compare`: what each flow comes to on one model."""

from __future__ import annotations

import click

from qviz.cli.commands import command, option
from qviz.cli.options import Manner, debug_option, is_snapshot, need_source, takes_manner, takes_plan_of_many
from qviz.cli.saying import say_json
from qviz.document.comparison import Comparison
from qviz.document.flows import flow_ids
from qviz.document.plan import Plan
from qviz.errors import ExitCode, QvizError
from qviz.words import mark, tr


def _flows(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Read ``--flows``; none without it.

    Raises:
        click.BadParameter: A name is not that of a flow.
    """
    if value is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    known = flow_ids()
    for name in names:
        if name not in known:
            raise click.BadParameter(
                tr('Unknown flow "{name}"; choose from: {names}', name=name, names=", ".join(known))
            )
    if not names:
        raise click.BadParameter(tr("Name at least one flow"))
    return names


@command()
@click.argument("source")
@option(
    "--flows", callback=_flows, metavar="A,B,…", help=mark("Compare only these flows; by default all that quantize.")
)
@takes_plan_of_many
@takes_manner
@debug_option
def compare(plan: Plan, flows: tuple[str, ...], manner: Manner) -> int:
    """Run the flows on a model and report the result of each; `--timeout` applies to each flow.

    For example: qviz compare sample:residual --flows fx-static,pt2e-static
    """
    from qviz.cli.comparisons import compare_flows
    from qviz.cli.progress import Progress
    from qviz.log import start_log

    if is_snapshot(plan.source):
        raise QvizError(
            tr("{source} is already a result", source=plan.source), tr("Name the model that it was made from.")
        )
    need_source(plan)
    start_log()
    with Progress(manner.quiet or manner.as_json) as progress:
        comparison = compare_flows(plan, flows, progress.report, manner)
    if manner.as_json:
        _print_json(comparison)
    elif not manner.quiet:
        from qviz.cli.comparison_text import print_comparison

        print_comparison(comparison)
    return ExitCode.DONE if any(row.status == "done" for row in comparison.rows) else ExitCode.FLOW_FAILED


def _print_json(comparison: Comparison) -> None:

    import msgspec

    from qviz.analysis.verdicts.advice import advise
    from qviz.analysis.verdicts.claims import claims
    from qviz.analysis.verdicts.support import OPERATORS, used
    from qviz.document.texts import compared_with_texts

    calls = {name for row in comparison.rows for name in row.operators}
    advice = advise(comparison.rows)
    value = {
        **msgspec.to_builtins(compared_with_texts(comparison)),
        "advice": {"flow": advice.flow, "text": advice.text, "statements": msgspec.to_builtins(advice.statements)},
        "claims": [{"text": claim.text, "measured": claim.measured} for claim in claims(comparison.rows)],
        "operators_used": [each.name for each in OPERATORS if each.name in used(comparison.types, calls)],
    }
    say_json(value)
