"""Completes a ledger with what predictions need: who asks for each quantizer, how large weights are, and so on.

The prediction itself is plain arithmetic on the document: `qviz.analysis.what_if`.
"""

from __future__ import annotations

import msgspec

from qviz.analysis.possible_changes import possible_changes
from qviz.document.changes import Change, changed
from qviz.document.measurements import Ledger
from qviz.document.plan_patch import patch
from qviz.engine.measure.changes import askers
from qviz.engine.measure.changes.counterfactuals import FLOAT, with_alternatives
from qviz.engine.measure.changes.offers import offers, with_offers
from qviz.engine.measure.ledger.ledger import names_of
from qviz.engine.measure.models.measured import Measured


def completed(measured: Measured, ledger: Ledger) -> Ledger:
    """Return the ledger with what its quantizers lack: who asks for them, sizes, other ways to round."""
    index = {name: place for place, name in enumerate(names_of(measured))}
    asked, own = askers.asked_by(measured.simulation), askers.OwnModules(measured)
    work = askers.work(measured.simulation, measured.evaluation.batches[0])
    rows = []
    for row in ledger.quantizers:
        quantizer = index[row.id]
        rows.append(
            msgspec.structs.replace(
                row,
                asked_by=asked.get(quantizer) or own.of(row),
                elements=work.elements.get(quantizer) if row.kind == "weight" else None,
                macs=work.macs.get(quantizer) if row.kind == "weight" else None,
            )
        )
    found = msgspec.structs.replace(ledger, quantizers=with_alternatives(measured, rows, index), macs=work.total)
    patches: dict[tuple[str, str], str] = {}
    for change in changes_of(measured, found):
        text = patch(measured.plan, changed(measured.plan, (change,)))
        for name in change.quantizers:
            patches.setdefault((name, change.alternative or FLOAT), text)
    return with_offers(found, patches)


def changes_of(measured: Measured, ledger: Ledger) -> tuple[Change, ...]:
    """Return all that a plan can express: fewest quantizers first, then other ways to round."""
    index = {name: place for place, name in enumerate(names_of(measured))}
    in_float = possible_changes(measured.plan, ledger, measured.stage.graph)
    return (*sorted(in_float, key=lambda each: len(each.quantizers)), *offers(measured, ledger, index))
