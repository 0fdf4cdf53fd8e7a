"""A transformer block: linear layers in low precision, softmax and matmul in float."""

import math

import torch


class Attention(torch.nn.Module):
    """Scaled dot-product attention, written out so that torch.fx can follow it."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.scale = 1 / math.sqrt(width // heads)
        self.q = torch.nn.Linear(width, width)
        self.k = torch.nn.Linear(width, width)
        self.v = torch.nn.Linear(width, width)
        self.out = torch.nn.Linear(width, width)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        weights = torch.softmax(q @ k.transpose(-2, -1) * self.scale, dim=-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class Block(torch.nn.Module):
    """Attention and a two-layer perceptron, each with its norm and shortcut."""

    def __init__(self, width: int = 32, heads: int = 4):
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = torch.nn.LayerNorm(width)
        self.fc1 = torch.nn.Linear(width, 4 * width)
        self.gelu = torch.nn.GELU()
        self.fc2 = torch.nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(self.gelu(self.fc1(self.norm2(x))))


def model():
    return Block().eval()


def example_inputs():
    return (torch.randn(1, 16, 32),)
