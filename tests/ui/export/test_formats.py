"""Every format: what it holds, that it says what it is, and that it is the same wherever it is made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from markdown_it import MarkdownIt
from PySide6.QtGui import QImage

from qviz.document.graph import SourceLine
from qviz.document.snapshot import Finding, Level
from qviz.session.scopes import Scope
from qviz.ui.export import files, write
from qviz.ui.export.look import PictureLook
from qviz.ui.export.picture import Picture
from qviz.ui.theme import theme
from qviz.words.visible import short_name
from tests.factories import small_links, small_stages, snapshot
from tests.measured import WEIGHT, ledger, measured, measured_run

ROOT = Path(__file__).parents[3]
PAIR = ("captured", "converted")
PLAIN = PictureLook()
ENDINGS = (".svg", ".png", ".pdf", ".dot", ".md")


def picture(look: PictureLook = PLAIN, **more) -> Picture:
    return Picture(snapshot(*small_stages(), links=small_links()), PAIR, look, engine="graphlay", **more)


def encoded(picture: Picture, ending: str) -> bytes:
    return files(picture, ending, f"a{ending}")[f"a{ending}"]


def test_a_png_says_what_it_shows_and_how_large_it_is_on_paper(qapp):
    image = QImage.fromData(encoded(picture(PictureLook(scale=3)), ".png"))
    assert image.text("Source") == "sample:small-conv"
    assert image.text("Stages") == "captured, converted"
    assert image.text("Configuration") == '{"backend": "x86"}'
    assert image.text("Software").startswith("qviz ")
    assert round(image.dotsPerMeterX() * 0.0254) == 288


@pytest.mark.parametrize("is_clear", [True, False])
def test_the_ground_can_be_left_out(qapp, is_clear):
    look = PictureLook(is_clear=is_clear)
    image = QImage.fromData(encoded(picture(look), ".png"))
    assert image.pixelColor(2, 2).alpha() == (0 if is_clear else 255)
    ground = theme("light").color("canvas").name()
    assert (ground in encoded(picture(look), ".dot").decode().partition("node [")[0]) is not is_clear


@pytest.mark.parametrize(
    ("look", "gone"),
    [
        (PictureLook(has_title=False), "fx-static"),
        (PictureLook(has_legend=False), "expanded module"),
        (PictureLook(has_labels=False), "10×3072"),
    ],
)
def test_title_legend_and_labels_can_be_left_out(qapp, look, gone):
    for ending in (".svg", ".dot"):
        assert gone in encoded(picture(), ending).decode()
        body = encoded(picture(look), ending).decode()
        assert gone not in re.sub(r"(?s)<desc>.*?</desc>|comment=[^\n]*", "", body)


def test_a_pdf_is_one_page_of_text_and_lines_without_time_or_chance(qapp):
    made = encoded(picture(), ".pdf")
    assert made.startswith(b"%PDF-")
    assert re.findall(rb"/Count (\d+)", made) == [b"1"]
    assert b"/Subtype /Image" not in made
    assert b"/ToUnicode" in made
    assert b"CreationDate" not in made
    assert b"/ID" not in made
    assert re.findall(rb"/FontName /(\w+)\+", made) == [b"QVIZAA", b"QVIZAA"]
    assert b"<qviz:Source>sample:small-conv</qviz:Source>" in made


def test_the_table_of_a_pdf_finds_its_objects(qapp):
    made = encoded(picture(), ".pdf")
    found = re.search(rb"startxref\n(\d+)\n%%EOF\n$", made)
    assert found is not None
    table = made[int(found[1]) :]
    assert table.startswith(b"xref\n")
    places = re.findall(rb"(\d{10}) \d{5} n", table)
    assert len(places) > 5
    for number, place in enumerate(places, start=1):
        assert made[int(place) :].startswith(b"%d 0 obj" % number)


def test_a_pdf_is_no_larger_than_readers_show(qapp, monkeypatch):
    monkeypatch.setattr("qviz.ui.export.pdf.LONGEST", 300.0)
    sides = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", encoded(picture(), ".pdf"))
    assert sides is not None
    assert max(float(sides[1]), float(sides[2])) == 300


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
@pytest.mark.parametrize("name", ["light", "dark"])
def test_graphviz_opens_the_dot_file_in_the_same_colors(qapp, name):
    made = encoded(picture(PictureLook(theme=name), scope=Scope(is_changes=True)), ".dot")
    done = subprocess.run(["dot", "-Tsvg"], input=made, capture_output=True, check=True)
    assert done.stderr == b""
    drawn = Xml.fromstring(done.stdout)
    space = "{http://www.w3.org/2000/svg}"
    colors = {each.get("fill") for each in drawn.iter(f"{space}polygon")}
    colors |= {each.get(key) for each in drawn.iter(f"{space}path") for key in ("fill", "stroke")}
    colors |= {each.get("stroke") for each in drawn.iter(f"{space}polygon")}
    used = ("role.quantize.fill", "role.quantized_op.fill", "change.added", "change.replaced", "edge.low", "canvas")
    assert {theme(name).color(token).name() for token in used} <= colors
    said = {"".join(each.itertext()) for each in drawn.iter(f"{space}text")}
    assert {"quantize", "Captured", "Converted", "Legend", "replaced"} <= said
    assert len([each for each in drawn.iter(f"{space}g") if each.get("class") == "edge"]) == 13


def test_names_that_dot_would_misread_are_written_as_they_are(qapp):
    made = encoded(picture(title='a "b" \\N {c} <d>'), ".dot").decode()
    assert made.startswith('digraph "a \\"b\\" \\\\N {c} <d>" {')


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
@pytest.mark.parametrize("title", ["a &lt;b&gt; &amp; &#x202e;", '\\N \\G "q" \\', "x" * 20_000, "<<B>a</B>>"])
def test_graphviz_draws_a_name_as_it_is(qapp, title):
    made = encoded(picture(title=title), ".dot")
    done = subprocess.run(["dot", "-Tsvg"], input=made, capture_output=True, check=True)
    said = {"".join(each.itertext()) for each in Xml.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}text")}
    assert short_name(title) in said


def test_a_report_has_its_picture_beside_it(qapp, tmp_path):
    finding = Finding.of("odd_scale", Level.WARNING, "converted", ["fc"], message="the scale is odd", hint="look")
    run = measured_run()
    run = msgspec.structs.replace(run, findings=(finding,))
    write(Picture(run, PAIR, engine="graphlay"), tmp_path / "a b.md")
    said = (tmp_path / "a b.md").read_text(encoding="utf-8")
    assert "](<a b-graph.svg>)" in said
    assert (tmp_path / "a b-graph.svg").read_bytes() == encoded(Picture(run, PAIR, engine="graphlay"), ".svg")
    assert "| Output SQNR | 14.3 dB |" in said
    assert "- **Warning**: The scale is odd (fc). Look." in said
    assert "| 61 % | layer1.0.conv1 weight |" in said
    assert "```python\nimport torch\n```" in said
    assert '"backend": "x86"' in said
    order = ["## Summary", "## Findings", "## Noise", "## Configuration", "## Python"]
    assert sorted(order, key=said.index) == order


def test_code_that_holds_a_fence_stays_inside_its_own(qapp):
    run = snapshot(python='"""\n```\ntext\n```\n"""\n')
    said = encoded(Picture(run, ("captured",), engine="graphlay"), ".md").decode()
    assert said.rstrip().endswith("````")


@pytest.mark.parametrize("end", ["   ```", "\r```", "```\n~~~"])
def test_no_line_of_code_ends_its_block(qapp, end):
    run = snapshot(python=f"first\n{end}\n<script>alert(1)</script>\n")
    said = encoded(Picture(run, ("captured",), engine="graphlay"), ".md").decode()
    tokens = MarkdownIt("commonmark", {"html": True}).parse(said)
    assert [each.info for each in tokens if each.type == "fence"] == ["json", "python"]
    assert not [each for each in tokens if each.type == "html_block"]


def test_numbers_are_written_beside_their_colors(qapp):
    look = PictureLook(has_numbers=True)
    made = encoded(Picture(measured_run(), ("captured",), look, engine="graphlay"), ".svg").decode()
    assert "14.2 dB" not in made
    weight = msgspec.structs.replace(WEIGHT, stage="prepared")
    run = measured_run(measured(ledger=ledger(weight)))
    stages = (run.stages[0], msgspec.structs.replace(run.stages[1], name="prepared"))
    run = msgspec.structs.replace(run, stages=stages)
    made = encoded(Picture(run, ("prepared",), look, engine="graphlay"), ".svg").decode()
    assert "14.2 dB" in made
    assert "SQNR of the quantizer: 50 · 45 · 40 · 35 · 30 · 25 dB" in made
    assert "Left bar: SQNR of the quantizer" in made
    assert "<clipPath" in made, "a bar at the side of a box covers no more of it"


def test_what_changed_is_in_the_legend(qapp):
    made = encoded(picture(scope=Scope(is_changes=True)), ".svg").decode()
    assert all(f">{word}<" in made for word in ("added", "replaced"))


def test_without_labels_boxes_have_one_row_and_stand_close(qapp):
    one, two = picture(PictureLook(has_labels=False)), picture()
    assert one.size.height() < 0.8 * two.size.height()
    assert {round(pane.scene.rect("fc").height()) for pane in one.panes} == {26}
    said = encoded(one, ".svg").decode()
    assert ">LinearReLU · scale 0.02<" in said


def test_boxes_tell_their_lines_of_source(qapp):
    captured, converted = small_stages()
    nodes = [
        msgspec.structs.replace(node, source=SourceLine("/home/me/net.py", 7, "x = self.fc(x)"))
        if node.id == "fc"
        else node
        for node in captured.graph.nodes
    ]
    captured = msgspec.structs.replace(captured, graph=msgspec.structs.replace(captured.graph, nodes=tuple(nodes)))
    run = snapshot(captured, converted, links=small_links())
    for look, is_told in ((PictureLook(has_source=True), True), (PictureLook(), False)):
        said = encoded(Picture(run, ("captured",), look, engine="graphlay"), ".svg").decode()
        assert (" · net.py:7<" in said) is is_told
        assert "/home/me" not in said


def test_columns_are_as_wide_as_they_need_and_less_tall(qapp):
    one, two = (picture(PictureLook(columns=columns)).size for columns in (1, 2))
    assert two.width() > one.width()
    assert two.height() < 0.8 * one.height()


def test_every_format_is_the_same_whatever_seed_locale_and_time_zone(tmp_path):
    script = (
        "from pathlib import Path\n"
        "from tests.ui.export.test_formats import ENDINGS, PictureLook, Scope, picture\n"
        "from qviz.ui.export import write\n"
        "made = picture(PictureLook('dark', 2, 2), scope=Scope(is_changes=True))\n"
        "for ending in ENDINGS:\n"
        "    write(made, Path('a' + ending))\n"
    )
    seen = []
    for number, (zone, locale) in enumerate((("UTC", "C.UTF-8"), ("Asia/Tokyo", "de_DE.UTF-8"))):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        more = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(number), "TZ": zone, "LC_ALL": locale}
        done = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, **more}, cwd=folder, check=False, timeout=60
        )
        assert done.returncode == 0
        seen.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert len(seen[0]) == len(ENDINGS) + 1
    assert [name for name, data in seen[0].items() if seen[1][name] != data] == []
