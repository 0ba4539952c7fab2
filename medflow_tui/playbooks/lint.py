"""What a playbook must have before it may be used: rules over the whole of it, beyond the form of each key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medflow_tui.model.playbook import ACQUIRE, REASON_MIN, RELEASE, Guard, OnFail, Playbook, Text
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.lint_steps import ACTION, check_step
from medflow_tui.rules.backup_guards import FRESH_AT_MOST_S
from medflow_tui.rules.guards import KINDS
from medflow_tui.rules.leading import STANDS_IN_CLASS
from medflow_tui.rules.permits import OVERRIDABLE, takes_last_way_back
from medflow_tui.rules.window_guards import DOWN

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
LOCK = re.compile(r"[a-z][a-z0-9_:-]{0,39}")
RISKS = ("R0", "R1", "R2", "R3", "R4")
LONGEST_TEXT = 120
OF_BACKUPS, TAKES, LOOKS = ("backup_first", "verified_backup"), "backup_first.take", "backup_first.look"


def check(playbook: Playbook) -> Iterator[Phrase]:
    """Every complaint about a playbook; none means that it may be used from now on."""
    yield from check_kept(playbook)
    if playbook.risk in ("R3", "R4") and any(each.effect.changes for each in playbook.steps):
        yield from _check_backup(playbook)


def check_kept(playbook: Playbook) -> Iterator[Phrase]:
    """Without what an earlier version did not ask: a run that it began must still be readable, and be gone on with."""
    if playbook.risk not in RISKS:
        yield say("class must be one of {words}", words=", ".join(RISKS))
    if not playbook.steps:
        yield say("a playbook has at least one step")
    yield from _check_names(playbook)
    for guard in playbook.guards:
        yield from _check_guard(playbook, guard)
    for hold in playbook.holds:
        for action in (hold.acquire, hold.release, hold.probe):
            if not ACTION.fullmatch(action) or action in (ACQUIRE, RELEASE):
                yield say("hold {hold}: an action is named room.action", hold=hold.id)
    yield from _check_class(playbook)
    for step in playbook.steps:
        yield from check_step(playbook, step)
    yield from _check_holds(playbook)
    yield from _check_permits(playbook)
    for place, text in texts(playbook):
        for written in (text.en, *text.others.values()):
            if len(written) > LONGEST_TEXT:
                yield say(
                    "{place}: {n:number} letters, {most:number} at most",
                    place=place,
                    n=len(written),
                    most=LONGEST_TEXT,
                )


def texts(playbook: Playbook) -> Iterator[tuple[str, Text]]:
    """What is read on a screen while one acts, with where it stands: it must be short."""
    yield "playbook.title", playbook.title
    yield "playbook.summary", playbook.summary
    yield from (("symptom.say", each) for each in playbook.symptoms)
    yield "window.deny_message", playbook.window.message
    yield "window.any_time", playbook.window.any_time
    yield from ((f"input {each.id}", each.label) for each in playbook.inputs)
    for guard in playbook.guards:
        yield from ((f"guard {guard.id}", each) for each in (guard.why, guard.fix))
    for hold in playbook.holds:
        yield from ((f"hold {hold.id}", each) for each in (hold.title, hold.why, hold.fix))
    for step in playbook.steps:
        told = (step.title, step.say, step.why, step.if_it_fails, step.undo_text, step.stop_text)
        asked = (*(each.say for each in step.items), *(each.say for each in step.choices))
        yield from ((f"step {step.id}", each) for each in (*told, *asked))


def _check_names(playbook: Playbook) -> Iterator[Phrase]:
    ids = [
        *(each.id for each in playbook.steps),
        *(each.id for each in playbook.guards),
        *(each.id for each in playbook.holds),
        *(each.id for each in playbook.inputs),
    ]
    for step in playbook.steps:
        yield from _check_own([*(each.id for each in step.items), *(each.id for each in step.choices)])
    for name in (playbook.id, *ids):
        if not NAME.fullmatch(name):
            yield say("the name {name} must be small letters, digits and - or _", name=name)
    for name in playbook.locks:
        if not LOCK.fullmatch(name):
            yield say("the name {name} must be small letters, digits and - or _", name=name)
    yield from _check_own(ids)


def _check_own(ids: list[str]) -> Iterator[Phrase]:
    for name in sorted({each for each in ids if ids.count(each) > 1}):
        yield say("the name {name} is used twice", name=name)


def _check_guard(playbook: Playbook, guard: Guard) -> Iterator[Phrase]:
    if guard.kind not in KINDS:
        yield say("guard {name}: there is no kind {kind}", name=guard.id, kind=guard.kind)
    if guard.before and playbook.step(guard.before) is None:
        yield say("guard {name}: there is no step {step}", name=guard.id, step=guard.before)


def _check_class(playbook: Playbook) -> Iterator[Phrase]:
    changes = [each for each in playbook.steps if each.effect.changes]
    if changes and playbook.risk == "R0":
        yield say("class R0 only looks, but the step {step} changes something", step=changes[0].id)
    if playbook.risk in ("R2", "R3", "R4") and playbook.steps and playbook.steps[-1].effect.changes:
        yield say("the last step must read back what was done")
    kinds = {each.kind for each in playbook.guards if each.blocks}
    needed = ["environment", "journal", "nobody_else"]
    if playbook.risk in ("R3", "R4"):
        needed.append("identity")
    if playbook.risk == "R4":
        needed += ["power", "disk"]
    for kind in needed:
        if changes and kind not in kinds:
            yield say("a blocking guard of kind {kind} is missing", kind=kind)
    if playbook.risk in ("R3", "R4") and not playbook.no_undo_reason:
        for step in changes:
            if not step.undo and not step.cleanup:
                yield say(
                    "class {risk} needs no_undo_reason, or undo in step {step}",
                    risk=playbook.risk,
                    step=step.id,
                )
                break
    points = sum(each.point_of_change for each in playbook.steps)
    if playbook.risk == "R4" and points != 1:
        yield say("class R4 has exactly one point_of_change")
    elif points > 1:
        yield say("there is at most one point_of_change")
    if playbook.risk == "R4" and playbook.approval.count < 1:
        yield say("class R4 needs a second person: [approval]")


def _check_backup(playbook: Playbook) -> Iterator[Phrase]:
    """What changes data stands on a fresh verified backup: a guard asks for it, or a step takes or reads one."""
    asked = [each for each in playbook.guards if each.blocks and each.kind in OF_BACKUPS]
    taken = {TAKES, LOOKS} & {each.action for each in playbook.steps}
    if not asked and not taken:
        yield say(
            "class {risk} needs a fresh verified backup: a blocking guard of kind {kinds}, or a step with {action}",
            risk=playbook.risk,
            kinds=" / ".join(OF_BACKUPS),
            action=TAKES,
        )
    for guard in asked:
        age = guard.need.get("max_age_s", 0)
        if not isinstance(age, int) or not 0 < age <= FRESH_AT_MOST_S:
            yield say(
                "guard {name}: need.max_age_s says how old a backup may be, {most:number} s at most",
                name=guard.id,
                most=FRESH_AT_MOST_S,
            )


def _check_holds(playbook: Playbook) -> Iterator[Phrase]:
    known, taken = {each.id for each in playbook.holds}, set[str]()
    for step in playbook.steps:
        if step.action in (ACQUIRE, RELEASE) and not step.holds:
            yield say("step {step}: args must name holds", step=step.id)
        for name in (*step.requires, *step.holds):
            if name not in known:
                yield say("step {step}: there is no hold {hold}", step=step.id, hold=name)
        for name in (*step.requires, *(step.holds if step.action == RELEASE else ())):
            if name in known and name not in taken:
                yield say("step {step}: no step before it takes the hold {hold}", step=step.id, hold=name)
        if step.action == ACQUIRE:
            taken |= set(step.holds)
        elif step.action == RELEASE:
            taken -= set(step.holds)
    used = {name for step in playbook.steps for name in step.holds}
    for name in sorted(known - used):
        yield say("the hold {hold} is never taken", hold=name)


def _check_permits(playbook: Playbook) -> Iterator[Phrase]:
    limits, window = playbook.limits, playbook.window
    if window.unless_down and (window.unless_down not in DOWN or not window.deny):
        yield say("window: unless_down belongs to deny, and is one of {words}", words=", ".join(sorted(DOWN)))
    if window.any_time and window.deny:
        yield say("window: any_time says why nothing is denied")
    strange = sorted(set(playbook.override.guards) - set(OVERRIDABLE))
    if strange:
        yield say("override: {names} is never passed over", names=", ".join(strange))
    if bool(limits.max_runs) != bool(limits.per_s):
        yield say("limits: max_runs and per_s belong together")
    if playbook.override.allowed and not playbook.override.roles:
        yield say("override: roles say who may")
    if playbook.override.allowed and playbook.override.reason_min_chars < REASON_MIN:
        yield say("override: reason_min_chars is at least {n:number}", n=REASON_MIN)
    if playbook.override.allowed and takes_last_way_back(playbook):
        yield say("override: class R4 without an undo at its point_of_change is never passed over")
    if playbook.approval.count and not playbook.approval.roles:
        yield say("approval: roles say who may")
    if playbook.approval.incident and playbook.approval.count and playbook.risk != STANDS_IN_CLASS:
        yield say("approval: an incident stands for a second person in class R3 only")
    for given in playbook.inputs:
        if given.kind == "choice" and not given.options and not given.options_from:
            yield say("input {name}: a choice has options", name=given.id)
        if given.options_from and not ACTION.fullmatch(given.options_from):
            yield say("input {name}: an action is named room.action", name=given.id)
    for step in playbook.steps:
        if step.on_fail is OnFail.UNDO and not any(each.undo or each.cleanup for each in playbook.steps):
            yield say("step {step}: on_fail = undo, but nothing can be undone", step=step.id)
