"""What people may say to a run while it goes on: stop, go on, answer, leave a step out, take over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.access import Access
from medflow_tui.model.canonical import Fact
from medflow_tui.model.playbook import Playbook, Step
from medflow_tui.model.procedure import Act, Mark, Outcome, Then
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.permits import why_not_theirs
from medflow_tui.rules.procedure import next_move
from medflow_tui.rules.spelling import plain
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.recorder import Recorder

LONGEST = 200


@dataclass(slots=True)
class Stopping:
    """Whether somebody asked to stop: after the step in hand, or now as far as that is safe."""

    asked: bool = False
    now: bool = False

    def ask(self, *_: object) -> None:
        """For a signal: the step in hand is finished, no further one is started."""
        self.asked = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who speaks, as the kernel knows it."""

    pid: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One order. `who` and `session` name the person and the screen; the rest depends on `what`.

    stop (`then` pause, leave, roll_back; `now`), go_on, answer (`step`, `item`, `text`; or `choice`), skip (`step`,
    `text` is the reason), approve (`text` is what a second person reads back over the phone), take (`text` is the
    reason), look.
    """

    what: str
    who: str
    session: str
    step: str = ""
    item: str = ""
    choice: str = ""
    text: str = field(default="", repr=False)
    then: str = Then.PAUSE.value
    now: bool = False


def wish_from(record: Mapping[str, Any]) -> Wish:
    """Raises ValueError, TypeError for what is none."""
    words = {name: value for name, value in record.items() if name != "now"}
    if not all(isinstance(each, str) and len(each) <= LONGEST for each in words.values()):
        raise ValueError("no wish")
    return Wish(now=record.get("now") is True, **words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Hears orders in the thread of the channel: each is written down before it counts, or refused with the reason."""

    journal: Journal
    recorder: Recorder
    playbook: Playbook
    stopping: Stopping
    right_answer: Callable[[Step, str], str | None]
    news: Callable[[], None]
    agree: Callable[[str], Phrase]
    access: Access

    def hear(self, wish: Wish, peer: Peer) -> Phrase:
        """Nothing when it was done, else why not."""
        if wish.what == "look":
            return SILENCE
        try:
            with self.recorder.alone:
                if self._is_left():
                    return say("the run does not listen: it is over, waits, or was interrupted")
                return self._take(wish, peer) if wish.what == "take" else self._ordered(wish, peer)
        except (UnwritableError, DamagedError) as error:
            return error.phrase
        finally:
            self.news()

    def _is_left(self) -> bool:
        """Its last line is written: what came after it would make it seem to go on."""
        return bool(self.journal.entries) and self.journal.entries[-1].mark in (Mark.PAUSED, Mark.RUN_ENDED)

    def controller(self) -> tuple[str, str]:
        """Who gives orders now, and from which screen."""
        marks = (Mark.RUN_STARTED, Mark.RESUMED, Mark.CONTROL_TAKEN)
        newest = next((each for each in reversed(self.journal.entries) if each.mark in marks), None)
        facts = newest.facts if newest is not None else {}
        return str(facts.get("who", "")), str(facts.get("session", ""))

    def _take(self, wish: Wish, peer: Peer) -> Phrase:
        if not wish.who or not wish.session:
            return say("who takes over is not said")
        before, _ = self.controller()
        self._write(Mark.CONTROL_TAKEN, wish, peer, before=before, reason=wish.text)
        return SILENCE

    def _ordered(self, wish: Wish, peer: Peer) -> Phrase:
        who, session = self.controller()
        if (wish.who, wish.session) != (who, session) and session:
            return say("{who} gives the orders here: take over first", who=who or "?")
        match wish.what:
            case "stop":
                return self._stop(wish, peer)
            case "go_on":
                self._write(Mark.STOP_WITHDRAWN, wish, peer)
                self.stopping.now = False
                return SILENCE
            case "answer":
                return self._answer(wish, peer)
            case "skip":
                return self._skip(wish, peer)
            case "approve":
                return self.agree(wish.text)
            case _:
                return say("that is no order")

    def _stop(self, wish: Wish, peer: Peer) -> Phrase:
        if wish.then not in {each.value for each in Then}:
            return say("that is no order")
        self._write(Mark.STOP_ASKED, wish, peer, then=wish.then, now=wish.now)
        self.stopping.now = wish.now
        return SILENCE

    def _answer(self, wish: Wish, peer: Peer) -> Phrase:
        step = self._waiting()
        if step is None or step.id != wish.step:
            return say("nothing is asked now")
        why = why_not_theirs(step, self.access, name_of(peer.uid))
        if why:
            return why
        if step.choices:
            if wish.choice not in {each.id for each in step.choices}:
                return say("that is none of the choices")
            self._write(Mark.ANSWERED, wish, peer, Outcome.PASS, choice=wish.choice)
            return SILENCE
        right = self.right_answer(step, wish.item)
        if right is None:
            return say("nobody knows the right answer: stop, and look why")
        is_right = _spoken(wish.text) == _spoken(right)
        self._write(Mark.ANSWERED, wish, peer, Outcome.PASS if is_right else Outcome.FAIL, item=wish.item)
        return SILENCE if is_right else say("that is not what is measured: look again")

    def _skip(self, wish: Wish, peer: Peer) -> Phrase:
        step = self._waiting()
        if step is None or step.id != wish.step or not step.optional:
            return say("this step cannot be left out")
        why = why_not_theirs(step, self.access, name_of(peer.uid))
        if why:
            return why
        if len(wish.text.strip()) < self.playbook.reason_min_chars:
            return say(
                "the reason is too short: {n:number} letters at least", n=self.playbook.reason_min_chars
            )
        self._write(Mark.SKIPPED, wish, peer, reason=wish.text)
        return SILENCE

    def _waiting(self) -> Step | None:
        move = next_move(self.playbook, self.journal.entries)
        return self.playbook.step(move.step) if move.act is Act.WAIT else None

    def _write(
        self, mark: Mark, wish: Wish, peer: Peer, outcome: Outcome | None = None, **more: Fact
    ) -> None:
        facts: dict[str, Fact] = {
            "who": wish.who,
            "session": wish.session,
            "uid": peer.uid,
            "pid": peer.pid,
            **more,
        }
        self.recorder.write(mark, step=wish.step, outcome=outcome, facts=facts)


def nobody_asked(text: str) -> Phrase:
    """For a run that needs no second person."""
    return say("nobody is waited for")


def _spoken(text: str) -> str:
    return " ".join(plain(text).split())
