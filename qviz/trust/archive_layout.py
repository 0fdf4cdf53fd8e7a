"""Tells whether an archive is laid out as torch.save lays it out, so that no two readers can see two things in it.

torch reads archives with a library of its own: it takes names that differ in case alone for one, and finds the
directory where the end of the file says, not just before that. Whoever sees the harmless one must be sure of the other.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from typing import BinaryIO

_NAMES = re.compile(
    r"data\.pkl|byteorder|version|\.format_version|\.storage_alignment|\.data/serialization_id|data/\d+"
)
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _END_64_BYTES, _LOCATOR_BYTES = 22, 56, 20
_IN_64 = 0xFFFFFFFF


def is_of_torch_save(archive: zipfile.ZipFile, file: BinaryIO, root: str) -> bool:
    """Tell whether an archive has the members of torch.save below one folder, and one directory where all look for it.

    Args:
        archive: The archive, as Python reads it.
        file: What it is read from.
        root: The folder of its pickle.
    """
    infos = archive.infolist()
    names = [info.orig_filename for info in infos]
    are_known = all(each.startswith(f"{root}/") and _NAMES.fullmatch(each, len(root) + 1) is not None for each in names)
    begins_at_once = min((info.header_offset for info in infos), default=-1) == 0
    return bool(root) and are_known and len(set(names)) == len(names) and begins_at_once and _has_one_directory(file)


def _has_one_directory(file: BinaryIO) -> bool:
    """Tell whether the directory stands just before the end, and each word of the end says so."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _LOCATOR_BYTES - _END_64_BYTES))
    tail = file.read()
    end, before = tail[-_END_BYTES:], tail[:-_END_BYTES]
    if len(end) != _END_BYTES or end[:4] != _END:
        return False
    length, start, comment = struct.unpack("<IIH", end[12:])
    if comment:
        return False
    stands_at = size - _END_BYTES
    locator = before[-_LOCATOR_BYTES:]
    if locator[:4] == _LOCATOR:
        end_64 = before[:_END_64_BYTES]
        stands_at -= _LOCATOR_BYTES + _END_64_BYTES
        if len(before) != _LOCATOR_BYTES + _END_64_BYTES or end_64[:4] != _END_64:
            return False
        if struct.unpack("<Q", locator[8:16])[0] != stands_at:
            return False
        length_64, start_64 = struct.unpack("<QQ", end_64[40:])
        if length not in (_IN_64, length_64) or start not in (_IN_64, start_64):
            return False
        length, start = length_64, start_64
    return bool(start + length == stands_at)
