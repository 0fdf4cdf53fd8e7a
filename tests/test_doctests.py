"""The examples in docstrings do what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.program import sources

MODULES = [
    each.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for each in sources()
    if ">>> " in each.text
]


def test_there_are_examples():
    assert {"qviz", "qviz.document.plan_file", "qviz.words.formats", "qviz.words.untrusted"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.failed == 0
    assert found.attempted > 0
