"""The lab from outside: everything answers, each fault breaks and mends what it says, nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import smbclient
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis.backoff import NoBackoff
from redis.retry import Retry

from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET
from tests.servers.lab import (
    HOST,
    RunningLab,
    command,
    connects,
    end_lab,
    environment,
    lives,
    start_lab,
    until,
)

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("clinic"))
    try:
        yield running
    finally:
        end_lab(running)


def mongodb(lab: RunningLab) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        HOST, lab.port("mongodb"), directConnection=True, serverSelectionTimeoutMS=1500, socketTimeoutMS=1500
    )


def valkey(lab: RunningLab) -> redis.Redis:
    return redis.Redis(
        HOST, lab.port("redis"), decode_responses=True, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )


def ready(lab: RunningLab) -> bool:
    return lab.ask("GET", "/health/ready").status == 200


def listing(lab: RunningLab, server: str, share: str) -> list[str]:
    smbclient.ClientConfig(require_secure_negotiate=False)
    cache: dict[str, Any] = {}
    smbclient.register_session(
        HOST,
        username="guest",
        password="",
        port=lab.port(server),
        require_signing=False,
        connection_timeout=3,
        connection_cache=cache,
    )
    try:
        return list(smbclient.listdir(rf"\\{HOST}\{share}", port=lab.port(server), connection_cache=cache))
    finally:
        smbclient.reset_connection_cache(connection_cache=cache)


class TestCalm:
    def test_each_server_belongs_to_the_lab_and_carries_its_identity(self, lab: RunningLab) -> None:
        with mongodb(lab) as client:
            found = client["medflow"]["lab_identity"].find_one({"_id": "identity"})
        assert found is not None
        assert found["value"] == lab.facts["identity"]
        assert valkey(lab).get("lab:identity") == lab.facts["identity"]
        assert lab.ask("GET", "/health").headers["X-Lab-Identity"] == lab.facts["identity"]

    def test_every_http_service_answers(self, lab: RunningLab) -> None:
        assert ready(lab)
        assert lab.ask("GET", "/health", port="central").body["mongodb"] == "connected"
        assert len(lab.ask("GET", "/api/dashboard", port="central").body["dashboard"]["clinics"]["list"]) == 4
        assert lab.ask("GET", "/health", port="ocr").body["status"] == "healthy"
        assert lab.ask("GET", "/health", port="face").body["service"] == "face-recognition"

    def test_four_clinics_and_eight_devices_with_their_expected_indexes(self, lab: RunningLab) -> None:
        with mongodb(lab) as client:
            database = client["medflow"]
            assert {each["clinicId"] for each in database["clinics"].find()} == {
                "DEPOT_CENTRAL",
                "TOMBALBAYE_KIN",
                "MATRIX_KIN",
                "MATADI_KC",
            }
            assert database["devices"].count_documents({"integration.status": "connected"}) == 8
            homes = {each["homeClinic"] for each in database["patients"].find()}
            assert homes <= {each["_id"] for each in database["clinics"].find()}
            indexes = database["auditlogs"].index_information().values()
            assert any(each.get("expireAfterSeconds") == 189_345_600 for each in indexes)

    def test_the_backend_is_seen_on_redis_and_its_worker_moves_jobs(self, lab: RunningLab) -> None:
        client = valkey(lab)
        assert [each.get("lib-name") for each in client.client_list()].count("node-redis") == 9
        with mongodb(lab) as documents:
            device = documents["medflow"]["devices"].find_one()
        assert device is not None
        body = {"jobType": "folder_index", "data": {"deviceId": str(device["_id"]), "basePath": "/"}}
        headers = lab.login()
        job = lab.ask("POST", "/api/devices/sync-queue/jobs", body=body, **headers).body["data"]["jobId"]
        until(
            lambda: json.loads(client.get(f"device_sync:job:{job}"))["status"] == "completed",
            "the job is completed",
        )
        assert 0 < client.ttl(f"device_sync:job:{job}") <= 86_400

    def test_a_job_that_fails_three_times_lands_in_the_list_of_failed_ones(self, lab: RunningLab) -> None:
        headers, client = lab.login(), valkey(lab)
        body = {"jobType": "folder_index", "data": {"deviceId": "0" * 24}}
        job = lab.ask("POST", "/api/devices/sync-queue/jobs", body=body, **headers).body["data"]["jobId"]
        until(lambda: job in client.lrange("device_sync:failed", 0, -1), "the job has failed for good", 40)
        record = json.loads(client.get(f"device_sync:job:{job}"))
        assert [each["error"] for each in record["attempts"]] == ["Device not found"] * 3
        assert record["retriesLeft"] == 0
        assert lab.ask("DELETE", "/api/devices/sync-queue/failed", **headers).body["data"] == {"cleared": 1}

    def test_every_share_holds_fresh_files(self, lab: RunningLab) -> None:
        assert len(listing(lab, "shares", "TOMEY")) == 3
        assert len(listing(lab, "own_share", "ZEISS RETINO")) == 3

    def test_figures_and_logs_are_fresh(self, lab: RunningLab) -> None:
        figures = json.loads((lab.folder / "host.json").read_text())
        assert (datetime.now(UTC) - datetime.fromisoformat(figures["at"])).total_seconds() < 30
        lines = (lab.folder / "logs" / "combined.log").read_text().splitlines()
        assert {json.loads(each)["service"] for each in lines} == {"medflow-api"}
        console = (lab.folder / "backend" / "logs" / "backend-out.log").read_text()
        assert "\x1b[32M" in console

    def test_secrets_are_only_ours_to_read_and_not_in_the_site_file(self, lab: RunningLab) -> None:
        for path in (lab.folder / "lab.json", *(lab.folder / "secrets").iterdir()):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        site = (lab.folder / "site.toml").read_text()
        for secret in (*lab.facts["accounts"].values(), lab.facts["health_key"]):
            assert secret not in site

    def test_the_site_file_is_one_that_the_program_takes(self, lab: RunningLab) -> None:
        from medflow_tui.config.load import load

        site = load(lab.folder / "site.toml").site
        assert site.environment == "lab"
        assert {each.name for each in site.targets} >= {
            "backend",
            "mongodb",
            "redis",
            "queue",
            "clinics",
            "backups",
        }


class TestFaults:
    def test_redis_down_and_back_with_a_backend_that_uses_it(self, lab: RunningLab) -> None:
        with lab.broken("redis-down"):
            assert not connects(lab.port("redis"))
            until(lambda: "delayed" not in queue_status(lab), "the backend has lost Redis")
            assert ready(lab)
        assert "delayed" in until(lambda: queue_status(lab, "failedInQueue"), "the backend has Redis again")

    def test_redis_not_reconnected_leaves_a_healthy_redis_without_the_backend(self, lab: RunningLab) -> None:
        with lab.broken("redis-not-reconnected"):
            names = [each.get("lib-name") for each in valkey(lab).client_list()]
            assert "node-redis" not in names
            assert ready(lab)
            assert queue_status(lab)["pending"] == 0
        until(lambda: backend_connections(lab) == 9, "the backend is connected again")

    def test_mongodb_frozen_accepts_and_answers_nothing(self, lab: RunningLab) -> None:
        with lab.broken("mongodb-frozen"):
            assert connects(lab.port("mongodb"))
            with mongodb(lab) as client, pytest.raises(PyMongoError):
                client.admin.command("ping")
            answer = until(lambda: not_ready(lab), "the backend says that its database is gone")
            assert answer == {
                "ready": False,
                "reason": "Database not connected",
                "mongoState": "disconnected",
            }
            assert lab.ask("GET", "/health").body["status"] == "ok"
        until(lambda: ready(lab), "the backend has its database again")

    def test_worker_not_started_lets_jobs_wait_until_it_is(self, lab: RunningLab) -> None:
        with lab.broken("worker-not-started"):
            status = queue_status(lab)
            assert status["startedAt"] is None
            assert (status["pending"], status["failedInQueue"]) == (12, 3)
            headers = lab.login()
            retried = lab.ask("POST", "/api/devices/sync-queue/retry-failed", **headers).body["data"]
            assert retried == {"retried": 2}
            assert queue_status(lab)["failedInQueue"] == 0
            started = lab.ask("POST", "/api/devices/auto-sync/start", body={}, **headers).body
            assert started["message"] == "Auto-sync service started"
            assert "data" not in started
            until(lambda: queue_status(lab)["pending"] == 0, "the worker has emptied the queue")
            assert queue_status(lab)["startedAt"] is not None
        assert queue_status(lab)["startedAt"] is not None

    def test_share_dead_freezes_one_share_while_its_host_answers(self, lab: RunningLab) -> None:
        with lab.broken("share-dead"):
            assert connects(lab.port("own_share"))
            with pytest.raises(Exception, match=r"(?i)time|connection"):
                listing(lab, "own_share", "ZEISS RETINO")
            assert listing(lab, "shares", "TOMEY")
        assert listing(lab, "own_share", "ZEISS RETINO")

    def test_clinic_closed_has_hours_that_do_not_contain_now(self, lab: RunningLab) -> None:
        from zoneinfo import ZoneInfo

        from medflow_tui.model.site import Hours
        from medflow_tui.rules.hours import open_since

        hours_file = lab.folder / "hours.json"
        with lab.broken("clinic-closed"):
            row = json.loads(hours_file.read_text())["MATADI_KC"]
            hours = Hours(opens=row["opens"], closes=row["closes"], days=tuple(row["days"]))
            assert open_since(hours, ZoneInfo("Africa/Kinshasa"), datetime.now(UTC)) is None
            assert not connects(lab.port("MATADI_KC"))
        assert json.loads(hours_file.read_text()) == {}
        assert connects(lab.port("MATADI_KC"))

    def test_clinic_offline_gives_no_answer_at_all_and_is_old_news_at_the_central_server(
        self, lab: RunningLab
    ) -> None:
        with lab.broken("clinic-offline"):
            with pytest.raises(TimeoutError):
                socket.create_connection((HOST, lab.port("TOMBALBAYE_KIN")), timeout=0.5)
            assert seen_s(lab, "TOMBALBAYE_KIN") > 7000
            assert connects(lab.port("MATRIX_KIN"))
        assert connects(lab.port("TOMBALBAYE_KIN"))
        assert seen_s(lab, "TOMBALBAYE_KIN") < 400

    def test_backup_late_and_truncated_change_the_folder_and_mend_it(self, lab: RunningLab) -> None:
        before = newest_backup(lab)
        with lab.broken("backup-late"):
            assert newest_backup(lab) != before
        assert newest_backup(lab) == before
        size = (lab.folder / "backups" / "daily" / before).stat().st_size
        with lab.broken("backup-truncated"):
            assert (lab.folder / "backups" / "daily" / before).stat().st_size < size
        assert (lab.folder / "backups" / "daily" / newest_backup(lab)).stat().st_size == size

    def test_rate_limited_refuses_every_call_to_the_api_but_not_health(self, lab: RunningLab) -> None:
        headers = lab.login()
        with lab.broken("rate-limited"):
            answer = lab.ask("GET", "/api/devices/sync-queue/status", **headers)
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 30
            assert answer.headers["RateLimit-Remaining"] == "0"
            assert answer.body["error"].startswith("Too many")
            assert ready(lab)
        assert lab.ask("GET", "/api/devices/sync-queue/status", **headers).status == 200

    def test_log_flood_writes_thousands_of_lines_a_second(self, lab: RunningLab) -> None:
        path = lab.folder / "backend" / "logs" / "combined.log"
        before = path.stat().st_size
        with lab.broken("log-flood"):
            until(lambda: path.stat().st_size > before + 300_000, "the file has grown by 300 kB")

        def calm() -> bool:
            size = path.stat().st_size
            time.sleep(0.4)
            return path.stat().st_size - size < 1000

        until(calm, "the flood has ended")

    def test_log_patient_plants_a_name_and_a_secret_that_belong_to_nobody(self, lab: RunningLab) -> None:
        with lab.broken("log-patient"):
            text = (lab.folder / "logs" / "combined.log").read_text()
        assert PLANTED_NAME[0] in text
        assert PLANTED_SECRET in text

    def test_mend_all_mends_what_is_broken(self, lab: RunningLab) -> None:
        assert lab.order("break", "rate-limited") == ("rate-limited",)
        assert lab.order("break", "clinic-offline") == ("clinic-offline", "rate-limited")
        assert lab.order("mend", "all") == ()
        assert connects(lab.port("TOMBALBAYE_KIN"))
        assert lab.ask("GET", "/api/devices").status == 401


class TestSecondTerminal:
    def run(self, lab: RunningLab, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(lab.folder.parent),
            check=False,
        )

    def test_the_only_lab_is_found_without_being_named(self, lab: RunningLab) -> None:
        done = self.run(lab, "break", "rate-limited")
        assert (done.returncode, done.stdout) == (0, "rate-limited\n")
        assert "* rate-limited" in self.run(lab, "list").stdout
        assert self.run(lab, "mend", "all").stdout == "-\n"

    def test_an_unknown_fault_names_the_nearest(self, lab: RunningLab) -> None:
        done = self.run(lab, "break", "redis-dwon", "--dir", str(lab.folder))
        assert done.returncode == 3
        assert done.stderr == "no fault redis-dwon; did you mean redis-down?\n"

    def test_a_second_lab_in_the_same_folder_is_refused(self, lab: RunningLab) -> None:
        done = self.run(lab, "--headless", "--dir", str(lab.folder))
        assert done.returncode == 1
        assert "a lab is running in" in done.stderr
        assert ready(lab)

    def test_without_the_token_nothing_is_obeyed(self, lab: RunningLab) -> None:
        from medflow_tui.lab.control import send
        from medflow_tui.model.errors import LabError

        with pytest.raises(LabError, match="does not answer"):
            send({**lab.facts, "control": {**lab.facts["control"], "token": "wrong"}}, "break", "redis-down")
        assert connects(lab.port("redis"))


class TestEnds:
    @pytest.mark.parametrize(
        "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda each: each.name
    )
    def test_a_signal_ends_everything_frozen_servers_too(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        lab = start_lab(tmp_path, "--headless")
        pids = lab.everything
        lab.order("break", "mongodb-frozen")
        lab.process.send_signal(number)
        assert lab.process.wait(timeout=20) == 0
        assert [name for name, pid in pids.items() if lives(pid)] == []
        assert not lab.folder.exists()
        assert not list((tmp_path / "home").rglob("*.json"))

    def test_a_killed_lab_leaves_no_process_and_no_temporary_folder(self, tmp_path: Path) -> None:
        lab = start_lab(tmp_path, "--headless")
        pids = lab.everything
        lab.order("break", "share-dead")
        lab.process.kill()
        lab.process.wait()
        until(lambda: not any(lives(pid) for pid in pids.values()), "every process has ended", 10)
        until(lambda: not lab.folder.exists(), "the temporary folder is gone", 10)
        assert not list((tmp_path / "home").rglob("*.json"))

    def test_a_signal_while_it_starts_ends_what_has_started(self, tmp_path: Path) -> None:
        folder = tmp_path / "lab"
        process = subprocess.Popen(
            command("--headless", "--dir", str(folder)),
            stdout=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
        )
        until((folder / "run" / "backend.out").exists, "the backend has been started")
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert [each for each in processes_below(folder) if lives(each)] == []

    def test_the_lab_of_a_dashboard_that_was_killed_ends_with_it(self, tmp_path: Path) -> None:
        script = (
            "import sys\n"
            "from medflow_tui.lab.command import run\n"
            "def show(site, state):\n"
            "    print(site, flush=True)\n"
            "    sys.stdin.read()\n"
            "    return 0\n"
            f"sys.exit(run(['--dir', {str(tmp_path / 'lab')!r}], show))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
        )
        assert process.stdout is not None
        site = Path(process.stdout.readline().strip())
        lab = RunningLab(process, site.parent)
        pids = lab.everything
        assert lives(pids["lab"])
        process.kill()
        process.wait()
        until(
            lambda: not any(lives(pid) for pid in pids.values()), "the lab has ended with its dashboard", 15
        )
        assert not (site.parent / "lab.json").exists()

    def test_a_lab_starts_again_in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        end_lab(start_lab(tmp_path))
        (tmp_path / "lab" / "state" / "kept").touch()
        again = start_lab(tmp_path)
        try:
            assert ready(again)
            assert (tmp_path / "lab" / "state" / "kept").exists()
        finally:
            end_lab(again)


def queue_status(lab: RunningLab, needed: str = "processed") -> dict[str, Any]:
    """The queue as the backend tells it; nothing when the key that is needed is absent."""
    answer = lab.ask("GET", "/api/devices/sync-queue/status", **lab.login())
    data: dict[str, Any] = answer.body["data"]
    return data if needed in data else {}


def backend_connections(lab: RunningLab) -> int:
    return [each.get("lib-name") for each in valkey(lab).client_list()].count("node-redis")


def not_ready(lab: RunningLab) -> dict[str, Any]:
    answer = lab.ask("GET", "/health/ready")
    found: dict[str, Any] = answer.body
    return found if answer.status == 503 else {}


def seen_s(lab: RunningLab, clinic: str) -> float:
    rows = lab.ask("GET", "/api/dashboard", port="central").body["dashboard"]["clinics"]["list"]
    seen = next(each["connection"]["lastSeenAt"] for each in rows if each["clinicId"] == clinic)
    return (datetime.now(UTC) - datetime.fromisoformat(seen)).total_seconds()


def newest_backup(lab: RunningLab) -> str:
    return max(each.name for each in (lab.folder / "backups" / "daily").glob("*.enc"))


def processes_below(folder: Path) -> list[int]:
    """Processes whose command line names the folder."""
    import psutil

    return [
        each.pid
        for each in psutil.process_iter(["cmdline"])
        if each.pid != os.getpid() and any(str(folder) in word for word in each.info["cmdline"] or [])
    ]
