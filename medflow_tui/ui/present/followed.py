"""What is known of a run that is followed, and the sentences that people want to read at every stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medflow_tui.model.access import Awaited
from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Effect, Phase, Playbook, RunState, Step, StepStand, Text
from medflow_tui.model.site import Contact
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.runner.report import values_of
from medflow_tui.ui.present.rows import Look

STOPPED = (
    Phase.PAUSED,
    Phase.INTERRUPTED,
    Phase.ROLLBACK_BLOCKED,
    Phase.STOPPED,
    Phase.UNCERTAIN,
    Phase.DAMAGED,
    Phase.FAILED,
)
CLOSING = say("You may close this screen: the run goes on.")
NOT_BEGUN = (StepStand.PENDING, StepStand.WAITING, StepStand.NOT_DONE, StepStand.SKIPPED, StepStand.UNDONE)
DOUBTFUL = (StepStand.UNKNOWN, StepStand.FAILED, StepStand.UNDO_UNKNOWN)
TOUCHES_DATA = (Effect.DATA, Effect.SWITCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What the follower knows of a run; `playbook` is None when even that cannot be read any more.

    `awaited` is what a second person is asked, while one is waited for; `printed` is the redacted end of what the program
    of the step in hand printed.
    """

    state: RunState
    playbook: Playbook | None = None
    facts: Facts | None = None
    awaited: Awaited | None = None
    printed: tuple[str, ...] = ()


def text_of(text: Text, followed: Followed, look: Look) -> str:
    """A text of the playbook with what was measured for this run."""
    language = look.language
    return language.say(text.phrase(language.code, values_of(followed.facts or {})), look.now)


def wanted(followed: Followed, contact: Contact | None, look: Look, closing: Phrase) -> list[Phrase]:
    """Whether patients' data are safe, what has changed and what has not, that one may close, whom to call."""
    state = followed.state
    told = [_data(followed, look), *_changed(followed, look)]
    if state.phase.is_alive and closing:
        told.append(closing)
    if state.phase in STOPPED:
        told.append(_call(state, contact))
    return [each for each in told if each]


def _call(state: RunState, contact: Contact | None) -> Phrase:
    if contact is None:
        return say("When in doubt, say: run {run}", run=state.run)
    person = " ".join(each for each in (contact.name, contact.phone) if each) or "?"
    return say("When in doubt call {person} and say: run {run}", person=person, run=state.run)


def _data(followed: Followed, look: Look) -> Phrase:
    """What the steps that change data say of the data; a journal that cannot be read says nothing good."""
    if followed.playbook is None or not followed.state.steps:
        return (
            say("Whether patients' data are as they should be is not known: let somebody look.")
            if followed.state.changed
            else SILENCE
        )
    in_data = [pair for pair in _with_stands(followed, followed.playbook) if pair[0].effect in TOUCHES_DATA]
    touching = [(step, stand) for step, stand in in_data if stand not in NOT_BEGUN]
    back = [step for step, stand in in_data if stand is StepStand.UNDONE]
    begun = [step for step, stand in touching if stand is not StepStand.DONE and stand not in DOUBTFUL]
    busy = begun if followed.state.phase.is_alive else []
    doubtful = [step for step, stand in touching if stand in DOUBTFUL or (step in begun and not busy)]
    if doubtful:
        return say(
            "Whether patients' data are as they should be is not known, because of: {steps}",
            steps=_titles(doubtful, followed, look),
        )
    if busy:
        return say(
            "Patients' data are being changed or checked: {steps}", steps=_titles(busy, followed, look)
        )
    if touching:
        return say(
            "Patients' data were changed as planned, and read back: {steps}",
            steps=_titles([step for step, _ in touching], followed, look),
        )
    if back:
        return say(
            "Patients' data were changed, and that was taken back as planned: {steps}",
            steps=_titles(back, followed, look),
        )
    return say("Patients' data are safe: no step that changes data has begun.")


def _changed(followed: Followed, look: Look) -> list[Phrase]:
    state = followed.state
    if not state.changed:
        return [say("Nothing was changed.") if state.phase.is_over else say("So far nothing was changed.")]
    if state.phase is Phase.SUCCEEDED:
        return [say("What was changed stands beside the steps.")]
    if followed.playbook is None or not state.steps:
        return [say("Something may have been changed: see the steps.")]
    changing = [pair for pair in _with_stands(followed, followed.playbook) if pair[0].effect.changes]
    done = [step for step, stand in changing if stand is StepStand.DONE]
    back = [step for step, stand in changing if stand is StepStand.UNDONE]
    ahead = [step for step, stand in changing if stand in NOT_BEGUN and step not in back]
    unclear = [step for step, _ in changing if step not in (*done, *back, *ahead)]
    told = (
        (done, say("Changed so far: {steps}", steps=_titles(done, followed, look))),
        (unclear, say("Perhaps changed: {steps}", steps=_titles(unclear, followed, look))),
        (back, say("Taken back: {steps}", steps=_titles(back, followed, look))),
        (ahead, say("Not changed: {steps}", steps=_titles(ahead, followed, look))),
    )
    return [phrase for steps, phrase in told if steps]


def _with_stands(followed: Followed, playbook: Playbook) -> list[tuple[Step, StepStand]]:
    stands = {each.id: each.stand for each in followed.state.steps}
    return [(each, stands.get(each.id, StepStand.PENDING)) for each in playbook.steps]


def _titles(steps: Sequence[Step], followed: Followed, look: Look) -> str:
    return " · ".join(text_of(each.title, followed, look) for each in steps)
