"""What a database holds after a restart, against what it held before: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One collection that is not as it must be: `now` None is missing; `before` None: it was not counted then."""

    collection: str
    now: int | None
    before: int | None = None


def compare(
    before: Mapping[str, int],
    now: Mapping[str, int],
    *,
    fading: Collection[str],
    expected: Collection[str],
    never_empty: Collection[str],
) -> tuple[Difference, ...]:
    """What is lost. More documents are no loss; fewer are none where an index deletes them (`fading`).

    Without counts from before, what the site expects must be there.

    >>> compare({"patients": 7}, {"patients": 6}, fading=(), expected=(), never_empty=())
    (Difference(collection='patients', now=6, before=7),)
    >>> compare({}, {"clinics": 0}, fading=(), expected=("users",), never_empty=("clinics",))
    (Difference(collection='users', now=None, before=None), Difference(collection='clinics', now=0, before=None))
    """
    if not before:
        missing = [Difference(collection=each, now=None) for each in expected if each not in now]
        empty = [Difference(collection=each, now=0) for each in never_empty if now.get(each) == 0]
        return (*missing, *empty)
    return tuple(
        Difference(collection=name, now=now.get(name), before=count)
        for name, count in before.items()
        if name not in now or (now[name] < count and name not in fading)
    )
