"""An open incident for the second person, with the real runner and a real Redis in production; and the words that open one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import Orders
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.locale.language import Language
from medflow_tui.model.incident import Incident, Severity
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.report import Report
from tests.contracts import test_second_person
from tests.contracts.test_second_person import Site, fresh, pytestmark
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
    desk = desk_of(site)
    return desk.open(severity=Severity.SEV2, commander="claire", text=TEXT, login=fresh())


def sessions(site: Site) -> int:
    return len(list(site.client.scan_iter("session:*")))


def test_it_runs_without_a_second_person_while_the_incident_is_open(site: Site) -> None:
    incident = opened(site)
    book, plan = site.plan(SESSIONS)
    assert site.dispatch.approvals_needed(book, plan) == 0
    for code, words in (
        ("en", f"no second person: incident {incident.id}, SEV2, commander claire"),
        ("fr", f"sans deuxième personne\u00a0: incident {incident.id}, SEV2, dirigé par claire"),
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
        assert "needs no second person in production" in terminal.written.decode()
        assert "hunter2" not in terminal.written.decode()
    found = Incidents(state).now_open()
    assert found is not None
    assert (found.severity, found.commander, found.text) == (Severity.SEV2, "claire", TEXT)
    with talking(site, "close") as terminal:
        assert agrees(terminal) == 0
    assert Orders(state).notices() == ()
    events = [each["ev"] for each in site.events() if str(each["ev"]).startswith("incident.")]
    assert events == ["incident.opened", "incident.closed"]
