"""English: where the guesses of a model's inputs come from. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "guess.channels": {"text": "{size} comes from {path}."},
    "guess.features": {"text": "{size} comes from {path}."},
    "guess.flat": {"text": "{size} values in all come from {path}."},
    "guess.size_free": {"text": "{size} × {size} is a guess[[: {smallest} × {smallest} works, too]]."},
    "guess.size_fits": {"text": "{size} × {size} is the first size that runs."},
    "guess.length_free": {"text": "The length {length} is a guess[[: {path} allows up to {most}]]."},
    "guess.length_fits": {"text": "The length {length} comes from the layers."},
    "guess.rows": {"text": "{rows:grouped} rows in {path}."},
    "guess.mask": {"text": "Used as a mask."},
    "guess.own": {"text": "From the inputs beside the model."},
    "guess.same_shape": {"text": "Same shape as {other}."},
    "guess.any": {"text": "No layer determines its shape; this one runs."},
    "guess.unknown": {"text": "No layer determines its shape. Enter it."},
}
