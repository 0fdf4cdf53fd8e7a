"""English: relations and other words of the document that are not `names`. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "relation.came.same": {"text": "Unchanged (from {stage:capital})"},
    "relation.came.replaced": {"text": "Replaced (from {stage:capital})"},
    "relation.came.fused": {"text": "Fused[[ with {others:all}]] (from {stage:capital})"},
    "relation.came.folded": {"text": "Folded[[ with {others:all}]] (from {stage:capital})"},
    "relation.came.decomposed": {"text": "Decomposed (from {stage:capital})"},
    "relation.came.duplicated": {"text": "Duplicated (from {stage:capital})"},
    "relation.came.inserted": {"text": "Inserted in this stage"},
    "relation.became.same": {"text": "Unchanged (in {stage:capital})"},
    "relation.became.replaced": {"text": "Replaced (in {stage:capital})"},
    "relation.became.fused": {"text": "Fused[[ with {others:all}]] (in {stage:capital})"},
    "relation.became.folded": {"text": "Folded[[ with {others:all}]] (in {stage:capital})"},
    "relation.became.decomposed": {"text": "Decomposed (in {stage:capital})"},
    "relation.became.duplicated": {"text": "Duplicated (in {stage:capital})"},
    "relation.became.removed": {"text": "Removed (in {stage:capital})"},
}
