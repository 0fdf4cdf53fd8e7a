"""What engines may take, as the settings say: every engine that starts from now on reads it in its environment."""

from __future__ import annotations

import os

from qviz.ui.settings import Settings
from qviz.wire import elsewhere, memory
from qviz.wire.isolation import NETWORK


def take_stored_limits(settings: Settings) -> None:
    """Use the limits of the settings; those of the command line or of the environment go before."""
    for variable, value in _wanted(settings):
        if value and variable not in os.environ:
            os.environ[variable] = value


def take_chosen_limits(settings: Settings) -> None:
    """Use the limits that the user chose just now."""
    for variable, value in _wanted(settings):
        os.environ.pop(variable, None)
        if value:
            os.environ[variable] = value


def _wanted(settings: Settings) -> list[tuple[str, str]]:
    """Return the variables with their values; none holds where the engine is on another machine."""
    if elsewhere.chosen():
        return [(memory.VARIABLE, ""), (NETWORK, "")]
    return [(memory.VARIABLE, settings.memory), (NETWORK, settings.network)]
