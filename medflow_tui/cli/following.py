"""A run followed line by line, for a dumb terminal or a screen reader: what is new, what it asks, how it ended."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field

from medflow_tui.cli.asking import Rights, wants_login
from medflow_tui.cli.person import LOOK_EVERY_S, LeftError, LostError, Person, noting_interrupt
from medflow_tui.cli.speech import DONE, FAILED, INTERRUPTED, tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import MedflowError, NoLoginError
from medflow_tui.model.playbook import Item, Playbook, Step, Text
from medflow_tui.model.procedure import Phase, RunState, Then
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.reasons import written
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.report import Report
from medflow_tui.runner.wishes import LONGEST, Wish
from medflow_tui.ui.present.asked import asked_lines, asked_step, next_item
from medflow_tui.ui.present.followed import Followed, text_of, wanted
from medflow_tui.ui.present.health import Glyphs
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.steered import contact_of, stopping_text

HEARTBEAT_S, BEGUN_WITHIN_S, PROGRESS_EVERY_S = 30.0, 30.0, 1.0
LEAVE_OUT = "-"
WIDEST = 100  # columns


@dataclass(slots=True, kw_only=True)
class Following:
    """One person at one terminal, following one run; `session` names this terminal to the run."""

    dispatch: Dispatch
    language: Language
    glyphs: Glyphs
    person: Person
    rights: Rights
    report: Report
    who: str
    session: str
    run: str
    after: int = -1  # entries of its journal that were there before it was begun or gone on with
    _playbook: Playbook | None = None
    _wants_out: bool = False
    _told_at: float = field(default_factory=time.monotonic)

    def follow(self) -> int:
        """Until it is over, waits for a person, or is left; the exit code of that. Ctrl-C never stops it by itself."""
        try:
            return self._follow()
        except LeftError:
            tell_left(self.person, self.run)
            return INTERRUPTED

    def _follow(self) -> int:
        follower, began = self.dispatch.follower(self.run), time.monotonic()
        seen: Followed | None = None
        with noting_interrupt(self._note):
            while True:
                now = self._look(follower)
                if self._tell_news(seen, now):
                    seen = now
                if self._stands_still(now, follower, began):
                    self.tell_stand(now)
                    return DONE if now.state.phase is Phase.SUCCEEDED else FAILED
                if self._wants_out:
                    self._wants_out = False
                    if not self._stop(now):
                        return INTERRUPTED
                elif self._is_asked(now):
                    self._answer(now, follower)
                else:
                    time.sleep(LOOK_EVERY_S)

    def look(self) -> Followed:
        """The run as it stands now."""
        return self._look(self.dispatch.follower(self.run))

    def tell_stand(self, followed: Followed) -> None:
        """Below the line that says where it stands: each step, what has changed and what has not, the data, whom to call, and how to go on."""
        state, look = followed.state, self._view()
        lines = [""]
        if followed.playbook is not None:
            lines += self.report.stood(state, followed.playbook, followed.facts or {})
            step = followed.playbook.step(state.step)
            if step is not None and step.if_it_fails and state.phase not in (Phase.SUCCEEDED, Phase.REFUSED):
                means = text_of(step.if_it_fails, followed, look)
                lines.append(self._named(say("What this means"), means))
        told = wanted(followed, contact_of(followed, self.dispatch.site), look, SILENCE)
        lines += [self.language.say(each, look.now) for each in told]
        plan = f"{state.plan_hash[:4]}·{state.plan_hash[4:8]}" if state.plan_hash else "?"
        lines.append(self.language.say(say("run {run}, plan {plan}", run=state.run, plan=plan)))
        if state.phase.can_go_on:
            lines.append(self.language.say(going_on(self.run)))
        tell(*lines)

    def _look(self, follower: Follower) -> Followed:
        state = follower.poll().state
        if state.phase is Phase.DAMAGED:
            return Followed(state=state)
        awaited = self.dispatch.approval(self.run) if state.awaits else None
        self._playbook = follower.playbook
        return Followed(state=state, playbook=follower.playbook, facts=follower.facts, awaited=awaited)

    def _stands_still(self, followed: Followed, follower: Follower, began: float) -> bool:
        phase = followed.state.phase
        if phase.is_alive:
            return False
        if phase is Phase.PLANNED or len(follower.entries) <= self.after:
            return time.monotonic() - began > BEGUN_WITHIN_S
        return True

    def _tell_news(self, before: Followed | None, now: Followed) -> bool:
        """False when it is put off: mere progress is told once a second."""
        is_soon = time.monotonic() - self._told_at < PROGRESS_EVERY_S
        if before is not None and is_soon and self._is_progress(before, now):
            return False
        earlier: RunState | None = before.state if before is not None else None
        lines = self.report.news(earlier, now.state, now.playbook, now.facts or {})
        asked_before = before.awaited if before is not None else None
        if now.awaited is not None and now.awaited != asked_before and not self._is_asked(now):
            lines = (*lines, *self._asked(now))  # a second person, who answers elsewhere
        if not lines and time.monotonic() - self._told_at < HEARTBEAT_S:
            return True
        if not lines:
            lines = (self.language.say(self._heartbeat(now)),)
        tell(*lines)
        self._told_at = time.monotonic()
        return True

    def _is_progress(self, before: Followed, now: Followed) -> bool:
        """Whether each step stands where it stood, and only says something else."""
        old, new = ([each.stand for each in one.state.steps] for one in (before, now))
        same = (self.report.stand(before.state), before.awaited) == (
            self.report.stand(now.state),
            now.awaited,
        )
        return same and old == new and before.state.steps != now.state.steps

    def _heartbeat(self, followed: Followed) -> Phrase:
        look, playbook = self._view(), followed.playbook
        step = playbook.step(followed.state.step) if playbook is not None else None
        title = text_of(step.title, followed, look) if step is not None else self.run
        return say("{at:clock}: it goes on: {step}", at=look.now, step=title)

    def _is_asked(self, followed: Followed) -> bool:
        awaited = followed.awaited
        return asked_step(followed) is not None or (awaited is not None and bool(awaited.challenge))

    def _answer(self, followed: Followed, follower: Follower) -> None:
        """Tell what is asked, wait for a line while it is asked, and hand it to the run."""
        step, item = asked_step(followed), next_item(followed)
        if step is not None:
            self._tell_texts((say("What happens"), step.say), (say("Why"), step.why), followed=followed)
        tell(*self._asked(followed))
        typed = self.person.answer(
            self._question(followed, step, item), lambda: self._is_still(followed, follower)
        )
        if typed is None:
            return
        if not typed:
            self.person.tell(say("nothing was answered"))
        elif step is None:
            self._order("approve", text=typed)
        elif step.optional and typed == LEAVE_OUT:
            self._leave_out(step)
        elif step.choices:
            self._choose(step, typed)
        elif item is not None:
            self._order("answer", step=step.id, item=item.id, text=typed)

    def _asked(self, followed: Followed) -> list[str]:
        cells = min(WIDEST, shutil.get_terminal_size().columns)
        lines = asked_lines(followed, self._view(), cells)
        return ["".join(each.text for each in line).rstrip() for line in lines if line]

    def _question(self, followed: Followed, step: Step | None, item: Item | None) -> Phrase:
        if step is None:
            return say("What does the other person read back?")
        out = (say("{sign} leaves this step out", sign=LEAVE_OUT),) if step.optional else ()
        if step.choices:
            return say("The number of the answer, 1 to {n:number}", n=len(step.choices)).also(*out)
        what = text_of(item.say, followed, self._view()) if item is not None else ""
        return say("{what}: type what you see", what=what).also(*out)

    def _choose(self, step: Step, typed: str) -> None:
        number = int(typed) if typed.isdecimal() and len(typed) < 3 else 0
        if 1 <= number <= len(step.choices):
            self._order("answer", step=step.id, choice=step.choices[number - 1].id)
        else:
            self.person.tell(say("nothing was answered: that is none of the choices"))

    def _leave_out(self, step: Step) -> None:
        why = self.person.answer(
            say("Why is this step left out? (it is written down)"), lambda: not self._wants_out
        )
        if why:
            self._order("skip", step=step.id, text=written(why))

    def _is_still(self, followed: Followed, follower: Follower) -> bool:
        if self._wants_out:
            return False
        now = self._look(follower)
        before, after = followed.awaited, now.awaited
        same_code = (before and before.challenge) == (after and after.challenge)
        return now.state == followed.state and same_code

    def _stop(self, followed: Followed) -> bool:
        """The two choices; false when neither is taken: the run is left going."""
        self.person.tell(say("The run goes on meanwhile. What now?"), say("1  stop after this step"))
        what = stopping_text(followed, self._view())
        self.person.tell(say("2  stop now: {what}", what=what))
        question = say("1 or 2; anything else: you leave, and it goes on:")
        typed = self.person.answer(question, lambda: not self._wants_out)
        self._wants_out = False
        if typed in ("1", "2"):
            self._order("stop", then=Then.PAUSE.value, now=typed == "2")
            return True
        tell_left(self.person, self.run)
        return False

    def _order(self, what: str, *, now: bool = False, **words: str) -> None:
        """Say it to the run, after taking over when somebody else, or another terminal, gives the orders.

        Rights are raised first, as on the screen, by a log-in that MedFlow does not refuse (a refused one is recorded and
        forgotten); whoever is in charge stops it without.
        """
        try:
            if not self._is_in_charge():
                if not self._takes_over():
                    return
            elif what != "stop" and self._playbook is not None and wants_login(self._playbook):
                self.rights.proved(self._playbook, self.run)
            texts = {name: each[:LONGEST] for name, each in words.items()}
            self.dispatch.tell(self.run, self._wish(what, now=now, **texts))
        except LostError:
            raise
        except MedflowError as error:
            if isinstance(error, NoLoginError):
                self.rights.login = None
            self.person.tell(error.phrase)
        else:
            self.person.tell(say("heard, and written down"))

    def _is_in_charge(self) -> bool:
        found = self.dispatch.tell(self.run, self._wish("look"))
        return found == (self.who, self.session)

    def _takes_over(self) -> bool:
        who, _ = self.dispatch.tell(self.run, self._wish("look"))
        code, reason = self.dispatch.site.code, self.rights.raised(self._playbook)
        typed = self.person.confirm(
            say("{who} gives the orders now. Type {code} to take over", who=who or "?", code=code)
        )
        if typed != code:
            self.person.tell(say("not taken over"))
            return False
        self.dispatch.take_over(self.run, self._wish("take", text=reason[:LONGEST]), self.rights.login)
        return True

    def _wish(self, what: str, *, now: bool = False, **texts: str) -> Wish:
        return Wish(what=what, who=self.who, session=self.session, now=now, **texts)

    def _tell_texts(self, *pairs: tuple[Phrase, Text], followed: Followed) -> None:
        look = self._view()
        tell(*(self._named(label, text_of(text, followed, look)) for label, text in pairs if text))

    def _named(self, label: Phrase, what: str) -> str:
        return self.language.say(say("{name}: {what}", name=self.language.say(label), what=what))

    def _view(self) -> Look:
        return Look(language=self.language, glyphs=self.glyphs, now=utc_now())

    def _note(self) -> None:
        self._wants_out = True


def going_on(run: str) -> Phrase:
    """By which command a person goes on with a run that waits."""
    return say(
        "To go on: medflow-tui playbook resume {run}; to take back what was done: with --take-back; to end it as it stands: with --leave; that no banner tells of it: with --put-away",
        run=run,
    )


def tell_left(person: Person, run: str) -> None:
    """A run that is left going is found again."""
    person.tell(say("The run goes on. To follow it again: medflow-tui playbook resume {run}", run=run))
