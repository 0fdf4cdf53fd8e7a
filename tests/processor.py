"""What torch's 8-bit kernels of the engines x86 and oneDNN give depends on the processor.

Without VNNI they add pairs of products in 16 bits, which overflow where an input uses all of its eight bits; qviz
says so (`kernel.overflow`), truly, of models that are in order elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from qviz.document.measurements import KernelDifference

HAS_VNNI = torch.cpu._is_vnni_supported()


def without_overflow(found: Iterable[KernelDifference]) -> list[KernelDifference]:
    """Return what differs on a processor with VNNI."""
    return [each for each in found if HAS_VNNI or each.cause is None or each.cause.code != "kernel.overflow"]
