"""The integers that a dtype of torch holds."""

from __future__ import annotations

_LIMITS = {
    "uint8": (0, 255),
    "quint8": (0, 255),
    "int8": (-128, 127),
    "qint8": (-128, 127),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "quint4x2": (0, 15),
}


def limits_of(dtype: str) -> tuple[int, int] | None:
    """Return the smallest and the largest integer of a dtype, or None; its name may begin with ``torch.``."""
    return _LIMITS.get(dtype.removeprefix("torch."))
