"""A GPT-2-shaped model with random weights, for benchmarks: ``gpt_model.py:Gpt(layers=12)``."""

from __future__ import annotations

import torch
from torch import nn


class Attention(nn.Module):
    """Causal self-attention, written out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Take (batch, tokens, width) and a mask (tokens, tokens)."""
        batch, tokens, width = x.shape
        query, key, value = (
            each(x).view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
            for each in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) * 0.25 + mask
        found: torch.Tensor = self.out((scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, tokens, width))
        return found


class Block(nn.Module):
    """One layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.between = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Add both parts to the residual stream."""
        x = x + self.attention(self.before(x), mask)
        found: torch.Tensor = x + self.mlp(self.between(x))
        return found


class Gpt(nn.Module):
    """Embeddings, layers, and a head."""

    def __init__(self, layers: int = 12, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(100, width), nn.Embedding(16, width)
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.last, self.head = nn.LayerNorm(width), nn.Linear(width, 100)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Take (batch, 16) token ids."""
        mask = torch.full((16, 16), -1e4).triu(1)
        x = self.tokens(ids) + self.places(torch.arange(16))
        for layer in self.layers:
            x = layer(x, mask)
        found: torch.Tensor = self.head(self.last(x))
        return found


example_inputs = (torch.arange(16).reshape(1, 16),)
