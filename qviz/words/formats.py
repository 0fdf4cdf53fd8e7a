"""Formats numbers, counts, lists, sizes and dtypes, the same everywhere.

Numbers have at most 4 significant digits and a true minus sign; lists name three and count the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qviz.words.language import mark, sign, tr, trn

MINUS = "−"
_LEAST_LEVEL = 0.1
"""Decibels of which one decimal says too little."""


def number(value: float | str, digits: int = 4) -> str:
    """Return a number with at most `digits` significant digits; integers whole, "inf" as ∞.

    >>> number(0.0123456), number(102400), number(-3.5), number("inf")
    ('0.01235', '102400', '−3.5', '∞')
    """
    if isinstance(value, str):
        if value not in ("inf", "-inf", "nan"):
            return value
        value = float(value)
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    return text.replace("-", MINUS)


def exact(value: float | str) -> str:
    """Return a number with all digits of a float32, for numbers that four digits do not tell apart."""
    return number(value, 9)


def grouped(value: int) -> str:
    """Return a large count with its thousands apart: ``12,345``."""
    return f"{value:,}"


def amount(value: float) -> str:
    """Return a large count in three digits: ``315 M``.

    >>> amount(315_000_000), amount(12_345), amount(7)
    ('315 M', '12.3 k', '7')
    """
    for factor, text in ((1e9, mark("{number} G")), (1e6, mark("{number} M")), (1e3, mark("{number} k"))):
        if value >= factor:
            return tr(text, number=number(value / factor, 3))
    return number(value)


def shape(lengths: Iterable[int | str]) -> str:
    """Return the lengths of a tensor: ``1×3×224×224``."""
    return "×".join(map(str, lengths))


def tensor(lengths: Iterable[int | str], of_dtype: str) -> str:
    """Return shape and dtype of a tensor: ``1×64 float32``, of a scalar the dtype alone.

    >>> tensor((1, 64), "torch.float32"), tensor((), "torch.int64")
    ('1×64 float32', 'int64')
    """
    return f"{shape(lengths)} {dtype(of_dtype)}".strip()


def span(low: float | str, high: float | str) -> str:
    """Return a range: ``−4.34 … 4.56``."""
    return f"{number(low)} … {number(high)}"


def channels(values: Iterable[float | str]) -> str:
    """Return what a scale per channel comes to: ``8 channels, 0.0013 … 0.0015``, ``8 channels, all 0``.

    >>> channels([0.0013, 0.0015]), channels([0, 0, 0])
    ('2 channels, 0.0013 … 0.0015', '3 channels, all 0')
    """
    floats = [float(each) for each in values]
    count = trn(len(floats), "{count} channel", "{count} channels")
    if not floats:
        return count
    low, high = min(floats), max(floats)
    return (
        tr("{count}, all {value}", count=count, value=number(low))
        if low == high
        else f"{count}{sign(', ')}{span(low, high)}"
    )


def stride(steps: Sequence[int]) -> str:
    """Return how far apart the places of a kernel are; "" where it leaves none out.

    >>> stride([2, 2]), stride([2, 1]), stride([1, 1])
    ('/2', '/2×1', '')
    """
    if set(steps) <= {1}:
        return ""
    return f"/{steps[0]}" if len(set(steps)) == 1 else f"/{'×'.join(map(str, steps))}"


def listed(names: Iterable[Any], most: int = 3) -> str:
    """Return the first names and how many more there are: ``a, b, c and 2 more``.

    >>> listed(["a", "b", "c", "d", "e"]), listed(["a", "b"])
    ('a, b, c and 2 more', 'a, b')
    """
    texts = [str(each) for each in names]
    first = sign(", ").join(texts[:most])
    return tr("{first} and {count} more", first=first, count=len(texts) - most) if len(texts) > most else first


def every(names: Iterable[Any]) -> str:
    """Return all names: ``a, b, c``."""
    return sign(", ").join(map(str, names))


def clauses(texts: Iterable[Any]) -> str:
    """Return all texts, which may hold commas: ``a, b; c``."""
    return sign("; ").join(map(str, texts))


def joined(names: Iterable[Any]) -> str:
    """Return all names: ``a, b and c``."""
    texts = [str(each) for each in names]
    if len(texts) < 2:
        return "".join(texts)
    return tr("{first} and {last}", first=sign(", ").join(texts[:-1]), last=texts[-1])


def size(count: float) -> str:
    """Return a number of bytes in kB, MB or GB (powers of 1000).

    >>> size(1), size(1500), size(46_800_000)
    ('1 byte', '1.5 kB', '46.8 MB')
    """
    for factor, text in ((1e9, mark("{number} GB")), (1e6, mark("{number} MB")), (1e3, mark("{number} kB"))):
        if count >= factor:
            return tr(text, number=number(count / factor, 3))
    return trn(round(count), "{count} byte", "{count} bytes")


def ago(seconds: float) -> str:
    """Return how long ago something was, in its largest unit: ``just now``, ``2 min ago``, ``3 days ago``."""
    minutes = max(0, round(seconds)) // 60
    if minutes < 1:
        return tr("just now")
    if minutes < 60:
        return tr("{count} min ago", count=minutes)
    hours = minutes // 60
    if hours < 24:
        return tr("{count} h ago", count=hours)
    return trn(hours // 24, "{count} day ago", "{count} days ago")


def percent(share: float) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{number(100 * share, 3)} %"


def part(share: float) -> str:
    """Return a part of a whole in percent with one decimal; nearly nothing and nearly all as a bound.

    >>> part(0), part(0.0001), part(0.51), part(0.9999), part(1)
    ('0 %', '< 0.1 %', '51.0 %', '> 99.9 %', '100 %')
    """
    if 0 < share < 0.001:
        return tr("< {share}", share=percent(0.001))
    if 0.999 < share < 1:
        return tr("> {share}", share=percent(0.999))
    return percent(share) if share in (0, 1) else f"{100 * share:.1f} %".replace("-", MINUS)


def decibels(value: float | str) -> str:
    """Return a level in dB with one decimal: ``39.0 dB``."""
    return tr("{number} dB", number=_tenths(value))


def gain(value: float | str) -> str:
    """Return a change in dB with its sign: ``+9.1 dB``; one that is too small for its decimal keeps a digit.

    >>> gain(9.1), gain(-0.25), decibels("inf")
    ('+9.1 dB', '−0.2 dB', '∞ dB')
    """
    text = _tenths(value)
    return tr("{number} dB", number=text if text.startswith(MINUS) else f"+{text}")


def _tenths(value: float | str) -> str:
    known = float(value) if not isinstance(value, str) or value in ("inf", "-inf", "nan") else math.nan
    if not math.isfinite(known):
        return number(value)
    if 0 < abs(known) < _LEAST_LEVEL:
        return number(known, 1)
    return f"{known:.1f}".replace("-0.0", "0.0").replace("-", MINUS)


def dtype(name: str) -> str:
    """Return a dtype without its module: ``quint8`` for ``torch.quint8``."""
    return name.removeprefix("torch.")


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter and ends with a full stop, one that fell back to English too."""
    if not text or text.endswith((".", "!", "?", "…", "。", "！", "？")):
        return capitalized(text)
    return capitalized(text) + ("." if text.isascii() else sign("."))


