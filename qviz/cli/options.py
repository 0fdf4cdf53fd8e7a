"""The options that commands share, and the plan that they make."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from qviz.document.codec import SUFFIXES
from qviz.document.comparison import compared
from qviz.document.plan import BACKEND_CONFIGS, BACKENDS, FLOWS, MODEL_FILES, QUANTIZERS, WEIGHT_DTYPES, Plan
from qviz.document.plan_file import load
from qviz.errors import QvizError

Command = Callable[..., Any]


def _choose_python(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Have every engine of this process run in that interpreter."""
    if value is not None:
        from qviz.wire.interpreter import VARIABLE, check

        os.environ[VARIABLE] = check(value)


python_option = click.option(
    "--python",
    metavar="PATH",
    callback=_choose_python,
    expose_value=False,
    help="The interpreter of the engine: your project's, with torch 2.8 and msgspec.",
)

PLAN_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE.toml",
        help="The whole plan; other options override it.",
    ),
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME=]SHAPE[:DTYPE[:LOW..HIGH]]|FILE|mod:callable",
        help="An example input, such as 1x3x224x224; repeat it for each.",
    ),
    click.option("--calibrate", metavar="FILE|mod:callable", help="Calibration data; without: the example inputs."),
    click.option("--batches", "batch_limit", type=click.IntRange(min=1), metavar="N", help="At most so many batches."),
    click.option("--train", metavar="mod:callable", help="For QAT: trains the model it is given."),
    click.option("--backend", type=click.Choice(BACKENDS), help=f"Eager and FX; {Plan('').backend} if not given."),
    click.option("--qconfig", metavar="NAME|mod:callable", help="Eager and FX: a QConfig, or a QConfigMapping."),
    click.option("--backend-config", metavar="NAME|mod:callable", help=f"FX: {', '.join(BACKEND_CONFIGS)}, or yours."),
    click.option(
        "--weight-dtype", type=click.Choice(WEIGHT_DTYPES), help="Weight-only flows; quint8 embeddings if not given."
    ),
    click.option(
        "--quantizer",
        metavar="NAME|mod:callable",
        help=f"PT2E: {', '.join(QUANTIZERS)}, or yours; {Plan('').quantizer} if not given.",
    ),
    click.option("--dynamic-shapes", metavar="NAME|mod:callable", help="PT2E: as torch.export.export takes them."),
    click.option("--fold/--no-fold", "fold_quantize", default=None, help="PT2E: compute quantized weights at once."),
    click.option("--strict/--no-strict", default=None, help="How torch.export captures; without: strict, else not."),
    click.option("--reference", is_flag=True, help="Also show the reference stage."),
    click.option("--lower", is_flag=True, help="PT2E: also lower the result to x86 kernels."),
    click.option("--seed", type=int, default=0, show_default=True, help="For all that is random."),
    click.option(
        "--trust", is_flag=True, help="The source's code may run; a .py or a name given here needs no saying."
    ),
)

TRUST = "qviz.trust"
"""Where a command's context keeps ``--trust``."""

MANNER_OPTIONS = (
    python_option,
    click.option(
        "--memory",
        type=click.FloatRange(min=0, min_open=True),
        metavar="GIB",
        help="End the run when its engine takes more.",
    ),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End the run then."),
    click.option("--json", "as_json", is_flag=True, help="Machine-readable standard output."),
    click.option("--quiet", "-q", is_flag=True, help="No progress, no summary."),
)

debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a failure.")
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable standard output.")


class Manner(NamedTuple):
    """How a command runs and speaks; `timeout` in seconds, `memory` in GiB, None for no limit."""

    timeout: float | None
    memory: float | None
    as_json: bool
    quiet: bool


_FOR_ALL = ("inputs", "calibrate", "batch_limit", "seed")
_FOR: dict[str, tuple[str, ...]] = {
    "train": ("qat",),
    "backend": ("fx", "eager"),
    "qconfig": ("fx", "eager"),
    "backend_config": ("fx",),
    "weight_dtype": ("weight-only",),
    "quantizer": ("pt2e",),
    "dynamic_shapes": ("pt2e",),
    "fold_quantize": ("pt2e",),
    "strict": ("pt2e",),
    "reference": ("fx", "pt2e"),
    "lower": ("pt2e",),
}
"""The modes, or the types, of the flows that a choice says something about."""
_UNTOUCHED = {"inputs": (), "reference": False, "lower": False, "seed": 0}
"""What a choice is if nobody says anything; None for the others."""
_FLOW_WORDS = {"fx": "FX", "pt2e": "PT2E", "eager": "eager", "qat": "QAT", "weight-only": "weight-only"}
_OPTION_NAMES = {"inputs": "input", "batch_limit": "batches", "fold_quantize": "fold"}


