"""Named things of one kind that any package may add to: overlays, rules, formats, engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from qviz.errors import QvizError
from qviz.words import tr

T = TypeVar("T")
U = TypeVar("U")


class Registry(Generic[T]):
    """What was registered, by name, in the order of registration.

    Args:
        noun: What one of them is called in messages, such as ``picture format``.
    """

    def __init__(self, noun: str) -> None:
        self.noun = noun  # in English, for tr
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> None:
        """Register an item.

        Raises:
            ValueError: The name is empty or taken: two packages mean different things by it.
        """
        if not name or name in self._items:
            raise ValueError(f'"{name}" cannot be the name of another {self.noun}')
        self._items[name] = item

    def register(self, name: str) -> Callable[[U], U]:
        """Return a decorator that registers what it decorates, and leaves it as it is."""

        def decorate(item: U) -> U:
            self.add(name, item)  # type: ignore[arg-type]  # a T, whose own type the decorated name keeps
            return item

        return decorate

    def remove(self, name: str) -> None:
        """Take an item out again.

        Raises:
            QvizError: There is none of that name.
        """
        self[name]
        del self._items[name]

    def __getitem__(self, name: str) -> T:
        """Return the item of a name.

        Raises:
            QvizError: There is none; the hint lists those there are.
        """
        try:
            return self._items[name]
        except KeyError:
            known = ", ".join(self._items)
            hint = (
                tr("Choose one of: {known}.", known=known)
                if known
                else tr("No {noun} is registered.", noun=tr(self.noun))
            )
            raise QvizError(tr('There is no {noun} "{name}"', noun=tr(self.noun), name=name), hint) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> tuple[tuple[str, T], ...]:
        """Return each name with its item."""
        return tuple(self._items.items())

    def values(self) -> tuple[T, ...]:
        """Return the items."""
        return tuple(self._items.values())
