"""A mobile block: depthwise convolution, squeeze-and-excite, hard-swish, a shortcut."""

import torch


class SqueezeExcite(torch.nn.Module):
    """Weighs the channels by what the whole picture holds."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.pool = torch.nn.AdaptiveAvgPool2d(1)
        self.reduce = torch.nn.Conv2d(channels, squeezed, 1)
        self.relu = torch.nn.ReLU()
        self.expand = torch.nn.Conv2d(squeezed, channels, 1)
        self.gate = torch.nn.Hardsigmoid()

    def forward(self, x):
        return x * self.gate(self.expand(self.relu(self.reduce(self.pool(x)))))


def conv_bn(channels_in: int, channels: int, kernel: int, groups: int = 1, act: bool = True):
    layers = [
        torch.nn.Conv2d(channels_in, channels, kernel, padding=kernel // 2, groups=groups, bias=False),
        torch.nn.BatchNorm2d(channels),
    ]
    return torch.nn.Sequential(*layers, *([torch.nn.Hardswish()] if act else []))


class MobileBlock(torch.nn.Module):
    """Widens, filters each channel by itself, weighs, narrows."""

    def __init__(self, channels: int = 8, wide: int = 24):
        super().__init__()
        self.widen = conv_bn(channels, wide, 1)
        self.depthwise = conv_bn(wide, wide, 3, groups=wide)
        self.excite = SqueezeExcite(wide, 8)
        self.narrow = conv_bn(wide, channels, 1, act=False)

    def forward(self, x):
        return x + self.narrow(self.excite(self.depthwise(self.widen(x))))


def model():
    return MobileBlock().eval()


def example_inputs():
    return (torch.randn(1, 8, 16, 16),)
