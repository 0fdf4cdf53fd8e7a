"""The choices of what stays bright around a node; imports nothing, for the commands that name them."""

from __future__ import annotations

from enum import Enum


class Focus(Enum):
    """What stays bright around a node."""

    NEIGHBOURS = "neighbours"
    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    PATHS = "paths"
