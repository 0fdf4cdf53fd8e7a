"""A pytest plugin that measures the coverage of a worker of pytest-xdist; `checks.py` combines what they write.

It stands beside the gate because a worker is a process of its own: it gets `-p` options, and no plugin objects.
"""

from __future__ import annotations

import os

from coverage import Coverage

ELSEWHERE = (
    "tests/engine/",
    "tests/faults/",
    "tests/field_reports/",
    "tests/links/",
    "tests/words/",
    "tests/test_docs.py",
    "tests/test_flow_comparisons.py",
    "tests/test_house_laws.py",
    "tests/test_kind_families.py",
)
"""Tests that run torch, or read all sources, for most of the suite's time. Measuring slows them by half, and what has
to be covered is not theirs to cover: the folders that need neither torch nor Qt."""

MEASURED = ("tests/engine/test_template.py",)
"""What stands among those, and covers a part of the wire."""

_worker = os.environ.get("PYTEST_XDIST_WORKER")
_coverage = Coverage(source=["qviz"], data_suffix=_worker) if _worker else None
if _coverage is not None:
    _coverage.start()  # now: conftest.py already imports qviz
_is_measuring = [_coverage is not None]


def pytest_runtest_logstart(nodeid: str) -> None:
    """Measure a test, unless it runs torch."""
    wants = not nodeid.startswith(ELSEWHERE) or nodeid.startswith(MEASURED)
    if _coverage is None or wants == _is_measuring[0]:
        return
    _is_measuring[0] = wants
    if wants:
        _coverage.start()
    else:
        _coverage.stop()


def pytest_sessionfinish() -> None:
    """Write what this worker covered, before the controller hears that it is done."""
    if _coverage is not None:
        _coverage.stop()
        _coverage.save()
