"""Builds models and inputs on fake tensors: each has a shape and a dtype, and no memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from torch import Tensor
from torch._subclasses import FakeTensor, FakeTensorMode
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.nn import Module

from qviz.document.flows import FLOWS, flow
from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.errors import QvizError
from qviz.words import tr

T = TypeVar("T")

_READS_MEMORY = (
    r"\.numpy\(\) is not supported for tensor subclasses|Cannot access data pointer|\.tolist\(\) is not supported"
)


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


def built(mode: FakeTensorMode | None, make: Callable[[], T]) -> T:
    """Return what a function builds on fake tensors, or without a mode as ever.

    Raises:
        QvizError: The function's own; where only fakes made it fail, it says so.
    """
    try:
        with inside(mode):
            return make()
    except QvizError as error:
        hint = _only_on_fakes(error.__cause__) if mode is not None and error.__cause__ is not None else ""
        if not hint:
            raise
        raise QvizError(error.message, hint, error.exit_code, "--fake") from error.__cause__


def _only_on_fakes(error: BaseException) -> str:
    """Return what to do about a failure that real tensors do not have; "" of any other."""
    if re.search(r"Uninitialized(Parameter|Buffer)", str(error)):
        return tr("A lazy module cannot be built on fake tensors: give it its sizes, or run it with its weights.")
    is_read = isinstance(error, (DataDependentOutputException, DynamicOutputShapeException))
    if is_read or re.search(_READS_MEMORY, str(error)):
        return tr(
            "On fake tensors no weight has a value: build the model without reading one, or run it with its weights."
        )
    return ""


def on_fakes(mode: FakeTensorMode, inputs: Arguments) -> Arguments:
    """Return inputs whose tensors are fakes of those given."""
    return inputs.mapped(lambda each: _faked(mode, each))


def _faked(mode: FakeTensorMode, value: Any) -> Any:
    if isinstance(value, Tensor) and not isinstance(value, FakeTensor):
        return mode.from_tensor(value, static_shapes=True)
    return value
