"""When a lock that another run holds, or has left behind, may be taken over: pure."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.words import SILENCE, Phrase, say

WAY_OUT = "playbook unlock"


def unreadable(lock: str) -> Phrase:
    """Who holds it is not known; only a person can say that nobody does."""
    return say(
        "the lock {name} cannot be read: look who acts, then release it: {order}",
        name=lock,
        order=f"{WAY_OUT} {lock}",
    )


def lost(role: str) -> Phrase:
    """Why a run whose lock was released, or taken by another, does nothing more by itself; `role` is to be called."""
    return say(
        "its lock was released meanwhile, and others may have acted since: nothing of it is gone on with or taken back "
        "by itself; leave it as it stands, and call {role}",
        role=role,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lock and the run that took it. `lives`: its process is there; `is_stale`: it is gone, and the lease ran out or

    the machine was restarted; `is_over`: the run has ended, or has changed nothing; None when that is not known.
    """

    lock: str
    who: str
    since: str
    run: str
    lives: bool
    is_stale: bool
    is_over: bool | None


def why_not(held: Held) -> Phrase:
    """Why another run may not take it; nothing when it may. What may be half-way is a person's to end.

    >>> known = dict(lock="redis", who="amani", since="08:00", run="r", lives=False, is_stale=True)
    >>> why_not(Held(is_over=True, **known)), why_not(Held(is_over=None, **known)).text[:26]
    (Phrase(text='', values=mappingproxy({}), parts=()), 'stale, held by {who} since')
    """
    known = {"who": held.who, "since": held.since, "run": held.run}
    if held.lives:
        return say("{who} is acting here since {since}, run {run}", **known)
    order = f"{WAY_OUT} {held.lock}"
    if held.is_over is None:
        return say(
            "stale, held by {who} since {since}, run {run}: whether that is over is not known; look, then release "
            "its lock: {order}",
            **known,
            order=order,
        )
    if not held.is_over:
        return say(
            "stale, held by {who} since {since}, run {run}, which is not over: go on with it or end it, or "
            "release its lock: {order}",
            **known,
            order=order,
        )
    if not held.is_stale:
        return say(
            "held by {who} since {since}, run {run}: its process is gone, its lease has not run out", **known
        )
    return SILENCE
