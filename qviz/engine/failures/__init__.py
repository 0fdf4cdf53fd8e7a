"""What a failing step of a run leaves in the document: the cause, its place, the line of the model, the traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

from torch.nn import Module, RNNBase, RNNCellBase

from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.document.snapshot import RunError, Stage
from qviz.engine import network
from qviz.engine.failures.causes import Cause, KnownCause, known_cause
from qviz.engine.failures.chain import first_sentence, root
from qviz.engine.failures.culprits import Culprits, culprits
from qviz.engine.failures.gave_nothing import silent_observer
from qviz.engine.failures.known import CAUSES, OF_INPUTS, OF_NETWORK
from qviz.engine.failures.lines import line_of, raises_itself, torch_function
from qviz.engine.failures.no_observer import no_observer
from qviz.engine.failures.place import module_at, place_of
from qviz.engine.failures.proxy_refused import refused_proxy
from qviz.engine.failures.variadic import variadic
from qviz.engine.nodes.programs import is_program
from qviz.words import tr

__all__ = ["advice", "cause_in_words", "is_of_inputs", "line_of", "network_advice", "run_error", "traceback_text"]

_LONGEST = 40_000
_TWO = 2
_log = logging.getLogger(__name__)


def run_error(
    step: str,
    error: BaseException,
    stages: Sequence[Stage] = (),
    model: Module | None = None,
    has_data: bool = True,
) -> RunError:
    """Return what a failing step leaves in the document.

    Args:
        step: Its name.
        error: What was raised; its root is what is told.
        stages: Those recorded before.
        model: The user's, as the flow has it, whose module paths are used.
        has_data: Whether the run has data beside the example inputs, on which the model is known to run.
    """
    first = root(error)
    args: dict[str, Json] = {"text": first_sentence(first)}
    if (function := torch_function(first)) is not None:
        args["function"] = function
    if first is not error:
        args["outer"] = f"{type(error).__name__}: {first_sentence(error)}"
    known = known_cause(step, error, (*_causes(), *OF_INPUTS) if has_data else _causes())
    if (silent := silent_observer(error)) is not None:
        known = KnownCause("stop.observer_gave_nothing", {"observer": silent})
    known = _looked_into(error, known)
    line = line_of(error)
    place = place_of(_culprits(error, model), stages, line)
    if known is not None and known.code == "stop.no_tensor_observed" and _is_recurrent(model, place.called):
        known = known._replace(code="stop.recurrent_observed")
    if known is not None and known.code == "stop.needs_strict_capture" and model is not None and is_program(model):
        known = known._replace(code="stop.needs_strict_export")
    module = place.module or module_at(line, model)
    if module and module not in place.nodes:
        args["module"] = module
    if place.nodes:
        args["stage"] = place.stage
    return RunError(
        step=step,
        type=type(first).__name__,
        code=known.code if known is not None else "stop.own_code" if raises_itself(first) else "stop.unknown",
        roles={"subject": place.nodes} if place.nodes else {},
        args={**(known.args if known is not None else {}), **args},
        source=line or place.line,
        traceback=traceback_text(error)[-_LONGEST:],
    )


def _is_recurrent(model: Module | None, paths: Sequence[str]) -> bool:
    modules = dict(model.named_modules()) if model is not None else {}
    return any(isinstance(modules.get(path), RNNBase | RNNCellBase) for path in paths)


def is_of_inputs(error: BaseException, model: Module) -> bool:
    """Tell whether a model fails because the inputs have the wrong shape or dtype, or lack an argument."""
    known = known_cause("checking", error, (*CAUSES, *OF_INPUTS))
    if known is None or all(each.code != known.code for each in OF_INPUTS):
        return False
    dtypes = {each.dtype for each in model.parameters() if each.is_floating_point()}
    return known.code != "stop.types_differ" or len(dtypes) < _TWO  # else two layers do not fit each other


def _causes() -> tuple[Cause, ...]:
    return (*OF_NETWORK, *CAUSES) if network.is_refused() else CAUSES


def _looked_into(error: BaseException, known: KnownCause | None) -> KnownCause | None:
    try:
        return refused_proxy(error, variadic(error, no_observer(error, known)))
    except Exception:  # objects in the frames are of any kind, and may raise anything when they are looked at
        _log.exception("objects in the frames of %r were not looked at", error)
        return known


def _culprits(error: BaseException, model: Module | None) -> Culprits:
    try:
        return culprits(error, model)
    except Exception:  # objects in the frames are of any kind, and may raise anything when they are looked at
        _log.exception("no place was found for %r", error)
        return Culprits()


def cause_in_words(step: str, error: BaseException) -> dict[str, Json] | None:
    """Return a known cause as the argument of a statement."""
    known = known_cause(step, error, _causes())
    args: dict[str, Json] = {"text": first_sentence(error), **(known.args if known is not None else {})}
    return Said(known.code, {}, args).as_arg("text") if known is not None else None


def advice(step: str, error: BaseException) -> str:
    """Return what to do about a failure, in words; that the model fails by itself where its cause is not known."""
    found = run_error(step, error, has_data=False)
    if found.code in ("stop.unknown", "stop.own_code"):
        return tr("The model fails before quantization. Fix the model first.")
    return found.hint


def network_advice(error: BaseException) -> str:
    """Return what to do about code that was kept off the network and needs it, in words; "" of any other failure."""
    return run_error("loading", error).hint if network.is_refused() and known_cause("", error, OF_NETWORK) else ""


def traceback_text(error: BaseException) -> str:
    """Return the traceback as Python prints it; without its source lines where Python stumbles over a frame.

    torch.fx runs functions whose byte code it has patched, and CPython then looks for the columns of an
    instruction that their table of positions does not have (RuntimeError: generator raised StopIteration).
    """
    try:
        return "".join(traceback.format_exception(error))
    except RuntimeError:
        frames = (
            f'  File "{frame.f_code.co_filename}", line {number or frame.f_code.co_firstlineno}, '
            f"in {frame.f_code.co_name}\n"
            for frame, number in traceback.walk_tb(error.__traceback__)
        )
        return "".join(["Traceback (most recent call last):\n", *frames, f"{type(error).__name__}: {error}\n"])
