"""What people write where a source is wanted and that is none: what it is, and what to write instead."""

from __future__ import annotations

import os
import re

from qviz.errors import QvizError
from qviz.words import mark, tr

FORMS = mark(
    "Name a source as file.py:name, package.module:name, sample:NAME, or a .pt2, .pt, .pth, .qviz or .json file."
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DOTTED = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.([A-Za-z_]\w*(?:\(.*\))?)", re.DOTALL)
"""What Python would write: the module, and what it has, which may be called."""


def no_source(text: str) -> QvizError | None:
    """Return why a text can be no source, whatever stands on the disk; None of what may be one."""
    if _ADDRESS.match(text):
        return QvizError(
            tr("{text} is an address, and qviz loads nothing from the network", text=text),
            tr("Download the model first, and name its file; or name a function that loads it."),
        )
    place = text.split("(", 1)[0].partition(".ipynb:")
    if place[1] or text.endswith(".ipynb"):
        return QvizError(
            tr("{name} is a notebook, not a Python file", name=f"{place[0]}.ipynb" if place[1] else text),
            tr("Copy the cells that define the model into a .py file, or export the notebook as a Python script."),
        )
    if text.endswith((".pkl", ".pickle")):
        return QvizError(
            tr("{name} is a pickle of Python, not a file of torch.save", name=text),
            tr("Save the model with torch.save(model, 'model.pt'), or name a function that loads the pickle."),
        )
    return None


def no_name(text: str) -> QvizError:
    """Return why a text without a colon names nothing: it may be written as Python, or be the name of a checkpoint."""
    message, forms = tr('"{spec}" does not name a model', spec=text), tr(FORMS)
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None and not os.path.exists(text):
        return QvizError(message, tr("Did you mean {near}?", near=f"{dotted[1]}:{dotted[2]}"))
    if "." not in text:
        forms = tr("{forms} For a checkpoint of a hub, name a function that loads it.", forms=forms)
    return QvizError(message, forms)
