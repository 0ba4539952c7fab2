"""Short names for files that may have the same name in different folders."""

from __future__ import annotations

from collections.abc import Sequence


def distinct_names(paths: Sequence[str]) -> tuple[str, ...]:
    """The name of each file with as many folders before it as tell it from the others.

    MedFlow has two files `combined.log`, of two loggers.

    >>> distinct_names(("/srv/backend/logs/combined.log", "/srv/logs/combined.log", "/srv/logs/out.log"))
    ('backend/logs/combined.log', 'srv/logs/combined.log', 'out.log')
    """
    split = [tuple(each for each in path.replace("\\", "/").split("/") if each) for path in paths]
    return tuple(
        "/".join(parts[-_needed(parts, [other for at, other in enumerate(split) if at != place]) :])
        for place, parts in enumerate(split)
    )


def _needed(parts: tuple[str, ...], others: list[tuple[str, ...]]) -> int:
    return next(
        (n for n in range(1, len(parts)) if all(other[-n:] != parts[-n:] for other in others)), len(parts)
    )
