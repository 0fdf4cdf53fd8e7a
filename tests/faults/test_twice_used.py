"""A module that is called twice with values of different size: what its kernel then differs by stands behind it."""

from __future__ import annotations

from typing import Any

from torch import nn

from tests.faults.cases import ROW, ran
from tests.faults.models import made


def block() -> nn.Module:
    inner = nn.Sequential(nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 8))
    return nn.Sequential(inner, nn.Tanh(), inner)


def apart() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))


def test_the_module_called_twice_stands_before_what_follows_from_it():
    found = ran(made(lambda m, x: m.m(x), m=block), "fx-static", [ROW])().findings
    cause = next(at for at, each in enumerate(found) if each.rule == "module_used_twice")
    follows: list[Any] = [
        at for at, each in enumerate(found) if each.because_of and each.because_of.rule == "module_used_twice"
    ]
    assert follows
    assert cause < min(follows)
    twin = ran(made(lambda m, x: m.m(x), m=apart), "fx-static", [ROW])().findings
    assert "module_used_twice" not in {each.rule for each in twin}
