"""A pytest plugin that measures the coverage of a worker of pytest-xdist; `checks.py` combines what they write.

It stands beside the gate because a worker is a process of its own: it gets `-p` options, and no plugin objects.
"""

from __future__ import annotations

import os

from coverage import Coverage

_worker = os.environ.get("PYTEST_XDIST_WORKER")
_coverage = Coverage(source=["qviz"], data_suffix=_worker) if _worker else None
if _coverage is not None:
    _coverage.start()  # now: conftest.py already imports qviz


def pytest_sessionfinish() -> None:
    """Write what this worker covered, before the controller hears that it is done."""
    if _coverage is not None:
        _coverage.stop()
        _coverage.save()
