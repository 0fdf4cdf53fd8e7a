"""Recognizes that the user's code stopped because it could not download something, such as weights."""

from __future__ import annotations

import socket
from urllib.error import URLError

from qviz.engine.failures.chain import chain

_BY_PYTHON = (URLError, ConnectionError, socket.gaierror)
_BY_PACKAGES = frozenset(
    (
        ("requests", "ConnectionError"),
        ("httpx", "ConnectError"),
        ("huggingface_hub", "LocalEntryNotFoundError"),
        ("huggingface_hub", "OfflineModeIsEnabled"),
    )
)
"""Package and class; nothing is imported to compare."""


def wants_download(error: BaseException) -> bool:
    """Tell whether an exception, or what led to it, is that something on the network was not reached."""
    return any(
        isinstance(each, _BY_PYTHON) or (type(each).__module__.partition(".")[0], type(each).__name__) in _BY_PACKAGES
        for each in chain(error)
    )
