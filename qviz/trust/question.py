"""Asks what a plan would run where it would: here, or on the machine of an engine elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from qviz.document.graph import Record
from qviz.document.plan import Plan
from qviz.trust.listing import Listing, list_all
from qviz.trust.references import NamedBy, code_refs, targets

_BEFORE_NAME = re.compile(r"^[^(]*[/\\]")


class CodeQuestion(Record, frozen=True):
    """What a plan names, and who named it, without a path of the machine that asks.

    Attributes:
        plan: What would run.
        typed: The positions, in the order of `targets`, of what the user wrote herself.
        opened: Those of what she opened in a window: it may be any name of its file, but needs a yes.
        otherwise: Who named all else.
        names: Field and last part of each target, by which two machines see that they count alike.
    """

    plan: Plan
    typed: tuple[int, ...]
    opened: tuple[int, ...]
    otherwise: NamedBy
    names: tuple[str, ...]


def question_of(plan: Plan, typed: Collection[str], opened: Collection[str], otherwise: NamedBy) -> CodeQuestion:
    """Return the question about a plan.

    Args:
        plan: What would run.
        typed: The targets that the user wrote herself, as this machine writes them.
        opened: Those that she opened in a window.
        otherwise: Who named all else.
    """
    found = [target for _, target in targets(plan)]
    numbered = [*enumerate(found)]
    return CodeQuestion(
        plan,
        tuple(number for number, each in numbered if each in typed),
        tuple(number for number, each in numbered if each in opened),
        otherwise,
        _names(plan),
    )


def list_here(question: CodeQuestion, installed: Sequence[str] = ()) -> Listing:
    """Return what would run on this machine; looks into files, runs nothing.

    Args:
        question: About which plan.
        installed: Where the engine's interpreter has its packages; nowhere if that is not known here.

    Raises:
        QvizError: A file that must be granted by its content is not there, or none may ever be.
    """
    plan = question.plan
    found = [target for _, target in targets(plan)]
    counts_alike = question.names == _names(plan)  # else nothing is taken for the user's word
    typed, opened = (
        frozenset(found[each] for each in numbers if counts_alike and 0 <= each < len(found))
        for numbers in (question.typed, question.opened)
    )
    return list_all(code_refs(plan, typed | opened, question.otherwise), installed, opened - typed)


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(f"{use} {_BEFORE_NAME.sub('', target)}" for use, target in targets(plan))
