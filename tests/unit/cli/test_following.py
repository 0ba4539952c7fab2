"""A run followed as lines: heartbeats, the two choices of Ctrl-C, inputs of the command line; no process, no terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest

from medflow_tui.cli import following as module
from medflow_tui.cli.asking import Questions, Rights, inputs_of
from medflow_tui.cli.following import Following
from medflow_tui.cli.person import Person
from medflow_tui.clients.tools import utc_now
from medflow_tui.journal.audit import verify
from medflow_tui.locale.language import Language
from medflow_tui.model.access import Awaited
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.procedure import Outcome, Phase, RunState, StepStand, StepState, Text
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.runner.lock import RunLock
from medflow_tui.runner.permission import Permission
from medflow_tui.runner.report import Report
from medflow_tui.runner.wishes import Wish
from medflow_tui.ui.present.followed import Followed
from medflow_tui.ui.present.health import ASCII

CHECK = load(shipped() / "daily-backup-check.toml")


class Run:
    """Stands for the dispatch: takes what is said to a run."""

    def __init__(self) -> None:
        self.heard: list[Wish] = []

    def tell(self, run: str, wish: Wish) -> tuple[str, str]:
        if wish.what != "look":
            self.heard.append(wish)
        return ("amani", "one")


class Typist(Person):
    """Types one thing."""

    def answer(self, question: Phrase, is_wanted: Callable[[], bool]) -> str | None:
        return TYPED[-1]


TYPED: list[str | None] = []


def following(dispatch: Any) -> Following:
    language = Language("en")
    person = Typist(speak=language.say)
    return Following(
        dispatch=dispatch,
        language=language,
        glyphs=ASCII,
        person=person,
        rights=Rights(questions=Questions(dispatch=dispatch, language=language, person=person)),
        report=Report(speak=language.say, language="en"),
        who="amani",
        session="one",
        run="r",
    )


def state(stand: StepStand, phase: Phase = Phase.RUNNING) -> RunState:
    steps = tuple(StepState(id=each.id, stand=StepStand.PENDING) for each in CHECK.steps)
    return RunState(run="r", phase=phase, step="look", steps=(StepState(id="look", stand=stand), *steps[1:]))


@pytest.mark.parametrize(
    ("typed", "heard"),
    [("1", [("stop", "pause", False)]), ("2", [("stop", "pause", True)]), ("", []), (None, [])],
)
def test_ctrl_c_has_two_choices_and_nothing_else_stops_a_run(
    typed: str | None, heard: list[tuple[str, str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run()
    TYPED.append(typed)
    stays = following(run)._stop(Followed(state=state(StepStand.STARTED), playbook=CHECK))
    assert [(each.what, each.then, each.now) for each in run.heard] == heard
    assert stays is bool(heard)
    said = capsys.readouterr().out
    assert "2  stop now: The step in hand only reads: it is broken off." in said
    assert ("playbook resume r" in said) is not bool(heard)


def test_a_line_when_something_changes_and_one_each_30_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    told, begun = following(Run()), Followed(state=state(StepStand.STARTED), playbook=CHECK)

    def lines(before: Followed | None, now: Followed, later_s: float) -> list[str]:
        clock[0] += later_s
        told._tell_news(before, now)
        return capsys.readouterr().out.splitlines()

    title = "Read the newest backups to their end"
    assert lines(None, begun, 0) == [f"{title}: begun", "running"]
    assert lines(begun, begun, 29) == []
    (beat,) = lines(begun, begun, 1)
    assert beat.endswith(f"it goes on: {title}")
    done = Followed(state=state(StepStand.DONE), playbook=CHECK)
    assert lines(begun, done, 1) == [f"{title}: done"]
    assert lines(done, done, 29) == []


def test_progress_is_told_once_a_second_and_the_newest_is_not_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    told = following(Run())

    def printed(lines: int) -> Followed:
        first, *others = state(StepStand.STARTED).steps
        moved = replace(first, said=say("{n:number} lines", n=lines))
        return Followed(state=replace(state(StepStand.STARTED), steps=(moved, *others)), playbook=CHECK)

    seen, at, said = None, list[float](), list[str]()
    for look in range(41):  # ten seconds, four looks each, of a program that never rests
        now = printed(look)
        seen = now if told._tell_news(seen, now) else seen
        lines = [each for each in capsys.readouterr().out.splitlines() if "lines" in each]
        said += lines
        at += [clock[0]] * len(lines)
        clock[0] += 0.25
    assert len(said) == 11
    assert min(late - early for early, late in pairwise(at)) >= 1.0
    assert said[-1].endswith("40 lines")
    seen = now if told._tell_news(seen, now := printed(41)) else seen
    assert capsys.readouterr().out == ""
    clock[0] += 1.0
    assert told._tell_news(seen, now)
    assert "41 lines" in capsys.readouterr().out
    done = Followed(state=state(StepStand.DONE), playbook=CHECK)
    assert told._tell_news(now, done)
    assert "done" in capsys.readouterr().out


def test_how_a_second_person_agrees_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    asking = replace(state(StepStand.PENDING, Phase.WAITING), awaits="approval")
    awaited = Awaited(run="r", needed=1, command="medflow-tui playbook approve r")
    waiting, told = Followed(state=asking, playbook=CHECK, awaited=awaited), following(Run())
    told._tell_news(None, waiting)
    told._tell_news(waiting, waiting)
    said = capsys.readouterr().out
    assert said.count("waits for a second person") == 1
    assert said.count("medflow-tui playbook approve r") == 1


def test_what_a_step_is_not_known_to_have_done_is_named() -> None:
    report = Report(speak=Language("en").say, language="en")
    assert report.stood(state(StepStand.UNKNOWN), CHECK, {})[-1] == (
        "Not clear, and read back before anything else: Read the newest backups to their end"
    )
    assert "Not clear" not in " ".join(report.stood(state(StepStand.DONE), CHECK, {}))


def test_without_unicode_a_guard_that_holds_is_no_question_mark() -> None:
    guard = GuardResult(id="g", outcome=Outcome.PASS, said=say("holds"), why=Text(), fix=Text(), stops=False)
    for is_plain, sign in ((True, "+"), (False, "✔")):
        report = Report(speak=Language("en").say, language="en", is_plain=is_plain)
        assert report.guarded(guard) == (f" {sign} holds",)


def test_inputs_of_the_command_line_are_what_the_playbook_takes() -> None:
    playbook = load(shipped() / "device-resync.toml")
    deploying = load(shipped() / "deployment.toml")
    assert inputs_of(CHECK, ()) == {}
    for each in (playbook, deploying):
        for words in (("no-such=1",), ("x",), ("a=1", "a=2")):
            with pytest.raises(RefusedError):
                inputs_of(each, words)
    version = next(each.id for each in deploying.inputs)
    assert inputs_of(deploying, (f"{version}=2.4.0",)) == {version: "2.4.0"}
    with pytest.raises(RefusedError):
        inputs_of(deploying, (f"{version}=--all",))


def test_a_lock_is_freed_only_as_it_was_seen_and_only_when_it_was_written_down(tmp_path: Path) -> None:
    lock = RunLock(tmp_path, ("redis",), lease_s=60)
    (tmp_path / "redis.lock").write_text("{")
    (seen,) = lock.found()
    assert seen.may_be_released

    def unwritable() -> None:
        raise RefusedError(say("disk full"))

    with pytest.raises(RefusedError, match="disk full"):
        lock.free(seen, unwritable)
    (tmp_path / "redis.lock").write_text("{ ")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        lock.free(seen, lambda: None)
    (seen,) = lock.found()
    lock.free(seen, lambda: None)
    assert lock.found() == ()
    lock.take(run="r", who="amani")
    (seen,) = lock.found()
    with pytest.raises(RefusedError, match="is held"):
        lock.free(seen, lambda: None)


def test_whoever_is_in_charge_decides_with_a_log_in_that_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Proving(Run):
        tried: ClassVar[list[str]] = []

        def prove(self, login: Login) -> bool:
            self.tried.append(login.password)
            if login.password == "wrong":
                raise RefusedError(say("log-in not possible"))
            return False  # nobody can tell now

        permission = Permission(
            site=Site(code="LAB", name="Lab", environment="lab"), state=tmp_path, now=utc_now
        )

    run = Proving()
    told, typed = following(run), ["wrong", "right"]
    monkeypatch.setattr(
        Questions, "login", lambda _: Login(username="amani", password=typed.pop(0), at=utc_now())
    )
    monkeypatch.setattr(Questions, "reason", lambda *_: "the waiting room is full")
    told._playbook = replace(CHECK, reauth_s=300)
    told._order("answer", step="look", choice="go")
    assert (run.heard, told.rights.login) == ([], None)
    denied = [each for each in verify(tmp_path / "audit.jsonl").records if each["ev"] == "attempt.denied"]
    assert [each["result"] for each in denied] == [{"why": "login_refused"}]
    for choice in ("go", "on"):
        told._order("answer", step="look", choice=choice)
    assert [each.choice for each in run.heard] == ["go", "on"]
    assert run.tried == ["wrong", "right"]
    told.rights.login = Login(username="amani", password="wrong", at=utc_now())
    told._order("stop", then="pause")
    assert run.heard[-1].what == "stop"
