"""Completes a ledger with what predictions need: who asks for each quantizer, how large weights are, and so on.

The prediction itself is plain arithmetic on the document: `qviz.analysis.what_if`.
"""

from __future__ import annotations

import msgspec

from qviz.document.measurements import Ledger
from qviz.engine.measure import askers
from qviz.engine.measure.ledger import names_of
from qviz.engine.measure.measured import Measured


def completed(measured: Measured, ledger: Ledger) -> Ledger:
    """Return the ledger with `asked_by`, `elements` and `macs` of its quantizers."""
    index = {name: place for place, name in enumerate(names_of(measured))}
    asked = askers.asked_by(measured.simulation)
    work = askers.work(measured.simulation, measured.evaluation.batches[0])
    rows = []
    for row in ledger.quantizers:
        quantizer = index[row.id]
        rows.append(
            msgspec.structs.replace(
                row,
                asked_by=asked.get(quantizer, ()),
                elements=work.elements.get(quantizer) if row.kind == "weight" else None,
                macs=work.macs.get(quantizer) if row.kind == "weight" else None,
            )
        )
    return msgspec.structs.replace(ledger, quantizers=tuple(rows), macs=work.total)
