"""What a playbook must have before it may be used: rules over the whole of it, beyond the form of each key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medflow_tui.model.procedure import Effect, OnFail, OnUnknown, Playbook, Step
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.guards import KINDS

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
ACTION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
RISKS = ("R0", "R1", "R2", "R3", "R4")


def check(playbook: Playbook) -> Iterator[Phrase]:
    """Every complaint about a playbook; none means that it may be used."""
    if playbook.risk not in RISKS:
        yield say("class must be one of {words}", words=", ".join(RISKS))
    if not playbook.steps:
        yield say("a playbook has at least one step")
    ids = [each.id for each in playbook.steps] + [each.id for each in playbook.guards]
    for name in (playbook.id, *ids, *playbook.locks):
        if not NAME.fullmatch(name):
            yield say("the name {name} must be small letters, digits and - or _", name=name)
    for name in sorted({each for each in ids if ids.count(each) > 1}):
        yield say("the name {name} is used twice", name=name)
    for guard in playbook.guards:
        if guard.kind not in KINDS:
            yield say("guard {name}: there is no kind {kind}", name=guard.id, kind=guard.kind)
    yield from _check_class(playbook)
    for step in playbook.steps:
        yield from _check_step(step)


def _check_class(playbook: Playbook) -> Iterator[Phrase]:
    changes = [each for each in playbook.steps if each.effect.changes]
    if changes and playbook.risk == "R0":
        yield say("class R0 only looks, but the step {step} changes something", step=changes[0].id)
    if playbook.risk in ("R2", "R3", "R4") and playbook.steps and playbook.steps[-1].effect.changes:
        yield say("the last step must read back what was done")
    kinds = {each.kind for each in playbook.guards if each.blocks}
    for needed in (
        "environment",
        "journal",
        "nobody_else",
        *(("identity",) if playbook.risk in ("R3", "R4") else ()),
    ):
        if changes and needed not in kinds:
            yield say("a blocking guard of kind {kind} is missing", kind=needed)
    if playbook.risk in ("R3", "R4") and not playbook.no_undo_reason:
        yield say("class {risk} needs no_undo_reason, as steps cannot be undone yet", risk=playbook.risk)
    if playbook.risk == "R4":
        yield say("class R4 needs a second person, which this version does not have")


def _check_step(step: Step) -> Iterator[Phrase]:
    if not ACTION.fullmatch(step.action):
        yield say("step {step}: an action is named room.action", step=step.id)
    if step.effect.changes and step.on_fail is OnFail.CONTINUE:
        yield say("step {step}: on_fail = continue is for steps that only read", step=step.id)
    if step.effect.changes and step.on_unknown is OnUnknown.RERUN:
        yield say("step {step}: on_unknown = rerun is for steps that only read", step=step.id)
    if step.effect in (Effect.DATA, Effect.SWITCH) and step.on_unknown is not OnUnknown.ASK:
        yield say(
            "step {step}: a step with effect {effect} needs on_unknown = ask",
            step=step.id,
            effect=step.effect.value,
        )
    if step.max_starts < 1 or step.timeout_s < 1:
        yield say("step {step}: max_starts and timeout_s are at least 1", step=step.id)
