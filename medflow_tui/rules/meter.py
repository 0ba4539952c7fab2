"""The byte meter: what went to the terminal, lately, in this session, and in an hour at this rate."""

from __future__ import annotations

from dataclasses import dataclass, replace

WINDOW_S = 10.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """`session` is bytes so far, `rate` bytes a second over the last ten seconds; None: not known (yet).

    `marks` are the looks of the last ten seconds and the one before them: when, and how many bytes by then.
    """

    session: int | None = None
    rate: float | None = None
    marks: tuple[tuple[float, int], ...] = ()

    def after(self, written: int | None, at: float) -> Meter:
        """What is known after another look: so many bytes by `at`, seconds of any clock that does not go back.

        >>> Meter().after(4_500, 0.0).after(5_500, 10.0).rate
        100.0
        """
        if written is None:
            return Meter()
        begins = max((moment for moment, _ in self.marks if moment <= at - WINDOW_S), default=None)
        kept = self.marks if begins is None else tuple(each for each in self.marks if each[0] >= begins)
        rate = None
        if begins is not None:
            rate = (written - kept[0][1]) / (at - begins)
        return replace(self, session=written, rate=rate, marks=(*kept, (at, written)))

    @property
    def per_hour(self) -> float | None:
        """Bytes an hour at this rate."""
        return None if self.rate is None else self.rate * HOUR_S
