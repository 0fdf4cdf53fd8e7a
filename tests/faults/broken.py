"""At least one model or configuration for each fault that qviz names, and nothing else wrong with it."""

from __future__ import annotations

from tests.faults.broken_parts.fusion import FUSION
from tests.faults.broken_parts.islands import CONFIGURATION, ISLANDS, STUBBED
from tests.faults.broken_parts.layers import LAYERS
from tests.faults.broken_parts.nothing import CAPTURE, COVERAGE
from tests.faults.broken_parts.observers import OBSERVERS
from tests.faults.broken_parts.ranges import RANGES, TRAINING
from tests.faults.broken_parts.side_by_side import SIDE_BY_SIDE

BROKEN = (
    *COVERAGE,
    *CAPTURE,
    *FUSION,
    *LAYERS,
    *OBSERVERS,
    *RANGES,
    *ISLANDS,
    *STUBBED,
    *TRAINING,
    *CONFIGURATION,
    *SIDE_BY_SIDE,
)
