"""A log-in before an incident is opened: tried at MedFlow once while it can tell, taken as typed while it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.clients import medflow
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, HttpTarget
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.proving import prover
from tests.contracts.scripted_web import Script, ScriptedWeb, scripted_web
from tests.contracts.test_medflow_session import PASSWORD, welcome

RIGHT = Login(username="grace", password=PASSWORD, at=datetime.now(UTC))
WRONG = Login(username="grace", password="guessed", at=datetime.now(UTC))


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        found.answers["POST /api/auth/login"] = welcome
        yield found


def site_of(url: str) -> Site:
    target = HttpTarget(name="backend", role=BACKEND, address=url)
    return Site(code="LAB", name="Lab", environment="lab", targets=(target,))


def test_medflow_tells_a_right_log_in_from_a_wrong_one_and_guessing_ends(
    web: ScriptedWeb, tmp_path: Path
) -> None:
    site = site_of(web.url)
    prove = prover(site, tools_for(site, tmp_path))
    assert prove(RIGHT) is True
    for _ in range(2):
        with pytest.raises(RefusedError):
            prove(WRONG)
    sent = len(web.calls)
    for each in (WRONG, RIGHT):
        with pytest.raises(RefusedError):
            prove(each)
    assert len(web.calls) == sent


def test_a_right_password_with_a_second_factor_to_come_tells_who_it_is_and_acts_nowhere(
    web: ScriptedWeb, tmp_path: Path
) -> None:
    pending = {"success": True, "data": {"requiresTwoFactor": True, "userId": "0" * 24}}
    web.answers["POST /api/auth/login"] = Script(200, pending)
    site = site_of(web.url)
    tools = tools_for(site, tmp_path)
    assert prover(site, tools)(RIGHT) is True
    with pytest.raises(RefusedError, match="log-in not possible"):
        prover(site, tools, is_to_act=True)(RIGHT)
    assert prover(site, tools)(RIGHT) is True  # it was no failed one


def test_while_medflow_cannot_tell_nobody_is_kept_from_opening_an_incident(
    web: ScriptedWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = site_of("http://127.0.0.1:9")
    assert prover(nobody, tools_for(nobody, tmp_path))(WRONG) is False
    none = Site(code="LAB", name="Lab", environment="lab")
    assert prover(none, tools_for(none, tmp_path))(WRONG) is False
    site = site_of(web.url)
    web.answers["POST /api/auth/login"] = Script(500, {"success": False, "error": "database"})
    assert prover(site, tools_for(site, tmp_path / "a"))(RIGHT) is False
    web.answers["POST /api/auth/login"] = welcome
    monkeypatch.setattr(medflow, "SLOW_REFUSAL_MS", 0.0)
    assert prover(site, tools_for(site, tmp_path / "b"))(WRONG) is False
