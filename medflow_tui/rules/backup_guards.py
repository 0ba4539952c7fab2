"""What must be known of backups before data may be changed: which one is verified, how, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.playbook import Guard
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.answers import Answer, number, word
from medflow_tui.rules.backup_values import BAD

LEAST = "L1"
FRESH_S = 3600
FRESH_AT_MOST_S = 26 * 3600  # a nightly one, and the time in which the next is written and read
PRODUCTION = "production"
HOW: Mapping[str, Phrase] = {
    "L0": say("L0: only seen"),
    "L1": say("L1: its SHA-256 is the one that lies beside it"),
    "L2": say("L2: read to its end, nothing is missing as far as its own lengths and sums say"),
}
"""Levels of `design/backup-and-restore.md`. Nothing here has been restored: that is more, and not built yet."""
STATES: Mapping[str, Phrase] = {
    "": say("there is none"),
    "waiting": say("it has not been read to its end yet"),
    "checking": say("it has not been read to its end yet"),
    "unproved": say("it is encrypted, and no checksum lies beside it"),
    "unfamiliar": say("its format is newer than this program"),
    "forbidden": say("it may not be read"),
    "unread": say("it could not be read"),
}
DAMAGED = say("it is damaged")


def facts_of(sets: Mapping[str, Mapping[str, Any]], now: datetime) -> dict[str, Fact]:
    """Facts of one newest backup: the youngest that is verified, else the youngest. `sets`: values by set (`describe`).

    `backup.verified_age_s` is there only for a level of at least L1; a file that changed since it was read has lost its.

    >>> facts_of({}, datetime(2026, 11, 28))
    {}
    """
    there = [(name, each) for name, each in sets.items() if each.get("taken_at") is not None]
    if not there:
        return {"backup.set": next(iter(sets)), "backup.state": "", "backup.level": "L0"} if sets else {}
    ordered = sorted(there, key=lambda each: (each[1]["verified"] >= LEAST, each[1]["taken_at"]))
    name, newest = ordered[-1]
    age = int((now - newest["taken_at"]).total_seconds())
    facts: dict[str, Fact] = {
        "backup.set": name,
        "backup.name": newest["name"],
        "backup.size": newest["size"],
        "backup.age_s": age,
        "backup.state": newest["state"],
        "backup.level": newest["verified"],
        "backup.sha256": newest["sha256"],
    }
    if newest["verified"] >= LEAST:
        facts["backup.verified_age_s"] = age
    return facts


def verified(guard: Guard, facts: Facts) -> Answer:
    """A backup of at least the level asked, taken a short while ago. In production not knowing is a no."""
    asked, most = str(guard.need.get("level", LEAST)), number(guard.need, "max_age_s") or FRESH_S
    age, level = number(facts, "backup.verified_age_s"), word(facts, "backup.level")
    if age is not None and level >= asked:
        said = say("the newest verified backup is {age:duration} old", age=max(age, 0)).also(_how(level))
        return (Outcome.PASS if 0 <= age <= most else Outcome.FAIL), said
    why = _why_not(facts, asked)
    if word(facts, "backup.state") in BAD:
        return Outcome.FAIL, why
    if facts.get("environment") == PRODUCTION:
        return Outcome.FAIL, say("production: no backup is known to be verified").also(why)
    return Outcome.UNKNOWN, say("no backup is known to be verified").also(why)


def first(guard: Guard, facts: Facts) -> Answer:
    """To begin: either the run takes a backup itself before it stops anything, or a fresh one is there.

    With `command = false` needed, the run takes none. Nobody is asked any more once something was changed.
    """
    match facts.get("backup.command") if guard.need.get("command", True) else None:
        case "sees":
            return Outcome.PASS, say("a backup is taken and verified before anything is stopped")
        case "blind":
            return Outcome.FAIL, say("the site file names no backups target that sees what the command makes")
        case _:
            return verified(guard, facts)


def _how(level: str) -> Phrase:
    return HOW.get(level, SILENCE)


def _why_not(facts: Facts, asked: str) -> Phrase:
    name, level, state = (word(facts, f"backup.{each}") for each in ("set", "level", "state"))
    if not name:
        return SILENCE
    because = DAMAGED if state in BAD else STATES.get(state, SILENCE)
    said = say("newest of {set}: level {level}, asked is {asked}", set=name, level=level, asked=asked)
    return said.also(because, _how(asked)) if because else said.also(_how(level), _how(asked))
