"""What ARCHITECTURE.md's table promises: a new thing is added by its own file, with no edit elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qviz import cli, extensions
from qviz.analysis.findings.rules import RULES, declared_rules
from qviz.cli.reports import REPORT_FORMATS
from qviz.document.codec import load, save
from qviz.document.graph import Why
from qviz.layout.choice import LAYOUT_ENGINES
from qviz.registry import Registry
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.words import LANGUAGES, register, say, tr, use
from qviz.words.language import Language
from tests.factories import snapshot

ROOT = Path(__file__).parents[1]

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
    registries: tuple[Registry, ...] = (PICTURE_FORMATS, LAYOUT_ENGINES, REPORT_FORMATS, RULES)
    declared_rules()  # imports those of qviz, which are to stay
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


REPORT = '''
"""The verdict as a table of tab-separated values."""

from qviz.cli.reports.formats import REPORT_FORMATS, ReportFormat


def write(verdict, folder):
    return "".join(f"{each.finding.rule}\\t{each.finding.stage}\\n" for each in verdict.judged)


REPORT_FORMATS.add("tsv", ReportFormat(write, (".tsv",)))
'''

RULE = '''
"""Finds inputs of more than 1000 features."""

from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Level


@finds("wide_input")
def find(evidence):
    stage = evidence.captured
    for node in stage.graph.nodes:
        if node.kind.value == "input" and node.values[0].shape[-1] > 1000:
            yield Finding.of("wide_input", Level.ERROR, stage.name, [node.id], message=f"{node.id} is wide")
'''


def test_a_report_format_and_a_finding_rule(add, capsys, result, tmp_path):
    add(REPORT)
    assert cli.main(["check", str(result), "--format", "tsv"]) == 0
    assert "wide_input" not in capsys.readouterr().out
    sys.modules.pop("my_extension.added")
    add(RULE)
    assert cli.main(["check", str(result), "-o", str(tmp_path / "a.tsv")]) == 1
    assert "wide_input\tcaptured\n" in (tmp_path / "a.tsv").read_text()
    assert cli.main(["check", str(result), "--format", "sarif"]) == 1
    told = capsys.readouterr().out
    assert '"text": "Wide input."' in told
    assert "X is wide" in told or "x is wide" in told


def test_a_report_format_that_nobody_registered(capsys, result):
    assert cli.main(["check", str(result), "--format", "yaml"]) == 2
    assert "sarif" in capsys.readouterr().err


SOURCE = '''
"""Models whose layers are written in the source: ``mlp:4-8-2``."""

from qviz.sources.kinds import SOURCE_KINDS, SourceKind

SOURCE_KINDS.add("mlp", SourceKind(lambda source: source.startswith("mlp:"), "my_extension.loading:load"))
'''
LOADER = """
import torch
from torch import nn

from qviz.engine.loading.source import Loaded


def load(plan):
    sizes = [int(each) for each in plan.source.removeprefix("mlp:").split("-")]
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    python = f"model = {nn.Sequential(*layers)!r}"
    return Loaded(nn.Sequential(*layers), (torch.ones(1, sizes[0]),), is_ours=True, python=python)
"""


def test_a_source_of_an_installed_extension_reaches_the_engine(tmp_path):
    """The whole way: an entry point, the command line, the engine in its own process."""
    package = tmp_path / "my_extension"
    package.mkdir()
    for name, text in (("__init__", ""), ("added", SOURCE), ("loading", LOADER)):
        (package / f"{name}.py").write_text(text)
    _distribution(tmp_path, "added = my_extension.added")
    words = ["run", "mlp:4-8-2", "--flow", "eager-dynamic", "-o", str(tmp_path / "a.json")]
    places = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "qviz", *words],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    run = load(tmp_path / "a.json")
    assert run.run.source == "mlp:4-8-2"
    assert [node.kind.value for node in run.stage("converted").graph.nodes].count("quantized_op") == 2


def test_an_extension_that_fails_is_left_out(monkeypatch, caplog, tmp_path):
    _distribution(tmp_path, "broken = no_such_package_at_all")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert extensions._import_all() == []
    assert "broken" in caplog.text
    caplog.clear()


def test_an_extension_in_an_archive_is_found(monkeypatch, tmp_path):
    _distribution(tmp_path / "inside", "packed = my_extension_in_an_archive")
    (tmp_path / "inside" / "my_extension_in_an_archive.py").write_text("")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "inside")
    monkeypatch.syspath_prepend(archive)
    assert extensions._import_all() == ["packed"]
    del sys.modules["my_extension_in_an_archive"]


def test_short_commands_import_no_more_than_they_use():
    called = "import sys; from qviz import cli; cli.main([{!r}]); print(*sys.modules)"
    for word, unused in (("--version", "qviz.cli.listing"), ("flows", "dataclasses"), ("flows", "tempfile")):
        done = subprocess.run(
            [sys.executable, "-c", called.format(word)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert {unused, "importlib.metadata"}.isdisjoint(done.stdout.splitlines()[-1].split())


def _distribution(folder: Path, entry: str) -> None:
    """Put what an installer writes of a package with one extension into a folder."""
    metadata = folder / "my_extension-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-extension\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{extensions.GROUP}]\n{entry}\n")


CATALOG = '''
"""Texts backwards, in the place of a language."""

STATEMENTS = {"float.no_pattern": {"rule": "{subject} :tnemtatS"}}
TEXTS = {"Node": "edoN"}
'''


def test_a_language(add):
    add(CATALOG)
    register(Language("backwards", ("my_extension.added",)))
    reason = Why("float.no_pattern", {"subject": ("conv",)})
    english = say(reason, "rule")
    try:
        use("backwards")
        assert (tr("Node"), say(reason, "rule")) == ("edoN", "conv :tnemtatS")
        assert tr("Open…") == "Open…"
    finally:
        use("en")
        del LANGUAGES["backwards"]
    assert say(reason, "rule") == english


def test_a_name_that_nobody_registered_is_told_with_those_there_are(qapp, capsys, result, tmp_path):
    assert cli.main(["render", str(result), "--layout", "neato", "-o", str(tmp_path / "a.svg")]) == 2
    assert "graphlay" in capsys.readouterr().err
