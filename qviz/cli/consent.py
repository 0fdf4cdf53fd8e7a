"""Finds what a plan would run, and whether the user allows it: by her words, by ``--trust``, or by her answer."""

from __future__ import annotations

import os
import sys

import click

from qviz.cli.context_keys import TIMEOUT, TRUST, TYPED
from qviz.cli.saying import say
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.sources.kinds import kind_of
from qviz.trust.grants import Grant
from qviz.trust.kept import KeptGrants
from qviz.trust.listing import Listing, lines
from qviz.trust.question import CodeQuestion, list_here, question_of
from qviz.trust.references import NamedBy, typed_targets
from qviz.words import mark, tr, trn
from qviz.words.visible import one_line

_GRANTS = "qviz.grants"


def is_trusted() -> bool:
    """Tell whether the command at work was given ``--trust``."""
    return bool(click.get_current_context().meta.get(TRUST))


def typed_of(plan: Plan) -> frozenset[str]:
    """Return the targets of a plan that the user wrote on the command line."""
    return typed_targets(plan, click.get_current_context().meta.get(TYPED, ()))


def need_consent(plan: Plan) -> None:
    """Find out whether all that a plan names may run, before anything does; `grants` has it then.

    Raises:
        QvizError: It may not; the message lists what would run.
    """
    context = click.get_current_context()
    listing = listed(plan)
    kept = KeptGrants()
    if listing.asked and not is_trusted():
        listing = listing.knowing(kept.keys)
    if listing.asked and not is_trusted():
        if not _says_yes(listing):
            raise _refusal(listing)
        kept.keep(tuple(each.grant for each in listing.asked), listing.place)
    kept.ran(plan.source, listing.grants, listing.place)
    context.meta[_GRANTS] = listing.grants


def listed(plan: Plan) -> Listing:
    """Return all that a plan of the command line would run.

    Raises:
        QvizError: A file that it names is not there, or what it names may never run.
    """
    if kind_of(plan.source).is_result:
        return Listing()
    from qviz.wire import elsewhere, interpreter

    question = question_of(plan, typed_of(plan), (), NamedBy.FILE)
    if elsewhere.chosen():
        return _listed_there(question)
    return list_here(question, () if interpreter.VARIABLE in os.environ else sys.path)


def _listed_there(question: CodeQuestion) -> Listing:
    """Ask the other machine, which may say nothing, or everything else, for as long as the command may take."""
    from qviz.cli.course import Course
    from qviz.cli.limits import Limits
    from qviz.document.said import StoppedError
    from qviz.wire.client import EngineClient
    from qviz.wire.far_listing import list_there

    watches: list[Limits] = []

    def within(engine: EngineClient) -> Limits:
        watches.append(Limits(engine, click.get_current_context().meta.get(TIMEOUT)))
        return watches[-1]

    try:
        return list_there(question, within)
    except StoppedError as error:
        raise (watches[-1].failure(Course()) if watches else None) or error from error


def grants() -> tuple[Grant, ...]:
    """Return what the command at work may run; nothing where nobody was asked."""
    context = click.get_current_context(silent=True)
    return () if context is None else context.meta.get(_GRANTS, ())


def _says_yes(listing: Listing) -> bool:
    """Ask on the terminal; where there is none the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    say(tr("This runs code with your permissions:"), err=True)
    say("\n".join(f"  {each}" for each in lines(listing)), err=True)
    return click.confirm(tr("Run it? Only run code that you trust."), default=False, err=True)


def _refusal(listing: Listing) -> QvizError:
    first, *others = listing.asked
    rows = "\n".join(f"  {each}" for each in lines(listing))
    hint = tr("If you trust its author, add --trust.")
    if first.ref.is_whole and not others:
        source = one_line(os.path.relpath(first.ref.target))
        return QvizError(tr("{source} can run code when it is opened:\n{rows}", source=source, rows=rows), hint)
    one = mark("{count} name that you did not write here would run code:\n{rows}")
    many = mark("{count} names that you did not write here would run code:\n{rows}")
    return QvizError(trn(len(listing.asked), one, many, rows=rows), hint)
