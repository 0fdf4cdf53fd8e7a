"""Draws the pictures of docs/images: the real window, the real engine, 1600 x 1000."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qviz.document.configuration import Quantizer, QuantizerRule
from qviz.document.plan import Plan
from qviz.session.laid_over import OverlayChoice
from qviz.ui.canvas.fonts import family
from qviz.ui.settings import Settings
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.export_sheet import ExportSheet
from qviz.ui.shell.main_window import MainWindow

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PATIENCE_S = 180
SETTLE_MS = 300
THUMBNAILS_MS = 3000
"""Until the pictures of the samples are drawn, after the first paint."""

TRANSFORMER = Plan(
    source="encoder.py:model",
    flow="pt2e-dynamic",
    quantizer_options=Quantizer(rules=(QuantizerRule("module_name", "layers.7.fc2", enabled=False),)),
    measure=True,
)
RESNET = Plan(source="torchvision.models:resnet18", flow="pt2e-static", inputs=("1x3x224x224",), measure=True)

BRANCH = """import torch


class Branch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:
            return self.fc(x)
        return x


example_inputs = torch.ones(1, 4)
"""

ENCODER = """import torch
from torch import nn


class EncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj, self.out_proj = nn.Linear(64, 192), nn.Linear(64, 64)
        self.norm1, self.norm2 = nn.LayerNorm(64), nn.LayerNorm(64)
        self.fc1, self.fc2, self.relu = nn.Linear(64, 256), nn.Linear(256, 64), nn.ReLU()

    def forward(self, x):
        q, k, v = self.in_proj(x).chunk(3, -1)
        x = self.norm1(x + self.out_proj(nn.functional.scaled_dot_product_attention(q, k, v)))
        return self.norm2(x + self.fc2(self.relu(self.fc1(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(1000, 64)
        self.layers = nn.ModuleList(EncoderLayer() for _ in range(12))
        self.head = nn.Linear(64, 10)

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


torch.manual_seed(0)
model, example_inputs = Encoder().eval(), (torch.randint(0, 1000, (1, 128)),)
"""

RANKER = """import torch


class TextHead(torch.nn.Module):
    def __init__(self, dim, vocab):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, dim)
        self.proj = torch.nn.Linear(dim, 64)

    def forward(self, tokens):
        return self.proj(self.embed(tokens)).mean(1)


class Ranker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(3, 32, 3, 2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        )
        self.text = TextHead(128, 10000)
        self.score = torch.nn.Linear(96, 1)

    def forward(self, image, ids, mask=None):
        return self.score(torch.cat([self.features(image), self.text(ids)], 1))


def build(width=64, pretrained=False):
    return Ranker()
"""


class Photographer:
    """Opens things in a window and takes pictures of it."""

    def __init__(self) -> None:
        self.window = MainWindow(Settings())
        self.window.appearance.use("light")
        self.window.resize(1600, 1000)
        self.window.show()
        self.window.engines.warm_up()

    @property
    def desk(self) -> Desk:
        """The workspace; there once something was opened."""
        assert self.window.desk is not None
        return self.window.desk

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, "waited in vain"
            QTest.qWait(50)

    def settle(self) -> None:
        """Wait until every graph is placed and drawn, and its boxes have glided to their places."""
        QTest.qWait(SETTLE_MS)
        if self.window.desk is not None:
            canvases = [pane.canvas for pane in self.desk.work.panes.panes.values()]
            self.wait_for(lambda: not any(canvas.is_busy for canvas in canvases))
            QTest.qWait(SETTLE_MS)
            self.wait_for(lambda: not any(canvas.is_busy for canvas in canvases))
            QTest.qWait(SETTLE_MS)

    def shoot(self, name: str) -> None:
        """Save a picture of the window."""
        self.settle()
        self.window.grab().save(str(IMAGES / f"{name}.png"))
        print(IMAGES / f"{name}.png")

    def _last_stage(self) -> str:
        assert self.desk.project is not None
        return self.desk.project.stages[-1].name

    def shoot_export(self, name: str) -> None:
        """Save a picture of the export dialog, with the whole last stage in columns."""
        self.settle()
        self.desk.exports.export_picture(self.desk.theme)
        sheet = self.window.findChild(ExportSheet)
        assert sheet is not None
        form, last = sheet.form, self._last_stage()
        next(each for each, area in form.areas.items() if area == "whole").click()
        if not form.stages[last].isChecked():
            form.stages[last].click()
        for stage, box in form.stages.items():
            if stage != last and box.isChecked():
                box.click()
        next(each for each, is_wrapped in form.wraps.items() if is_wrapped).click()
        self.wait_for(lambda: sheet.ready is None)
        self.wait_for(lambda: sheet.ready is not None)
        self.settle()
        sheet.grab().save(str(IMAGES / f"{name}.png"))
        print(IMAGES / f"{name}.png")
        sheet.close()

    def run(self, plan: Plan) -> None:
        """Open a model and wait for its run to end."""
        self.window.opener.open_plan(plan)
        self.wait_for(lambda: not self.desk.is_running)
        self.settle()

    def all(self, folder: Path) -> None:
        """Take every picture."""
        QTest.qWait(THUMBNAILS_MS)
        self.shoot("welcome")
        self._shoot_inputs(folder)
        self.run(Plan(source="sample:residual", flow="fx-static"))
        self.desk.selection.choose("converted", "block_conv1")
        self.shoot("before-after")
        self.window.appearance.use("dark")
        self.desk.dimming.lay_over(OverlayChoice.CHANGES)
        self.settle()
        self.desk.work.panes.fit()
        self.shoot("changes")
        self.desk.dimming.lay_over(OverlayChoice.ROLES)
        self.window.appearance.use("light")
        self.run(RESNET)
        self.shoot_export("export")
        self._shoot_trying()
        self._shoot_resnet()
        self._shoot_transformer(folder)
        (folder / "branch.py").write_text(BRANCH, encoding="utf-8")
        self.run(Plan(source="branch.py:Branch", flow="fx-static"))
        self.shoot("error")
        self.window.close()

    def _shoot_inputs(self, folder: Path) -> None:
        """Open a file that names no inputs, and let them be guessed."""
        (folder / "ranker.py").write_text(RANKER, encoding="utf-8")
        self.window.opener.open_source("ranker.py", is_consented=True)
        self.wait_for(lambda: bool(self.desk.project) and not self.window.engines.is_asked)
        self.settle()
        self.wait_for(lambda: not self.window.engines.is_asked)
        self.shoot("inputs")

    def _shoot_transformer(self, folder: Path) -> None:
        """Show twelve layers of which one differs, with that one open and the page of all of them."""
        (folder / "encoder.py").write_text(ENCODER, encoding="utf-8")
        self.run(TRANSFORMER)
        canvas = self.desk.work.panes.canvas
        assert canvas.view is not None
        odd = next(each for each in canvas.view.boxes if each.title == "7")
        if not odd.is_open:  # the first view has room for it, or not
            canvas.folding.toggle(odd.id)
        self.settle()
        self.desk.selection.inspect_group("layers")
        is_open = self.desk.work.tabs.is_open  # it has one finding, which the inspector tells, too
        if is_open:
            self.desk.work.tabs.toggle()
        self.settle()
        self.desk.work.panes.fit()
        self.shoot("transformer")
        if is_open:
            self.desk.work.tabs.toggle()

    def _shoot_trying(self) -> None:
        """Try out the worst quantizers of the result on screen, run two choices, and go back to the result."""
        self.desk.trying.toggle()
        panel = self.desk.work.trying
        for count in (6, 3):
            panel.head.slider.setValue(count)
            panel.measured.measure.click()
            self.wait_for(lambda: not self.desk.is_running)
            self.settle()
        self.desk.shelf.view(self.desk.shelf.kept.runs[-1].number)
        self.settle()
        panel.head.slider.setValue(3)
        self.settle()  # boxes that glide have arrived
        self.shoot("try-it")
        self.desk.trying.toggle()

    def _shoot_resnet(self) -> None:
        """Show the numbers of the result on screen, in a small window, too."""
        self.desk.dimming.lay_over(OverlayChoice.NUMBERS)
        self.desk.selection.choose("converted", "conv2d")
        self.shoot("numbers")
        self.window.appearance.use("dark")
        self.shoot("numbers-dark")
        self.window.appearance.use("light")
        self.window.resize(1366, 768)
        self.shoot("small")
        self.window.resize(1600, 1000)
        self.desk.dimming.lay_over(OverlayChoice.ROLES)


def main() -> int:
    """Take all pictures with settings of their own."""
    application = QApplication(sys.argv[:1])
    application.setFont(QFont(family()))
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, folder)
        os.chdir(folder)  # so that no picture shows a path of this machine
        Photographer().all(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
