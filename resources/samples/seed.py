"""The model of the seed document in its true size: 315 million parameters, 1.26 GB."""

import torch


class UserModel(torch.nn.Module):
    """A linear layer whose output is reshaped to pictures for a convolution with batch norm."""

    def __init__(self, features: int = 3 * 32 * 32, side: int = 32):
        super().__init__()
        self.side = side
        self.fc = torch.nn.Linear(features, 10 * 10 * side * side)
        self.conv = torch.nn.Conv2d(10, 1, 3, 1, 1)
        self.bn = torch.nn.BatchNorm2d(1)
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        x = self.fc(x)
        x = self.relu(x)
        x = x.view(-1, 10, self.side, self.side)
        x = self.conv(x)
        x = self.bn(x)
        x = self.relu(x)
        return x


def model():
    return UserModel().eval()


def example_inputs():
    return (torch.randn(10, 3 * 32 * 32),)
