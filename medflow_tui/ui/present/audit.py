"""The audit in words: records, whether the chain holds, what a review shows; for the screen and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from medflow_tui.locale.language import Language
from medflow_tui.model.audit import Anchor
from medflow_tui.model.health import EPOCH
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.auditing.checkpoint import Signed
from medflow_tui.rules.auditing.record import shown
from medflow_tui.rules.auditing.review import Record, Review, moment
from medflow_tui.rules.auditing.standing import Standing
from medflow_tui.rules.auditing.words import words_of
from medflow_tui.ui.present.line import Line, Span, fit, wrap

EVENTS: Mapping[str, Phrase] = {
    "audit.genesis": say("the audit begins"),
    "audit.opened": say("a new audit file"),
    "audit.closed": say("audit file closed"),
    "audit.repaired": say("a torn last line was repaired"),
    "audit.reviewed": say("audit reviewed"),
    "lock.released": say("lock released"),
    "run.start": say("run started"),
    "confirm.typed": say("confirmed by typing"),
    "guard.result": say("guards asked"),
    "lock.taken": say("lock taken"),
    "step.intent": say("step begun"),
    "step.exit": say("step carried out"),
    "step.done": say("step done"),
    "step.failed": say("step failed"),
    "step.unknown": say("not known whether the step was done"),
    "step.reconcile": say("looked whether the step was done"),
    "run.paused": say("run waits for a person"),
    "run.resume": say("run goes on"),
    "run.done": say("run ended"),
    "attempt.denied": say("attempt denied"),
    "approve.awaited": say("waits for a second person"),
    "approve.given": say("second person agreed"),
    "approve.refused": say("approval refused"),
    "step.skipped": say("step left out"),
    "step.answer": say("a question was answered"),
    "cleanup.intent": say("cleaning up begun"),
    "cleanup.done": say("cleaned up"),
    "undo.intent": say("taking back begun"),
    "undo.exit": say("taken back, not checked yet"),
    "undo.done": say("taken back"),
    "undo.failed": say("taking back failed"),
    "undo.unknown": say("not known whether it was taken back"),
    "undo.reconcile": say("looked whether it was taken back"),
    "hold.intent": say("a hold is being taken"),
    "hold.acquired": say("hold taken"),
    "hold.lost": say("hold lost"),
    "hold.released": say("hold given back"),
    "clock.overdue": say("longer than it may take"),
    "stop.asked": say("asked to stop"),
    "stop.withdrawn": say("stop withdrawn"),
    "plan.opened": say("plan opened"),
    "plan.cancelled": say("plan left, nothing done"),
    "identifiable.viewed": say("data of people shown"),
    "passive.on": say("everything stopped (passive)"),
    "passive.off": say("passive mode ended"),
    "incident.opened": say("incident opened"),
    "incident.confirmed": say("command of the incident confirmed"),
    "incident.command": say("command of the incident handed over"),
    "incident.graded": say("incident graded anew"),
    "incident.closed": say("incident closed"),
    "override.used": say("guard overridden"),
    "override.closed": say("override looked at"),
    "control.taken": say("another person took over"),
}
OUTCOMES = {"pass": say("passed"), "fail": say("failed"), "unknown": say("unknown")}
REASONS: Mapping[str, Phrase] = {
    "self": say("by the same person"),
    "same_login": say("from the same log-in"),
    "unseen": say("from where cannot be seen"),
    "expired": say("too late"),
    "plan_changed": say("the plan had changed"),
    "replayed": say("an answer used before"),
    "wrong_answer": say("a wrong answer"),
    "wrong_site": say("for another site"),
    "locked_out": say("locked after wrong answers"),
    "no_role": say("not in this person's role"),
    "not_armed": say("read-only"),
    "not_as_confirmed": say("not what was confirmed"),
    "login_refused": say("log-in refused"),
    "production": say("not at a production site"),
    "passive": say("passive mode"),
    "window": say("outside the window"),
    "lock_held": say("another run holds the lock"),
    "lock_lost": say("its lock was released"),
    "rate_limit": say("too often"),
    "confirm_wrong": say("wrongly confirmed"),
    "no_phone": say("not over the phone in this playbook"),
    "not_awaited": say("nobody was waited for"),
    "answers_damaged": say("earlier answers cannot be read"),
    "guard": say("a guard says no"),
    "not_applicable": say("not applicable here"),
    "by_person": say("left by the person"),
    "left": say("left by the person"),
    "line_lost": say("the line was lost"),
    "timeout": say("no answer in time"),
    "audit_unwritable": say("the audit could not be written"),
    "unwritable": say("it could not be written down"),
    "settings": say("the site file is wrong"),
    "fault": say("a fault of this program"),
}
UNTOLD = ("outcome", "why", "sha256", "head", "journal", "chain")
FAULTY = ("step.failed", "step.unknown", "attempt.denied", "approve.refused", "undo.failed", "override.used")


def chain_phrases(standing: Standing) -> tuple[Phrase, ...]:
    """Whether the chain holds, and honestly what that does not show."""
    count = standing.end.count
    if not standing.holds and not standing.where:
        return (say("BROKEN").also(standing.why), say("call the person in charge, and change nothing"))
    if not standing.holds:
        head = say(
            "BROKEN at record {number} ({where})", number=str(standing.broken_at), where=standing.where
        )
        return (
            head.also(standing.why),
            say("what stands before it holds; call the person in charge, and change nothing"),
        )
    first = say("whole; records: {n:number}, files: {files:number}", n=count, files=standing.files)
    said = [
        first.also(say("the last one {at:moment}", at=moment(standing.records[-1])))
        if standing.records
        else first
    ]
    if standing.torn_bytes:
        said.append(
            say("the last line is unfinished (a crash, or it is being written): the next record repairs that")
        )
    return (*said, *_about_anchors(standing))


def signed_phrases(standing: Standing) -> tuple[Phrase, ...]:
    """What the signatures say of it, and whether they are elsewhere, too."""
    unsent = standing.signatures.unsent
    said = _signed_phrases(standing)
    return (*said, say("checkpoints could not be copied elsewhere").also(unsent)) if unsent else said


def _signed_phrases(standing: Standing) -> tuple[Phrase, ...]:
    found = standing.signatures
    match found.signed:
        case Signed.UNSIGNED:
            return (say("not signed: there are no signed checkpoints"),)
        case Signed.WRONG:
            return (
                say("SIGNATURE WRONG").also(found.why),
                say("call the person in charge, and change nothing"),
            )
        case Signed.UNKNOWN:
            return (say("not known whether it is signed").also(found.why),)
    later = standing.end.count - found.count
    said = say(
        "signed by the site; checkpoints: {n:number}, the newest covers {count:number} records",
        n=found.n,
        count=found.count,
    )
    return (said.also(say("{n:number} at the end are not signed yet", n=later)) if later > 0 else said,)


def _about_anchors(standing: Standing) -> tuple[Phrase, ...]:
    late = (
        (
            say(
                "not anchored yet: {n:number} runs ended since the newest anchor; `audit anchor` does it, or the next record",
                n=standing.unanchored,
            ),
        )
        if standing.unanchored
        else ()
    )
    if not standing.anchors:
        return (say("no anchor to compare with: were records cut off at the end, nobody could tell"), *late)
    said = say("fits all anchors ({n:number})", n=len(standing.anchors))
    if standing.uncovered:
        said = said.also(
            say("{n:number} at the end are newer: were they cut off, nobody could tell", n=standing.uncovered)
        )
    if standing.is_elsewhere:
        return (said, *late)
    return (said, say("these anchors stand beside the audit: who cuts one can cut both"), *late)


def end_phrases(end: Anchor) -> tuple[Phrase, ...]:
    """The end of the chain to keep elsewhere, also by hand."""
    return (
        say("anchor: {count}:{head}", count=str(end.count), head=end.head),
        say("for paper: {words}", words=words_of(end.head)),
    )


def record_text(record: Record, language: Language) -> str:
    """One record on one line; nothing stands there that may not be shown.

    >>> record_text({"seq": 3, "ev": "run.done", "ts": "2026-11-23T08:14:07.123Z", "result": {"outcome": "pass"}}, Language())
    '#3  23/11 08:14  ?  run ended, passed'
    """
    seen = shown(record)
    actor, result = seen["actor"], seen["result"] or {}
    who = actor["name"] or (f"uid {actor['uid']}" if actor["uid"] != -1 else "?")
    origin = f" ({actor['from']})" if actor["from"] else ""
    event = EVENTS.get(seen["ev"])
    words = [language.say(event) if event is not None else seen["ev"]]
    words += [each for each in (seen["step"], seen["playbook"].partition("@")[0], seen["incident"]) if each]
    told = result.get("outcome", "")
    words += [language.say(OUTCOMES[told])] if told in OUTCOMES else [told] * bool(told)
    why = REASONS.get(str(result.get("why", "")))
    words += [language.say(why)] if why is not None else []
    words += _details(result) + _details(seen["override"] or {})
    at = moment(record)
    when = language.moment(at) if at != EPOCH else "?"
    return f"#{seen['seq']}  {when}  {who}{origin}  {', '.join(words)}"


def _details(result: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {value if name == 'held_run' else str(value)[:16]}"
        for name, value in sorted(result.items())
        if name not in UNTOLD and value != ""
    ]


def review_phrases(found: Review, now: datetime) -> tuple[Phrase, ...]:
    """What there was since the last sign-off, and whether the next one is due."""
    signed = (
        say("last review {at:moment} by {who}", at=found.signed_at, who=found.signed_by or "?")
        if found.signed_at != EPOCH
        else say("not reviewed yet")
    )
    signed = signed.also(say("the next one is due")) if found.is_due(now) else signed
    if found.last < found.first:
        return (signed, say("nothing new since then"))
    return (
        signed,
        say(
            "records {first} to {last}; runs: {runs:number}, overrides: {overrides:number}, at night: {nights:number}, "
            "failures: {failures:number}, refusals: {refusals:number}, views of people's data: {views:number}",
            first=str(found.first),
            last=str(found.last),
            runs=found.runs,
            overrides=len(found.overrides),
            nights=len(found.nights),
            failures=len(found.failures),
            refusals=len(found.refusals),
            views=len(found.views),
        ),
    )


def review_groups(found: Review) -> tuple[tuple[Phrase, tuple[Record, ...]], ...]:
    """The records to look at, under their headings; empty ones are left out."""
    groups = (
        (say("Overrides that nobody has closed"), found.unclosed),
        (say("Overrides"), found.overrides),
        (say("Runs in an incident"), found.led),
        (say("At night"), found.nights),
        (say("Failures"), found.failures),
        (say("Refused"), found.refusals),
        (say("Views of people's data"), found.views),
    )
    return tuple((heading, records) for heading, records in groups if records)


def audit_lines(
    standing: Standing, language: Language, now: datetime, cells: int, *, newest: int = 200
) -> list[Line]:
    """The audit on one page: the chain, the review, then the newest records first."""
    chain = "critical" if not standing.holds else "ok" if standing.is_sound else ""
    lines = _wrapped(language, chain_phrases(standing), cells, chain, now)
    style = {Signed.SIGNED: "ok", Signed.UNSIGNED: "", Signed.WRONG: "critical", Signed.UNKNOWN: "unknown"}
    lines += _wrapped(language, signed_phrases(standing), cells, style[standing.signatures.signed], now)
    lines += _wrapped(language, review_phrases(standing.review, now), cells, "", now)
    for heading, records in review_groups(standing.review):
        lines += [(), (Span(fit(f" {language.say(heading)}", cells), "strong"),)]
        lines += _records(reversed(records), language, cells)
    all_of_them = language.say(say("All records, newest first"))
    lines += [(), (Span(fit(f" {all_of_them}", cells), "strong"),)]
    lines += _records(list(reversed(standing.records))[:newest], language, cells)
    return [*lines, (), *_wrapped(language, end_phrases(standing.end), cells, "quiet", now)]


def _wrapped(
    language: Language, phrases: Sequence[Phrase], cells: int, first_style: str, now: datetime
) -> list[Line]:
    lines: list[Line] = []
    for number, phrase in enumerate(phrases):
        token = first_style if number == 0 or first_style == "quiet" else ""
        lines += [(Span(f" {each}", token),) for each in wrap(language.say(phrase, now), cells - 2)]
    return lines


def _records(records: Iterable[Record], language: Language, cells: int) -> list[Line]:
    lines: list[Line] = []
    for each in records:
        first, *rest = wrap(record_text(each, language), cells - 4)
        lines.append((Span(f" {first}", "warning" if each.get("ev") in FAULTY else ""),))
        lines += [(Span(f"    {part}", "quiet"),) for part in rest]
    return lines
