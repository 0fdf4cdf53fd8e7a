"""The options that commands share, and the plan that they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from qviz.document.codec import SUFFIXES
from qviz.document.plan import BACKENDS, FLOWS, QUANTIZERS, Plan

Command = Callable[..., Any]

PLAN_OPTIONS = (
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME=]SHAPE[:DTYPE[:LOW..HIGH]]|FILE|mod:callable",
        help="An example input, such as 1x3x224x224; repeat it for each.",
    ),
    click.option("--calibrate", metavar="FILE|mod:callable", help="Calibration data; without: the example inputs."),
    click.option("--backend", type=click.Choice(BACKENDS), help=f"For FX flows; {Plan('').backend} if not given."),
    click.option("--quantizer", type=click.Choice(QUANTIZERS), help=f"For PT2E; {Plan('').quantizer} if not given."),
    click.option("--strict/--no-strict", default=None, help="How torch.export captures; without: strict, else not."),
    click.option("--reference", is_flag=True, help="Also show the reference stage."),
    click.option("--seed", type=int, default=0, show_default=True, help="For all that is random."),
    click.option(
        "--trust", is_flag=True, help="The source's code may run; a .py or a name given here needs no saying."
    ),
)

MANNER_OPTIONS = (
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End the run then."),
    click.option("--json", "as_json", is_flag=True, help="Machine-readable standard output."),
    click.option("--quiet", "-q", is_flag=True, help="No progress, no summary."),
)

debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a failure.")
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable standard output.")


class Manner(NamedTuple):
    """How a command runs and speaks; `timeout` in seconds, None for no limit."""

    timeout: float | None
    as_json: bool
    quiet: bool


def flow_option(required: bool, help_text: str) -> Callable[[Command], Command]:
    """Return the option ``--flow``."""
    ids = click.Choice([flow.id for flow in FLOWS])
    return click.option("--flow", type=ids, required=required, help=help_text)


def takes_plan(command: Command) -> Command:
    """Give a command that has ``source`` and ``flow`` the other options of a plan; it receives ``plan``."""

    @functools.wraps(command)
    def with_plan(source: str | None, flow: str | None, **values: Any) -> Any:
        names = ("inputs", "calibrate", "backend", "quantizer", "strict", "reference", "seed")
        chosen = {name: values.pop(name) for name in names}
        values.pop("trust")
        plan = make_plan(source, flow, chosen)
        return command(plan=plan, **values)

    return _with_options(with_plan, PLAN_OPTIONS)


def takes_manner(command: Command) -> Command:
    """Give a command the options of how to run and speak; it receives ``manner``."""

    @functools.wraps(command)
    def with_manner(**values: Any) -> Any:
        manner = Manner(values.pop("timeout"), values.pop("as_json"), values.pop("quiet"))
        return command(manner=manner, **values)

    return _with_options(with_manner, MANNER_OPTIONS)


def make_plan(source: str | None, flow: str | None, chosen: dict[str, Any]) -> Plan:
    """Return the plan of what was asked for, so that no option is taken in silence.

    Raises:
        click.BadOptionUsage: An option says nothing about this flow or source.
    """
    untouched = {"inputs": (), "reference": False, "seed": 0}
    given = {name: value for name, value in chosen.items() if value != untouched.get(name)}
    if is_snapshot(source):
        _refuse([*given, *(["flow"] if flow else [])], f"has no meaning for {source}, which is a result already")
    elif source is None:
        _refuse([*given, *(["flow"] if flow else [])], "needs a SOURCE")
    family = (flow or "").split("-")[0]
    if flow is None:
        _refuse([name for name in ("reference",) if name in given], "needs a --flow")
    if family != "fx":
        _refuse([name for name in ("backend",) if name in given], "is for FX flows")
    if family != "pt2e":
        _refuse([name for name in ("quantizer", "strict") if name in given], "is for PT2E flows")
    return Plan(source=source or "", flow=flow, **given)


def is_snapshot(source: str | None) -> bool:
    """Tell whether a source is a result to open, not a model to run."""
    return (source or "").endswith(SUFFIXES)


def _refuse(names: list[str], why: str) -> None:
    for name in names:
        option = {"inputs": "input"}.get(name, name)
        raise click.BadOptionUsage(option, f"--{option} {why}")


def _with_options(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
