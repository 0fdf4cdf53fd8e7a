from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qviz.document.configuration import Custom, Factory, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.flows import FLOWS
from qviz.document.plan import BACKENDS, Plan
from qviz.document.plan_file import load, read, save, write
from qviz.errors import QvizError

WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=12)
MAYBE = some.none() | WORDS
ARGUMENTS = some.dictionaries(WORDS, some.booleans() | some.integers(-9, 9) | WORDS | some.lists(some.integers(0, 9)))
FACTORIES = some.builds(Factory, WORDS, ARGUMENTS)
QCONFIGS = some.builds(QConfig, MAYBE, some.none() | FACTORIES, some.none() | FACTORIES)
RULES = some.builds(
    Rule,
    some.sampled_from(["global", "object_type", "module_name", "module_name_regex", "module_name_object_type_order"]),
    WORDS,
    some.none() | QCONFIGS,
    MAYBE,
    some.none() | some.integers(0, 9),
)
QUANTIZER_RULES = some.builds(
    QuantizerRule, some.sampled_from(["module_name", "module_type", "operator"]), WORDS, some.booleans()
)
PLANS = some.builds(
    Plan,
    source=some.just("") | WORDS,
    flow=some.none() | some.sampled_from([flow.id for flow in FLOWS]),
    inputs=some.lists(WORDS, max_size=3).map(tuple),
    batch_limit=some.none() | some.integers(1, 99),
    random_batches=some.integers(1, 99),
    backend=some.sampled_from(BACKENDS),
    rules=some.lists(RULES, max_size=3).map(tuple),
    custom=some.builds(Custom, some.lists(WORDS).map(tuple), float_to_observed=some.dictionaries(WORDS, WORDS)),
    fuse_list=some.none() | some.lists(some.lists(WORDS, max_size=3).map(tuple), max_size=2).map(tuple),
    quantizer_options=some.builds(Quantizer, rules=some.lists(QUANTIZER_RULES, max_size=2).map(tuple)),
    strict=some.none() | some.booleans(),
    lower=some.booleans(),
)


@given(PLANS)
def test_what_was_written_is_read(plan: Plan):
    assert read(write(plan)) == plan


def test_a_file_keeps_the_plan(tmp_path):
    plan = Plan("net.py:Net", "fx-static", rules=(Rule("module_name", "fc"),))
    save(plan, tmp_path / "plan.toml")
    assert load(tmp_path / "plan.toml") == plan
    assert (tmp_path / "plan.toml").read_text().startswith("version = 1\n")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("version = 1\nflwo = 'x'", r"unknown setting flwo \(line 2\)", "flow"),
        ("version = 1\n[[rules]]\nkind = 'global'\ntarge = 'x'", r"unknown setting rules.targe \(line 4\)", "target"),
        (
            "version = 1\n[quantizer_options]\nper_chanel = true",
            r"unknown setting quantizer_options.per_chanel",
            "per_channel",
        ),
        ("version = 1\nseed = 'x'", "Expected `int`, got `str` - at `\\$.seed`", "configuration.md"),
        ("version = 1\n[[rules]]\nkind = 'all'", "Invalid enum value 'all'", "configuration.md"),
        ("seed = 1", "version none", "version = 1"),
        ("version = 9", "version 9", "Update"),
        ("seed: 1", "not valid TOML", "configuration.md"),
    ],
)
def test_a_faulty_plan_is_refused_with_the_place(text: str, message: str, hint: str):
    with pytest.raises(QvizError, match=message) as refused:
        read(text)
    assert hint in refused.value.hint


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(QvizError, match="was not found"):
        load(tmp_path / "none.toml")
