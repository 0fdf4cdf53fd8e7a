"""A product with a parameter of the model itself is a layer that stays in float, and tells its share of the work."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.snapshot import Finding
from tests.faults.cases import ROW, ran


class Product(nn.Module):
    """A linear layer, then a product with what `held` is: a parameter, or a buffer that no training changes."""

    def __init__(self, way: str, is_parameter: bool) -> None:
        super().__init__()
        self.way, self.fc = way, nn.Linear(8, 8)
        held = torch.linspace(-1, 1, 64).reshape(8, 8)
        if is_parameter:
            self.weight = nn.Parameter(held)
        else:
            self.register_buffer("weight", held)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc(x)
        return x @ self.weight.T if self.way == "turned" else torch.einsum("bi,oi->bo", x, self.weight)


def products(way: str, flow: str, is_parameter: bool) -> list[Finding]:
    snapshot = ran(lambda: Product(way, is_parameter), flow, [ROW], measure=False)()
    return [each for each in snapshot.findings if each.code.startswith("layer_in_float.product")]


@pytest.mark.parametrize("way", ["turned", "einsum"])
@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-static", "fx-dynamic", "pt2e-static", "pt2e-dynamic"])
def test_a_product_with_a_parameter_is_named_with_its_share(way: str, flow: str):
    (found,) = products(way, flow, is_parameter=True)
    assert found.args["share"] == pytest.approx(0.5)
    assert "50 % of the multiply-accumulates" in found.message
    assert "torch.nn.Linear" in found.hint
    assert "matrices" not in found.hint


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-static", "pt2e-static"])
def test_a_product_with_a_constant_is_no_layer(flow: str):
    assert products("turned", flow, is_parameter=False) == []
