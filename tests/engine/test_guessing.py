"""What a model is called with is guessed from its layers, and every guess that is told to run does run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.model_call import ModelCall, texts_of
from qviz.document.plan import Plan
from qviz.engine.loading.guessing.guess import guess_call
from qviz.engine.loading.guessing.try_call import try_call
from qviz.engine.loading.inputs import read_inputs
from qviz.engine.loading.source import load
from qviz.errors import QvizError

HEAD = "import torch\nfrom torch import nn, Tensor\nfrom torch.nn import functional as F\n\n"


def guessed(tmp_path: Path, body: str, name: str = "Net") -> ModelCall:
    file = tmp_path / "own.py"
    file.write_text(HEAD + body)
    return guess_call(Plan(source=f"{file}:{name}"))


def runs(tmp_path: Path, call: ModelCall, name: str = "Net") -> Any:
    """Call the model anew on what was guessed, as a run would."""
    loaded = load(Plan(source=f"{tmp_path / 'own.py'}:{name}", inputs=texts_of(call.arguments)))
    with torch.no_grad():
        return loaded.inputs.call(loaded.module.eval())


CONV = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(5, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(8, 3)

    def forward(self, image):
        return self.fc(self.features(image))
"""
LENET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(16 * 7 * 7, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(torch.flatten(x, 1))
"""
MLP = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc(x.view(x.shape[0], -1))
"""
RANKER = """
class TextHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.pos = nn.Embedding(1000, 16), nn.Embedding(20, 16)
        self.proj = nn.Linear(16, 8)

    def forward(self, ids, mask):
        x = self.embed(ids) + self.pos(torch.arange(ids.shape[1]))
        if mask is not None:
            x = x.masked_fill(mask.unsqueeze(-1), 0.0)
        return self.proj(x.mean(1))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.text, self.score = nn.Conv2d(3, 8, 3), TextHead(), nn.Linear(16, 1)

    def forward(self, image, ids, mask=None):
        return self.score(torch.cat([self.features(image).mean((2, 3)), self.text(ids, mask)], 1))
"""
KEYWORDS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(7, 4), nn.Linear(9, 4)

    def forward(self, *, a, b, scale: float = 2.0, flag: bool = False):
        return self.left(a) + self.right(b) * scale
"""
PAIR = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(7, 4), nn.Embedding(11, 4)

    def forward(self, pair: tuple[Tensor, Tensor]):
        a, b = pair
        return self.left(a) + self.right(b).mean(1)
"""
UNPACKED = PAIR.replace(": tuple[Tensor, Tensor]", "")
DICT = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(7, 4), nn.Embedding(11, 4)

    def forward(self, batch):
        return self.left(batch["dense"]) + self.right(batch["sparse"]).mean(1)
"""
RNN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(12, 6), nn.Linear(6, 2)

    def forward(self, frames):
        y, _ = self.lstm(frames)
        return self.out(y[-1])
"""
VIT = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, stride=8)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.pos = nn.Parameter(torch.zeros(1, 1 + 6 * 6, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.block(x)[:, 0]
"""
BRANCHING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3)

    def forward(self, x):
        b, c, t = x.shape
        if x.sum() > 1e9:
            return x
        return self.conv(x)
"""
CHANNELS_LAST = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.conv(x.permute(0, 3, 1, 2))
"""
FUNCTIONAL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(6, 4))
        self.table = nn.Parameter(torch.zeros(50, 4))

    def forward(self, x, index):
        return x @ self.w + self.table[index].mean(1)
"""
HUGGING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.out = nn.Embedding(30, 8), nn.Linear(8, 2)

    def forward(self, input_ids=None, attention_mask=None, return_dict=True):
        if input_ids is None:
            raise ValueError("You have to specify input_ids")
        return {"logits": self.out(self.emb(input_ids))}
"""


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (CONV, ("image=1x5x224x224",)),
        (LENET, ("x=1x1x40x40",)),
        (MLP, ("x=1x1x28x28",)),
        (RANKER, ("image=1x3x224x224", "ids=1x20:int64:0..999")),
        (KEYWORDS, ("a=1x7", "b=1x9")),
        (PAIR, ("pair=(1x7,1x32:int64:0..10)",)),
        (UNPACKED, ("pair=(1x7,1x32:int64:0..10)",)),
        (DICT, ("batch={dense=1x7,sparse=1x32:int64:0..10}",)),
        (RNN, ("frames=32x1x12",)),
        (VIT, ("x=1x3x48x48",)),
        (BRANCHING, ("x=1x4x32",)),
        (CHANNELS_LAST, ("x=1x224x224x3",)),
        (FUNCTIONAL, ("x=1x6", "index=1x32:int64:0..49")),
        (HUGGING, ("input_ids=1x32:int64:0..29",)),
    ],
)
def test_the_guess_fits_the_layers_and_runs(tmp_path: Path, body: str, texts: tuple[str, ...]):
    call = guessed(tmp_path, body)
    assert (call.runs, call.fault) == (True, "")
    assert texts_of(call.arguments) == texts
    assert runs(tmp_path, call) is not None


def test_a_guess_says_which_layer_it_comes_from(tmp_path: Path):
    image, ids, mask = guessed(tmp_path, RANKER).arguments
    assert (image.layer_path, image.layer) == ("features", "Conv2d 3 → 8, 3×3")
    assert [each.text for each in image.reasons] == [
        "3 comes from features.",
        "224 × 224 is a guess: 32 × 32 works, too.",
    ]
    assert (ids.layer_path, ids.layer) == ("text.embed", "Embedding 1,000 × 16")
    assert ids.reasons[0].text == "1,000 rows in text.embed."
    assert (mask.is_left_out, mask.default) == (True, "None")
    assert mask.text == "1x20:bool:zeros"


def test_literals_are_left_at_their_defaults_and_can_be_given(tmp_path: Path):
    *_, scale, flag = guessed(tmp_path, KEYWORDS).arguments
    assert [(each.text, each.is_left_out) for each in (scale, flag)] == [("=2.0", True), ("=False", True)]


def test_inputs_beside_the_model_come_first(tmp_path: Path):
    call = guessed(tmp_path, CONV + "\nexample_inputs = torch.zeros(2, 5, 40, 40)\n")
    assert call.own == ("2×5×40×40 float32",)
    (image,) = call.arguments
    assert (image.text, image.layer_path) == ("2x5x40x40", "features.0")


def test_a_model_that_runs_on_nothing_says_why(tmp_path: Path):
    call = guessed(
        tmp_path, CONV.replace("return self.fc", "raise ValueError('the moon is down')\n        return self.fc")
    )
    assert (call.runs, call.fault) == (False, "the moon is down")
    call = guessed(
        tmp_path, CONV.replace("return self.fc(self.features(image))", "x = self.features(image)\n        1 / 0")
    )
    assert (call.runs, call.fault) == (False, "division by zero")
    assert [(each.text, each.layer_path) for each in call.arguments] == [("1x5x224x224", "features.0")]


def test_the_model_keeps_its_mode(tmp_path: Path):
    (tmp_path / "mode.py").write_text(HEAD + CONV + "model = Net()\nmodel.fc.eval()\n")
    guess_call(Plan(source=f"{tmp_path / 'mode.py'}:model"))
    import mode  # type: ignore[import-not-found]

    assert (mode.model.training, mode.model.fc.training) == (True, False)
    assert not mode.model._forward_pre_hooks
    assert not mode.model.fc._forward_hooks


def test_torch_own_transformer_is_guessed():
    module = nn.TransformerEncoder(nn.TransformerEncoderLayer(24, 2, 32), 2, enable_nested_tensor=False)
    from qviz.engine.loading.guessing.guess import searched

    arguments, fault = searched(module.eval())
    assert not fault
    assert texts_of(arguments) == ("src=32x1x24",)
    with torch.no_grad():
        assert read_inputs(texts_of(arguments), module).call(module).shape == (32, 1, 24)


def test_a_call_that_works_tells_its_outputs_and_what_it_did_not_reach(tmp_path: Path):
    aux = "self.aux = nn.Sequential(nn.Linear(8, 8), nn.ReLU())\n        self.attention = nn.MultiheadAttention(8, 2)"
    (tmp_path / "own.py").write_text(HEAD + CONV.replace("self.fc = ", f"{aux}\n        self.fc = "))
    tried = try_call(Plan(source=f"{tmp_path / 'own.py'}:Net", inputs=("2x5x16x16",)))
    assert (tried.inputs, tried.outputs) == (("2×5×16×16 float32",), ("2×3 float32",))
    assert tried.operators >= 5
    assert tried.unreached == ("aux", "attention")


def test_weights_that_are_read_without_their_module_are_reached(tmp_path: Path):
    body = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]
"""
    (tmp_path / "own.py").write_text(HEAD + body)
    assert try_call(Plan(source=f"{tmp_path / 'own.py'}:Net", inputs=("1x4x8",))).unreached == ()


def test_a_call_that_fails_names_the_line(tmp_path: Path):
    (tmp_path / "own.py").write_text(HEAD + CONV)
    with pytest.raises(QvizError, match=r"does not run on 1×4×16×16 float32 at .*own.py:\d+: return self.fc"):
        try_call(Plan(source=f"{tmp_path / 'own.py'}:Net", inputs=("1x4x16x16",)))