def ended(text: str) -> str:
    """Return a text that ends with a full stop; one that begins with the name of a node keeps its first letter."""
    return text[:1] + sentence(text)[1:]


def factor(ratio: float) -> str:
    """Return how many times more or less."""
    return number(ratio, 2)


def sentences(texts: Iterable[str]) -> str:
    """Return whole sentences one behind the other."""
    return " ".join(text for text in texts if text)


def capitalized(text: str) -> str:
    """Return a text that begins with a capital letter, unless it begins with what only code and modules are named.

    >>> capitalized("mean stays in float"), capitalized("layer1.0 is float"), capitalized("hard_swish is float")
    ('Mean stays in float', 'layer1.0 is float', 'hard_swish is float')
    >>> capitalized("qviz works on a copy")
    'qviz works on a copy'
    """
    first = text.partition(" ")[0]
    is_name = first == "qviz" or any(each == "_" or each.isdigit() for each in first) or "." in first[:-1]
    return text if is_name else text[:1].upper() + text[1:]


FORMATS: dict[str, Callable[[Any], str]] = {
    "number": number,
    "exact": exact,
    "grouped": grouped,
    "names": listed,
    "all": joined,
    "every": every,
    "clauses": clauses,
    "channels": channels,
    "size": size,
    "percent": percent,
    "db": decibels,
    "gain": gain,
    "factor": factor,
    "dtype": dtype,
    "capital": capitalized,
}
"""What can stand behind the colon of a template's field."""
