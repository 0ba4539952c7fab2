"""A run of another user of this machine is taken over by logging in to the lab's backend: with the right password only."""

from __future__ import annotations

import os
import pwd
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from medflow_tui.cli.asking import Questions, Rights
from medflow_tui.cli.following import Following
from medflow_tui.cli.person import Person
from medflow_tui.config.load import load
from medflow_tui.journal.audit import verify
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import NoLoginError
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Phase
from medflow_tui.model.words import Phrase
from medflow_tui.runner import detached
from medflow_tui.runner.channel import speak
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.report import Report
from medflow_tui.runner.wishes import Wish
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.proving import prover
from tests.servers.lab import HOST, RunningLab, until
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_runner import on_mains
from tests.unit.ui.test_run_screen import ONE_PERSON

pytestmark = [
    pytest.mark.xdist_group("lab"),
    pytest.mark.skipif(os.getuid() != 0, reason="only root can be two users"),
]
WHY = "amani has gone home"
NOBODY = pwd.getpwnam("nobody").pw_uid
SITE = """
profile = "medflow"
[site]
code = "LAB"
name = "Lab"
environment = "lab"
[audit]
append_only = false
syslog = false
[target.backend]
address = "http://127.0.0.1:{port}"
"""
__all__ = ["on_mains"]


def waits(stage: Stage) -> bool:
    folders = sorted((stage.state / "runs").glob("2*"))
    return bool(folders) and Follower(RunFolder(path=folders[-1])).poll().state.phase is Phase.WAITING


