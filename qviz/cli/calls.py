"""Has an engine guess the inputs of a model, and try the call."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from qviz.cli.consent import grants
from qviz.cli.course import Course
from qviz.cli.limits import Limits
from qviz.cli.options import Manner
from qviz.document.model_call import ModelCall, TriedCall, texts_of
from qviz.document.plan import Plan
from qviz.document.said import StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.wire.client import EngineClient
from qviz.wire.messages import CallGuessed, CallTried, GuessCall, RunRejected, TryCall


class FoundInputs(NamedTuple):
    """What was found of a model.

    Attributes:
        call: What it takes; None where the plan said it.
        tried: What came of the call; None where it does not work.
        plan: With the inputs that were tried.
        fault: Why it does not work; "" where it does.
    """

    call: ModelCall | None
    tried: TriedCall | None
    plan: Plan
    fault: str


def find_inputs(plan: Plan, manner: Manner) -> FoundInputs:
    """Return what an engine found, within the limits of `manner`; inputs that the plan has are tried as they are.

    Raises:
        QvizError: There is no model, the engine died, or a limit was reached.
        KeyboardInterrupt: The user had enough; the engine is gone.
    """
    with EngineClient() as engine, Limits(engine, manner.timeout) as limits:
        course = Course()
        try:
            call = None if plan.inputs else _guessed(engine, plan)
            if call is not None and not call.own:
                plan = replace(plan, inputs=texts_of(call.arguments))
                if not call.runs:
                    return FoundInputs(call, None, plan, call.fault)
            engine.send(TryCall(2, plan, grants()))
            for report in engine.reports():
                if isinstance(report, CallTried):
                    return FoundInputs(call, report.tried, plan, "")
                if isinstance(report, RunRejected):
                    return FoundInputs(call, None, plan, report.text)
        except StoppedError as error:
            raise (limits.failure(course) or error) from error
    raise AssertionError("reports() ends only by an exception")


def _guessed(engine: EngineClient, plan: Plan) -> ModelCall:
    engine.send(GuessCall(1, plan, grants()))
    for report in engine.reports():
        if isinstance(report, CallGuessed):
            return report.call
        if isinstance(report, RunRejected):
            raise QvizError(report.text, report.hint, ExitCode(report.exit_code), report.option)
    raise AssertionError("reports() ends only by an exception")
