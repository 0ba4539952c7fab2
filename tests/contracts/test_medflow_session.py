"""A session with the backend: one log-in, Bearer out of Set-Cookie, CSRF pair, envelopes, budget, errors in words."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.clients import medflow
from medflow_tui.clients.http import origin
from medflow_tui.clients.medflow import AnsweredError, MedflowSession, SecondFactorError
from medflow_tui.clients.network import UnreachableError
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.health import Cause, Failure
from tests.contracts.scripted_web import Call, Script, ScriptedWeb, raw_server, scripted_web

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FLAGS = "; Path=/; HttpOnly; Secure; SameSite=Strict"
PASSWORD, ACCESS, ACCESS_2, REFRESH, HASH = (
    "Correct-Horse-9",
    "access.jwt.one",
    "access.jwt.two",
    "refresh.jwt",
    "$2a$12$hash",
)
STATUS = "/api/devices/sync-queue/status"
RETRY = "/api/devices/sync-queue/retry-failed"
FAILED = "/api/devices/sync-queue/failed"
USER = {"id": "u1", "username": "kabila", "firstName": "Grâce", "lastName": "Ilunga", "role": "admin"}


def cookies(access: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Set-Cookie", f"accessToken={access}; Max-Age=900{FLAGS}"),
        ("Set-Cookie", f"refreshToken={REFRESH}; Max-Age=1209600; Path=/api/auth/refresh; HttpOnly; Secure"),
    )


def welcome(call: Call) -> Script:
    if call.body == {"username": "grace", "password": PASSWORD}:
        body = {"success": True, "message": "Login successful", "expiresIn": 900, "user": USER}
        return Script(200, body, headers=cookies(ACCESS))
    return Script(401, {"success": False, "error": "Invalid credentials", "code": "UNAUTHORIZED", "meta": {}})


def only_logged_in(script: Script, token: str = ACCESS) -> Callable[[Call], Script]:
    def answer(call: Call) -> Script:
        if call.headers.get("authorization") != f"Bearer {token}":
            return Script(401, {"success": False, "error": "Not authorized to access this route"})
        return script

    return answer


def only_with_pair(script: Script) -> Callable[[Call], Script]:
    """The double submit of the backend: cookie and header alike, before log-in and before routing."""

    def answer(call: Call) -> Script:
        sent = call.headers.get("cookie", "").removeprefix("XSRF-TOKEN=")
        if not sent:
            return Script(403, {"success": False, "error": "CSRF_MISSING_COOKIE", "message": "…"})
        if call.headers.get("x-xsrf-token") != sent:
            return Script(403, {"success": False, "error": "CSRF_INVALID", "message": "…"})
        return only_logged_in(script)(call)

    return answer


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        pair = Script(
            200,
            {"success": True, "message": "CSRF token set in cookie"},
            headers=(("Set-Cookie", "XSRF-TOKEN=pair1; Secure"),),
        )
        found.answers |= {
            "POST /api/auth/login": welcome,
            "GET /api/csrf-token": pair,
            f"GET {STATUS}": only_logged_in(
                Script(200, {"success": True, "data": {"pending": 3, "startedAt": None}, "meta": {}})
            ),
            f"POST {RETRY}": only_with_pair(
                Script(200, {"success": True, "data": {"retried": 2}, "meta": {}})
            ),
            f"DELETE {FAILED}": only_with_pair(
                Script(200, {"success": True, "data": {"cleared": 2}, "meta": {}})
            ),
        }
        yield found


@pytest.fixture
def budget(tmp_path: Path) -> SharedBudget:
    return SharedBudget(tmp_path)


def session(web: ScriptedWeb, budget: SharedBudget, deadline_s: float = 2.0) -> MedflowSession:
    web.guests.append(MedflowSession(web.url, deadline_s=deadline_s, budget=budget, now=lambda: NOW))
    found: MedflowSession = web.guests[-1]
    return found


def logged_in(web: ScriptedWeb, budget: SharedBudget) -> MedflowSession:
    found = session(web, budget)
    found.login("grace", PASSWORD)
    return found


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(UnreachableError) as caught:
        call()
    return caught.value.failure


def test_login_tells_role_and_name_and_the_token_goes_as_bearer_over_plain_http(
    web: ScriptedWeb, budget: SharedBudget
) -> None:
    with session(web, budget) as one:
        assert one.login("grace", PASSWORD) == "admin"
        assert (one.role, one.name) == ("admin", "Grâce Ilunga")
        assert one.get(STATUS).data == {"pending": 3, "startedAt": None}
    assert web.calls[-1].headers["authorization"] == f"Bearer {ACCESS}"
    assert "cookie" not in web.calls[-1].headers


def test_a_change_brings_the_csrf_pair_fetched_once(web: ScriptedWeb, budget: SharedBudget) -> None:
    with logged_in(web, budget) as one:
        assert one.post(RETRY).data == {"retried": 2}
        assert one.delete(FAILED).data == {"cleared": 2}
    assert web.paths() == ["POST /api/auth/login", "GET /api/csrf-token", f"POST {RETRY}", f"DELETE {FAILED}"]


def test_login_is_sent_once_even_when_it_fails(web: ScriptedWeb, budget: SharedBudget) -> None:
    one = session(web, budget)
    failure = failure_of(lambda: one.login("grace", "wrong"))
    assert failure.cause is Cause.DENIED
    with pytest.raises(RefusedError):
        one.login("grace", PASSWORD)
    with pytest.raises(RefusedError):
        one.post("/api/auth/login", {"username": "grace", "password": PASSWORD})
    assert web.paths() == ["POST /api/auth/login"]


def test_after_two_failed_logins_no_session_of_this_machine_sends_a_third(
    web: ScriptedWeb, budget: SharedBudget, tmp_path: Path
) -> None:
    for _ in range(2):
        failure_of(lambda: session(web, budget).login("grace", "wrong"))
    failure = failure_of(lambda: session(web, SharedBudget(tmp_path)).login("grace", PASSWORD))
    assert (failure.cause, failure.until) == (Cause.LIMITED, NOW + timedelta(minutes=15))
    assert len(web.calls) == 2


def test_logins_that_succeed_are_not_counted_as_failed(web: ScriptedWeb, budget: SharedBudget) -> None:
    for _ in range(4):
        logged_in(web, budget).close()
    assert web.paths() == ["POST /api/auth/login"] * 4


def test_a_second_factor_is_said_and_is_no_failed_login(web: ScriptedWeb, budget: SharedBudget) -> None:
    body = {
        "success": True,
        "message": "Two-factor authentication required",
        "data": {"requiresTwoFactor": True, "userId": "u1"},
        "meta": {},
    }
    web.answers["POST /api/auth/login"] = Script(200, body)
    for _ in range(3):
        one = session(web, budget)
        with pytest.raises(SecondFactorError) as caught:
            one.login("grace", PASSWORD)
        assert caught.value.failure.text.text == "needs a second factor"
        assert not one.is_logged_in


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (401, "Invalid credentials", "user name or password refused"),
        (401, "Account is locked due to multiple failed login attempts", "the account is locked"),
        (401, "Account has been deactivated", "the account is deactivated"),
        (400, "Validation failed", "user name or password refused"),
        (500, "connect ECONNREFUSED 127.0.0.1:27017", "log-in failed there: is its database down?"),
        (429, "Too many authentication attempts", "429 until {until:clock}"),
    ],
)
def test_a_login_that_fails_says_why_without_quoting_the_server(
    web: ScriptedWeb, budget: SharedBudget, status: int, error: str, text: str
) -> None:
    details = [{"field": "password", "message": "Mot de passe requis", "value": PASSWORD}]
    web.answers["POST /api/auth/login"] = Script(
        status, {"success": False, "error": error, "details": details}
    )
    with pytest.raises(UnreachableError) as caught:
        session(web, budget).login("grace", PASSWORD)
    assert caught.value.failure.text.text == text
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.failure)
    assert PASSWORD not in shown
    assert "27017" not in repr(caught.value.failure)


def test_nothing_of_a_session_shows_its_secrets(web: ScriptedWeb, budget: SharedBudget) -> None:
    with logged_in(web, budget) as one:
        shown = repr(one) + str(one) + repr(one.get(STATUS))
    assert ACCESS not in shown
    assert PASSWORD not in shown
    assert not one.is_logged_in


def test_who_am_i_gives_role_and_name_only(web: ScriptedWeb, budget: SharedBudget) -> None:
    body = {
        "success": True,
        "data": USER | {"passwordHistory": [{"password": HASH}], "sessions": [{"token": "t"}]},
    }
    web.answers["GET /api/auth/me"] = only_logged_in(Script(200, body | {"meta": {}}))
    with logged_in(web, budget) as one:
        reply = one.get("/api/auth/me")
    assert set(reply.data) == {"role", "firstName", "lastName", "username"}


def test_without_a_user_in_the_login_answer_the_role_is_asked_for(
    web: ScriptedWeb, budget: SharedBudget
) -> None:
    web.answers["POST /api/auth/login"] = Script(200, {"success": True}, headers=cookies(ACCESS))
    web.answers["GET /api/auth/me"] = only_logged_in(Script(200, {"success": True, "data": USER, "meta": {}}))
    with session(web, budget) as one:
        assert one.login("grace", PASSWORD) == "admin"


def test_a_login_without_a_token_is_no_login(web: ScriptedWeb, budget: SharedBudget) -> None:
    web.answers["POST /api/auth/login"] = Script(200, {"success": True, "user": USER})
    assert failure_of(lambda: session(web, budget).login("grace", PASSWORD)).cause is Cause.GARBLED


@pytest.mark.parametrize(
    ("body", "data", "is_known", "beside"),
    [
        ({"success": True, "data": {"pending": 0}, "meta": {}}, {"pending": 0}, True, {}),
        ({"success": True, "data": [], "timestamp": "…"}, [], True, {}),
        (
            {"success": True, "count": 2, "total": 8, "page": 1, "pages": 4, "data": [1, 2]},
            [1, 2],
            True,
            {"count": 2, "total": 8, "page": 1, "pages": 4},
        ),
        ({"success": True, "items": [], "count": 0}, {"items": []}, True, {"count": 0}),
        (
            {"success": True, "message": "Auto-sync service started", "config": {"a": 5}},
            {"config": {"a": 5}},
            True,
            {},
        ),
        ({"success": True, "meta": {"timestamp": "…"}}, {}, False, {}),
        ({"success": True, "message": "Sync initiated"}, {}, False, {}),
    ],
)
def test_each_envelope_is_opened(
    web: ScriptedWeb, budget: SharedBudget, body: object, data: object, is_known: bool, beside: dict[str, int]
) -> None:
    web.answers["GET /api/x"] = Script(200, body)
    with logged_in(web, budget) as one:
        reply = one.get("/api/x?page=1")
    assert (reply.data, reply.is_known, dict(reply.beside)) == (data, is_known, beside)


@pytest.mark.parametrize(
    ("script", "cause", "status", "text"),
    [
        (
            Script(401, {"success": False, "error": "Not authorized"}),
            Cause.DENIED,
            401,
            "not logged in, or log-in ended",
        ),
        (Script(403, {"success": False}), Cause.DENIED, 403, "this role may not do that"),
        (Script(403, {"success": False, "error": "CSRF_INVALID"}), Cause.DENIED, 403, "refused: {code}"),
        (Script(404, {"success": False, "code": "NOT_FOUND"}), Cause.ABSENT, 404, "not found there"),
        (Script(404, b"<!DOCTYPE html>", "text/html"), Cause.ABSENT, 404, "no such call in this version"),
        (
            Script(500, {"message": "mongodb://u:p@h", "statusCode": 500}),
            Cause.GARBLED,
            500,
            "error {status} of the backend",
        ),
        (Script(200, {"success": False, "error": "x"}), Cause.GARBLED, 200, "answered without success"),
        (Script(400, {"success": False, "error": "x"}), Cause.GARBLED, 400, "answered {status}"),
    ],
)
def test_an_error_is_told_in_words(
    web: ScriptedWeb, budget: SharedBudget, script: Script, cause: Cause, status: int, text: str
) -> None:
    web.answers["GET /api/x"] = script
    with logged_in(web, budget) as one, pytest.raises(AnsweredError) as caught:
        one.get("/api/x")
    assert (caught.value.failure.cause, caught.value.status) == (cause, status)
    assert caught.value.failure.text.text == text
    assert "mongodb:" not in repr(caught.value.failure)


def test_a_web_page_with_status_200_is_no_answer(web: ScriptedWeb, budget: SharedBudget) -> None:
    web.answers["GET /api/x"] = Script(200, b"<!DOCTYPE html>", "text/html")
    with logged_in(web, budget) as one:
        assert failure_of(lambda: one.get("/api/x")).cause is Cause.GARBLED


def test_after_429_no_call_is_made_before_the_moment_by_any_session(
    web: ScriptedWeb, budget: SharedBudget, tmp_path: Path
) -> None:
    one = logged_in(web, budget)
    web.answers["GET /api/x"] = Script(429, {"success": False}, headers=(("Retry-After", "860"),))
    assert failure_of(lambda: one.get("/api/x")).until == NOW + timedelta(seconds=860)
    before = len(web.calls)
    other = session(web, SharedBudget(tmp_path))
    for call in (lambda: one.get(STATUS), lambda: one.post(RETRY), lambda: other.login("grace", PASSWORD)):
        failure = failure_of(call)
        assert (failure.cause, failure.until) == (Cause.LIMITED, NOW + timedelta(seconds=860))
    assert len(web.calls) == before


def test_reading_leaves_calls_to_people_who_act(web: ScriptedWeb, budget: SharedBudget) -> None:
    one = MedflowSession(web.url, deadline_s=2, budget=budget, limit=6, reserve=3, now=lambda: NOW)
    web.guests.append(one)
    one.login("grace", PASSWORD)
    for _ in range(2):
        one.get(STATUS)
    assert failure_of(lambda: one.get(STATUS)).cause is Cause.LIMITED
    assert one.post(RETRY).data == {"retried": 2}
    assert budget.used(origin(web.url), 900, NOW) == 5


def test_an_old_token_is_renewed_before_the_next_call(
    web: ScriptedWeb, budget: SharedBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def renewed(call: Call) -> Script:
        assert call.headers["cookie"] == f"refreshToken={REFRESH}"
        return Script(200, {"success": True, "expiresIn": 900, "user": USER}, headers=cookies(ACCESS_2))

    web.answers["POST /api/auth/refresh"] = renewed
    web.answers[f"GET {STATUS}"] = only_logged_in(Script(200, {"success": True, "data": {}}), ACCESS_2)
    one = logged_in(web, budget)
    monkeypatch.setattr(medflow, "TOKEN_LIFE_S", 0.0)
    assert one.get(STATUS).data == {}


def test_a_token_that_cannot_be_renewed_ends_the_session(
    web: ScriptedWeb, budget: SharedBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["POST /api/auth/refresh"] = Script(401, {"success": False, "error": "Invalid refresh token"})
    one = logged_in(web, budget)
    monkeypatch.setattr(medflow, "TOKEN_LIFE_S", 0.0)
    assert failure_of(lambda: one.get(STATUS)).cause is Cause.DENIED
    assert not one.is_logged_in


def test_a_slow_refusal_points_at_the_database(
    web: ScriptedWeb, budget: SharedBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(medflow, "SLOW_REFUSAL_MS", 0.0)
    web.answers["GET /api/x"] = Script(
        401, {"success": False, "error": "Not authorized to access this route"}
    )
    with logged_in(web, budget) as one:
        assert (
            failure_of(lambda: one.get("/api/x")).text.text
            == "refused after {after:ms}: is its database down?"
        )


def test_a_login_that_was_never_answered_may_have_counted(budget: SharedBudget) -> None:
    with raw_server() as url:
        one = MedflowSession(url, deadline_s=0.2, budget=budget, now=lambda: NOW)
        assert failure_of(lambda: one.login("grace", PASSWORD)).cause is Cause.SILENT
        assert budget.used(origin(url) + medflow.LOGIN, 900, NOW) == 1


@pytest.mark.parametrize(
    ("url", "is_clear"),
    [
        ("http://127.0.0.1:5001", False),
        ("http://localhost:5001", False),
        ("https://serveur:5002", False),
        ("http://serveur:5002", True),
        ("http://192.168.4.8:5002", True),
    ],
)
def test_a_password_that_would_travel_readable_is_known_before(
    budget: SharedBudget, url: str, is_clear: bool
) -> None:
    assert MedflowSession(url, deadline_s=1, budget=budget).is_clear is is_clear
