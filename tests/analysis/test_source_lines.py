from __future__ import annotations

import pytest

from qviz.analysis.verdicts.source_lines import SourceLines
from qviz.document.graph import SourceLine
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from tests.factories import node, snapshot, stage

FIRST, SECOND = SourceLine("/m.py", 5, "x = self.conv(x)"), SourceLine("/m.py", 6, "x = self.fc(x)")
RUN = snapshot(
    stage("captured", node("conv", path="conv", source=FIRST), node("fc", path="fc", source=SECOND), node("add")),
    stage("prepared", node("conv", path="conv"), node("post", inferred_path="conv"), node("root", inferred_path="")),
)


@pytest.mark.parametrize(
    ("where", "nodes", "expected"),
    [
        ("captured", ("fc", "conv", "fc"), (SECOND, FIRST)),
        ("captured", ("add",), ()),
        ("captured", (), ()),
        ("prepared", ("post", "conv"), (FIRST,)),
        ("prepared", ("root", "gone"), ()),
        ("no such stage", ("fc",), ()),
    ],
)
def test_the_lines_of_a_finding(where, nodes, expected):
    assert SourceLines(RUN).of(kept_finding("r", Level.INFO, where, nodes, "", "", "")) == expected


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("nets/net.py:Net", "nets/net.py"),
        ("net.py:make(weights='other.py')", "net.py"),
        ("net.py", "net.py"),
        ("package.net:Net", "/m.py"),
        ("sample:residual", "/m.py"),
    ],
)
def test_the_file_of_the_model(source, file):
    assert SourceLines(snapshot(*RUN.stages, source=source)).model_file == file


def test_nobody_knows_the_file_of_a_model_without_lines():
    assert SourceLines(snapshot(source="package.net:Net")).model_file is None
