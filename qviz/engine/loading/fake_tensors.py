"""Builds models and inputs on fake tensors: each has a shape and a dtype, and no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from torch import Tensor
from torch._subclasses import FakeTensor, FakeTensorMode
from torch.nn import Module

from qviz.document.flows import FLOWS, flow
from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.errors import QvizError
from qviz.words import tr


def fake_mode() -> FakeTensorMode:
    """Return the mode of one run; numbers that a model makes on its own (a mask, a range) may be real."""
    return FakeTensorMode(allow_non_fake_inputs=True)


@contextmanager
def inside(mode: FakeTensorMode | None) -> Iterator[None]:
    """Make and run everything on fake tensors for a while; without a mode nothing changes."""
    with mode if mode is not None else nullcontext():
        yield


def refuse_flow(plan: Plan) -> None:
    """Refuse a flow that reads weights.

    Raises:
        QvizError: It has no way without them.
    """
    chosen = flow(plan.flow)
    if chosen is None or not chosen.takes("fake"):
        raise QvizError(
            tr("Fake tensors work with PT2E flows only"),
            tr("Choose one of: {names}.", names=", ".join(each.id for each in FLOWS if each.takes("fake"))),
            option="--fake",
        )


def refuse_made(name: str, found: Any) -> None:
    """Refuse a model that has its weights already.

    Raises:
        QvizError: It is none that a run can build.
    """
    if isinstance(found, Module) or not callable(found):
        raise QvizError(
            tr("{name} has its weights already", name=name),
            tr("On fake tensors, a run builds the model itself: name its class, or a function that returns it."),
            option="--fake",
        )


def on_fakes(mode: FakeTensorMode, inputs: Arguments) -> Arguments:
    """Return inputs whose tensors are fakes of those given."""
    return inputs.mapped(lambda each: _faked(mode, each))


def _faked(mode: FakeTensorMode, value: Any) -> Any:
    if isinstance(value, Tensor) and not isinstance(value, FakeTensor):
        return mode.from_tensor(value, static_shapes=True)
    return value
