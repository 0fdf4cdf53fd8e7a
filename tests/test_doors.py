"""What ARCHITECTURE.md's table promises: a new thing is added by its own file, with no edit elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qviz import cli
from qviz.layout.choice import LAYOUT_ENGINES
from qviz.registry import Registry
from qviz.ui.export.formats import PICTURE_FORMATS
from tests.factories import snapshot

Add = Callable[[str], ModuleType]

PICTURE = '''
"""Pictures as a line of text."""

from qviz.ui.export.formats import PICTURE_FORMATS, PictureFormat


def encode(picture):
    return f"{picture.snapshot.run.source}: {picture.size.width() > 0}".encode()


PICTURE_FORMATS.add(".line", PictureFormat("Line of text", encode))
'''

LAYOUT = '''
"""Places all boxes as graphlay does, and says that it was asked."""

from qviz.layout.engine import LAYOUT_ENGINES
from qviz.layout.graphlay_engine import GraphlayEngine

asked = []


@LAYOUT_ENGINES.register("counted")
class Counted(GraphlayEngine):
    name = "counted"

    def place(self, view, sizes, direction="down"):
        asked.append(len(view.boxes))
        return super().place(view, sizes, direction)
'''


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Import a module of a temporary package; what it registered is gone afterwards."""
    registries: tuple[Registry, ...] = (PICTURE_FORMATS, LAYOUT_ENGINES)
    before = [set(each) for each in registries]
    package = tmp_path / "my_extension"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(text: str) -> ModuleType:
        (package / "added.py").write_text(text)
        __import__("my_extension.added")
        return sys.modules["my_extension.added"]

    yield add
    for registry, names in zip(registries, before, strict=True):
        for name in set(registry) - names:
            registry.remove(name)
    for name in [each for each in sys.modules if each.partition(".")[0] == "my_extension"]:
        del sys.modules[name]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    from qviz.document.codec import save

    save(snapshot(), tmp_path / "result.qviz")
    return tmp_path / "result.qviz"


def test_a_picture_format(add, qapp, result, tmp_path):
    add(PICTURE)
    assert cli.main(["render", str(result), "--stage", "captured", "-o", str(tmp_path / "a.line"), "--quiet"]) == 0
    assert (tmp_path / "a.line").read_text() == "sample:small-conv: True"


def test_a_layout_engine(add, qapp, result, tmp_path):
    asked = add(LAYOUT).asked
    words = ["render", str(result), "--stage", "captured", "--layout", "counted", "-o", str(tmp_path / "a.svg")]
    assert cli.main([*words, "--quiet"]) == 0
    assert asked
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


def test_a_name_that_nobody_registered_is_told_with_those_there_are(qapp, capsys, result, tmp_path):
    assert cli.main(["render", str(result), "--layout", "neato", "-o", str(tmp_path / "a.svg")]) == 2
    assert "graphlay" in capsys.readouterr().err
