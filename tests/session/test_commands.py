from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command


class Lamp(CommandGroup):
    title = "Lamp"

    def __init__(self) -> None:
        self.is_on = False

    def plug_in(self) -> None: ...

    @command("Switch on", "S", "Shift+S", when=When.OPEN)
    def switch_on(self) -> None:
        """Light it."""
        self.is_on = True

    @command("Switch off", is_of_panes=True)
    def switch_off(self) -> None:
        """Put it out."""
        self.is_on = False


def test_a_group_lists_what_is_declared_in_its_order():
    on, off = Lamp().commands()
    assert on[:6] == ("switch_on", "Switch on", ("S", "Shift+S"), When.OPEN, "Lamp", False)
    assert off[:6] == ("switch_off", "Switch off", (), When.ALWAYS, "Lamp", True)


def test_each_group_runs_its_own_methods():
    lamp, other = Lamp(), Lamp()
    lamp.commands()[0].run()
    assert (lamp.is_on, other.is_on) == (True, False)
    lamp.switch_off()
    assert not lamp.is_on


def test_a_declared_method_keeps_its_name_and_its_words():
    assert Lamp.switch_on.id == "switch_on"
    assert Lamp.switch_on.__doc__ == "Light it."
