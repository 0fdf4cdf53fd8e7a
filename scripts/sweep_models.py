"""Models that the sweep runs: the seed document's, torchvision's, transformers' with small random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class SeedDynamic(nn.Module):
    """The document's model for dynamic quantization, 16 times smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 8 * 8, 10 * 8 * 8)
        self.conv = nn.Conv2d(10, 1, kernel_size=3, stride=1, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run."""
        found: torch.Tensor = self.conv(self.fc(x).view(-1, 10, 8, 8))
        return found


class SeedStubs(nn.Module):
    """The document's model for eager static quantization and training, with its stubs, smaller."""

    def __init__(self, with_norm: bool = True) -> None:
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.fc = nn.Linear(3 * 8 * 8, 10 * 8 * 8)
        self.conv = nn.Conv2d(10, 1, 3, 1, 1)
        self.bn = nn.BatchNorm2d(1) if with_norm else nn.Identity()
        self.relu = nn.ReLU()
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run."""
        x = self.relu(self.fc(self.quant(x))).view(-1, 10, 8, 8)
        found: torch.Tensor = self.dequant(self.relu(self.bn(self.conv(x))))
        return found


def seed_dynamic() -> tuple[nn.Module, Any]:
    """Return the document's dynamic model, and its inputs."""
    return SeedDynamic(), (torch.randn(10, 3 * 8 * 8),)


def seed_stubs() -> tuple[nn.Module, Any]:
    """Return the document's eager model, with batch norm, and its inputs."""
    return SeedStubs(), (torch.randn(10, 3 * 8 * 8),)


def seed_stubs_without_norm() -> tuple[nn.Module, Any]:
    """Return the document's eager static model, and its inputs."""
    return SeedStubs(with_norm=False), (torch.randn(10, 3 * 8 * 8),)


def _of_transformers(kind: str, inputs: Any, **options: Any) -> tuple[nn.Module, Any]:
    import transformers

    config = getattr(transformers, f"{kind}Config")(**options)
    return getattr(transformers, f"{kind}Model")(config), inputs


def _tokens() -> tuple[torch.Tensor]:
    return (torch.randint(0, 100, (1, 12)),)


def bert() -> tuple[nn.Module, Any]:
    """Return BERT of two layers, and its inputs."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    return _of_transformers("Bert", _tokens(), vocab_size=100, **sizes)


def distilbert() -> tuple[nn.Module, Any]:
    """Return DistilBERT of two layers, and its inputs."""
    return _of_transformers("DistilBert", _tokens(), vocab_size=100, dim=64, n_layers=2, n_heads=4, hidden_dim=128)


def gpt2() -> tuple[nn.Module, Any]:
    """Return GPT-2 of two layers, and its inputs."""
    return _of_transformers("GPT2", _tokens(), vocab_size=100, n_embd=64, n_layer=2, n_head=4, use_cache=False)


def vit() -> tuple[nn.Module, Any]:
    """Return ViT of two layers, and its inputs."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    return _of_transformers("ViT", (torch.randn(1, 3, 32, 32),), image_size=32, patch_size=8, **sizes)


def llama() -> tuple[nn.Module, Any]:
    """Return Llama of two layers, and its inputs."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    return _of_transformers("Llama", _tokens(), vocab_size=100, use_cache=False, **sizes)
