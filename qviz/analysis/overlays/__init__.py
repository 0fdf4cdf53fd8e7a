"""What can be laid over a graph, by name; another overlay is a function that is registered.

For example::

    @OVERLAYS.register("noise")
    def noise(record: StageRecord) -> Overlay:
        numbers = measured(record)
        return Overlay("noise", "Noise", range_of(numbers.values(), is_log=True), numbers, unit="dB", mark="bar")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from qviz.analysis.overlays.findings import findings
from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.overlays.precision import precision
from qviz.registry import Registry

Maker: TypeAlias = Callable[[StageRecord], Overlay]

OVERLAYS: Registry[Maker] = Registry("overlay")
OVERLAYS.add("precision", precision)
OVERLAYS.add("findings", findings)

ON_CANVAS = ("precision", "findings")
"""What the window shows until the user chooses."""
IN_PICTURES = ("precision",)
"""What a picture shows unless it is told; findings are a reviewer's, not the model's."""


def made(names: Iterable[str], record: StageRecord, known: Sequence[Overlay] = ()) -> tuple[Overlay, ...]:
    """Return the overlays of these names; of equal ones the known, so that work done with them holds.

    Raises:
        QvizError: There is no overlay of such a name.
    """
    return tuple(_same(OVERLAYS[name](record), known) for name in names)


def _same(overlay: Overlay, known: Sequence[Overlay]) -> Overlay:
    return next((each for each in known if each == overlay), overlay)
