"""Knows the errors of code that asks for a GPU which this machine lacks."""

from __future__ import annotations

import re

from qviz.engine.failures import line_of
from qviz.errors import QvizError
from qviz.words import mark, tr

_NO_DEVICE = re.compile(
    r"not compiled with (CUDA|HIP|XPU)|No (CUDA|HIP|XPU) GPUs|no NVIDIA driver|not linked with support for|"
    r"on a CUDA device but torch\.cuda\.is_available|Cannot access accelerator|CUDA driver|CUDA error|"
    r"(MPS|CUDA|XPU) (backend|device) is not available|CUDA unknown error",
    re.IGNORECASE,
)

STAY_ON_CPU = mark(
    "Stay on the CPU there: remove .cuda(), .to(device) and device=...; load files with map_location='cpu'."
)


def asks_for_gpu(error: BaseException) -> bool:
    """Tell whether code stopped because it asked for a GPU that this machine lacks."""
    link: BaseException | None = error
    while link is not None:
        if _NO_DEVICE.search(str(link)):
            return True
        link = link.__cause__
    return False


def gpu_in_forward(error: BaseException) -> QvizError:
    """Return what to say where forward() asks for a GPU that is not there."""
    where, cause = line_of(error), " ".join(str(error).split())
    if where is None:
        message = tr("forward() needs a GPU, and torch finds none here: {cause}", cause=cause)
    else:
        place = f"{where.file}:{where.line}: {where.code}"
        message = tr("forward() needs a GPU at {place}, and torch finds none here", place=place)
    hint = tr(
        "Create tensors on the device of the input there, such as .to(x.device) or device=x.device, and call "
        "torch.cuda only where torch.cuda.is_available()."
    )
    return QvizError(message, hint)


def gpu_elsewhere(call: str, error: BaseException) -> QvizError:
    """Return what to say where a function of the user's asks for a GPU that is not there.

    Args:
        call: The function, for people.
        error: What it raised.
    """
    where = line_of(error)
    message = tr("{call} needs a GPU, and torch finds none here", call=call)
    if where is not None:
        place = f"{where.file}:{where.line}: {where.code}"
        message = tr("{call} needs a GPU at {place}, and torch finds none here", call=call, place=place)
    return QvizError(message, tr(STAY_ON_CPU))
