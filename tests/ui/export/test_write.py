from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from PySide6.QtGui import QImage

from qviz.analysis.views.view import Folds
from qviz.errors import QvizError
from qviz.ui.canvas.fonts import heading_font, width
from qviz.ui.export import write
from qviz.ui.export.look import PictureLook
from qviz.ui.export.picture import Picture
from tests.factories import snapshot

PAIR = ("captured", "converted")


def texts(path: Path) -> list[str]:
    return ["".join(each.itertext()).strip() for each in Xml.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def test_svg_keeps_its_text(qapp, tmp_path):
    write(Picture(snapshot(), PAIR, engine="graphlay"), tmp_path / "a.svg")
    said = texts(tmp_path / "a.svg")
    wanted = {"sample:small-conv", "Captured", "Converted", "8 nodes", "9 nodes", "quantize", "LinearReLU · scale 0.02"}
    assert wanted <= set(said)
    assert any("fx-static" in each and "torch 2.8.0" in each for each in said)


def test_the_legend_holds_the_roles_that_occur_and_no_others(qapp, tmp_path):
    write(Picture(snapshot(), ("captured",), engine="graphlay"), tmp_path / "a.svg")
    said = texts(tmp_path / "a.svg")
    assert "operator" in said
    assert "quantized operator" not in said
    assert "observer" not in said


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_input_gives_the_same_bytes(qapp, tmp_path, ending):
    for name in ("a", "b"):
        write(Picture(snapshot(), PAIR, PictureLook(theme="dark"), engine="graphlay"), tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_the_scale_multiplies_pixels(qapp, tmp_path):
    for scale in (1, 2):
        write(Picture(snapshot(), PAIR, PictureLook(scale=scale), engine="graphlay"), tmp_path / f"{scale}.png")
    one, two = QImage(str(tmp_path / "1.png")), QImage(str(tmp_path / "2.png"))
    assert two.size() == one.size() * 2


def test_folds_are_obeyed(qapp, tmp_path):
    write(Picture(snapshot(), PAIR, engine="graphlay", folds={"captured": Folds()}), tmp_path / "a.svg")
    assert "Conv2d 10 → 1, 3×3" not in texts(tmp_path / "a.svg")


def test_no_display_and_no_application_are_needed(tmp_path):
    script = (
        "from tests.factories import snapshot\n"
        "from pathlib import Path\n"
        "from qviz.ui.export import write\n"
        "from qviz.ui.export.picture import Picture\n"
        f"write(Picture(snapshot(), ('converted',), engine='graphlay'), Path({str(tmp_path / 'a.png')!r}))\n"
    )
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=root, check=True, timeout=60)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "said"), [("a.bmp", ".bmp"), ("missing/a.png", "could not be written")])
def test_what_cannot_be_written_is_said(qapp, tmp_path, name, said):
    with pytest.raises(QvizError, match=re.escape(said)):
        write(Picture(snapshot(), ("captured",), engine="graphlay"), tmp_path / name)


def test_an_unknown_stage_is_said():
    with pytest.raises(QvizError, match="captured, converted"):
        Picture(snapshot(), ("lowered",))


def test_a_picture_too_large_is_said(qapp, tmp_path):
    with pytest.raises(QvizError, match="pixels"):
        write(Picture(snapshot(), ("captured",), PictureLook(scale=100), engine="graphlay"), tmp_path / "a.png")


def test_texts_keep_their_width_where_the_font_is_missing(qapp, tmp_path):
    write(Picture(snapshot(), PAIR, engine="graphlay", title="a < b & c"), tmp_path / "a.svg")
    made = list(Xml.parse(tmp_path / "a.svg").iter("{http://www.w3.org/2000/svg}text"))
    assert all(float(each.get("textLength", "0")) > 0 for each in made)
    assert float(made[0].get("textLength", "0")) == pytest.approx(width("a < b & c", heading_font()), abs=0.01)
