"""Refuses a function of the user's that cannot be called with what a run will give it, before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from qviz.errors import QvizError
from qviz.words import tr


def refuse_unfit(function: Callable[..., Any], given: tuple[str, ...], spec: str, hint: str, option: str = "") -> None:
    """Raise where the arguments do not fit; a function whose signature Python cannot tell is left alone.

    Args:
        function: The user's.
        given: The names of what a run calls it with.
        spec: How the user named it.
        hint: What to name instead.
        option: Of the command line.

    Raises:
        QvizError: Another number of arguments, or some by keyword alone.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*given)
    except TypeError as error:
        arguments = f"({', '.join(given)})"
        told = tr("{spec} cannot be called with {arguments}: {error}", spec=spec, arguments=arguments, error=error)
        raise QvizError(told, hint, option=option) from None
