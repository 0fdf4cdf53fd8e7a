"""A command is a method with a declaration: its title, keys and when it is possible; menus and keys read that."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, overload

GroupT = TypeVar("GroupT")


class When(str, Enum):
    """What has to be the case for a command."""

    ALWAYS = "always"
    OPEN = "a model or a result is open"
    STAGE = "a stage is shown"
    NODE = "a node is selected"
    PLAN = "a model is chosen"
    RUNNING = "a run is at work"
    RESULT = "there is a result"


class Command(NamedTuple):
    """One thing that the user can do.

    Attributes:
        id: Names it; the name of its method.
        title: What menus call it, in English, for `qviz.words.tr`.
        keys: Its shortcuts as Qt writes them, the one that tooltips name first.
        when: What has to be the case for it.
        group: The title of its group, in English too.
        is_of_panes: Its keys work in the panes only; elsewhere they are for buttons and fields.
        run: Does it.
        words: Other words that the palette finds it by, in English, for `qviz.words.tr`.
        is_apart: Whether a line parts it from the command before it in the menu.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    when: When
    group: str
    is_of_panes: bool
    run: Callable[[], object]
    words: str = ""
    is_apart: bool = False


class CommandMethod(Generic[GroupT]):
    """A method that `command` declared; called on its group it is the method as it was written."""

    id: str

    def __init__(self, run: Callable[[GroupT], object], declared: Callable[..., Command]) -> None:
        self._run, self._declared = run, declared
        self.__doc__ = run.__doc__

    def __set_name__(self, group: type, name: str) -> None:
        self.id = name

    @overload
    def __get__(self, group: None, owner: type) -> CommandMethod[GroupT]: ...
    @overload
    def __get__(self, group: GroupT, owner: type) -> Callable[[], object]: ...
    def __get__(self, group: GroupT | None, owner: type) -> CommandMethod[GroupT] | Callable[[], object]:
        return self if group is None else lambda: self._run(group)

    def of(self, group: GroupT, title: str) -> Command:
        """Return the command that runs this on a group of that title."""
        return self._declared(id=self.id, group=title, run=self.__get__(group, type(group)))


def command(
    title: str,
    *keys: str,
    when: When = When.ALWAYS,
    is_of_panes: bool = False,
    words: str = "",
    is_apart: bool = False,
) -> Callable[[Callable[[GroupT], object]], CommandMethod[GroupT]]:
    """Declare a method of a `CommandGroup` as a command; the fields of `Command` say what the arguments mean.

    Example:
        >>> class Talk(CommandGroup):
        ...     title = "Talk"
        ...
        ...     @command("Say hello", "Ctrl+H")
        ...     def hello(self) -> None:
        ...         print("hello")
        >>> (hello,) = Talk().commands()
        >>> hello.id, hello.title, hello.keys, hello.group
        ('hello', 'Say hello', ('Ctrl+H',), 'Talk')
        >>> hello.run()
        hello
    """
    declared = partial(
        Command, title=title, keys=keys, when=when, is_of_panes=is_of_panes, words=words, is_apart=is_apart
    )
    return lambda run: CommandMethod(run, declared)


class CommandGroup:
    """Commands that stand together in menus, in the order in which they are written.

    Attributes:
        title: What the group, and its menu, is called in English.
    """

    title: ClassVar[str]

    def commands(self) -> tuple[Command, ...]:
        """Return all commands of the group."""
        methods: list[CommandMethod[Any]] = [
            method for method in vars(type(self)).values() if isinstance(method, CommandMethod)
        ]
        return tuple(method.of(self, self.title) for method in methods)
