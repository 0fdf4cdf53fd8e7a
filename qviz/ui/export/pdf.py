"""Pictures as PDF: one page as large as the picture, of lines and text."""

from __future__ import annotations

import re
from bisect import bisect

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from qviz.ui.export.picture import Picture
from qviz.words.untrusted import Untrusted

PER_INCH = 96
POINTS = 72
LONGEST = 14_400.0
"""Points of a page's side; readers show no more."""
_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_DATE = re.compile(rb"/(?:CreationDate|ModDate) \(D:[^)]*\)\n?")
_PLACE = re.compile(rb"(\d{10}) \d{5} n")
_FIRST = re.compile(rb"/(?:Info|Root) (\d+) 0 R")
_NUMBER = re.compile(rb"\b(\d+) 0 (R|obj)\b")
_SUBSET = re.compile(rb"(?<=/FontName /)[A-Z]{6}(?=\+)")
_STREAM = b"stream\n"


def encode(picture: Picture) -> bytes:
    """Return the bytes of a PDF; the scale does not matter to it."""
    size = picture.size
    points = size * (POINTS / PER_INCH)
    shrunk = min(1.0, LONGEST / max(points.width(), points.height()))
    page = QSizeF(-(-points.width() * shrunk // 1), -(-points.height() * shrunk // 1))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(PER_INCH)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(page, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch),
            QPageLayout.Orientation.Portrait,
            QMarginsF(),
        )
    )
    writer.setTitle(picture.title)
    writer.setCreator(picture.identity["Software"])
    writer.setDocumentXmpMetadata(QByteArray(_about(picture.identity).encode()))
    painter = QPainter(writer)
    try:
        painter.scale(shrunk, shrunk)
        picture.draw(painter)
    finally:
        painter.end()
    return _settled(bytes(buffer.data().data()))


def _about(identity: dict[str, str]) -> str:
    """Return what a PDF says of itself, as XMP; Qt's own has the time and a random number."""
    rows = "".join(f"<qviz:{key}>{Untrusted(text).xml}</qviz:{key}>" for key, text in identity.items())
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:qviz="urn:qviz:picture">{rows}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def _settled(made: bytes) -> bytes:
    """Return a PDF without its time and random numbers, and with its objects in the order in which they are needed.

    Qt writes fonts in the order of a hash table with a random seed.
    """
    found = _START.search(made)
    assert found is not None, "Qt ends a PDF so"
    table = int(found[1])
    trailer = made[table:]
    places = [int(each) for each in _PLACE.findall(trailer)]
    ends = sorted([*places, table])
    bodies = {number: made[place : ends[bisect(ends, place)]] for number, place in enumerate(places, start=1)}
    info, root = (int(each) for each in _FIRST.findall(trailer))
    bodies[info] = _DATE.sub(b"", bodies[info])
    numbers = {old: new for new, old in enumerate(_needed(bodies, [info, root]), start=1)}
    out, rows = made[: ends[0]], [b"%010d 65535 f \n" % 0]
    for old in numbers:
        head, stream, data = bodies[old].partition(_STREAM)
        head = _SUBSET.sub(b"QVIZAA", head)  # Qt derives it from the number that the object had
        rows.append(b"%010d 00000 n \n" % len(out))
        count = 1 if old == info else 0  # its title may hold what looks like a reference
        out += _NUMBER.sub(lambda each: b"%d 0 %b" % (numbers[int(each[1])], each[2]), head, count) + stream + data
    count = len(rows)
    end = b"trailer\n<<\n/Size %d\n/Info %d 0 R\n/Root %d 0 R\n>>\n" % (count, numbers[info], numbers[root])
    return out + b"xref\n0 %d\n" % count + b"".join(rows) + end + b"startxref\n%d\n%%%%EOF\n" % len(out)


def _needed(bodies: dict[int, bytes], first: list[int]) -> list[int]:
    """Return the objects that others refer to, each behind the first that does."""
    order = dict.fromkeys(first)
    waiting = list(first)
    for number in waiting:
        if number == first[0]:  # what a file says of itself refers to nothing
            continue
        head = bodies[number].partition(_STREAM)[0]
        for each in (int(found[1]) for found in _NUMBER.finditer(head) if found[2] == b"R"):
            if each not in order:
                order[each] = None
                waiting.append(each)
    return list(order)
