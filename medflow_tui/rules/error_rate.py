"""The share of requests that the backend answers with an error, before and after it was restarted: pure."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.procedure import Outcome

YELLOW_PERMILLE = 50  # MedFlow's own watch script: from 95 % of success on it is yellow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`failed` of `requests` were answered with 5xx."""

    requests: int
    failed: int

    @property
    def permille(self) -> int:
        """Of a thousand requests; 0 without any.

        >>> Rate(requests=300, failed=4).permille
        13
        """
        return self.failed * 1000 // self.requests if self.requests else 0


def judged(before: Rate | None, after: Rate) -> Outcome:
    """A fail when the share of errors is larger than before; with nothing to compare with, from the yellow line on.

    >>> judged(Rate(requests=100, failed=1), Rate(requests=50, failed=1))
    <Outcome.FAIL: 'fail'>
    >>> judged(None, Rate(requests=50, failed=1))
    <Outcome.PASS: 'pass'>
    """
    if not after.failed:
        return Outcome.PASS
    if before is None or not before.requests:
        return Outcome.FAIL if after.permille >= YELLOW_PERMILLE else Outcome.PASS
    rose = after.failed * before.requests > before.failed * after.requests
    return Outcome.FAIL if rose else Outcome.PASS
