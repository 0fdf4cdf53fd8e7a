"""`qviz compare`: what each flow comes to on one model."""

from __future__ import annotations

from typing import Any

import click

from qviz.cli.options import Manner, debug_option, is_snapshot, takes_manner
from qviz.document.comparison import COMPARED, Comparison
from qviz.document.plan import BACKENDS, FLOWS, QUANTIZERS, Plan
from qviz.errors import ExitCode, QvizError


def _flows(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Read ``--flows``.

    Raises:
        click.BadParameter: A name is not that of a flow.
    """
    if value is None:
        return COMPARED
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    known = [flow.id for flow in FLOWS]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"there is no flow {name!r}; there are: {', '.join(known)}")
    if not names:
        raise click.BadParameter("it names no flow")
    return names


@click.command()
@click.argument("source")
@click.option("--flows", callback=_flows, metavar="A,B,…", help="Only these; without: all that quantize.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]SHAPE[:DTYPE[:LOW..HIGH]]|FILE|mod:callable")
@click.option("--calibrate", metavar="FILE|mod:callable", help="Calibration data; without: the example inputs.")
@click.option("--backend", type=click.Choice(BACKENDS), default="x86", show_default=True, help="For eager and FX.")
@click.option("--quantizer", type=click.Choice(QUANTIZERS), default="xnnpack", show_default=True, help="For PT2E.")
@click.option("--strict/--no-strict", default=None, help="How torch.export captures; without: strict, else not.")
@click.option("--lower", is_flag=True, help="Lower PT2E results to x86 kernels, so that they can be timed.")
@click.option("--seed", type=int, default=0, show_default=True, help="For all that is random.")
@click.option("--trust", is_flag=True, help="The source's code may run; a .py or a name given here needs no saying.")
@takes_manner
@debug_option
def compare(source: str, flows: tuple[str, ...], manner: Manner, trust: bool, **chosen: Any) -> int:
    """Run the flows on a model and say what came of each; `--timeout` holds for each flow.

    For example: qviz compare sample:residual --flows fx-static,pt2e-static
    """
    from qviz.cli.comparing import compare_flows
    from qviz.cli.progress import Progress
    from qviz.log import start_log

    if is_snapshot(source):
        raise QvizError(f"{source} is a result already", "Name the model that it came from.")
    start_log()
    with Progress(manner.quiet or manner.as_json) as progress:
        comparison = compare_flows(Plan(source=source, **chosen), flows, progress.report, manner)
    if manner.as_json:
        _print_json(comparison)
    elif not manner.quiet:
        from qviz.cli.comparison_text import print_comparison

        print_comparison(comparison)
    return ExitCode.DONE if any(row.status == "done" for row in comparison.rows) else ExitCode.FLOW_FAILED


def _print_json(comparison: Comparison) -> None:
    import json

    import msgspec

    from qviz.analysis.advice import advise
    from qviz.analysis.claims import claims
    from qviz.analysis.support import OPERATORS, used

    calls = {name for row in comparison.rows for name in row.operators}
    value = {
        **msgspec.to_builtins(comparison),
        "advice": advise(comparison.rows)._asdict(),
        "claims": [claim._asdict() for claim in claims(comparison.rows)],
        "operators_used": [each.name for each in OPERATORS if each.name in used(comparison.types, calls)],
    }
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
