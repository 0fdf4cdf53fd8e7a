"""Asks the machine of an engine elsewhere what a plan would run there: the files are its own, and so are the hashes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from qviz.errors import ExitCode, QvizError
from qviz.trust.listing import Listing
from qviz.trust.question import CodeQuestion
from qviz.wire.client import EngineClient
from qviz.wire.messages import CodeListed, ListCode, Report, RunRejected

QUESTION_ID = 1


def list_there(
    question: CodeQuestion, within: Callable[[EngineClient], AbstractContextManager[object]] = nullcontext
) -> Listing:
    """Return what would run on the other machine; nothing runs.

    Args:
        question: About which plan.
        within: Watches the engine meanwhile.

    Raises:
        QvizError: A file that must be granted by its content is not there, none may ever be, or the link broke.
    """
    with EngineClient() as engine, within(engine):
        engine.send(ListCode(QUESTION_ID, question))
        for report in engine.reports():
            if (listing := listing_of(report, engine.link)) is not None:
                return listing
    raise AssertionError("reports() ends only by an exception")


def listing_of(report: Report, link: str) -> Listing | None:
    """Return the answer, with the command whose machine it is about; None of another report.

    Raises:
        QvizError: The answer is that nothing may run.
    """
    match report:
        case CodeListed():
            return report.listing._replace(place=link)
        case RunRejected():
            raise QvizError(report.text, report.hint, ExitCode(report.exit_code), report.option)
        case _:
            return None
