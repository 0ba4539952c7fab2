"""The detail of a target, the same four parts for every kind: seen, since, means, do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from medflow_tui.model.health import EPOCH, Verdict
from medflow_tui.model.site import Contact, Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.present.health import Glyphs, called, spark, word
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.report import on_it
from medflow_tui.ui.present.rows import STYLES, Look

if TYPE_CHECKING:
    from medflow_tui.journal.history import Change, Sample

BAR_CELLS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What else is known of a target: changes, figures, who to call, what can be done, what looking costs."""

    changes: Sequence[Change] = ()
    samples: Sequence[Sample] = ()
    contact: Contact | None = None
    playbooks: Sequence[str] = ()
    budget: Phrase = SILENCE
    cost: Sequence[Phrase] = ()


def contact_for(site: Site, target: Target | None) -> Contact | None:
    """The person for this kind of problem, else the assistance, else nobody."""
    role = target.contact if target is not None else ""
    return site.contacts.get(role) or site.contacts.get("assistance")


def detail_lines(verdict: Verdict, known: Known, look: Look, cells: int) -> list[Line]:
    """All lines, wrapped to the width."""
    tell = look.language.say
    state = f"{look.glyphs.health[verdict.health]} {tell(word(verdict.health))}"
    lines: list[Line] = [
        (
            Span(f" {called(verdict, look.language)}", "title"),
            Span("  "),
            Span(state, STYLES[verdict.health]),
            *((Span(f"  {verdict.target}", "quiet"),) if verdict.target != verdict.label else ()),
        ),
        (),
    ]
    for heading, body in (
        (say("Seen"), _seen(verdict, known, look)),
        (say("Since"), _since(verdict, known, look)),
        (say("Means"), _means(verdict, look)),
        (say("Do"), _do(known, look)),
    ):
        lines.append((Span(f" {tell(heading)}", "title"),))
        for text in body:
            lines += [(Span(f"   {each}"),) for each in wrap(text, cells - 5)]
        lines.append(())
    return lines


def _seen(verdict: Verdict, known: Known, look: Look) -> list[str]:
    tell = look.language.say
    texts = [tell(verdict.evidence, look.now)]
    if verdict.soft:
        texts.append(
            tell(
                say(
                    "seen {seen:number} of {needed:number} times: not yet firm",
                    seen=verdict.seen,
                    needed=verdict.needed,
                )
            )
        )
    if verdict.judgement is not None:
        texts += [tell(each, look.now) for each in verdict.judgement.detail]
    if verdict.observed_at == EPOCH:
        return [*texts, tell(say("not read yet"))]
    age = max(0, round((look.now - verdict.observed_at).total_seconds()))
    read = say(
        "read at {at:clock}, {age:duration} ago, every {every:duration}",
        at=verdict.observed_at,
        age=age,
        every=verdict.due_every_s,
    )
    texts.append(tell(say("obtained by: {how}", how=tell(verdict.how, look.now))))
    if verdict.latency_ms is not None:
        read = read.also(say("answered in {latency:ms}", latency=verdict.latency_ms))
    texts.append(tell(read, look.now))
    if known.budget:
        texts.append(tell(known.budget, look.now))
    texts += [tell(each, look.now) for each in known.cost]
    return texts


def _since(verdict: Verdict, known: Known, look: Look) -> list[str]:
    tell = look.language.say
    texts = []
    if verdict.since != EPOCH:
        texts.append(
            tell(say("{state:word} since {at:moment}", state=verdict.health.value, at=verdict.since))
        )
    for label, hours in ((say("last hour"), 1), (say("last day"), 24)):
        form = verdict.judgement.form if verdict.judgement is not None else "number"
        drawn = figure_bar(known.samples, look, hours, form) if look.sparks else ""
        if drawn:
            texts.append(f"{tell(label):<10} {drawn}")
    for each in known.changes[:8]:
        soft = f" ({tell(say('soft'))})" if each.soft else ""
        texts.append(
            f"{look.language.moment(each.at)}  {tell(word(each.health))}{soft}  {tell(each.evidence, look.now)}"
        )
    texts += [tell(each) for each in on_it(verdict)]
    return texts or [tell(say("no history yet"))]


def figure_bar(samples: Sequence[Sample], look: Look, hours: int, form: str = "number") -> str:
    """The figure of each five minutes (or of each half hour) from the least to the most, with both named.

    `form` is how the figure is written. A target without a figure shows its health instead.
    """
    since = look.now - timedelta(hours=hours)
    inside = [each for each in samples if each.at >= since]
    if not inside:
        return ""
    cells = 12 if hours == 1 else BAR_CELLS
    step = timedelta(hours=hours) / cells
    slots: list[list[Sample]] = [[] for _ in range(cells)]
    for each in inside:
        slots[min(cells - 1, int((each.at - since) / step))].append(each)
    figures = [each.figure for each in inside if each.figure is not None]
    if not figures:
        worst = tuple(min((each.worst for each in slot), key=_order, default=None) for slot in slots)
        return spark(worst, look.glyphs, cells).lstrip()
    least, most = min(figures), max(figures)
    drawn = "".join(_level(slot, least, most, look.glyphs) for slot in slots).lstrip()
    scale = look.language.fill(f"{{least:{form}}} … {{most:{form}}}", {"least": least, "most": most})
    return f"{drawn}  {scale}"


def _order(health: object) -> int:
    from medflow_tui.rules.alerts import rank

    return rank(health)  # type: ignore[arg-type]


def _level(slot: list[Sample], least: float, most: float, glyphs: Glyphs) -> str:
    figures = [each.figure for each in slot if each.figure is not None]
    if not slot:
        return " "
    if not figures:
        return "?"
    share = 0.5 if most == least else (sum(figures) / len(figures) - least) / (most - least)
    return glyphs.levels[round(share * (len(glyphs.levels) - 1))]


def _means(verdict: Verdict, look: Look) -> list[str]:
    tell = look.language.say
    texts = []
    if verdict.judgement is not None and verdict.judgement.means:
        texts.append(tell(verdict.judgement.means, look.now))
    if verdict.judgement is not None and verdict.judgement.threshold:
        texts.append(tell(say("limit: {limit}", limit=tell(verdict.judgement.threshold, look.now))))
    texts.append(
        tell(
            say(
                "set under [target.{name}]; medflow-tui config blame names the file",
                name=verdict.target.partition("/")[0],
            )
        )
    )
    return texts


def _do(known: Known, look: Look) -> list[str]:
    tell = look.language.say
    texts = list(known.playbooks)
    if known.contact is not None and (known.contact.name or known.contact.phone):
        person = " ".join(
            each for each in (known.contact.name, known.contact.phone, known.contact.note) if each
        )
        texts.append(tell(say("call {person}", person=person)))
    else:
        texts.append(tell(say("no contact in the site file: add [contacts.assistance]")))
    return texts
