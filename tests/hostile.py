"""Names that mean harm, results made of them, and checks that what is exported of such a result is inert."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from xml.etree import ElementTree

from markdown_it import MarkdownIt
from msgspec.structs import replace
from PySide6.QtGui import QImage

from qviz.document.graph import Kind, SourceLine
from qviz.document.snapshot import Finding, Level, Link, Snapshot, Stage
from tests.factories import node, snapshot, stage, value
from tests.measured import ledger, measured

NAMES = (
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "end\\",
    "two\nlines",
    "cr\rlf\r\n```\r",
    "</svg><script>alert(1)</script>",
    "<script>alert(1)</script>",
    "]]><!--",
    "--> <!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "![shot](http://evil.example/a.png)",
    "<http://evil.example>",
    "http://evil.example/x",
    "www.evil.example",
    "me@evil.example",
    "&lt;b&gt; &#x202e; &amp;",
    "a|b|c",
    "| --- | --- |",
    "# heading",
    "- list",
    "1. list",
    "    code",
    "```",
    "   ~~~~",
    "code\n   ```\n<script>alert(2)</script>",
    "===",
    "*a* _b_ ~~c~~ `d`",
    "\\N \\G \\L \\n",
    "<<TABLE><TR><TD HREF='javascript:1'>x</TD></TR></TABLE>>",
    'a" URL="javascript:alert(1)',
    "a:port:n",
    "cluster_0",
    "a -> b; }",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "\t=1+1",
    '"=1+1"',
    "a;=1+1",
    " =1+1",
    "\x1b]0;owned\x07\x1b[2J",
    "\x1b[201~id\x9b2J",
    "< img src='file:///etc/passwd'>",
    "\x00",
    "\x7f\x80\x9f",
    "a\u202egpj.exe",
    "\u2066a\u2069\u200b\u200d\ufeff",
    "\u2028\u2029\x85",
    "\ufffe\uffff",
    "\U000e0041\ufe0f\u3164",
    "\u0a31\u3220\u3020\u5220",  # bytes of UTF-16 that read as a reference of a PDF: "\n1 2 0 0 R "
    "\u3120\u3020\u5220\u656e\u646f\u626a",
    "../../etc/passwd",
    "..\\..\\x",
    "CON",
    "nul.txt",
    "C:\\x",
    "",
    "%s %d {name} {0}",
    "卷积 é ×",
    "e\u0301\u0301\u0301\u0301",
    "x" * 100_000,
    "<&\"'" * 5_000,
)
_ROLES = (Kind.OP, Kind.OBSERVER, Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.QUANTIZED_OP, Kind.FUSED_OP, Kind.FAKE_QUANT)
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LONGEST_DOT = 30.0
_SVG = "{http://www.w3.org/2000/svg}"


class HostileNames:
    """Draws names, the same for the same seed: one of the list, or a few of them run together."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self) -> str:
        """Return a name."""
        first = self._random.choice(NAMES)
        return first + self._random.choice(NAMES)[:200] if self._random.random() < 0.3 else first

    def several(self, count: int) -> list[str]:
        """Return names that differ."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[self.one() if len(found) < count / 2 else f"{self.one()}{len(found)}"] = None
        return list(found)


def hostile_run(seed: int) -> Snapshot:
    """Return a result of two stages in which every text is hostile."""
    names = HostileNames(seed)
    stages = tuple(_stage(names, each) for each in names.several(2))
    ends = [(each.name, each.graph.nodes[0].id) for each in stages]
    (first, before), (second, after) = ends
    known = ledger().quantizers
    rows = (
        replace(row, id=name, module=names.one(), stage=first, nodes=(before,))
        for row, name in zip(known, names.several(len(known)), strict=True)
    )
    run = snapshot(
        *stages,
        links=[Link(first, second, (before,), (after,), "same", 1.0, names.one())],
        findings=[_finding(names, *end) for end in ends],
        source=names.one(),
        flow=names.one(),
        config={names.one(): names.one()},
        versions={names.one(): names.one()},
        python=f"{names.one()}\n{names.one()}\n",
    )
    return replace(run, measurements=measured(ledger=ledger(*rows)))


def _finding(names: HostileNames, at: str, node_id: str) -> Finding:
    said = {"message": names.one(), "reason": names.one(), "hint": names.one()}
    return Finding.of(names.one(), Level.WARNING, at, [node_id], **said)


def _stage(names: HostileNames, name: str) -> Stage:
    ids = names.several(5)
    kinds = (Kind.INPUT, *(_ROLES[weight_of(each) % len(_ROLES)] for each in ids[1:-1]), Kind.OUTPUT)
    paths = ["", f"{names.one()}.{names.one()}", f"{names.one()}.{names.one()}", "", ""]
    nodes = [
        node(
            each,
            *before,
            kind=kind,
            path=path,
            type=names.one() if path else "",
            target=names.one(),
            values=[value(names.one(), 3, dtype=names.one())],
            source=SourceLine(names.one(), 1, names.one()),
        )
        for each, before, kind, path in zip(ids, [(), *((each,) for each in ids)], kinds, paths, strict=False)
    ]
    groups = {path.rpartition(".")[0]: names.one() for path in paths if path}
    return stage(name, *nodes, groups=groups, code=names.one())


def weight_of(text: str) -> int:
    """Return a number that is the same for the same text in every process."""
    return sum(text.encode())


def check_svg(data: bytes) -> None:
    """Assert that an SVG is one, and that nothing in it runs, links or loads."""
    assert not HIDDEN.search(data.decode())
    root = ElementTree.fromstring(data)
    allowed = {"svg", "title", "desc", "defs", "g", "path", "rect", "polyline", "polygon", "line", "ellipse", "circle"}
    allowed |= {"text", "clipPath", "use"}
    for each in root.iter():
        assert each.tag.removeprefix(_SVG) in allowed, each.tag
        assert not [key for key in each.attrib if key.lower().startswith("on")]
        assert all(not key.endswith("href") or text.startswith("#") for key, text in each.attrib.items())


def check_dot(data: bytes) -> None:
    """Assert that graphviz reads a DOT file, without a word, and draws boxes, lines and texts of it alone."""
    text = data.decode()
    assert not HIDDEN.search(text)
    assert not re.search(r"(?i)\b(url|href|target|image|tooltip)=", re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))
    if shutil.which("dot") is None:
        return
    done = subprocess.run(["dot", "-Tsvg"], input=data, capture_output=True, check=False, timeout=_LONGEST_DOT)
    assert done.returncode == 0, done.stderr[:500]
    assert b"yntax error" not in done.stderr, done.stderr[:500]
    root = ElementTree.fromstring(done.stdout)
    drawn = {"svg", "title", "g", "path", "polygon", "polyline", "ellipse", "text"}
    assert {each.tag.removeprefix(_SVG) for each in root.iter()} <= drawn


def check_markdown(data: bytes) -> None:
    """Assert that a report has its own headings, one picture of its own, and no link, markup or foreign list."""
    text = data.decode()
    assert not HIDDEN.search(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    kinds = {each.type for each in tokens}
    assert "html_block" not in kinds
    assert "ordered_list_open" not in kinds
    assert "hr" not in kinds
    headings = [tokens[at + 1] for at, each in enumerate(tokens) if each.type == "heading_open" and each.tag == "h2"]
    assert [each.content for each in headings] == ["Summary", "Findings", "Noise", "Configuration", "Python"]
    assert sum(each.type == "fence" for each in tokens) == 2
    inner = [child for each in tokens for child in each.children or ()]
    assert not {"html_inline", "link_open", "em_open", "s_open", "code_inline"} & {each.type for each in inner}
    images = [each for each in inner if each.type == "image"]
    assert [each.attrs["src"] for each in images] == ["a-graph.svg"]
    bare = "".join(each.content for each in inner if each.type == "text")
    assert not HIDDEN.search(bare)


def check_pdf(data: bytes) -> None:
    """Assert that a PDF has one page, whose objects stand where its table says, and nothing that acts."""
    assert data.startswith(b"%PDF-")
    assert data.endswith(b"%%EOF\n")
    table = data[int(re.findall(rb"startxref\n(\d+)\n", data)[-1]) :]
    for number, place in enumerate(re.findall(rb"(\d{10}) \d{5} n", table), start=1):
        assert data[int(place) :].startswith(b"%d 0 obj" % number)
    outside = re.sub(rb"(?s)\bstream\n.*?endstream|\((?:[^()\\]|\\.)*\)", b"", data)
    assert not re.search(rb"/(JavaScript|JS|URI|Launch|OpenAction|AA|EmbeddedFile|SubmitForm)\b", outside)
    about = re.search(rb"(?s)<\?xpacket begin.*?(<x:xmpmeta.*?</x:xmpmeta>)", data)
    assert about is not None
    ElementTree.fromstring(about[1])


def open_pdf(data: bytes, folder) -> None:
    """Let qpdf judge a PDF, where there is one."""
    if shutil.which("qpdf") is None:
        return
    (folder / "a.pdf").write_bytes(data)
    done = subprocess.run(["qpdf", "--check", str(folder / "a.pdf")], capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def check_png(data: bytes) -> None:
    """Assert that an image opens and that what it says of itself is visible."""
    image = QImage.fromData(data)
    assert not image.isNull()
    assert not any(HIDDEN.search(image.text(key)) for key in image.textKeys())


def check_csv(text: str) -> None:
    """Assert that a table has rows of one length, in which a spreadsheet computes nothing."""
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not re.search(r"(^|;)\s*[\"\s]*[=+@\t\r]", cell), cell
        assert not cell.startswith("-") or re.fullmatch(r"-[\d.e+-]+", cell), cell
        assert not HIDDEN.search(cell)


def check_xml(text: str) -> None:
    """Assert that XML is well-formed and hides nothing."""
    ElementTree.fromstring(text.encode())
    assert not HIDDEN.search(text)


def check_json(text: str) -> None:
    """Assert that JSON is in UTF-8 and one value."""
    json.loads(text.encode())


def check_sarif(text: str) -> None:
    """Assert that SARIF is JSON, in whose messages no bracket makes a link and nothing is hidden."""
    (run,) = json.loads(text.encode())["runs"]
    for each in run["results"]:
        assert not re.search(r"(?<!\\)(\\\\)*[\[\]]", each["message"]["text"])
        assert not HIDDEN.search(each["message"]["text"])


def check_shown(text: str) -> None:
    """Assert that a text for a terminal hides nothing."""
    assert not HIDDEN.search(text)


CHECKS: dict[str, Callable[[bytes], None]] = {
    ".svg": check_svg,
    ".dot": check_dot,
    ".md": check_markdown,
    ".pdf": check_pdf,
    ".png": check_png,
}
