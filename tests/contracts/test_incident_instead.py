"""An open incident for the second person, with the real runner and a real Redis in production; and the words that open one."""

from __future__ import annotations

import json
import os
import pwd
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import Orders
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.locale.language import Language
from medflow_tui.model.access import Origin
from medflow_tui.model.incident import BY_VOICE, Incident, Severity
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.model.site import Site as SiteFile
from medflow_tui.playbooks.shelf import stock
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import WHY_NOT_CONFIRM
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.leading import led
from medflow_tui.runner.report import Report
from medflow_tui.wiring.leading import incident_desk
from tests.contracts import test_second_person
from tests.contracts.test_second_person import (
    DAEMON,
    NOBODY,
    ROOT,
    SITE,
    Site,
    as_root,
    fresh,
    person,
    pytestmark,
)
from tests.servers.small_site import program, surroundings
from tests.servers.terminal import Terminal, running

__all__ = ["pytestmark"]
server, site = test_second_person.server, test_second_person.site
SESSIONS, TEXT = "redis-sessions", "sessions are broken for everybody"


def desk_of(site: Site) -> IncidentDesk:
    return IncidentDesk(
        site=site.dispatch.site,
        state=site.dispatch.state,
        now=lambda: datetime.now(UTC),
        prove=lambda _: False,
    )


def opened(site: Site) -> Incident:
    """And confirmed over the phone."""
    desk = desk_of(site)
    incident = desk.open(severity=Severity.SEV2, commander="claire", text=TEXT, login=fresh())
    confirmed = replace(incident, confirmed_how=BY_VOICE, confirmed_at=incident.opened_at)
    Incidents(site.dispatch.state).keep(confirmed)
    return confirmed


def sessions(site: Site) -> int:
    return len(list(site.client.scan_iter("session:*")))