def flow_option(required: bool, help_text: str) -> Callable[[Command], Command]:
    """Return the option ``--flow``."""
    ids = click.Choice([flow.id for flow in FLOWS])
    return click.option("--flow", type=ids, required=required, help=help_text)


def takes_plan(command: Command) -> Command:
    """Give a command that has ``source`` and ``flow`` the other options of a plan; it receives ``plan``."""

    @functools.wraps(command)
    def with_plan(source: str | None, flow: str | None, **values: Any) -> Any:
        names = (*_FOR_ALL, *_FOR)
        chosen = {name: values.pop(name) for name in names}
        click.get_current_context().meta[TRUST] = values.pop("trust")
        config: Path | None = values.pop("config")
        plan = make_plan(source, flow, chosen, load(config) if config else None)
        return command(plan=plan, **values)

    return _with_options(with_plan, PLAN_OPTIONS)


def takes_plan_of_many(command: Command) -> Command:
    """Give a command that has ``source`` and ``flows`` the other options of a plan; it receives ``plan``, too.

    No flows are those that fit the source.
    """

    @functools.wraps(command)
    def with_plan(source: str, flows: tuple[str, ...], **values: Any) -> Any:
        chosen, flows = {name: values.pop(name) for name in (*_FOR_ALL, *_FOR)}, flows or compared(source)
        click.get_current_context().meta[TRUST] = values.pop("trust")
        config: Path | None = values.pop("config")
        given = {name: value for name, value in chosen.items() if value != _UNTOUCHED.get(name)}
        for name in given:
            if not any(_fits(name, flow) for flow in flows):
                _refuse([name], f"is for {_fitting(name)} flows")
        plan = msgspec.structs.replace(load(config) if config else Plan(""), source=source, flow=None, **given)
        return command(plan=plan, flows=flows, **values)

    return _with_options(with_plan, PLAN_OPTIONS)


def takes_manner(command: Command) -> Command:
    """Give a command the options of how to run and speak; it receives ``manner``."""

    @functools.wraps(command)
    def with_manner(**values: Any) -> Any:
        manner = Manner(values.pop("timeout"), values.pop("memory"), values.pop("as_json"), values.pop("quiet"))
        return command(manner=manner, **values)

    return _with_options(with_manner, MANNER_OPTIONS)


def make_plan(source: str | None, flow: str | None, chosen: dict[str, Any], base: Plan | None = None) -> Plan:
    """Return the plan of what was asked for, so that no option is taken in silence.

    Args:
        source: The argument SOURCE.
        flow: ``--flow``.
        chosen: What other options say, by the names of the plan.
        base: What ``--config`` holds; the options override it.

    Raises:
        click.BadOptionUsage: An option says nothing about this flow or source.
    """
    source, flow = source or (base.source if base else None) or None, flow or (base.flow if base else None)
    given = {name: value for name, value in chosen.items() if value != _UNTOUCHED.get(name)}
    if is_snapshot(source):
        _refuse([*given, *(["flow"] if flow else [])], f"has no meaning for {source}, which is a result already")
    elif source is None:
        _refuse([*given, *(["flow"] if flow else [])], "needs a SOURCE")
    for name in given:
        if not _fits(name, flow or ""):
            _refuse([name], f"is for {_fitting(name)} flows" if flow else "needs a --flow")
    return msgspec.structs.replace(base or Plan(""), source=source or "", flow=flow, **given)


def _fits(name: str, flow: str) -> bool:
    """Tell whether a choice says something about a flow."""
    mode, _, kind = flow.partition("-")
    wants = _FOR.get(name, ())
    return not wants or bool({mode, kind} & set(wants))


def _fitting(name: str) -> str:
    return ", ".join(_FLOW_WORDS[each] for each in _FOR[name])


def is_trusted() -> bool:
    """Tell whether the command at work was given ``--trust``."""
    return bool(click.get_current_context().meta.get(TRUST))


def need_source(plan: Plan, needs_flow: bool = False) -> None:
    """Refuse a plan without a source, without the flow that the command needs, or of a file that nobody trusts.

    Raises:
        click.UsageError: It is missing on the command line and in ``--config``.
        QvizError: The file can run code, and ``--trust`` was not said.
    """
    if not plan.source:
        raise click.UsageError("Missing argument 'SOURCE'.")
    if needs_flow and plan.flow is None:
        raise click.UsageError("Missing option '--flow'.")
    if plan.source.endswith(MODEL_FILES) and not is_trusted():
        raise QvizError(
            f"{plan.source} can run code when it is opened", "If you trust whoever made it, say so: --trust."
        )


def is_snapshot(source: str | None) -> bool:
    """Tell whether a source is a result to open, not a model to run."""
    return (source or "").endswith(SUFFIXES)


def _refuse(names: list[str], why: str) -> None:
    for name in names:
        option = _OPTION_NAMES.get(name, name.replace("_", "-"))
        raise click.BadOptionUsage(option, f"--{option} {why}")


def _with_options(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
