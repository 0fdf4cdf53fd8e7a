"""Which panels fit into which window."""

from __future__ import annotations

import pytest

from qviz.session.room import Room, first_size, room_in


@pytest.mark.parametrize(
    ("size", "scale", "room"),
    [
        ((1600, 1000), 1.0, Room(True, True, True, True, True)),
        ((1440, 820), 1.0, Room(True, True, True, True, True)),
        ((1439, 819), 1.0, Room(True, False, True, False, True)),
        ((1366, 768), 1.0, Room(False, False, True, False, True)),
        ((1024, 640), 1.0, Room(False, False, False, False, False)),
        ((1600, 1000), 1.3, Room(True, True, True, True, True)),
        ((1600, 1000), 1.5, Room(False, False, False, False, False)),
    ],
)
def test_panels_give_way_where_there_is_no_room(size: tuple[int, int], scale: float, room: Room):
    assert room_in(*size, scale) == room


@pytest.mark.parametrize(
    ("screen", "size"),
    [((2560, 1400), (1600, 1000)), ((1366, 728), (1229, 655)), ((800, 600), (1024, 640))],
)
def test_the_first_window_fits_the_screen(screen: tuple[int, int], size: tuple[int, int]):
    assert first_size(*screen) == size
