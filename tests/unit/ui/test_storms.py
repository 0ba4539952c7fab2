"""Before every question that leads to an act: 200 keys held down and pasted text do nothing; after a while a person can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.screen import ModalScreen
from textual.widgets import Input

from medflow_tui.runner import surroundings
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.armed import Armed
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.modals.prompt import Prompt
from tests.servers.asking import places
from tests.servers.dashboard import Dashboard
from tests.unit.ui import scenes, scenes_of_incidents
from tests.unit.ui.scenes import REASON, Scene, flat
from tests.unit.ui.test_plan_screen import WHY, orders
from tests.unit.ui.test_run_screen import listening

__all__ = ["orders"]
SOON_S = 0.1
INCIDENTS = "leading.Leading._ask"


@dataclass(frozen=True)
class Question:
    """`at` is the function that asks, `key` opens it in the scene, `phrase` is the very answer that acts."""

    name: str
    at: str
    scene: Scene
    key: str
    shows: str
    phrase: str


QUESTIONS = (
    Question("an input of a playbook", "asking.Asking._ask", scenes.at_list, "enter", "Which backup?", "1"),
    Question(
        "the confirmation of a plan",
        "acting.Acting._confirm",
        scenes.at_plan,
        "enter",
        "RESTORE LAB",
        "RESTORE LAB",
    ),
    Question(
        "why a plan is passed over",
        "acting.Acting.pass_over",
        scenes.at_refused_plan,
        "o",
        "Why must this be passed over?",
        WHY,
    ),
    Question(
        "the louder confirmation",
        "acting.Acting._confirm",
        scenes.with_why,
        "enter",
        "OVERRIDE",
        "OVERRIDE RESTORE LAB",
    ),
    Question(
        "the name, when the log-in is too old",
        "rights.Rights._ask",
        scenes.at_old_log_in,
        "enter",
        "Your user name",
        "amani",
    ),
    Question(
        "the password, when the log-in is too old",
        "rights.Rights._ask",
        scenes.with_old_name,
        "enter",
        "Your password",
        "again",
    ),
    Question(
        "why somebody wants to act",
        "rights.Rights._ask",
        scenes.read_only,
        "u",
        "Why do you want to act?",
        REASON,
    ),
    Question(
        "the name of the log-in", "rights.Rights._ask", scenes.with_reason, "enter", "Your user name", "amani"
    ),
    Question(
        "the password of the log-in",
        "rights.Rights._ask",
        scenes.with_name,
        "enter",
        "Your password",
        "hunter2",
    ),
    Question(
        "why everything must stop",
        "passivity.Passivity._ask",
        scenes.going,
        "f12",
        "Why must everything stop here?",
        REASON,
    ),
    Question(
        "the code that stops everything",
        "passivity.Passivity._with_reason",
        scenes.to_be_passive,
        "enter",
        "stop everything",
        "LAB",
    ),
    Question(
        "the code that lets it go on",
        "passivity.Passivity._ask_to_lift",
        scenes.passive,
        "f12",
        "act here again",
        "LAB",
    ),
    Question(
        "the signature below the audit",
        "screens.audit.AuditScreen.action_sign",
        scenes.audited,
        "s",
        "to sign",
        "LAB",
    ),
    Question(
        "how grave an incident is", INCIDENTS, scenes_of_incidents.none_open, "n", "How grave is it?", "2"
    ),
    Question(
        "the code that opens an incident",
        INCIDENTS,
        scenes_of_incidents.to_be_opened,
        "enter",
        "type LAB to agree",
        "LAB",
    ),
    Question(
        "the commander confirms",
        INCIDENTS,
        scenes_of_incidents.to_be_confirmed,
        "enter",
        "while you lead",
        "I LEAD LAB",
    ),
    Question(
        "what the commander reads back",
        INCIDENTS,
        scenes_of_incidents.to_be_read_back,
        "enter",
        "What is read back?",
        "2345-6789",
    ),
    Question(
        "the code that closes an incident",
        INCIDENTS,
        scenes_of_incidents.to_be_closed,
        "e",
        "type LAB to agree",
        "LAB",
    ),
    Question(
        "a line of a checklist", "steering.Steering._ask", scenes.checked, "enter", "type what you see", "lab"
    ),
    Question(
        "a decision", "steering.Steering._ask", scenes.decided, "enter", "The number of the answer", "1"
    ),
    Question(
        "what the second person reads back",
        "steering.Steering._ask",
        scenes.spoken,
        "enter",
        "read back",
        "2345-6789",
    ),
    Question("stop now", "steering.Steering._ask", scenes.stoppable, "s", "Stop now", "2"),
    Question("take over", "steering.Steering._ask", scenes.of_others, "o", "to take over", "LAB"),
    Question("leave a step out", "steering.Steering._ask", scenes.optional, "i", "left out", REASON),
    Question("how a run ends", "steering.Steering._ask", scenes.waiting, "e", "put it away", "1"),
    Question(
        "why a run is put away",
        "steering.Steering._ask",
        scenes.put_away,
        "enter",
        "Why is it put away?",
        REASON,
    ),
    Question(
        "going on with a run", "acting.Acting._confirm", scenes.gone_on, "enter", "RESTORE LAB", "RESTORE LAB"
    ),
)
PASSED_ON = {"acting.Acting.ask_late", "questions.ask_late"}
LED_TO_NOTHING = {  # filters, commands by name; that somebody is on it, or works there, changes nothing
    "app.MedflowApp.ask",
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a scene answers itself is listened to at once."""
    monkeypatch.setattr(armed, "ARM_AFTER_S", SOON_S)
    monkeypatch.setattr(armed, "PREPARED_AFTER_S", SOON_S)
    monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})


