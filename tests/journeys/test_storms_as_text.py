"""At a terminal without a screen: before every question 200 keys and the very answer do nothing, and are not shown."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from medflow_tui.model.procedure import Phase
from tests.journeys.test_acting_as_text import INTERRUPT, PROMPT, Place, Talk, lock_file
from tests.servers.asking import places
from tests.servers.gated import PHRASE, Gated, gated
from tests.servers.small_site import program, surroundings, write_site
from tests.servers.terminal import running

REASON = "the line is to be walked along"
NOT_HEARD = ("too short", "nothing was answered", "That is not", "not taken over", "nothing was released")
QUESTIONS = {
    "asking.Questions.why": "Why do you want to act?",
    "asking.login_of": "Your user name, Your password",
    "asking.Questions._input": "Which colour?, What is it for?",
    "asking.Questions.override": "the same `Person.confirm` as below",
    "acting.Acting._typed": PROMPT,
    "following.Following._answer": "type what you see, 1 to 2",
    "following.Following._leave_out": "the same `Person.answer` as above",
    "following.Following._stop": "1 or 2",
    "following.Following._takes_over": "to take over",
    "agreeing._asked": "which value is read out?",
    "agreeing._typed": PROMPT,
    "unlocking._release": "anything else leaves it:",
    "orders._lift": "the same `Person.ask` and `Person.confirm` as above",
    "incident._opening": "the same `Person.ask` as above",
    "incident._change": "the same `Person.confirm` as above",
    "leading._confirmed": "no question: what was typed goes to `IncidentDesk.confirm`",
    "leading._typed": "the same `Person.confirm` as above",
    "leading._waited_for": "the same `Person.answer` as above",
    "leading.answer.answered": "the same `Person.ask` and `Person.confirm` as above",
}


def test_every_question_at_a_terminal_is_known_here() -> None:
    asks = places("cli", {"ask", "ask_in_secret", "confirm", "answer"})
    assert {each for each in asks if not each.startswith(("person.", "agreeing._over"))} == set(QUESTIONS)


def stormed(talk: Talk, question: str, answer: str, typed: str = "") -> None:
    """All at once behind what was typed last, and again when the question is near; then the answer, once it is asked.

    Something else may be `typed` then.
    """
    storm = "\r" * 200 + "y\r" * 200 + f"{answer}\r" + f"\x1b[200~{answer}\r\x1b[201~"
    talk.terminal.type(storm)
    talk.terminal.read(0.3)
    talk.terminal.type(storm)
    talk.reads(question)
    talk.terminal.type(typed or f"{answer}\r")


@contextmanager
def followed(site: Gated, *words: str) -> Iterator[Talk]:
    command = site.command("playbook", *words)
    with running(command, {**site.surroundings, "TERM": "dumb"}, columns=200) as terminal:
        yield Talk(terminal)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Gated]:
    found = gated(tmp_path)
    try:
        yield found
    finally:
        with suppress(IndexError, psutil.Error):
            writer = psutil.Process(found.run.pid)
            for each in (*writer.children(recursive=True), writer):
                each.kill()


def test_a_run_from_its_first_question_to_its_last(site: Gated) -> None:
    with followed(site, "run", "walk") as talk:
        for question, typed in (
            ("Why do you want to act?", REASON),
            ("Your user name", "amani"),
            ("Your password", "hunter2-secret"),
            ("Which colour?", "blue"),
            ("What is it for?", "for a walk"),
        ):
            stormed(talk, question, typed)
        talk.reads("Gate first")
        assert not list((site.state / "runs").glob("*"))
        stormed(talk, PROMPT, PHRASE)
        talk.reads("Started: run")
        site.let_go_on("look")
        site.let_go_on("first")
        talk.reads("Read this together")
        stormed(talk, "type what you see", "LINE", INTERRUPT)
        stormed(talk, "1 or 2", "2", "\r")
        talk.reads("To follow it again")
        talk.terminal.ended()
        said = talk.all
    run = site.run
    assert (run.phase, run.step) == (Phase.WAITING, "agree")
    with followed(site, "resume", run.run) as talk:
        stormed(talk, "type what you see", "LINE")
        for question, typed in (
            ("Why do you want to act?", REASON),
            ("Your user name", "amani"),
            ("Your password", "hunter2-secret"),
            ("to take over", "LINE"),
        ):
            stormed(talk, question, typed)
        talk.reads("heard, and written down")
        site.let_go_on("second")
        talk.reads("Keep it")
        stormed(talk, "1 to 2", "1")
        talk.reads("heard, and written down")
        site.let_go_on("last")
        assert talk.terminal.ended() == 0
        said += talk.all
    assert site.made.read_text() == "go first\ngo second\n"
    assert not [each for each in NOT_HEARD if each in said]
    assert "hunter2" not in said


def test_a_lock_is_released_only_by_what_is_typed_when_it_is_asked(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, site=write_site(tmp_path))
    lock = lock_file(place, "backup-check")
    os.utime(lock, (0, 0))
    with place.talk("unlock", "backup-check") as talk:
        talk.terminal.type("UNLOCK backup-check\r" * 200)
        talk.reads("anything else leaves it:")
        time.sleep(0.3)
        assert lock.exists()
        talk.terminal.type("UNLOCK backup-check\r")
        talk.reads("released, and written down")
        assert talk.terminal.ended() == 0
    assert not lock.exists()


def test_over_the_phone_nothing_that_was_typed_before_is_read_out_or_agreed(tmp_path: Path) -> None:
    key = tmp_path / "approval.key"
    home = surroundings("dumb", HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    words = ("--challenge", "2345-6789", "--for-site", "LINE", "--key", str(key))
    for more in (("key", "--key", str(key)), ("approve", *words)):
        with running(program(tmp_path, "playbook", *more), home, columns=200) as terminal:
            talk = Talk(terminal)
            if more[0] == "approve":
                stormed(talk, "Which playbook?", "redis-sessions")
                for size in ("sessions", "keys"):
                    stormed(talk, f"{size}: which value is read out?", "20")
                stormed(talk, PROMPT, "APPROVE LINE")
                talk.reads("read back:")
                assert talk.all.count("read back:") == 1
            assert terminal.ended() == 0
    assert key.stat().st_mode & 0o077 == 0
