from __future__ import annotations

import pytest

from qviz.sources.files import absolute
from qviz.sources.kinds import code_file


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("net.py", "net.py"),
        ("/a/net.py:Net", "/a/net.py"),
        ("net.py:make(depth=18)", "net.py"),
        ('net.py:make(name="a:b")', "net.py"),
        ("C:\\models\\net.py:Net", "C:\\models\\net.py"),
        ("NET.PY:Net", "NET.PY"),
        ("package.module:name", None),
        ("sample:residual", None),
        ("review.qviz", None),
    ],
)
def test_the_file_that_a_source_would_run(source: str, file: str | None):
    assert code_file(source) == file


def test_a_relative_file_is_found_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("models/net.py:make(2)") == f"{tmp_path}/models/net.py:make(2)"
    assert absolute("/a/net.py:Net") == "/a/net.py:Net"
    assert absolute("sample:residual") == "sample:residual"
