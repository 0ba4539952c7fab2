"""Glyphs and words of the verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Health, Verdict
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.alerts import rank

WORDS = {
    Health.OK: say("ok"),
    Health.WARNING: say("warning"),
    Health.CRITICAL: say("critical"),
    Health.UNKNOWN: say("unknown"),
    Health.STALE: say("stale"),
    Health.EXPECTED_OFFLINE: say("expected offline"),
    Health.MAINTENANCE: say("maintenance"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One cell each; every set says the same by shape alone."""

    health: dict[Health, str]
    levels: str
    gap: str
    rule: str
    bar: str
    marker: str
    more: str
    tick: str
    cross: str
    person: str
    work: str
    down: str
    up: str


UNICODE = Glyphs(
    health={
        Health.OK: "●",
        Health.WARNING: "▲",
        Health.CRITICAL: "✖",
        Health.UNKNOWN: "?",
        Health.STALE: "◌",
        Health.EXPECTED_OFFLINE: "○",
        Health.MAINTENANCE: "◇",
    },
    levels="▁▂▃▄▅▆▇█",
    gap="·",
    rule="│",
    bar="─",
    marker="▸",
    more="…",
    tick="✔",
    cross="✖",
    person="✎",
    work="◇",
    down="↓",
    up="↑",
)

ASCII = Glyphs(
    health={
        Health.OK: "o",
        Health.WARNING: "!",
        Health.CRITICAL: "X",
        Health.UNKNOWN: "?",
        Health.STALE: "~",
        Health.EXPECTED_OFFLINE: "-",
        Health.MAINTENANCE: "m",
    },
    levels="_.:-=+*#",
    gap=" ",
    rule="|",
    bar="-",
    marker=">",
    more="~",
    tick="v",
    cross="X",
    person="@",
    work="m",
    down="down",
    up="up",
)

_LEVELS = {
    Health.OK: 6,
    Health.EXPECTED_OFFLINE: 6,
    Health.MAINTENANCE: 6,
    Health.WARNING: 3,
    Health.CRITICAL: 0,
}


def spark(cells: tuple[Health | None, ...], glyphs: Glyphs, width: int = 4) -> str:
    """One cell for five minutes, newest right: high is good, low is critical, `?` unknown; not filled from the left.

    >>> spark((Health.OK, Health.CRITICAL), UNICODE)
    '  ▇▁'
    """
    drawn = [
        " " if each is None else "?" if each not in _LEVELS else glyphs.levels[_LEVELS[each]]
        for each in cells[-width:]
    ]
    return "".join(drawn).rjust(width)


def counts(verdicts: Iterable[Verdict]) -> dict[Health, int]:
    """How many of each, worst first; closed (expected offline) is not counted as good.

    >>> counts(())
    {}
    """
    found: dict[Health, int] = {}
    for each in verdicts:
        found[each.health] = found.get(each.health, 0) + 1
    order = list(Health)
    return dict(sorted(found.items(), key=lambda pair: (rank(pair[0]), order.index(pair[0]))))


def ordered(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Problems first, worst first, then the configured order (the sort is stable).

    >>> ordered([])
    []
    """
    return sorted(verdicts, key=lambda each: rank(each.health))


# Names that this program gives itself; what the site file calls otherwise is shown as it stands there.
NAMES = {
    each.text: each
    for each in (
        *(say("host"), say("memory"), say("disk"), say("clock"), say("power")),
        *(say("queue"), say("worker"), say("devices"), say("clinics"), say("own line"), say("uplink")),
        *(say("backups"), say("daily"), say("weekly"), say("monthly"), say("yearly")),
        *(say("payments"), say("isolation"), say("process"), say("log"), say("face")),
    )
}


def called(verdict: Verdict, language: Language) -> str:
    """What a row is called: our own names in the language of the reader.

    >>> row = Verdict(target="x", kind="host", pane="services", label="disk /", health=Health.OK, evidence=say("ok"))
    >>> called(row, Language("en", translate=str.upper))
    'DISK /'
    """
    head, blank, rest = verdict.label.partition(" ")
    if verdict.label in NAMES:
        return language.say(NAMES[verdict.label])
    return f"{language.say(NAMES[head])}{blank}{rest}" if head == "disk" else verdict.label


def word(health: Health) -> Phrase:
    """The word for a verdict."""
    return WORDS[health]
