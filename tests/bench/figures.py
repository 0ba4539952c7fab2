"""Figures and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.bench import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: what was measured of each program by name.

    `at_most` is what ours may never exceed, `aim` what it is to reach on a quiet machine (None: only told).
    """

    what: str
    size: str = ""
    unit: str = ""
    values: dict[str, float] = field(default_factory=dict)
    at_most: float | None = None
    aim: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Something that can be measured; `name` chooses it on the command line, `seconds` is about how long it takes."""

    name: str
    title: str
    measure: Callable[[Bench], Iterable[Figure]]


def table(figures: Iterable[Figure], ours: str) -> str:
    """A markdown table with a column for each program, ours first."""
    rows = list(figures)
    names = [ours, *dict.fromkeys(name for each in rows for name in each.values if name != ours)]
    lines = [
        "| figure | size | " + " | ".join(names) + " | at most | holds | note |",
        "|---|---|" + "---:|" * (len(names) + 1) + "---|---|",
    ]
    for each in rows:
        values = [_shown(each.values.get(name), each.unit) for name in names]
        limit = _shown(each.at_most, each.unit) or "aim " * (each.aim is not None) + _shown(
            each.aim, each.unit
        )
        lines.append(
            f"| {each.what} | {each.size} | {' | '.join(values)} | {limit} | {holds(each, ours)} | {each.note} |"
        )
    return "\n".join(lines)


def briefly(figure: Figure) -> str:
    """One line, to read while the rest is measured.

    >>> briefly(Figure(what="row down", size="80x24", unit="B", values={"us": 48.0, "raw": 7.0}))
    'row down 80x24: us 48 B, raw 7 B'
    """
    values = ", ".join(f"{name} {_shown(value, figure.unit)}" for name, value in figure.values.items())
    return f"{figure.what} {figure.size}: {values}"


def holds(figure: Figure, ours: str) -> str:
    """Whether ours reaches it: "yes", "NO" (of an aim: "above"), or nothing when there is nothing to reach.

    >>> holds(Figure(what="bytes", values={"us": 61.0}, at_most=60.0), "us")
    'NO'
    >>> holds(Figure(what="time", values={"us": 61.0}, aim=60.0), "us")
    'above'
    """
    value, wanted = figure.values.get(ours), figure.at_most if figure.at_most is not None else figure.aim
    if wanted is None or value is None:
        return ""
    return "yes" if value <= wanted else "NO" if figure.at_most is not None else "above"


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