def test_it_runs_without_a_second_person_while_the_incident_is_open(site: Site) -> None:
    incident = opened(site)
    book, plan = site.plan(SESSIONS)
    assert site.dispatch.approvals_needed(book, plan) == 0
    for code, words in (
        ("en", f"no second person: incident {incident.id}, SEV2, commander claire, confirmed"),
        ("fr", f"sans deuxième personne\u00a0: incident {incident.id}, SEV2, dirigé par claire, confirmé"),
    ):
        assert words in "\n".join(Report(speak=Language(code).say, language=code).planned(plan))
    run = site.start(book, plan)
    assert site.until(run, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert sessions(site) == 0
    marks = {each.mark for each in RunFolder(path=site.dispatch.state / "runs" / run).entries()}
    assert not marks & {Mark.APPROVAL_AWAITED, Mark.APPROVED}
    of_the_run = [each for each in site.events() if each["run"] == run or each["ev"] == "plan.opened"]
    assert {each["incident"] for each in of_the_run if each["plan_hash"] == plan.hash} == {incident.id}


def test_closed_between_plan_and_start_it_waits_and_a_new_incident_changes_nothing(site: Site) -> None:
    opened(site)
    book, plan = site.plan(SESSIONS)
    desk_of(site).close(fresh())
    run = site.start(book, plan)
    site.until(run, lambda each: each.awaits == "approval")
    opened(site)
    time.sleep(1.5)  # it looks each second whether somebody has agreed
    assert site.until(run, lambda each: True).awaits == "approval"
    assert sessions(site) == 20
    site.cancel(run)


@contextmanager
def talking(site: Site, *words: str) -> Iterator[Terminal]:
    command = program(site.folder, "incident", *words, site=site.folder / "site.toml")
    with running(command, surroundings("dumb"), columns=160) as terminal:
        yield terminal


def agrees(terminal: Terminal) -> int:
    for question, typed, wait_s in (
        (b"user name", "amani", 0.0),
        (b"password", "hunter2-secret", 0.2),  # echo is switched off after the question was written
        (b"to agree", "LSH-02", 0.0),
    ):
        terminal.until(lambda question=question: question in terminal.written, str(question))  # type: ignore[misc]
        time.sleep(wait_s)
        terminal.type(f"{typed}\n")
    return terminal.ended()


def test_opened_and_closed_at_a_terminal_by_a_log_in_and_the_code_of_the_site(site: Site) -> None:
    state = site.dispatch.state
    with talking(site, "open", "--severity", "SEV2", "--commander", "claire", TEXT) as terminal:
        assert agrees(terminal) == 0
        assert "claire has not confirmed to lead it" in terminal.written.decode()
        assert "hunter2" not in terminal.written.decode()
    found = Incidents(state).now_open()
    assert found is not None
    assert (found.severity, found.commander, found.text) == (Severity.SEV2, "claire", TEXT)
    with talking(site, "close") as terminal:
        assert agrees(terminal) == 0
    assert Orders(state).notices() == ()
    events = [each["ev"] for each in site.events() if str(each["ev"]).startswith("incident.")]
    assert events == ["incident.opened", "incident.closed"]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A site file and a state folder for a group of operators, in a place that two users can reach."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        who = pwd.getpwuid(os.getuid()).pw_name
        (folder / "site.toml").write_text(SITE.format(port=1, me=who, day="sun"))
        (folder / "state").mkdir()
        os.chown(folder / "state", -1, NOBODY)
        (folder / "state").chmod(0o2770)
        yield folder


def led_by_it(site: SiteFile, state: Path, seat: Origin | None = None) -> Incident | None:
    book = next(each for each in stock(()).playbooks if each.id == SESSIONS)
    return led(book, site, state, datetime.now(UTC), seat=seat)


@as_root
def test_its_commander_confirms_as_another_user_from_another_log_in_and_nobody_else_does(
    shared: Path,
) -> None:
    site, state = load(shared / "site.toml").site, shared / "state"
    desk = IncidentDesk(site=site, state=state, now=lambda: datetime.now(UTC), prove=lambda _: False)
    desk.open(severity=Severity.SEV2, commander="nobody", text=TEXT, login=fresh())
    words = (
        "incident",
        "confirm",
        "--site",
        str(shared / "site.toml"),
        "--state",
        str(state),
        "--lang",
        "en",
    )
    code, said = person(NOBODY, *words, alone=False)
    assert code == 3, said
    assert WHY_NOT_CONFIRM["same_login"].text in " ".join(said.split())
    assert led_by_it(site, state) is None
    code, said = person(NOBODY, *words)
    assert code == 0, said
    assert "from a log-in here" in said
    found = led_by_it(site, state)
    assert found is not None
    assert (found.confirmed_from.uid, found.confirmed_from.user) == (NOBODY, "nobody")
    assert led_by_it(site, state, found.confirmed_from) is None
    records = [json.loads(each) for each in (state / "audit.jsonl").read_text().splitlines()]
    assert [(each["ev"], each["actor"]["name"]) for each in records[1:]] == [
        ("incident.opened", "root"),
        ("approve.refused", "nobody"),
        ("incident.confirmed", "nobody"),
    ]


def test_its_commander_answers_over_the_phone_at_their_own_machine(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, desk = tmp_path / "claire.key", incident_desk(site.dispatch.site, site.dispatch.state)
    make = ("playbook", "key", "--key", str(key), "--for-site", "LSH-02", str(tmp_path / "claire.verifier"))
    assert person(os.getuid(), *make)[0] == 0
    incident = desk.open(severity=Severity.SEV2, commander="claire", text=TEXT, login=fresh())
    told = desk.told(incident)
    answering = (
        "incident",
        "answer",
        spoken.shown(told.challenge).lower(),
        "--key",
        str(key),
        "--lang",
        "en",
    )
    code, said = person(os.getuid(), *answering, typed=f"LSH-02|{incident.id.lower()}|SEV2|claire|{{phrase}}")
    assert code == 0, said
    answer = re.search(r"read back: (\S+)", said)
    assert answer is not None
    assert desk.take(answer[1]).confirmed_how == BY_VOICE
    book, plan = site.plan(SESSIONS)
    assert site.dispatch.approvals_needed(book, plan) == 0


@as_root
def test_where_the_state_folder_is_not_theirs_the_commander_knocks_at_the_door(shared: Path) -> None:
    site, state = load(shared / "site.toml").site, shared / "private"
    desk = IncidentDesk(site=site, state=state, now=lambda: datetime.now(UTC), prove=lambda _: False)
    incident = desk.open(severity=Severity.SEV2, commander="nobody", text=TEXT, login=fresh())
    knocking = ("incident", "confirm", "--lang", "en", "--state", "/nonexistent/state")
    code, said = person(NOBODY, *knocking)
    assert code == 3
    assert "no incident is open" in said
    command = program(shared, "incident", "confirm", "--state", str(state), site=shared / "site.toml")
    with running(command, surroundings("dumb"), columns=160) as terminal:
        terminal.until(lambda: b"enter leaves" in terminal.written, "it waits")
        for uid, alone, why in (
            (DAEMON, True, "no incident is open"),
            (NOBODY, False, WHY_NOT_CONFIRM["same_login"].text),
        ):
            code, said = person(uid, *knocking, alone=alone)
            assert code == 3, said
            assert why in " ".join(said.split())
        assert not desk.the_open().is_confirmed
        code, said = person(NOBODY, *knocking)
        assert code == 0, said
        assert f"{incident.id}  SEV2 (P2)  {TEXT}" in said
        assert "agreed and written down in your name" in said
        assert terminal.ended() == 0
        assert "from a log-in here" in terminal.written.decode()
    found = desk.the_open()
    assert found.confirmed_from.user == "nobody"
    assert led_by_it(site, state) == found
    confirmed = json.loads((state / "audit.jsonl").read_text().splitlines()[-1])
    assert (confirmed["ev"], confirmed["actor"]["name"], confirmed["actor"]["uid"]) == (
        "incident.confirmed",
        "nobody",
        NOBODY,
    )


@contextmanager
def waiting(site: Path) -> Iterator[Terminal]:
    command = program(site.parent, "incident", "confirm", "--state", str(site.parent / "private"), site=site)
    with running(command, surroundings("dumb"), columns=160) as terminal:
        terminal.until(lambda: b"enter leaves" in terminal.written, "it waits")
        yield terminal


@as_root
def test_whoever_waits_learns_by_themselves_and_a_commander_with_settings_that_are_not_theirs_knocks(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = shared / "hidden"
    hidden.mkdir(0o700)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(hidden))
    own, state = shared / "site.toml", shared / "private"
    desk = IncidentDesk(
        site=load(own).site, state=state, now=lambda: datetime.now(UTC), prove=lambda _: False
    )
    desk.open(severity=Severity.SEV2, commander="nobody", text=TEXT, login=fresh())
    knocking = ("incident", "confirm", "--lang", "en", "--state", str(state))
    code, said = person(NOBODY, *knocking, "--site", str(own))
    assert code == 3
    assert "Permission denied" in said
    code, said = person(NOBODY, *knocking)
    assert code == 3
    assert "may not be read by this user" in " ".join(said.split())
    with waiting(own) as one, waiting(own) as other:
        code, said = person(NOBODY, *knocking, "--site", str(own))
        assert code == 0, said
        for each in (one, other):
            assert each.ended() == 0
            assert "from a log-in here" in each.written.decode()
    desk.hand_over("claire", fresh())
    desk.hand_over("nobody", fresh())
    with waiting(own) as terminal:
        desk.grade(Severity.SEV1, fresh())
        assert terminal.ended() == 3
        assert WHY_NOT_CONFIRM["plan_changed"].text in terminal.written.decode()
    with waiting(own) as terminal:
        desk.close(fresh())
        assert terminal.ended() == 1
        assert "closed" in terminal.written.decode()
