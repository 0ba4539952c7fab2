"""What each step of a playbook must have: rules of its effect, its kind, and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medflow_tui.model.canonical import Facts
from medflow_tui.model.playbook import PROGRAM, Effect, OnFail, OnUnknown, Playbook, Step, StepKind
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.schema import PLACEHOLDERS
from medflow_tui.rules.argv import fault
from medflow_tui.rules.filling import has_lone_brace, is_filled_whole, names

ACTION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
TO_UNDO = (Effect.STAGING, Effect.DISRUPTIVE, Effect.DATA, Effect.SWITCH)


def check_step(playbook: Playbook, step: Step) -> Iterator[Phrase]:
    """Every complaint about one step."""
    named = (step.action, step.undo, step.cleanup, step.reconcile, *step.verify)
    if any(each and not ACTION.fullmatch(each) for each in named):
        yield say("step {step}: an action is named room.action", step=step.id)
    yield from _check_effect(step)
    yield from _check_undo(playbook, step)
    yield from _check_program(step)
    yield from _check_people(step)
    yield from _check_templates(playbook, step)
    if step.max_starts < 1 or step.timeout_s < 1:
        yield say("step {step}: max_starts and timeout_s are at least 1", step=step.id)
    if any(each and each >= step.timeout_s for each in (step.stall_s, step.warn_s)):
        yield say("step {step}: stall_s and warn_s are less than timeout_s", step=step.id)


def _check_effect(step: Step) -> Iterator[Phrase]:
    if step.effect.changes and step.on_fail is OnFail.CONTINUE:
        yield say("step {step}: on_fail = continue is for steps that only read", step=step.id)
    if step.effect.is_once and step.on_unknown in (OnUnknown.RERUN, OnUnknown.CLEAN):
        yield say(
            "step {step}: a step with effect {effect} is never done again by itself",
            step=step.id,
            effect=step.effect.value,
        )
    if step.effect.is_once and step.on_unknown is not OnUnknown.ASK and not step.reconcile:
        yield say(
            "step {step}: a step with effect {effect} needs on_unknown = ask",
            step=step.id,
            effect=step.effect.value,
        )
    if step.effect is Effect.STAGING and not step.cleanup:
        yield say("step {step}: staging needs cleanup", step=step.id)
    if step.on_unknown is OnUnknown.CLEAN and not step.cleanup:
        yield say("step {step}: cleanup_then_rerun needs cleanup", step=step.id)
    if step.point_of_change and not step.effect.changes:
        yield say("step {step}: a step that only reads is no point_of_change", step=step.id)


def _check_undo(playbook: Playbook, step: Step) -> Iterator[Phrase]:
    if not step.undo and (step.undo_args or step.undo_valid_s):
        yield say("step {step}: undo_args and undo_valid_s belong to undo", step=step.id)
    if step.undo and not step.effect.changes:
        yield say("step {step}: a step that only reads has no undo", step=step.id)
    if step.undo_to and step.on_fail is not OnFail.UNDO:
        yield say("step {step}: only undo names a step", step=step.id)
    if step.on_fail is not OnFail.UNDO:
        return
    ids = [each.id for each in playbook.steps]
    last = ids.index(step.id)
    if step.undo_to not in ("", *ids[: last + 1]):
        yield say("step {step}: undo:{to} names no step before it", step=step.id, to=step.undo_to)
        return
    first = ids.index(step.undo_to) if step.undo_to else 0
    for each in playbook.steps[first : last + 1]:
        if each.effect in TO_UNDO and not each.undo and not each.cleanup:
            yield say("step {step}: on_fail = undo, but {other} has no undo", step=step.id, other=each.id)


def _check_program(step: Step) -> Iterator[Phrase]:
    if (step.action == PROGRAM or step.run) and step.expect is None:
        yield say("step {step}: a program needs [step.expect]", step=step.id)
    if step.action == PROGRAM and not step.run:
        yield say("step {step}: a program is an argv list: run = [...]", step=step.id)
    if step.run:
        wrong = fault(step.run)
        if wrong:
            yield say("step {step}:", step=step.id).also(wrong)
        if not all(is_filled_whole(each) for each in step.run):
            yield say("step {step}: a placeholder is a whole argument", step=step.id)


def _check_people(step: Step) -> Iterator[Phrase]:
    if step.kind is StepKind.CHECKLIST and (not step.items or step.action or step.effect.changes):
        yield say("step {step}: a checklist has items and changes nothing", step=step.id)
    if step.kind is StepKind.DECISION and not step.choices:
        yield say("step {step}: a decision has choices", step=step.id)
    if step.kind is StepKind.DECISION and step.effect.changes and not step.action:
        yield say("step {step}: a decision that changes something has an action", step=step.id)
    if step.kind is not StepKind.CHECKLIST and step.items:
        yield say("step {step}: items belong to a checklist", step=step.id)
    if step.kind is not StepKind.DECISION and step.choices:
        yield say("step {step}: choices belong to a decision", step=step.id)
    if step.kind is StepKind.CHECKLIST and len(step.items) > 5:
        yield say("step {step}: a checklist has five items at most", step=step.id)
    if step.needs_people < 1:
        yield say("step {step}: needs_people is at least 1", step=step.id)


def _check_templates(playbook: Playbook, step: Step) -> Iterator[Phrase]:
    """What arguments, answers and expected numbers name must be in the dictionary, an input, or an earlier step's."""
    known = {*PLACEHOLDERS, *(f"input_{each.id}" for each in playbook.inputs)}
    earlier = {"plan", step.id, *(each.id for each in playbook.steps[: playbook.steps.index(step)])}
    numbers = [each for each in step.expect.numbers.values() if isinstance(each, str)] if step.expect else []
    for name in numbers:
        if "." not in name or name.partition(".")[0] not in earlier - {step.id}:
            yield say("step {step}: {name} is no fact of an earlier step", step=step.id, name=name)
    templates = [
        *_strings(step.args),
        *_strings(step.undo_args),
        *step.run,
        *(each.answer for each in step.items),
    ]
    for name in sorted({name for each in templates for name in names(each)}):
        head, dot, _ = name.partition(".")
        if (dot and head not in earlier) or (not dot and name not in known):
            yield say("step {step}: {name} is no known placeholder", step=step.id, name=name)
    if any(has_lone_brace(each) for each in templates):
        text = say("step {step}: a placeholder is a name, or step.fact, in braces", step=step.id)
        yield text.also(say("a brace that is meant itself is written twice"))


def _strings(facts: Facts) -> Iterator[str]:
    for value in facts.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from value
