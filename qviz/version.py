"""The version of qviz, for those who may not import the package above them."""

from __future__ import annotations

__version__ = "0.2.0"
