"""How much of a stage runs in low precision."""

from __future__ import annotations

from qviz.document.graph import Json, Record


class Coverage(Record, frozen=True):
    """How much of a stage runs in low precision.

    Attributes:
        stage: Its name.
        low: Operators that do.
        total: Quantizable operators.
        parameters: Those of operators that do, and all; None where they are not known.
        macs: Multiply-accumulates of operators that do, and all; None where they are not known.
    """

    stage: str
    low: int
    total: int
    parameters: tuple[int, int] | None = None
    macs: tuple[int, int] | None = None

    @property
    def operators(self) -> tuple[int, int]:
        """Operators in low precision, and all."""
        return self.low, self.total

    def shares(self) -> dict[str, Json]:
        """Return low and all of each that is known, as the document has it."""
        known = {"operators": self.operators, "parameters": self.parameters, "macs": self.macs}
        return {name: [*each] for name, each in known.items() if each is not None}
