from __future__ import annotations

import pytest

from qviz.errors import QvizError
from qviz.registry import Registry


@pytest.fixture
def planets() -> Registry[int]:
    planets: Registry[int] = Registry("planet")
    planets.add("venus", 2)
    planets.add("mercury", 1)
    return planets


def test_items_keep_the_order_of_registration(planets: Registry[int]) -> None:
    assert list(planets) == ["venus", "mercury"]
    assert planets.items() == (("venus", 2), ("mercury", 1))
    assert planets.values() == (2, 1)
    assert len(planets) == 2


def test_a_decorator_registers_and_leaves_what_it_decorates() -> None:
    verbs: Registry[object] = Registry("verb")

    @verbs.register("double")
    def double(number: int) -> int:
        return 2 * number

    assert double(4) == 8
    assert verbs["double"] is double


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(planets: Registry[int]) -> None:
    with pytest.raises(QvizError, match='no planet "mars"') as raised:
        planets["mars"]
    assert raised.value.hint == "Choose one of: venus, mercury."
    assert "mars" not in planets


@pytest.mark.parametrize("name", ["venus", ""])
def test_a_name_is_given_and_unique(planets: Registry[int], name: str) -> None:
    with pytest.raises(ValueError, match="planet"):
        planets.add(name, 3)


def test_what_is_removed_is_gone(planets: Registry[int]) -> None:
    planets.remove("venus")
    assert list(planets) == ["mercury"]
    with pytest.raises(QvizError):
        planets.remove("venus")
