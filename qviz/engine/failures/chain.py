"""The exceptions behind an exception, from the one that came first to the one that arrived."""

from __future__ import annotations


def chain(error: BaseException) -> list[BaseException]:
    """Return an exception and what led to it, each once, the root first.

    torch's PassManager, for one, raises "An error occurred when running the … pass" from the true one.
    """
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and not any(link is each for each in found):
        found.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found[::-1]


def root(error: BaseException) -> BaseException:
    """Return the exception that came first."""
    return chain(error)[0]


def first_sentence(error: BaseException) -> str:
    """Return the first line of an exception's text; its class where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:_TEXT_LIMIT] if lines else type(error).__name__


_TEXT_LIMIT = 2000
