"""What each procedure does where MedFlow runs on Windows: on that machine, and from Linux against it; the table is the README's."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from medflow_tui.actions.power_check import Services
from medflow_tui.actions.service_blast import of_service
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.locale.language import Language
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Task
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import Place
from medflow_tui.model.site import Site
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.rules.guards import evaluate
from medflow_tui.rules.reach import FROM_LINUX, is_bound, refusal
from medflow_tui.wiring import acting
from tests.servers.readings import tools

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BOOKS = {each.stem: load(each) for each in sorted(shipped().glob("*.toml"))}
LOCAL = ("service", "releases", "medflow_secrets")
"""Rooms of actions that touch processes and files of the machine on which they run."""
NOTES = {Place.WINDOWS: "¹", Place.ELSEWHERE: "²"}
SERVEUR = ProcessTarget(name="backend-process", manager="pm2", unit="medflow-backend", runs_on="SERVEUR")


def table() -> str:
    """The table as it must stand in the README."""
    language, book = Language("en"), BOOKS["backend-not-responding"]
    rows = ["| procedure | on that Windows machine | from Linux against it |", "|---|---|---|"]
    for name, each in BOOKS.items():
        words = (_cell(each, place, note) for place, note in NOTES.items())
        rows.append(f"| `{name}` | {' | '.join(words)} |")
    notes = (f"{note} {language.say(refusal(book, place))}" for place, note in NOTES.items())
    return "\n".join((*rows, "", "<br>".join(notes)))


def _cell(book: Playbook, place: Place, note: str) -> str:
    return f"refused {note}" if refusal(book, place) else "works"


def test_the_table_in_the_readme_is_the_derived_one() -> None:
    assert README.partition("<!-- windows -->")[2].partition("<!-- end windows -->")[0].strip() == table()


@pytest.mark.parametrize("name", BOOKS)
def test_from_linux_each_procedure_works_over_the_network_or_its_guard_refuses_with_the_reason(
    name: str, tmp_path: Path
) -> None:
    book = BOOKS[name]
    rooms = {each.action.partition(".")[0] for each in book.steps if each.effect.changes and each.action}
    assert is_bound(book) == bool(rooms & set(LOCAL)), "what touches the machine has a guard that says so"
    measured: dict[str, Fact] = {"services": ("backend", "mongodb")}
    for service in ("backend", "mongodb"):
        measured |= of_service(service, SERVEUR, supervisor(SERVEUR), tools(tmp_path)).facts
    here = [each for each in book.guards if each.kind == "service_here"]
    assert bool(here) is bool(refusal(book, Place.ELSEWHERE))
    for guard in here:
        found = evaluate(guard, measured)
        assert found.outcome is Outcome.FAIL
        assert found.said.text.startswith("not applicable here")
        assert found.stops or guard.before, "later steps may have guards of their own"
    stopping = any(evaluate(each, measured).stops for each in here)
    assert stopping == bool(here) or "releases" in rooms, "the crew for versions refuses before any guard"
    told = of_service("backend", SERVEUR, supervisor(SERVEUR), tools(tmp_path)).untold
    assert told == (refusal(BOOKS["backend-not-responding"], Place.ELSEWHERE),)


def test_on_windows_itself_no_playbook_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(
        code="LAB",
        name="Lab",
        environment="lab",
        targets=(RedisTarget(name="redis", address="redis://127.0.0.1:9/0"),),
    )
    assert acting.dispatch_for(site, tmp_path, tools(tmp_path)) is not None
    monkeypatch.setattr(acting, "os", types.SimpleNamespace(name="nt"))
    assert acting.dispatch_for(site, tmp_path, tools(tmp_path)) is None
    assert acting.why_no_dispatch() == refusal(BOOKS["redis-sessions"], Place.WINDOWS).also(FROM_LINUX)
    for book in BOOKS.values():
        assert "Windows" in refusal(book, Place.WINDOWS).text


def test_after_a_power_cut_a_service_of_another_machine_is_not_known_whatever_stands_here(
    tmp_path: Path,
) -> None:
    away = ProcessTarget(
        name="backend-process", manager="pidfile", pid_file=str(tmp_path / "none"), runs_on="SERVEUR"
    )
    step = next(each for each in BOOKS["after-power-cut"].steps if each.action == "power_check.services")
    found = Services((away,)).verify(Task(step=step, past={}, tell=lambda said, facts: None))
    assert (found.outcome, found.facts["untold"]) == (Outcome.UNKNOWN, (away.title,))
