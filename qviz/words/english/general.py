"""English: relations, what rules are for, other words of the document that are not `names`. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "relation.came.same": {"text": "Unchanged (from {stage:stage})"},
    "relation.came.replaced": {"text": "Replaced (from {stage:stage})"},
    "relation.came.fused": {"text": "Fused[[ with {others:all}]] (from {stage:stage})"},
    "relation.came.folded": {"text": "Folded[[ with {others:all}]] (from {stage:stage})"},
    "relation.came.decomposed": {"text": "Decomposed (from {stage:stage})"},
    "relation.came.duplicated": {"text": "Duplicated (from {stage:stage})"},
    "relation.came.inserted": {"text": "Inserted in this stage"},
    "relation.became.same": {"text": "Unchanged (in {stage:stage})"},
    "relation.became.replaced": {"text": "Replaced (in {stage:stage})"},
    "relation.became.fused": {"text": "Fused[[ with {others:all}]] (in {stage:stage})"},
    "relation.became.folded": {"text": "Folded[[ with {others:all}]] (in {stage:stage})"},
    "relation.became.decomposed": {"text": "Decomposed (in {stage:stage})"},
    "relation.became.duplicated": {"text": "Duplicated (in {stage:stage})"},
    "relation.became.removed": {"text": "Removed (in {stage:stage})"},
    "left_by.global": {"text": "all modules"},
    "left_by.object_type": {"text": "the type {target}"},
    "left_by.module_type": {"text": "the type {target}"},
    "left_by.module_name": {"text": "the module {target}"},
    "left_by.module_name_regex": {"text": "the modules {target}"},
    "left_by.module_name_object_type_order": {"text": "the call ({target})"},
    "left_by.operator": {"text": "the operator {target}"},
    "left_by.node": {"text": "the node {target}"},
    "left_by.tensor": {"text": "the tensor {target}"},
}
