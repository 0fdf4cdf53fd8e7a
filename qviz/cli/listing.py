"""`qviz flows` and `qviz samples`: what there is to choose from."""

from __future__ import annotations

from typing import Any

import click

from qviz.cli.commands import command
from qviz.cli.options import debug_option, json_option
from qviz.cli.saying import say_json
from qviz.document.flows import FLOWS
from qviz.document.samples import SAMPLES
from qviz.words import tr


@command()
@json_option
@debug_option
def flows(as_json: bool) -> None:
    """List the flows."""
    if as_json:
        _print_json([{"id": f.id, "title": f.title, "stages": f.stages, "runs": f.runs} for f in FLOWS])
        return
    width = max(len(flow.id) for flow in FLOWS)
    for flow in FLOWS:
        click.echo(f"{flow.id:<{width}}  {flow.runs}")
        click.echo(f"{'':<{width}}  " + tr("stages: {names}", names=", ".join(flow.stages)))


@command()
@json_option
@debug_option
def samples(as_json: bool) -> None:
    """List the models that come with qviz."""
    if as_json:
        _print_json(
            [{"source": f"sample:{s.name}", "title": tr(s.title), "description": tr(s.description)} for s in SAMPLES]
        )
        return
    width = max(len(sample.name) for sample in SAMPLES) + len("sample:")
    for sample in SAMPLES:
        click.echo(f"{'sample:' + sample.name:<{width}}  {tr(sample.title)}: {tr(sample.description)}")


def _print_json(value: list[dict[str, Any]]) -> None:

    say_json(value)
