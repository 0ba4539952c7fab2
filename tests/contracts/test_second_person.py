"""A run in production waits for a second person: another user of this machine, or a voice; real processes, two users."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from medflow_tui.config.load import load
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.procedure import Mark, Phase, RunState
from medflow_tui.rules.approving import WHY_NOT
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.door import look, waiting_runs
from medflow_tui.runner.wishes import Wish
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.acting import dispatch_for
from tests.servers.backup_site import SERIES, Safe, closed_today, read_before
from tests.servers.process import OwnProcess
from tests.servers.valkey import running as valkey

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "servers" / "second_person.py"
NOBODY, DAEMON = (pwd.getpwnam(each).pw_uid for each in ("nobody", "daemon"))
SITE = """
profile = "medflow"
[site]
code = "LSH-02"
name = "Lubumbashi"
environment = "production"
timezone = "UTC"
days = ["{day}"]
[audit]
append_only = false
syslog = false
reserve_mb = 0
[access.people.{me}]
roles = ["admin"]
[access.people.nobody]
roles = ["dba"]
[access.people.claire]
roles = ["dba"]
verifier = "file:claire.verifier"
[target.redis]
kind = "redis"
address = "redis://127.0.0.1:{port}"
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the door of a run is an address of Linux")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be two users")


def fresh() -> Login:
    return Login(username="amani", password="x", at=datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class Site:
    dispatch: Dispatch
    client: redis.Redis
    folder: Path

    def begin(self, playbook: str) -> str:
        book, plan = self.plan(playbook)
        assert not plan.refusals, [each.said.text for each in plan.refusals]
        return self.start(book, plan)

    def plan(self, playbook: str) -> tuple[Playbook, Plan]:
        book = next(each for each in self.dispatch.playbooks if each.id == playbook)
        return book, self.dispatch.plan(book, fresh())

    def start(self, book: Playbook, plan: Plan) -> str:
        folder = self.dispatch.start(
            book,
            plan,
            who="amani",
            reason="asked for by the clinic",
            typed=plan.confirm,
            login=fresh(),
            session="one",
        )
        return folder.run

    def until(self, run: str, holds: Callable[[RunState], bool], within_s: float = 40.0) -> RunState:
        follower, ends = self.dispatch.follower(run), time.monotonic() + within_s
        while not holds(state := follower.poll().state):
            assert time.monotonic() < ends, state
            time.sleep(0.05)
        return state

    def waiting(self) -> str:
        run = self.begin("redis-sessions")
        self.until(run, lambda each: each.awaits == "approval")
        return run

    def events(self) -> list[dict[str, object]]:
        return [json.loads(each) for each in (self.dispatch.state / "audit.jsonl").read_text().splitlines()]

    def why(self) -> list[object]:
        return [each["result"]["why"] for each in self.events() if each["ev"] == "approve.refused"]  # type: ignore[index]

    def cancel(self, run: str) -> None:
        self.dispatch.tell(run, Wish(what="stop", who="amani", session="one", then="leave"))
        assert self.until(run, lambda each: each.phase.is_over).phase is Phase.CANCELLED


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as found:
        yield found


@pytest.fixture
def site(server: OwnProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = tmp_path / "site.toml"
    text = SITE.format(port=server.port, me=pwd.getpwuid(os.getuid()).pw_name, day=closed_today()[0])
    path.write_text(text + SERIES)
    settings = load(path).site
    Safe.at(tmp_path)
    read_before(settings, tmp_path / "state")
    dispatch = dispatch_for(settings, tmp_path / "state", tools_for(settings, tmp_path / "state"))
    assert dispatch is not None
    with redis.Redis(port=server.port, decode_responses=True) as client:
        for name in client.scan_iter():
            client.unlink(name)
        for number in range(20):
            client.set(f"session:{number}", "x")
        found = Site(dispatch=dispatch, client=client, folder=tmp_path)
        run = found.begin("plant-identity")
        assert found.until(run, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
        yield found
        for each in dispatch.going_on():  # those of a test that failed
            os.kill(each.pid, signal.SIGKILL)


def person(uid: int, *words: str, typed: str = "{phrase}", alone: bool = True) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(uid), str(int(alone)), typed, "--", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"},
    )
    found = json.loads(done.stdout)
    return int(found["code"]), str(found["said"])


def approve(uid: int, run: str, *, typed: str = "{phrase}", alone: bool = True) -> tuple[int, str]:
    return person(uid, "playbook", "approve", run, "--lang", "en", typed=typed, alone=alone)


@as_root
def test_another_user_reads_the_same_plan_types_and_the_run_goes_on(site: Site) -> None:
    run = site.waiting()
    assert run in waiting_runs()
    assert len(list(site.client.scan_iter("session:*"))) == 20
    code, said = approve(NOBODY, run)
    assert code == 0, said
    plan = site.dispatch.agreement(run)
    for word in (
        "LSH-02",
        "production",
        "20 sessions of 21 keys",
        f"{plan.hash[:4]}·{plan.hash[4:8]}",
        "amani (root)",
    ):
        assert word in said, said
    assert site.until(run, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert not list(site.client.scan_iter("session:*"))
    (given,) = [each for each in site.events() if each["ev"] == "approve.given"]
    assert given["actor"]["uid"] == NOBODY  # type: ignore[index]
    assert given["actor"]["name"] == "nobody"  # type: ignore[index]
    assert given["plan_hash"] == plan.hash
    assert site.dispatch.approval(run).given == ("nobody",)
    assert run not in waiting_runs()


@as_root
def test_who_may_not_agree_is_refused_and_recorded(site: Site) -> None:
    run = site.waiting()
    with pytest.raises(RefusedError) as caught:
        look(run)
    assert caught.value.phrase == WHY_NOT["self"]
    for uid, alone, why in ((NOBODY, False, "same_login"), (DAEMON, True, "no_role"), (0, True, "self")):
        code, said = approve(uid, run, alone=alone)
        assert code != 0
        assert WHY_NOT[why].text in " ".join(said.split()), said
    short = site.dispatch.agreement(run).hash[:4]
    code, said = approve(NOBODY, run, typed=f"APPROVE LSH-03 {short}")
    assert code != 0
    assert "not agreed" in said
    assert site.why() == ["self", "same_login", "no_role"]
    assert site.dispatch.approval(run).given == ()
    assert len(list(site.client.scan_iter("session:*"))) == 20
    site.cancel(run)
    code, said = approve(NOBODY, run)
    assert "waits for a second person here" in " ".join(said.split())


def test_by_voice_with_a_key_of_their_own(site: Site, tmp_path: Path) -> None:
    key = tmp_path / "claire.key"
    make = ("playbook", "key", "--key", str(key), "--for-site", "LSH-02", str(tmp_path / "claire.verifier"))
    code, said = person(os.getuid(), *make)
    assert code == 0, said
    assert oct(key.stat().st_mode)[-3:] == "600"
    assert key.read_text().strip() not in (tmp_path / "claire.verifier").read_text()
    run = site.waiting()
    asked = site.dispatch.approval(run)
    assert (asked.needed, asked.given, len(asked.challenge)) == (1, (), 8)
    answering = (
        "playbook",
        "approve",
        "--challenge",
        asked.challenge.lower(),
        "--key",
        str(key),
        "--lang",
        "en",
    )
    code, said = person(os.getuid(), *answering, typed="LSH-02|redis-sessions|20|21|{phrase}")
    assert code == 0, said
    assert "20 sessions of 21 keys" in said
    answer = re.search(r"read back: (\S+)", said)
    assert answer is not None
    wish = Wish(what="approve", who="amani", session="one", text=answer[1])
    with pytest.raises(RefusedError) as caught:
        site.dispatch.tell(run, Wish(what="approve", who="amani", session="one", text="AAAA-2222"))
    assert caught.value.phrase == WHY_NOT["wrong_answer"]
    site.dispatch.tell(run, wish)
    assert site.until(run, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    (given,) = [
        each
        for each in RunFolder(path=site.dispatch.state / "runs" / run).entries()
        if each.mark is Mark.APPROVED
    ]
    assert (given.facts["who"], given.facts["how"]) == ("claire", "voice")
    assert site.why() == ["wrong_answer"]


def test_a_run_whose_process_died_while_it_waited_waits_again(site: Site) -> None:
    run = site.waiting()
    pid = site.until(run, lambda each: each.pid > 0).pid
    os.kill(pid, 9)
    assert site.until(run, lambda each: not each.phase.is_alive).phase is Phase.INTERRUPTED
    plan = site.dispatch.agreement(run)
    site.dispatch.resume(
        run,
        who="amani",
        reason="asked for by the clinic",
        typed=plan.confirm,
        login=fresh(),
        session="one",
    )
    site.until(run, lambda each: each.awaits == "approval" and each.pid != pid)
    assert len(list(site.client.scan_iter("session:*"))) == 20
    site.cancel(run)


def test_passive_mode_ends_the_waiting(site: Site) -> None:
    run = site.waiting()
    site.dispatch.global_stop.set(who="claire", reason="wait")
    state = site.until(run, lambda each: each.phase.is_over)
    assert state.phase is Phase.REFUSED
    assert state.said.values["who"] == "claire"
    book = next(each for each in site.dispatch.playbooks if each.id == "redis-sessions")
    plan = site.dispatch.plan(book, fresh())
    assert [each.id for each in plan.refusals] == ["passive"]
    with pytest.raises(RefusedError) as caught:
        site.dispatch.start(book, plan, who="amani", reason="x" * 10, typed=plan.confirm, login=fresh())
    assert caught.value.phrase.values["who"] == "claire"
