"""When the bell rings: at a critical that is new and that nobody handles."""

from __future__ import annotations

from medflow_tui.model.health import Health, Snapshot


def rings(before: Snapshot, after: Snapshot) -> bool:
    """True when a target is firmly critical now and was not in the snapshot before.

    >>> from medflow_tui.model.health import EMPTY
    >>> rings(EMPTY, EMPTY)
    False
    """
    known = {each.target for each in before.verdicts if each.health is Health.CRITICAL}
    return any(
        each.health is Health.CRITICAL
        and each.target not in known
        and each.acknowledged is None
        and each.maintenance is None
        for each in after.verdicts
    )
