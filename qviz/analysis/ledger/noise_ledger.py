"""The ledger of a run as Python users hold it: a sequence of quantizers that prints as a table."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.ledger import LEDGER_FORMATS
from qviz.analysis.ledger.answer import answer
from qviz.analysis.ledger.tables import ROWS, sections
from qviz.document.graph import Number
from qviz.document.measurements import Ledger, Measurements, QuantizerNoise
from qviz.document.snapshot import Snapshot
from qviz.words.untrusted import Untrusted
from qviz.words.visible import visible


class NoiseLedger:
    """What each quantizer costs the outputs, the largest share first; it prints as a table, in notebooks too.

    A quantizer is one place of rounding: the weight of an operator, its bias, an activation, an input that is
    quantized dynamically. F is the prepared model with its quantizers off, S the same with all of them on, C the
    converted model, O the original one.

    - Power of quantizer q alone at an output: P_q = Σ ‖y_q − y_F‖², the sum over all samples (never a mean of
      decibels), y_q computed with q alone switched on. ``exact`` measures it. The estimate is its first-order
      expansion for all q at once: P_q ≈ (1/K) Σ_k Σ_b ⟨g_kb, δ_b⟩², where δ = q(x) − x, g = Jᵀv by a backward
      pass through F from a random vector v of ±1, K = `projections`, and b runs over samples.
    - Share of q: P_q / Σ ‖y_S − y_F‖². Where a model has several outputs, each counts by its noise-to-signal ratio.
      `additivity` is the sum of the shares, `unexplained` one minus it: what quantizers do to each other. Outside
      0.8 to 1.25 the shares do not add up, and telescoping ones, which always sum to one, are shown beside them.
    - SQNR in dB: 10 lg (Σ ‖x‖² / Σ ‖x − y‖²), which is `torch.ao.ns.fx.utils.compute_sqnr`. ``local_db`` of a
      quantizer is that of its own tensor given float inputs, ``accumulated_db`` with all others on. The worst
      ``accumulated_db`` marks where noise has arrived, not where it is made.

    Sources:
        torch's Numeric Suite (``torch.ao.ns``) compares layer by layer. Nagel et al., "A White Paper on Neural
        Network Quantization", arXiv 2106.08295: the debugging chart, which switches quantizers one by one.
        FIT, arXiv 2210.08502: sensitivity as the noise of a quantizer weighted by squared gradients.

    Args:
        snapshot: A run that has a ledger.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        assert snapshot.measurements is not None
        assert snapshot.measurements.ledger is not None
        self._snapshot = snapshot
        self.measurements: Measurements = snapshot.measurements
        self.record: Ledger = snapshot.measurements.ledger

    @property
    def quantizers(self) -> tuple[QuantizerNoise, ...]:
        """Every quantizer, the largest share first."""
        return self.record.quantizers

    @property
    def answer(self) -> str:
        """The first line of the table: who owns the noise, why, and what gains most."""
        return answer(self.measurements).text

    @property
    def additivity(self) -> Number | None:
        """The sum of the shares."""
        return self.record.additivity

    @property
    def unexplained(self) -> Number | None:
        """One minus the sum of the shares, with its sign: what quantizers do to each other."""
        return self.record.unexplained

    def __len__(self) -> int:
        return len(self.quantizers)

    def __iter__(self) -> Iterator[QuantizerNoise]:
        return iter(self.quantizers)

    def __getitem__(self, which: int | str) -> QuantizerNoise:
        """Return a quantizer by its place or its name.

        Raises:
            KeyError: No such name.
            IndexError: No such place.
        """
        if isinstance(which, int):
            return self.quantizers[which]
        for each in self.quantizers:
            if each.id == which:
                return each
        raise KeyError(which)

    def report(self, name: str = "text", rows: int | None = None) -> str:
        """Return the report of `qviz measure` in one of its formats: ``text``, ``markdown``, ``csv``, ``json``.

        Raises:
            QvizError: No such format.
        """
        return LEDGER_FORMATS[name].write(self._snapshot, rows)

    def __repr__(self) -> str:
        return visible(self.report("text", ROWS)).rstrip()

    def _repr_markdown_(self) -> str:
        return self.report("markdown", ROWS)

    def _repr_html_(self) -> str:
        return "\n".join(_html(self.measurements))


def _html(measured: Measurements) -> Iterator[str]:
    for section in sections(measured):
        if section.title:
            yield f"<h4>{Untrusted(section.title).xml}</h4>"
        if section.headings:
            yield "<table><thead><tr>"
            yield from (f"<th>{Untrusted(each).xml}</th>" for each in section.headings)
            yield "</tr></thead><tbody>"
            for row in section.rows:
                yield "<tr>" + "".join(f"<td>{Untrusted(cell).xml}</td>" for cell in row) + "</tr>"
            yield "</tbody></table>"
        tag = "p" if section.title else "strong"
        yield from (f"<{tag}>{Untrusted(line).xml}</{tag}>" for line in section.lines)
