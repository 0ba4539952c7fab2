"""Lines of the field's logs that mean something definite, with the sentence that says what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from medflow_tui.model.words import Phrase, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """`needles` must all be in the text, in any case; `says` is the evidence, `means` the consequence."""

    name: str
    needles: tuple[str, ...]
    says: Phrase
    means: Phrase


# In order of weight: the first one found is what the row says.
ALARMS = (
    Alarm(
        name="disk-full",
        needles=("enospc",),
        says=say("disk full"),
        means=say("nothing can be saved on this disk any more"),
    ),
    Alarm(
        name="out-of-memory",
        needles=("heap out of memory",),
        says=say("out of memory"),
        means=say("the program ran out of memory and was ended; work in progress was lost"),
    ),
    Alarm(
        name="start-failed",  # any exception during start is printed like this, whatever its cause
        needles=("mongodb connection error",),
        says=say("could not start"),
        means=say(
            "the backend stopped while starting; the cause stands behind the words, and need not be MongoDB"
        ),
    ),
    Alarm(
        name="port-taken",
        needles=("eaddrinuse",),
        says=say("port already taken"),
        means=say("two programs want the same port: one was started twice, or restarted before it had ended"),
    ),
    Alarm(
        name="changes-lost",
        needles=("[sync] failed to queue change",),
        says=say("changes are lost"),
        means=say("changes made here are not queued and never reach the central server"),
    ),
    Alarm(
        name="redis-given-up",
        needles=("max reconnection attempts reached",),
        says=say("gave up on redis"),
        means=say("the backend works without Redis until it is restarted: imports of images wait"),
    ),
    Alarm(
        name="backup-failed",
        needles=("mongodb dump failed",),
        says=say("backup failed"),
        means=say("the last backup was not made"),
    ),
    Alarm(
        name="backup-unreadable",
        needles=("backup decryption failed",),
        says=say("backup unreadable"),
        means=say("a backup could not be decrypted: damaged, or made with another key"),
    ),
    Alarm(
        name="no-replica-set",
        needles=("changestream", "replica set"),
        says=say("no change streams"),
        means=say("MongoDB runs without a replica set: changes are not followed, and the log fills the disk"),
    ),
    Alarm(
        name="folder-not-accessible",
        needles=("folder not accessible",),
        says=say("device folder gone"),
        means=say("images of a device are not imported until its share is mounted again"),
    ),
    Alarm(
        name="circuit-open",
        needles=("redis circuit open",),
        says=say("redis cut off"),
        means=say("the backend does not use Redis for the next seconds"),
    ),
)


def alarm_in(text: str, source: str = "", among: Sequence[Alarm] = ALARMS) -> Alarm | None:
    """The first known alarm in a line; the source in brackets belongs to the text.

    >>> alarm_in("Redis: Max reconnection attempts reached").name
    'redis-given-up'
    """
    whole = f"[{source}] {text}".lower()
    return next((each for each in among if all(needle in whole for needle in each.needles)), None)


def alarms_of(lines: Iterable[tuple[str, str]]) -> Iterator[Alarm | None]:
    """That of each line, given as text and source. Most logs have none at all, which one look at all of it tells."""
    known = [*lines]
    whole = "\n".join(f"[{source}] {text}" for text, source in known).lower()
    among = [each for each in ALARMS if all(needle in whole for needle in each.needles)]
    return (alarm_in(text, source, among) if among else None for text, source in known)
