"""What can be chosen: a playbook or a run on one line, and what is said of the chosen playbook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import Playbook, RunState
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.permits import DISRUPTIVE
from medflow_tui.rules.spelling import plain
from medflow_tui.runner.report import PHASES
from medflow_tui.ui.present.line import Line, Span, fit, width, wrap
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.run import PHASE_STYLES

ABOUT = 4  # lines, so that the list stays as high when another row is chosen
CLASS, DATE, WHO = 4, 13, 10
NOT_HERE = 4  # the order of those whose reason takes half of the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a playbook is of use now, and why or why not; the lower the order, the further up."""

    order: int
    said: Phrase
    style: str = "quiet"


def standing_of(
    playbook: Playbook, *, fits: bool, kinds: set[str], is_passive: bool, lacking: Phrase = SILENCE
) -> Standing:
    """How a playbook stands at a site with targets of these kinds; `lacking` is what the site file does not say.

    >>> from medflow_tui.model.playbook import Text
    >>> T = Text()
    >>> p = Playbook(id="p", version="1", title=T, summary=T, risk="R2", owner="", steps=(), guards=(), roles=(),
    ...     phrase="", locks=(), lease_s=1, fits=("redis",))
    >>> standing_of(p, fits=False, kinds={"mongodb"}, is_passive=False).said.text
    'not here: the site file names no such target'
    >>> standing_of(p, fits=True, kinds={"redis"}, is_passive=True).said.text
    'not now: everything is stopped here'
    """
    if lacking:
        return Standing(order=NOT_HERE, said=lacking)
    if is_passive and playbook.risk in DISRUPTIVE:
        return Standing(order=3, said=say("not now: everything is stopped here"))
    if fits:
        return Standing(order=0, said=say("fits what is wrong"), style="strong")
    if not playbook.fits:
        return Standing(order=1, said=say("when you decide"))
    if not kinds.intersection(playbook.fits):
        return Standing(order=NOT_HERE, said=say("not here: the site file names no such target"))
    return Standing(order=2, said=say("nothing is wrong that it mends"))


def choice_column(choices: Iterable[tuple[Playbook, Standing]], look: Look, cells: int) -> int:
    """Where it is said how they stand: behind the longest title, but so that each that can be used has room for it."""
    language, titles, said = look.language, 0, 0
    for playbook, standing in choices:
        titles = max(titles, CLASS + 1 + width(language.say(playbook.title.phrase(language.code))))
        if standing.order < NOT_HERE:
            said = max(said, width(language.say(standing.said)))
    return min(titles, max(cells // 2, cells - 2 - said))


def choice_row(playbook: Playbook, standing: Standing, look: Look, cells: int, column: int) -> Line:
    """Class, title, how it stands from that column on; why it cannot be used here takes half of the line if it must."""
    title = look.language.say(playbook.title.phrase(look.language.code))
    said = look.language.say(standing.said)
    if width(said) > cells - column - 2:
        column = min(column, cells // 2)
    return (
        Span(f"{playbook.risk:{CLASS - 1}}", "quiet"),
        Span(fit(title, column - CLASS, look.glyphs.more), standing.style if standing.order == 0 else ""),
        Span(f" {fit(said, cells - column - 2, look.glyphs.more)}".rstrip(), "quiet"),
    )


def choice_lines(playbook: Playbook, look: Look, cells: int) -> list[Line]:
    """What it is for, and what people see when it is needed; always as many lines."""
    language = look.language
    summary = wrap(language.say(playbook.summary.phrase(language.code)), cells - 2)
    seen = " · ".join(language.say(each.phrase(language.code)) for each in playbook.symptoms)
    signs = wrap(seen, cells - 2) if seen else []
    lines: list[Line] = [(), *((Span(f" {each}"),) for each in summary)]
    room = ABOUT - len(lines)
    if len(signs) > room > 0:
        signs = [*signs[: room - 1], fit(" ".join(signs[room - 1 :]), cells - 2, look.glyphs.more)]
    lines += [(Span(f" {each}", "quiet"),) for each in signs]
    return [*lines[:ABOUT], *(() for _ in range(ABOUT - len(lines)))]


def run_row(state: RunState, title: str, look: Look, cells: int) -> Line:
    """When, what, who, how it stands."""
    language, more = look.language, look.glyphs.more
    begun = state.started_at
    at = "?" if begun == EPOCH else f"{language.date(begun)} {language.clock(begun)}"
    stand = language.say(PHASES[state.phase])
    room = max(8, (cells - DATE - WHO) // 2 - 1)
    return (
        Span(fit(at, DATE), "quiet"),
        Span(fit(title, room, more)),
        Span(f" {fit(state.who, WHO - 1, more)} ", "quiet"),
        Span(fit(stand, cells - DATE - WHO - room - 3, more).rstrip(), PHASE_STYLES.get(state.phase, "")),
    )


def is_wanted(row: Line, run: str, words: str) -> bool:
    """Whether every word stands in the row of a run or in its name, small or capital, with or without accents.

    >>> is_wanted((Span("23/11 14:32 Panne générale"),), "20261123-x", "generale 2026")
    True
    """
    text = plain(" ".join((*(each.text for each in row), run)))
    return all(word in text for word in plain(words).split())
