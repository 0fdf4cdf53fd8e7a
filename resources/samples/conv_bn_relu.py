"""Convolution, batch norm, ReLU: fusion in one glance."""

import torch


class ConvBnRelu(torch.nn.Module):
    """The three modules that every backend fuses to one."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, kernel_size=3, padding=1, bias=False)
        self.bn = torch.nn.BatchNorm2d(8)
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


def model():
    return ConvBnRelu().eval()


def example_inputs():
    return (torch.randn(1, 3, 16, 16),)