def warmed(folder: Path) -> None:
    """All that a run and what speaks to it import has been read: the interpreter may belong to root alone."""
    stage = Stage(folder, ONE_PERSON)
    background = stage.in_background()
    until(lambda: waits(stage), "the first one waits")
    assert stage.folder is not None
    speak(stage.folder.path, Wish(what="take", who="grace", session="two", text=WHY))
    speak(stage.folder.path, Wish(what="stop", who="grace", session="two", then="leave", now=True))
    background.result()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A run of `nobody`, in a process of theirs, that waits at its checklist."""
    warmed(tmp_path / "warm")
    found = Stage(tmp_path, ONE_PERSON)
    for each in (tmp_path, *tmp_path.parents[:3]):
        each.chmod(each.stat().st_mode | 0o011)
    os.chown(found.state, NOBODY, NOBODY)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            found.start()
        finally:
            os._exit(0)
    try:
        until(lambda: waits(found), "it waits")
        yield found
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing(Person):
    """Somebody at a terminal, who gives their reason and takes over."""

    said: list[str] = field(default_factory=list)

    def tell(self, *phrases: Phrase) -> None:
        self.said.extend(each.text for each in phrases)

    def ask(self, question: Phrase) -> str:
        return WHY

    def confirm(self, question: Phrase, *, arm_after_s: float = 0.0) -> str:
        return "LAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    dispatch: Dispatch
    run: str
    accounts: dict[str, str]

    def login(self, password: str) -> Login:
        return Login(username="beni", password=password, at=datetime.now(UTC))

    def at_a_terminal(self, password: str, monkeypatch: pytest.MonkeyPatch) -> Following:
        monkeypatch.setattr(Questions, "login", lambda _: self.login(password))
        language = Language("en")
        person = Typing(speak=language.say)
        questions = Questions(dispatch=self.dispatch, language=language, person=person)
        return Following(
            dispatch=self.dispatch,
            language=language,
            glyphs=UNICODE,
            person=person,
            rights=Rights(questions=questions),
            report=Report(speak=language.say, language="en"),
            who="root",
            session="two",
            run=self.run,
        )

    @property
    def commander(self) -> tuple[str, str]:
        return self.dispatch.tell(self.run, Wish(what="look", who="root", session="two"))

    def audited(self) -> list[tuple[str, str]]:
        """Events with the name of the user and why; the marks of the run itself are those of its user."""
        records = verify(self.dispatch.state / "audit.jsonl").records
        wanted = ("attempt.denied", "control.taken")
        return [
            (each["ev"], (each["result"] or {}).get("why", "")) for each in records if each["ev"] in wanted
        ]


@pytest.fixture
def desk(clinic: RunningLab, stage: Stage, tmp_path: Path) -> Desk:
    (tmp_path / "site.toml").write_text(SITE.format(port=clinic.port("backend")))
    site = load(tmp_path / "site.toml").site
    dispatch = Dispatch(
        site=site,
        state=stage.state,
        playbooks=(stage.playbook,),
        crew_for=lambda *_: None,  # type: ignore[arg-type]
        command=("false",),
        now=lambda: datetime.now(UTC),
        prove=prover(site, tools_for(site, tmp_path / "own")),
        prove_to_act=prover(site, tools_for(site, tmp_path / "own"), is_to_act=True),
    )
    (folder,) = (stage.state / "runs").glob("2*")
    return Desk(dispatch=dispatch, run=folder.name, accounts=dict(clinic.facts["accounts"]))


def test_a_wrong_password_takes_over_nothing_and_the_right_one_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = (desk.dispatch.state / "runs" / desk.run).stat()
    assert at.st_uid == NOBODY
    assert desk.commander == ("amani", "one")
    wrong = desk.at_a_terminal("not-the-password", monkeypatch)
    with pytest.raises(NoLoginError):
        wrong._takes_over()
    assert desk.commander == ("amani", "one")
    assert desk.audited() == [("attempt.denied", "login_refused")]
    right = desk.at_a_terminal(desk.accounts["beni"], monkeypatch)
    assert right._takes_over()
    assert desk.commander == ("root", "two")
    assert desk.audited()[1:] == [("control.taken", "")]


def test_a_wrong_password_leaves_a_run_as_it_waits_when_it_is_to_be_gone_on_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[object] = []
    monkeypatch.setattr(detached, "start", lambda command, order: orders.append(order))
    plan, before = desk.dispatch.agreement(desk.run), desk.dispatch.follower(desk.run).poll().entries
    given = {"who": "root", "reason": WHY, "typed": plan.confirm}
    with pytest.raises(NoLoginError):
        desk.dispatch.resume(desk.run, login=desk.login("not-the-password"), **given)
    assert (orders, desk.dispatch.follower(desk.run).poll().entries) == ([], before)
    assert desk.audited() == [("attempt.denied", "login_refused")]
    desk.dispatch.resume(desk.run, login=desk.login(desk.accounts["beni"]), **given)
    assert len(orders) == 1


def test_with_a_second_factor_to_come_the_right_password_says_who_it_is_and_goes_on_with_nothing(
    desk: Desk, clinic: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[object] = []
    monkeypatch.setattr(detached, "start", lambda command, order: orders.append(order))
    plan, before = desk.dispatch.agreement(desk.run), desk.dispatch.follower(desk.run).poll().entries
    with MongoClient[dict[str, Any]](HOST, clinic.port("mongodb"), directConnection=True) as documents:
        users = documents["medflow"]["users"]
        try:
            assert (
                users.update_one({"username": "beni"}, {"$set": {"twoFactorEnabled": True}}).matched_count
                == 1
            )
            with pytest.raises(NoLoginError):
                desk.at_a_terminal("not-the-password", monkeypatch)._takes_over()
            right = desk.accounts["beni"]
            with pytest.raises(NoLoginError):
                desk.dispatch.resume(
                    desk.run, login=desk.login(right), who="root", reason=WHY, typed=plan.confirm
                )
            assert (orders, desk.dispatch.follower(desk.run).poll().entries) == ([], before)
            assert desk.at_a_terminal(right, monkeypatch)._takes_over()
            assert desk.commander == ("root", "two")
        finally:
            users.update_one({"username": "beni"}, {"$set": {"twoFactorEnabled": False}})