def keys_of(text: str) -> list[str]:
    return [{" ": "space", "-": "minus"}.get(each, each) for each in text]


def storm(phrase: str) -> list[events.Event]:
    """200 times enter, 200 times y, the very answer from another window."""
    keys = [events.Key("enter", "\r"), events.Key("y", "y")] * 200
    return [*keys, events.Paste(f"{phrase}\n")]


def typed(phrase: str) -> list[events.Event]:
    """The very answer as a terminal without bracketed paste hands it over, and enter."""
    keys = [events.Key(key, character) for key, character in zip(keys_of(phrase), phrase, strict=True)]
    return [*keys, events.Key("enter", "\r")]


async def pour(dashboard: Dashboard, all_: Iterable[events.Event]) -> None:
    """All of it at once, as a line that stood still hands it over."""
    for each in all_:
        dashboard.app.post_message(each)
    await dashboard.pilot.pause()
    await dashboard.until(lambda: not dashboard.app.turns.is_busy, "all keys have had their turn")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.name)
async def test_a_storm_before_it_does_nothing_and_afterwards_a_person_is_heard(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]
) -> None:
    async with question.scene(tmp_path, monkeypatch, orders) as here:
        dashboard, app = here.dashboard, here.dashboard.app
        base = app.screen
        time_comes = Armed._after_keys
        monkeypatch.setattr(Armed, "_after_keys", lambda question: None)  # no time passes in the storm
        if not isinstance(base, ModalScreen):
            await pour(dashboard, storm(question.phrase))
            await dashboard.pilot.pause(0.2)  # what they have asked for in threads
            while app.screen is not base:
                await dashboard.press("escape")
            assert not here.is_acted()
        await pour(dashboard, [events.Key(question.key, None), *storm(question.phrase)])
        await dashboard.until(lambda: isinstance(app.screen, Armed), question.shows)
        screen = app.screen
        assert isinstance(screen, Armed)
        await pour(dashboard, typed(question.phrase))
        assert app.screen is screen
        assert not screen.is_armed
        assert not here.is_acted()
        assert orders == []
        monkeypatch.setattr(Armed, "_after_keys", time_comes)
        screen._arm_later()
        await dashboard.until(lambda: screen.is_armed or screen._wants_tab, "it is quiet")
        if screen._wants_tab:
            assert "press tab, then type it" in flat(dashboard)
            await dashboard.press("tab")
        assert question.shows in flat(dashboard)
        assert screen.query_one("#typed", Input).value == ""
        await dashboard.press(*keys_of(question.phrase), "enter")
        await dashboard.until(here.is_acted, "a person is heard")
        if "password" in question.name:
            assert question.phrase not in dashboard.text


async def test_what_is_still_to_have_its_turn_is_late_however_soon_a_question_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]
) -> None:
    async with scenes.checked(tmp_path, monkeypatch, orders) as here:
        monkeypatch.setattr(armed, "ARM_AFTER_S", 0.001)
        await pour(here.dashboard, [events.Key("enter", "\r"), *storm("lab"), *typed("lab")])
        assert not here.is_acted()
        await listening(here.dashboard)


def test_every_question_that_leads_to_an_act_is_in_the_table() -> None:
    asks = set(places("ui", {"ask_late", "Confirm", "OrderPrompt", "Prompt"}))
    assert asks - PASSED_ON - LED_TO_NOTHING == {each.at for each in QUESTIONS}


def test_every_question_on_the_screen_arms_late_but_the_one_for_words() -> None:
    found = {each for each in _below(ModalScreen) if each.__module__.startswith("medflow_tui")}
    assert found == {Prompt, Armed, Confirm, OrderPrompt}


def _below(kind: type[Any]) -> set[type[Any]]:
    return {each for direct in kind.__subclasses__() for each in (direct, *_below(direct))}
