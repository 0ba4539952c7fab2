"""Makes a playbook of one TOML document: every key by its place, its kind and its default."""

from __future__ import annotations

import hashlib
import tomllib
from types import MappingProxyType
from typing import Any

from medflow_tui.model.playbook import (
    ARM_AFTER_MS,
    PROGRAM,
    REASON_MIN,
    Approval,
    Choice,
    Effect,
    Expect,
    Guard,
    Hold,
    Input,
    Item,
    Limits,
    OnFail,
    OnUnknown,
    Override,
    Playbook,
    Step,
    StepKind,
    Window,
)
from medflow_tui.model.words import say
from medflow_tui.playbooks.reading import PlaybookError, Reader, Table, one_of
from medflow_tui.rules.leading import STANDS_IN_CLASS

INPUT_KINDS = ("choice", "text", "number", "version", "backup", "service", "device", "clinic")
SPANS = ("clinic_hours",)
FOR_PEOPLE_S = 1800


def read(source: str, file: str) -> Playbook:
    """The same without the rules over the whole of it, which the linter tells one by one. Raises PlaybookError."""
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(say("{file}: {why}", file=file, why=str(error))) from error
    return Builder(Reader(file)).playbook(document, source)


class Builder:
    """Makes a playbook of one document."""

    def __init__(self, reader: Reader) -> None:
        self._read = reader

    def playbook(self, document: Table, source: str) -> Playbook:
        read = self._read
        read.know("", document)
        if document.get("schema") != 1:
            raise read.wrong("schema", say("must be 1"))
        inputs = tuple(self._input(each) for each in read.tables(document, "input"))
        read.names |= {f"input_{each.id}" for each in inputs}
        head = read.table(document, "playbook")
        confirm, locks = read.table(document, "confirm"), read.table(document, "locks")
        access = read.table(document, "access")
        for key, only in (("kind", "typed"), ("refuse_paste", True)):
            if confirm.get(key, only) != only:
                raise read.wrong(f"confirm.{key}", one_of((str(only).lower(),)))
        return Playbook(
            id=read.word(head, "playbook.id"),
            version=read.word(head, "playbook.version"),
            title=read.text(head, "playbook.title"),
            summary=read.text(head, "playbook.summary"),
            risk=read.word(head, "playbook.class"),
            owner=read.word(head, "playbook.owner"),
            steps=tuple(self._step(each) for each in read.tables(document, "step")),
            guards=tuple(self._guard(each) for each in read.tables(document, "guard")),
            holds=tuple(self._hold(each) for each in read.tables(document, "hold")),
            inputs=inputs,
            roles=read.words(access, "access.roles"),
            reauth_s=read.number(access, "access.reauth_s", 0),
            phrase=read.text(confirm, "confirm.phrase").en,
            locks=read.words(locks, "locks.names"),
            lease_s=read.number(locks, "locks.ttl_s", 60),
            fits=read.words(head, "playbook.fits", needed=False),
            symptoms=tuple(read.text(each, "symptom.say") for each in read.tables(document, "symptom")),
            blast=read.text(read.table(document, "blast"), "blast.say"),
            way_back=read.text(head, "playbook.way_back", needed=False),
            no_undo_reason=read.text(head, "playbook.no_undo_reason", needed=False),
            reason_min_chars=read.number(confirm, "confirm.reason_min_chars", REASON_MIN),
            arm_after_ms=read.number(confirm, "confirm.arm_after_ms", ARM_AFTER_MS),
            plan_expires_s=read.number(confirm, "confirm.expires_s", 1800),
            source=source,
            sha256=hashlib.sha256(source.encode("utf-8")).hexdigest(),
            **self._permits(document),
        )

    def _permits(self, document: Table) -> dict[str, Any]:
        read, may_stand = self._read, document["playbook"].get("class") == STANDS_IN_CLASS
        window = read.table(document, "window", needed=False)
        limits = read.table(document, "limits", needed=False)
        approval = read.table(document, "approval", needed=False)
        override = read.table(document, "override", needed=False)
        deny = read.words(window, "window.deny", needed=bool(window) and "any_time" not in window)
        for each in deny:
            if each not in SPANS:
                raise read.wrong("window.deny", one_of(SPANS))
        then, _, role = read.word(limits, "limits.then", "escalate:").partition(":")
        if then != "escalate" or (limits and not role):
            raise read.wrong("limits.then", say("must be escalate:ROLE"))
        if read.word(approval, "approval.bind_to", "plan_hash") != "plan_hash":
            raise read.wrong("approval.bind_to", one_of(("plan_hash",)))
        return {
            "window": Window(
                deny=deny,
                message=read.text(window, "window.deny_message", needed=bool(deny)),
                unless_down=read.word(window, "window.unless_down", ""),
                any_time=read.text(window, "window.any_time", needed=False),
            ),
            "limits": Limits(
                max_runs=read.number(limits, "limits.max_runs", 0),
                per_s=read.number(limits, "limits.per_s", 0),
                cool_down_s=read.number(limits, "limits.cool_down_s", 0),
                escalate_to=role,
            ),
            "approval": Approval(
                count=read.number(approval, "approval.count", int(bool(approval))),
                roles=read.words(approval, "approval.roles", needed=bool(approval)),
                distinct_from_requester=read.yes(approval, "approval.distinct_from_requester", default=True),
                expires_s=read.number(approval, "approval.expires_s", 1800),
                remote_code=read.yes(approval, "approval.remote_code"),
                incident=read.yes(approval, "approval.incident", default=may_stand),
            ),
            "override": Override(
                allowed=read.yes(override, "override.allowed"),
                roles=read.words(override, "override.roles", needed=bool(override)),
                reason_min_chars=read.number(override, "override.reason_min_chars", 40),
                notify=read.words(override, "override.notify", needed=False),
                guards=read.words(override, "override.guards", needed=False),
            ),
        }

    def _input(self, table: Table) -> Input:
        read = self._read
        kind = read.word(table, "input.kind")
        if kind not in INPUT_KINDS:
            raise read.wrong("input.kind", one_of(INPUT_KINDS))
        return Input(
            id=read.word(table, "input.id"),
            kind=kind,
            label=read.text(table, "input.label"),
            options=read.words(table, "input.options", needed=False),
            options_from=read.word(table, "input.options_from", ""),
            pattern=next(iter(read.patterns({"pattern": [table["pattern"]]}, "input.pattern")), "")
            if "pattern" in table
            else "",
            optional=read.yes(table, "input.optional"),
        )

    def _hold(self, table: Table) -> Hold:
        read = self._read
        return Hold(
            id=read.word(table, "hold.id"),
            title=read.text(table, "hold.title"),
            acquire=read.word(table, "hold.acquire"),
            release=read.word(table, "hold.release"),
            probe=read.word(table, "hold.probe"),
            why=read.text(table, "hold.why"),
            fix=read.text(table, "hold.fix"),
            args=read.facts(table, "hold.args"),
            survives_reboot=read.yes(table, "hold.survives_reboot"),
        )

    def _guard(self, table: Table) -> Guard:
        read = self._read
        severity, on_unknown = table.get("severity", "block"), table.get("on_unknown", "stop")
        if severity not in ("block", "warn"):
            raise read.wrong("guard.severity", one_of(("block", "warn")))
        if on_unknown not in ("stop", "warn"):
            raise read.wrong("guard.on_unknown", one_of(("stop", "warn")))
        when, _, before = read.word(table, "guard.at", "before:").partition(":")
        if when != "before":
            raise read.wrong("guard.at", say("must be before:STEP"))
        return Guard(
            id=read.word(table, "guard.id"),
            kind=read.word(table, "guard.kind"),
            why=read.text(table, "guard.why"),
            fix=read.text(table, "guard.fix"),
            blocks=severity == "block",
            on_unknown_blocks=on_unknown == "stop",
            need=read.facts(table, "guard.need"),
            before=before,
        )

    def _step(self, table: Table) -> Step:
        read = self._read
        kind = read.choice(StepKind, table, "step.kind", StepKind.ACTION)
        by_people = kind is not StepKind.ACTION
        run = read.words(table, "step.run", needed="run" in table)
        if run and "action" in table:
            raise read.wrong("step.run", say("a step has an action or a program, not both"))
        action = PROGRAM if run else read.word(table, "step.action", "" if by_people else None)
        effect = read.choice(Effect, table, "step.effect", Effect.READ if by_people else None)
        if effect.changes and "on_unknown" not in table:
            raise read.wrong("step.on_unknown", say("is needed in a step that changes something"))
        on_fail, _, undo_to = read.word(table, "step.on_fail", OnFail.ABORT.value).partition(":")
        return Step(
            id=read.word(table, "step.id"),
            title=read.text(table, "step.title"),
            action=action,
            effect=effect,
            kind=kind,
            say=read.text(table, "step.say", needed=False),
            why=read.text(table, "step.why", needed=False),
            if_it_fails=read.text(table, "step.if_it_fails", needed=False),
            undo_text=read.text(table, "step.undo_text", needed=False),
            stop_text=read.text(table, "step.stop_text", needed=False),
            args=read.facts(table, "step.args"),
            run=run,
            expect=self._expect(table) if "expect" in table else None,
            verify=read.words(table, "step.verify", needed=False),
            reconcile=read.word(table, "step.reconcile", ""),
            requires=read.words(table, "step.requires", needed=False),
            undo=read.word(table, "step.undo", ""),
            undo_args=read.facts(table, "step.undo_args"),
            undo_valid_s=read.number(table, "step.undo_valid_s", 0),
            point_of_change=read.yes(table, "step.point_of_change"),
            cleanup=read.word(table, "step.cleanup", ""),
            on_fail=read.choice(OnFail, {"on_fail": on_fail}, "step.on_fail"),
            undo_to=undo_to,
            on_unknown=read.choice(OnUnknown, table, "step.on_unknown", OnUnknown.STOP),
            timeout_s=read.number(table, "step.timeout_s", FOR_PEOPLE_S if by_people else 60),
            stall_s=read.number(table, "step.stall_s", 0),
            warn_s=read.number(table, "step.warn_s", 0),
            max_starts=read.number(table, "step.max_starts", 2),
            items=tuple(
                Item(
                    id=read.word(each, "step.items.id", f"item{number}"),
                    say=read.text(each, "step.items.say"),
                    answer=read.word(each, "step.items.answer"),
                )
                for number, each in enumerate(read.tables(table, "items", "step."), 1)
            ),
            choices=tuple(
                Choice(
                    id=read.word(each, "step.choices.id"),
                    say=read.text(each, "step.choices.say"),
                    stops=read.yes(each, "step.choices.stops"),
                )
                for each in read.tables(table, "choices", "step.")
            ),
            needs_people=read.number(table, "step.needs_people", 1),
            roles=read.words(table, "step.roles", needed=False),
            optional=read.yes(table, "step.optional"),
        )

    def _expect(self, step: Table) -> Expect:
        read = self._read
        table = read.table(step, "expect", within="step.")
        numbers = table.get("numbers", {})
        if not isinstance(numbers, dict) or not all(type(each) in (int, str) for each in numbers.values()):
            raise read.wrong("step.expect.numbers", say("must be a table of whole numbers or step.fact"))
        return Expect(
            exit=read.numbers(table, "step.expect.exit", (0,)),
            stdout_require=read.patterns(table, "step.expect.stdout_require"),
            stdout_forbid=read.patterns(table, "step.expect.stdout_forbid"),
            stderr_forbid=read.patterns(table, "step.expect.stderr_forbid"),
            numbers=MappingProxyType(dict(numbers)),
        )
