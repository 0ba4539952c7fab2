"""The lab's backend answers as the real MedFlow does, its lies included (facts of the real backend)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers.lab import RunningLab, end_lab, start_lab, until

pytestmark = pytest.mark.xdist_group("lab_backend")
LAN = {"X_Forwarded_For": "10.0.0.9"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("clinic"))
    try:
        yield running
    finally:
        end_lab(running)


@pytest.fixture
def person(lab: RunningLab) -> dict[str, str]:
    return lab.login()


@contextmanager
def without_mongodb(lab: RunningLab) -> Iterator[None]:
    """Whatever happens inside, the next test finds the backend as it was."""
    try:
        with lab.broken("mongodb-frozen"):
            until(lambda: lab.ask("GET", "/health/ready").status == 503, "the backend has lost its database")
            yield
    finally:
        until(lambda: lab.ask("GET", "/health/ready").status == 200, "the database is back")


class TestHealth:
    def test_detailed_wants_a_key_and_is_degraded_for_ever(self, lab: RunningLab) -> None:
        assert lab.ask("GET", "/health/detailed").status == 401
        answer = lab.ask("GET", "/health/detailed", X_Health_Key=lab.facts["health_key"])
        assert answer.status == 503
        assert answer.body["status"] == "degraded"
        checks = answer.body["checks"]
        assert checks["redis"] == {"status": "error", "error": "redis.ping is not a function"}
        assert checks["mongodb"]["status"] == "ok"
        assert checks["mongodb"]["responseTime"] == "0ms"
        assert checks["memory"]["usedPercent"].endswith("%")

    def test_an_administrators_bearer_opens_the_details(
        self, lab: RunningLab, person: dict[str, str]
    ) -> None:
        token = {"Authorization": person["Authorization"]}
        assert lab.ask("GET", "/health/detailed", **token).status == 503

    def test_live_and_startup(self, lab: RunningLab) -> None:
        assert lab.ask("GET", "/health/live").body["alive"] is True
        assert lab.ask("GET", "/health/startup").body["started"] is True

    def test_metrics_are_open_and_keep_only_the_path_inside_a_router(self, lab: RunningLab) -> None:
        lab.ask("GET", "/health/ready")
        text = lab.ask("GET", "/metrics").text
        assert 'medflow_http_requests_total{method="GET",route="/ready",status_code="200"}' in text
        assert "medflow_invoices_unpaid 0" in text
        assert "medflow_process_start_time_seconds" in text


class TestUnknownRoutes:
    def test_api_health_is_a_page_not_found(self, lab: RunningLab) -> None:
        answer = lab.ask("GET", "/api/health")
        assert answer.status == 404
        assert answer.headers.get_content_type() == "text/html"
        assert "<pre>Cannot GET /api/health</pre>" in answer.text

    def test_a_change_without_a_pair_is_refused_before_login_and_routing(self, lab: RunningLab) -> None:
        answer = lab.ask("POST", "/api/devices/resync")
        assert answer.status == 403
        assert answer.body["error"] == "CSRF_MISSING_COOKIE"
        answer = lab.ask("POST", "/api/devices/resync", Cookie="XSRF-TOKEN=a")
        assert answer.body["error"] == "CSRF_MISSING_HEADER"
        answer = lab.ask("POST", "/api/devices/resync", Cookie="XSRF-TOKEN=a", X_XSRF_TOKEN="b")
        assert answer.body["error"] == "CSRF_INVALID"

    def test_the_runbooks_resync_does_not_exist(self, lab: RunningLab, person: dict[str, str]) -> None:
        answer = lab.ask("POST", "/api/devices/resync", **person)
        assert answer.status == 404
        assert "Cannot POST /api/devices/resync" in answer.text


class TestLogin:
    def test_the_token_is_only_in_a_secure_cookie(self, lab: RunningLab) -> None:
        body = {"username": "amani", "password": lab.facts["accounts"]["amani"]}
        answer = lab.ask("POST", "/api/auth/login", body=body)
        assert answer.body["message"] == "Login successful"
        assert answer.body["expiresIn"] == 900
        assert answer.body["user"]["role"] == "admin"
        cookie = answer.cookie("accessToken")
        assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Strict", "Max-Age=900"))
        assert cookie.split("=")[1].split(";")[0] not in answer.text

    def test_any_get_gives_the_cookie_against_forgery(self, lab: RunningLab) -> None:
        cookie = lab.ask("GET", "/health").cookie("XSRF-TOKEN")
        assert "Secure" in cookie
        assert "HttpOnly" not in cookie
        assert lab.ask("GET", "/health", Cookie="XSRF-TOKEN=abc").cookie("XSRF-TOKEN") == ""

    def test_the_third_wrong_password_from_the_network_is_refused_by_rate(self, lab: RunningLab) -> None:
        body = {"username": "chance", "password": "wrong"}
        answers = [lab.ask("POST", "/api/auth/login", body=body, **LAN) for _ in range(3)]
        assert [each.status for each in answers] == [401, 401, 429]
        assert answers[0].body["error"] == "Invalid credentials"
        assert answers[0].body["code"] == "UNAUTHORIZED"

    def test_five_wrong_passwords_lock_the_account(self, lab: RunningLab) -> None:
        body = {"username": "fiston", "password": "wrong"}
        for _ in range(5):
            lab.ask("POST", "/api/auth/login", body=body)
        body["password"] = lab.facts["accounts"]["fiston"]
        answer = lab.ask("POST", "/api/auth/login", body=body)
        assert answer.status == 401
        assert answer.body["error"].startswith("Account is locked")

    def test_a_login_without_a_password_is_a_validation_error(self, lab: RunningLab) -> None:
        answer = lab.ask("POST", "/api/auth/login", body={"username": "amani"})
        assert answer.status == 400
        assert answer.body["error"] == "Validation failed"

    def test_a_stale_cookie_beats_a_good_header(self, lab: RunningLab, person: dict[str, str]) -> None:
        stale = {**person, "Cookie": f"{person['Cookie']}; accessToken=stale"}
        assert lab.ask("GET", "/api/devices", **person).status == 200
        assert lab.ask("GET", "/api/devices", **stale).status == 401

    def test_me_tells_hashes_that_nobody_may_keep(self, lab: RunningLab, person: dict[str, str]) -> None:
        data = lab.ask("GET", "/api/auth/me", **person).body["data"]
        assert data["passwordHistory"]
        assert data["sessions"]

    def test_refresh_without_a_cookie_is_a_server_error(self, lab: RunningLab) -> None:
        answer = lab.ask("POST", "/api/auth/refresh")
        assert answer.status == 500
        assert answer.body["error"] == "Une erreur s'est produite"

    def test_with_its_database_gone_a_good_token_is_not_authorized(
        self, lab: RunningLab, person: dict[str, str]
    ) -> None:
        with without_mongodb(lab):
            answer = lab.ask("GET", "/api/devices", timeout=15, **person)
            assert answer.status == 401
            assert answer.body["error"] == "Not authorized to access this route"
            body = {"username": "beni", "password": lab.facts["accounts"]["beni"]}
            answer = lab.ask("POST", "/api/auth/login", body=body, timeout=15)
            assert answer.status == 500
            assert answer.body["error"].startswith("connect ECONNREFUSED 127.0.0.1:")


class TestRoutes:
    def test_roles_are_refused_without_a_reason(self, lab: RunningLab) -> None:
        nurse = lab.login("espoir")
        answer = lab.ask("POST", "/api/devices/auto-sync/start", body={}, **nurse)
        assert answer.status == 403
        assert answer.body == {"success": False}

    def test_the_queue_status_has_the_envelope_of_api_response(
        self, lab: RunningLab, person: dict[str, str]
    ) -> None:
        body = lab.ask("GET", "/api/devices/sync-queue/status", **person).body
        assert set(body) == {"success", "data", "meta"}
        assert set(body["data"]) == {
            "processed",
            "failed",
            "pending",
            "startedAt",
            "activeJobs",
            "delayed",
            "failedInQueue",
        }

    def test_an_unknown_job_is_not_found_in_french(self, lab: RunningLab, person: dict[str, str]) -> None:
        answer = lab.ask("GET", "/api/devices/sync-queue/jobs/none", **person)
        assert (answer.status, answer.body["error"]) == (404, "Job non trouvé(e)")

    def test_a_job_without_its_fields_is_a_server_error(
        self, lab: RunningLab, person: dict[str, str]
    ) -> None:
        answer = lab.ask("POST", "/api/devices/sync-queue/jobs", body={}, **person)
        assert (answer.status, answer.body["code"]) == (500, "SERVER_ERROR")

    def test_devices_come_in_an_envelope_of_their_own(self, lab: RunningLab, person: dict[str, str]) -> None:
        body = lab.ask("GET", "/api/devices?limit=3", **person).body
        assert (body["count"], body["total"], body["page"], body["pages"]) == (3, 8, 1, 3)
        assert set(body["data"][0]["integration"]) >= {"status", "lastSyncStatus", "lastSync"}
        device = lab.ask("GET", f"/api/devices/{body['data'][0]['_id']}", **person).body["data"]
        assert device["status"]["currentStatus"] == "available"
        assert lab.ask("GET", "/api/devices/nonsense", **person).body["error"] == "Resource not found"

    def test_an_emptied_answer_is_a_success_without_data(
        self, lab: RunningLab, person: dict[str, str]
    ) -> None:
        body = lab.ask("GET", "/api/devices/stream/check-all", **person).body
        assert set(body) == {"success", "meta"}

    def test_clinics_have_a_clinic_id_and_no_code(self, lab: RunningLab, person: dict[str, str]) -> None:
        body = lab.ask("GET", "/api/clinics", **person).body
        assert body["count"] == 4
        assert all("clinicId" in each and "code" not in each for each in body["data"])

    def test_the_sync_status_always_fails(self, lab: RunningLab, person: dict[str, str]) -> None:
        answer = lab.ask("GET", "/api/sync/status", **person)
        assert answer.status == 500
        assert answer.body == {"success": False, "error": "Error getting sync status"}

    def test_auto_sync_stop_leaves_the_worker_running(self, lab: RunningLab, person: dict[str, str]) -> None:
        answer = lab.ask("POST", "/api/devices/auto-sync/stop", body={}, **person)
        assert "data" not in answer.body
        assert (
            lab.ask("GET", "/api/devices/sync-queue/status", **person).body["data"]["startedAt"] is not None
        )
        assert lab.ask("GET", "/api/devices/auto-sync/status", **person).body["data"]["initialized"] is True

    def test_the_central_server_counts_a_clinic_offline_after_five_minutes(self, lab: RunningLab) -> None:
        rows = lab.ask("GET", "/api/dashboard", port="central").body["dashboard"]["clinics"]["list"]
        assert all(set(each) >= {"clinicId", "connection", "isOnline"} for each in rows)
        assert (
            lab.ask("GET", "/api/sync/status", port="central").body["error"] == "Missing clinic credentials"
        )
        assert lab.ask("GET", "/nothing", port="central").body["error"] == "Endpoint not found"


class TestRateLimits:
    def test_from_the_network_the_hundred_and_first_call_is_refused(self, lab: RunningLab) -> None:
        somebody = {"X_Forwarded_For": "10.0.0.77"}
        answers = [lab.ask("GET", "/api/devices", **somebody) for _ in range(101)]
        assert {each.status for each in answers[:100]} == {401}
        assert answers[0].headers["RateLimit-Policy"] == "100;w=900"
        assert answers[99].headers["RateLimit-Remaining"] == "0"
        assert answers[100].status == 429
        assert int(answers[100].headers["Retry-After"]) > 800
        assert lab.ask("GET", "/health/ready", **somebody).status == 200

    def test_loopback_is_exempt(self, lab: RunningLab) -> None:
        answer = lab.ask("GET", "/api/devices")
        assert answer.status == 401
        assert "RateLimit-Limit" not in answer.headers
