"""Everyday tasks that read a result, done in the real window with mouse and keys; none takes more than eight."""

from __future__ import annotations

from pathlib import Path

from qviz.session.sides import Side
from qviz.ui.panels.summary_strip import TileButton
from qviz.ui.panels.welcome import DropTarget, SampleCard
from tests.end_to_end.user import User

MOST = 8

ENCODER = """
import torch
from torch import nn

class EncoderLayer(nn.Module):
    def __init__(self, is_relu_first):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attend, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.fc1, self.fc2 = nn.Linear(8, 16), nn.Linear(16, 8)
        self.relu, self.drop, self.is_relu_first = nn.ReLU(), nn.Dropout(0.1), is_relu_first

    def forward(self, x):
        q, k, v = self.attend(x).chunk(3, -1)
        x = self.norm1(x + self.out(torch.softmax(q @ k.transpose(-2, -1), -1) @ v))
        h = self.fc1(x)
        h = self.drop(self.relu(h)) if self.is_relu_first else self.relu(self.drop(h))
        return self.norm2(x + self.fc2(h))

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(is_relu_first=place != 7) for place in range(12))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

model, example_inputs = Encoder().eval(), (torch.randn(2, 4, 8),)
"""
"""In one of twelve layers dropout stands before relu, so that it does not fuse and is observed by itself."""


def test_understand_what_was_done_to_conv1_of_a_sample(user: User):
    user.click(user.found(SampleCard, "Residual block"))
    user.wait_for_result()
    user.click_node("block_conv1")
    assert user.sees("ConvReLU2d", "convert put it in place of", "Per channel")
    assert user.sees("block_conv1", "block_bn1", "block_relu"), "the parts that became one, with links"
    left, right = user.canvas(Side.LEFT), user.canvas(Side.RIGHT)
    assert left.viewport.camera.y == right.viewport.camera.y, "before and after line up"
    assert left.viewport.camera.scale == right.viewport.camera.scale
    assert left.selection.node == "block_conv1"
    user.press("3")
    user.wait_to_see("fused", "BatchNorm2d")
    assert user.count <= MOST


def test_see_why_a_layer_stays_in_float(user: User):
    user.click(user.found(SampleCard, "Transformer block"))
    user.wait_for_result()
    user.click(user.found(TileButton, "Float islands"))
    assert user.sees("softmax", "4 of 64")
    user.click_text("softmax")
    user.wait_for_result()
    assert user.sees("Stays in float: the backend has no pattern for it.")
    assert any(title.startswith("softmax") for title in user.boxes()), "what held it is open"
    assert user.count <= MOST


def test_find_a_misplaced_observer_in_twelve_layers(user: User, tmp_path: Path):
    (tmp_path / "encoder.py").write_text(ENCODER)
    user.click(user.found(DropTarget).typed)
    user.write(f"{tmp_path / 'encoder.py'}:model")
    user.press("Return")
    user.wait_for_result()
    user.click_box("7")
    assert user.sees("layers.7", "Unlike its siblings: 7 has fc1 (Linear), relu")
    assert user.sees("the others have fc1 (LinearReLU)")
    user.press("[")
    user.wait_for_result()
    assert user.sees("layers.7", "an observer after relu")
    assert user.count <= MOST
