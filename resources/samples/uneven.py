"""Smoothing filters and an edge filter in one weight: one channel is far wider than the rest."""

import torch


class Uneven(torch.nn.Module):
    """Eight filters on smooth pictures, then a small classifier; the edge filter alone has large weights."""

    def __init__(self):
        super().__init__()
        self.filters = torch.nn.Conv2d(1, 8, kernel_size=3, padding=1, bias=False)
        self.relu = torch.nn.ReLU()
        self.mix = torch.nn.Conv2d(8, 8, kernel_size=3, padding=1, bias=False)
        self.head = torch.nn.Linear(8, 4, bias=False)
        with torch.no_grad():
            self.filters.weight.copy_(torch.rand(8, 1, 3, 3) / 9)
            self.filters.weight[3] = torch.tensor([[0.0, -3.0, 0.0], [-3.0, 12.0, -3.0], [0.0, -3.0, 0.0]])

    def forward(self, x):
        x = self.relu(self.mix(self.relu(self.filters(x))))
        return self.head(x.mean((2, 3)))


def model():
    return Uneven().eval()


def smooth_pictures(count):
    """Return pictures whose neighboring pixels differ little, so that edges give small numbers."""
    return torch.nn.functional.interpolate(torch.rand(count, 1, 4, 4), size=(32, 32), mode="bicubic")


def example_inputs():
    return (smooth_pictures(4),)


def calibration_data():
    return [(smooth_pictures(4),) for _ in range(4)]
