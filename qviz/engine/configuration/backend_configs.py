"""Makes the ``BackendConfig`` of a plan, and the Python of it."""

from __future__ import annotations

import difflib
import importlib

import torch.ao.quantization.backend_config.utils  # noqa: F401 - torch's own configurations need it imported
from torch.ao.quantization.backend_config import BackendConfig

from qviz.document.plan import BACKEND_CONFIGS
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError
from qviz.words import tr

_PACKAGE = "torch.ao.quantization.backend_config"


def make_backend_config(text: str | None) -> Written | None:
    """Return the backend's configuration; None leaves it to torch, which takes the native one.

    Raises:
        QvizError: There is none of that name, or the user's is something else.
    """
    if text is None:
        return None
    if ":" in text:
        return _users(text)
    if text not in BACKEND_CONFIGS:
        near = difflib.get_close_matches(text, BACKEND_CONFIGS, 1)
        there_are = tr("Choose one of: {names}; or your own as mod:callable.", names=", ".join(BACKEND_CONFIGS))
        raise QvizError(
            tr('Unknown backend config "{spec}"', spec=text),
            tr("Did you mean {near}?", near=near[0]) if near else there_are,
        )
    place, function = f"{_PACKAGE}.{text}", f"get_{text}_backend_config"  # the package itself leaves out x86
    value = getattr(importlib.import_module(place), function)()
    return Written(value, f"{function}()", frozenset({f"from {place} import {function}"}))


def _users(text: str) -> Written:
    made = users_own(text)
    if not isinstance(made.value, BackendConfig):
        raise QvizError(
            tr("{spec} returns a {type}, not a BackendConfig", spec=text, type=type(made.value).__name__),
            tr("Name one of {package}, or a function that returns one.", package=_PACKAGE),
        )
    return made
