"""The options that commands share, and the plan that they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from qviz.cli.commands import help_option, option
from qviz.cli.context_keys import TIMEOUT, TRUST, TYPED
from qviz.cli.engine_options import Callback, memory_option, network_option, takes_engine
from qviz.cli.option_checks import CHOICES, refuse_all, refuse_inexact, refuse_unfit, refuse_unmeasured, touched
from qviz.cli.value_types import DecimalNumber, FilePath, FlowId, OneOf, WholeNumber
from qviz.document.comparison import compared
from qviz.document.plan import BACKEND_CONFIGS, BACKENDS, QUANTIZERS, WEIGHT_DTYPES, Plan
from qviz.document.plan_file import load
from qviz.sources.kinds import kind_of
from qviz.words import mark, tr
from qviz.words.language import LANGUAGES

PLAN_OPTIONS = (
    option(
        "--config",
        type=FilePath(exists=True),
        metavar="FILE.toml",
        help=mark("Read the plan from this file; other options override it."),
    ),
    option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME=]SHAPE[:DTYPE[:VALUES]]|FILE|mod:callable",
        help=mark("An example input, such as 1x3x224x224; repeat for each input."),
    ),
    option("--weights", metavar="FILE", help=mark("A .pt or .safetensors file of weights to load into the model.")),
    option("--calibrate", metavar="FILE|mod:callable", help=mark("Calibration data; the example inputs if not given.")),
    option(
        "--batches",
        "batch_limit",
        type=WholeNumber(min=1),
        metavar="N",
        help=mark("Calibrate with at most this many batches."),
    ),
    option(
        "--random-batches",
        type=WholeNumber(min=1),
        metavar="N",
        help=mark("Without calibration data: calibrate with N random batches drawn as --input says; 1 if not given."),
    ),
    option("--train", metavar="mod:callable", help=mark("QAT: a function that trains the model it receives.")),
    option(
        "--backend",
        type=OneOf(BACKENDS),
        help=mark("Eager and FX: the backend; {backend} if not given."),
        values={"backend": Plan("").backend},
    ),
    option("--qconfig", metavar="NAME|mod:callable", help=mark("Eager and FX: a QConfig, or a QConfigMapping.")),
    option(
        "--backend-config",
        metavar="NAME|mod:callable",
        help=mark("FX: {names}, or your own."),
        values={"names": ", ".join(BACKEND_CONFIGS)},
    ),
    option(
        "--weight-dtype",
        type=OneOf(WEIGHT_DTYPES),
        help=mark("Weight-only flows; quint8 embeddings if not given."),
    ),
    option(
        "--quantizer",
        metavar="NAME|mod:callable",
        help=mark("PT2E: {names}, or your own; {quantizer} if not given."),
        values={"names": ", ".join(QUANTIZERS), "quantizer": Plan("").quantizer},
    ),
    option("--dynamic-shapes", metavar="NAME|mod:callable", help=mark("PT2E: as torch.export.export takes them.")),
    option(
        "--fold/--no-fold",
        "fold_quantize",
        default=None,
        help=mark("PT2E: store weights quantized, or quantize them at every call."),
    ),
    option(
        "--strict/--no-strict",
        default=None,
        help=mark("PT2E: how torch.export captures; if not given, strict first, then not."),
    ),
    option("--reference", is_flag=True, help=mark("Also show the reference stage.")),
    option("--lower", is_flag=True, help=mark("PT2E: also lower the result to x86 kernels.")),
    option(
        "--fake",
        is_flag=True,
        help=mark("PT2E: build the model without its weights, on fake tensors; nothing is measured."),
    ),
    option("--seed", type=WholeNumber(), default=0, show_default=True, help=mark("Seed of all random numbers.")),
    option(
        "--trust",
        is_flag=True,
        help=mark(
            "Allow all code that the plan, the project and model files name; what you name here is always allowed."
        ),
    ),
)

MEASURE_OPTIONS = (
    option(
        "--evaluate",
        metavar="FILE|mod:callable",
        help=mark("Data to measure on; calibration data if not given. The example inputs are always measured on."),
    ),
    option(
        "--metric", metavar="mod:callable", help=mark("Your own metric: gets outputs and a batch, returns a number.")
    ),
    option("--exact", is_flag=True, help=mark("Measure one quantizer at a time; slower than the estimate.")),
    option(
        "--workers",
        type=WholeNumber(min=0),
        metavar="N",
        help=mark("With --exact: share the work among N processes, one thread each."),
    ),
    option(
        "--executor",
        metavar="mod:callable",
        help=mark("With --exact: a function that returns a concurrent.futures.Executor to share the work."),
    ),
    option(
        "--at-most",
        type=DecimalNumber(min=0, min_open=True),
        metavar="SECONDS",
        help=mark("With --exact: stop measuring quantizers after this time and keep what was measured."),
    ),
)
"""Of commands that measure what they run."""
_measure_option = option(
    "--measure/--no-measure",
    default=None,
    help=mark("Measure what each quantizer costs, or nothing; if not given, only of a noisy output."),
)

MANNER_OPTIONS = (
    takes_engine,
    network_option,
    memory_option,
    option(
        "--timeout",
        type=DecimalNumber(min=0, min_open=True),
        metavar="SECONDS",
        help=mark("Stop the run after this many seconds."),
    ),
    option("--json", "as_json", is_flag=True, help=mark("Print JSON to standard output.")),
    option("--quiet", "-q", is_flag=True, help=mark("Print neither progress nor summary.")),
)

_debug_option = option("--debug", is_flag=True, expose_value=False, help=mark("Show the traceback of a failure."))
language_option = option(
    "--language",
    metavar="NAME",
    expose_value=False,
    help=mark("Language of all texts: {names}; QVIZ_LANGUAGE if not given."),
    values={"names": ", ".join(LANGUAGES)},
)
"""For the help alone: `qviz.cli.speech` has taken it from the words before any command is known."""


def debug_option(command: Callback) -> Callback:
    """Give a command the options that every one has."""
    return _debug_option(language_option(help_option(command)))


json_option = option("--json", "as_json", is_flag=True, help=mark("Print JSON to standard output."))


class Manner(NamedTuple):
    """How a command runs and speaks; `timeout` in seconds, None for no limit."""

    timeout: float | None
    as_json: bool
    quiet: bool


def flow_option(required: bool, help_text: str) -> Callable[[Callback], Callback]:
    """Return the option ``--flow``."""
    return option("--flow", type=FlowId(), required=required, help=help_text)


def takes_measured_plan(command: Callback) -> Callback:
    """Give a command that measures what it runs the options of a plan and of the measurement."""
    return _with_options(takes_plan(command), MEASURE_OPTIONS)


def may_measure(command: Callback) -> Callback:
    """Give a command the options of a plan, of a measurement, and whether there is one."""
    return _measure_option(takes_measured_plan(command))


def takes_plan(command: Callback) -> Callback:
    """Give a command that has ``source`` and ``flow`` the other options of a plan; it receives ``plan``."""

    @functools.wraps(command)
    def with_plan(source: str | None, flow: str | None, **values: Any) -> Any:
        chosen = {name: values.pop(name) for name in CHOICES if name in values}
        _note_typed({**chosen, "source": source}, values.pop("trust"))
        config: Path | None = values.pop("config")
        plan = make_plan(source, flow, chosen, load(config) if config else None)
        return command(plan=plan, **values)

    return _with_options(with_plan, PLAN_OPTIONS)


def takes_plan_of_many(command: Callback) -> Callback:
    """Give a command that has ``source`` and ``flows`` the other options of a plan; it receives ``plan``, too.

    No flows are those that fit the source.
    """

    @functools.wraps(command)
    def with_plan(source: str, flows: tuple[str, ...], **values: Any) -> Any:
        chosen = {name: values.pop(name) for name in CHOICES if name in values}
        flows = flows or compared(source)
        _note_typed({**chosen, "source": source}, values.pop("trust"))
        config: Path | None = values.pop("config")
        given = touched(chosen)
        refuse_unfit(given, flows)
        plan = msgspec.structs.replace(load(config) if config else Plan(""), source=source, flow=None, **given)
        return command(plan=plan, flows=flows, **values)

    return _with_options(with_plan, PLAN_OPTIONS)


def _note_typed(chosen: dict[str, Any], is_trusted: bool) -> None:
    """Keep which fields of the plan the user wrote herself, and whether she trusts the rest."""
    meta = click.get_current_context().meta
    meta[TRUST], meta[TYPED] = is_trusted, {name for name, value in touched(chosen).items() if value is not None}


def takes_manner(command: Callback) -> Callback:
    """Give a command the options of how to run and speak; it receives ``manner``."""

    @functools.wraps(command)
    def with_manner(**values: Any) -> Any:
        manner = Manner(values.pop("timeout"), values.pop("as_json"), values.pop("quiet"))
        click.get_current_context().meta[TIMEOUT] = manner.timeout
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
        click.UsageError: An option says nothing about this flow or source.
    """
    source, flow = source or (base.source if base else None) or None, flow or (base.flow if base else None)
    given = touched(chosen)
    if source is None or is_snapshot(source):
        refuse_all([*given, *(["flow"] if flow else [])], source)
    refuse_unfit(given, (flow,) if flow else ())
    refuse_unmeasured(given)
    plan = msgspec.structs.replace(base or Plan(""), source=source or "", flow=flow, **given)
    refuse_inexact(given, plan.exact)
    return plan


def unmeasured(plan: Plan) -> Plan:
    """Return the plan of a command that shows nothing of what a run may measure."""
    return msgspec.structs.replace(plan, measure=False)


def need_source(plan: Plan, needs_flow: bool = False) -> None:
    """Refuse a plan without a source, without the flow that the command needs, or that names code nobody allowed.

    Raises:
        click.UsageError: It is missing on the command line and in ``--config``.
        QvizError: It names code that the user did not name herself, and she does not allow it.
    """
    if not plan.source:
        raise click.UsageError(tr("Missing argument 'SOURCE'."))
    if needs_flow and plan.flow is None:
        raise click.UsageError(tr("Missing option '--flow'."))
    from qviz.cli.consent import need_consent  # most commands run nothing

    need_consent(plan)


def is_snapshot(source: str | None) -> bool:
    """Tell whether a source is a result to open, not a model to run."""
    return kind_of(source or "").is_result


def _with_options(command: Callback, options: tuple[Callable[[Callback], Callback], ...]) -> Callback:
    for each in reversed(options):
        command = each(command)
    return command
