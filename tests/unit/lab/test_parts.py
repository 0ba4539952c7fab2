"""The parts of the lab that need no server."""

from __future__ import annotations

import json
import random
import socket
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from medflow_tui.lab import central, command, host_figures, layout, log_writer, pulse, seeds, site_file
from medflow_tui.lab.backend import tokens
from medflow_tui.lab.backend.jobs import iso, new_job
from medflow_tui.lab.backend.limits import Limits
from medflow_tui.lab.backend.login import csrf_refusal
from medflow_tui.lab.control import known
from medflow_tui.lab.faults import FAULTS
from medflow_tui.lab.people import CLINICS, DEVICES, PLANTED_NAME, PLANTED_SECRET, USERS
from medflow_tui.lab.ports import HIGHEST, LOWEST, free_ports, is_free, listens
from medflow_tui.model.errors import LabError

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class TestPulse:
    @pytest.mark.parametrize("rows", [20, 240])
    def test_exactly_twenty_figures_change_each_time(self, rows: int) -> None:
        for before, after in pairwise(islice(pulse.pulse_snapshots(rows), 200)):
            assert len(after.verdicts) == rows
            changed = [
                old.target for old, new in zip(before.verdicts, after.verdicts, strict=True) if old != new
            ]
            assert len(changed) == 20

    def test_only_the_evidence_changes(self) -> None:
        before, after = islice(pulse.pulse_snapshots(), 2)
        assert before.at == after.at
        for old, new in zip(before.verdicts, after.verdicts, strict=True):
            assert (old.observed_at, old.since, old.health, old.spark) == (
                new.observed_at,
                new.since,
                new.health,
                new.spark,
            )

    def test_five_rows_stand_in_each_of_four_panes(self) -> None:
        panes = [each.pane for each in pulse.still_snapshot().verdicts]
        assert {pane: panes.count(pane) for pane in panes} == dict.fromkeys(pulse.PANES, 5)

    def test_the_same_figures_come_each_time(self) -> None:
        first, second = (list(islice(pulse.pulse_snapshots(), 5)) for _ in range(2))
        assert first == second
        assert pulse.still_snapshot() == first[0]


class TestSeeds:
    def rows(self) -> seeds.Documents:
        passwords = {name: "invented" for name, *_ in USERS}
        return seeds.documents(
            NOW, passwords, {each.id: f"{place:024x}" for place, each in enumerate(DEVICES)}
        )

    def test_a_few_hundred_documents_of_four_clinics_and_eight_devices(self) -> None:
        found = self.rows()
        assert (len(found["clinics"]), len(found["devices"])) == (4, 8)
        assert 400 < sum(map(len, found.values())) < 1000

    def test_the_status_of_an_invoice_follows_its_payments(self) -> None:
        for invoice in self.rows()["invoices"]:
            paid = sum(each["amount"] for each in invoice["payments"])
            assert paid == invoice["summary"]["amountPaid"]
            assert (invoice["status"] == "paid") == (paid == invoice["summary"]["total"])

    def test_each_payment_has_its_entry_under_the_real_action_name(self) -> None:
        found = self.rows()
        payments = sum(len(each["payments"]) for each in found["invoices"])
        assert sum(each["action"] == "PAYMENT_PROCESS" for each in found["auditlogs"]) == payments

    def test_nothing_lies_in_the_future_and_passwords_are_not_stored(self) -> None:
        found = self.rows()
        assert all(
            each["createdAt"] <= NOW for name in ("patients", "invoices", "devices") for each in found[name]
        )
        assert all("invented" not in each["password"] for each in found["users"])


class TestLogLines:
    def test_an_access_line_is_text_inside_json_and_says_info_for_a_failure(self) -> None:
        line = json.loads(log_writer.access_line("/health/detailed", 503, NOW))
        assert list(line) == ["level", "message", "service", "timestamp"]
        assert line["level"] == "info"
        assert '"GET /health/detailed HTTP/1.1" 503' in line["message"]
        assert line["timestamp"] == "2026-11-23 09:00:00"

    def test_a_line_of_pm2_has_its_prefix_and_malformed_colours(self) -> None:
        line = log_writer.console_line("Facture créée", "ERROR", NOW)
        assert line.startswith("2026-11-23 09:00:00 +01:00: 2026-11-23 09:00:00 \x1b[31MERROR")

    def test_a_service_line_is_in_universal_time(self) -> None:
        assert (
            json.loads(log_writer.service_line("Auth", "info", "x", NOW))["timestamp"]
            == "2026-11-23T08:00:00.000Z"
        )

    def test_the_planted_patient_comes_in_every_disguise(self, tmp_path: Path) -> None:
        writer = log_writer.LogWriter(tmp_path)
        writer.plant_patient(NOW)
        service, combined = writer.service.read_text(), writer.combined.read_text()
        assert PLANTED_SECRET in service
        assert PLANTED_NAME[0] in service
        assert f"q={PLANTED_NAME[0]}" in combined
        exploded = next(json.loads(each) for each in service.splitlines() if '"0":' in each)
        letters = [exploded[str(place)] for place in range(sum(each.isdigit() for each in exploded))]
        assert PLANTED_NAME[0] in "".join(letters)

    def test_a_full_file_is_rotated_by_rename(self, tmp_path: Path) -> None:
        writer = log_writer.LogWriter(tmp_path)
        writer.combined.write_bytes(b"x" * log_writer.ROTATE_BYTES)
        inode = writer.combined.stat().st_ino
        writer.begin(NOW, lines=2)
        assert writer.combined.with_name("combined1.log").stat().st_ino == inode
        assert writer.combined.stat().st_size < 1000


class TestCentral:
    @pytest.mark.parametrize("minutes", range(0, 60, 7))
    def test_a_calm_clinic_was_seen_within_its_own_interval(self, minutes: int) -> None:
        now = NOW + timedelta(minutes=minutes)
        for clinic in CLINICS:
            assert 0 < (now - central.last_seen(clinic, now, {})).total_seconds() <= clinic.every_s + 5

    def test_a_fault_says_when_a_clinic_was_seen_last(self) -> None:
        seen = NOW - timedelta(hours=2)
        body = central.dashboard(NOW, {"clinics_seen": {"MATADI_KC": seen.isoformat()}})
        row = next(each for each in body["clinics"]["list"] if each["clinicId"] == "MATADI_KC")
        assert row["connection"]["lastSeenAt"] == "2026-11-23T06:00:00.000Z"
        assert row["isOnline"] is False


class TestBackendParts:
    def test_a_password_fits_itself_only(self) -> None:
        stored = tokens.hash_password("okapi")
        assert tokens.fits("okapi", stored)
        assert not tokens.fits("zinnia", stored)

    def test_a_token_is_refused_when_it_is_old_or_not_ours(self) -> None:
        token = tokens.sign({"role": "admin"}, "secret", 60)
        claims = tokens.claims_of(token, "secret")
        assert claims is not None
        assert claims["role"] == "admin"
        assert tokens.claims_of(token, "other") is None
        assert tokens.claims_of(tokens.sign({}, "secret", -1), "secret") is None
        assert tokens.claims_of("nonsense", "secret") is None

    def test_a_job_has_the_id_and_the_fields_of_the_real_one(self) -> None:
        job = new_job("folder_index", {"deviceId": "1"}, {}, NOW)
        kind, milliseconds, ending = job["id"].rsplit("_", 2)
        assert (kind, int(milliseconds), len(ending)) == ("folder_index", int(NOW.timestamp() * 1000), 9)
        assert (job["priority"], job["retries"], job["retriesLeft"], job["timeout"]) == (5, 3, 3, 60_000)
        assert job["createdAt"] == iso(NOW) == "2026-11-23T08:00:00.000Z"

    @pytest.mark.parametrize("path", ["/api/auth/login", "/api/sync/force", "/api/central/status"])
    def test_some_paths_need_no_pair_against_forgery(self, path: str) -> None:
        assert csrf_refusal(make_mocked_request("POST", path)) is None
        assert csrf_refusal(make_mocked_request("POST", "/api/devices/webhook/1")) is not None

    def test_an_exhausted_limit_names_a_later_time_when_it_is_asked_again(self) -> None:
        limits, request = Limits(), make_mocked_request("GET", "/api/devices")
        limits.exhaust(wanted=True)
        first, _ = limits.check(request, 100.0)
        later, _ = limits.check(request, 131.0)
        assert first is not None
        assert later is not None
        assert (first.headers["Retry-After"], later.headers["Retry-After"]) == ("30", "30")
        limits.exhaust(wanted=False)
        assert limits.check(make_mocked_request("GET", "/", headers={"X-Forwarded-For": "::1"}), 132.0) == (
            None,
            {},
        )


class TestPlace:
    def test_a_folder_with_other_things_in_it_is_not_taken(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.odt").touch()
        with pytest.raises(LabError, match="holds other things"):
            layout.lay_out(tmp_path)
        assert (tmp_path / "thesis.odt").exists()

    def test_a_file_instead_of_a_folder_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LabError, match="the lab cannot use"):
            layout.lay_out(tmp_path / "file")

    def test_what_an_earlier_lab_left_goes_but_its_state_stays(self, tmp_path: Path) -> None:
        layout.lay_out(tmp_path)
        (tmp_path / "state" / "history").touch()
        (tmp_path / "mongodb" / "old").touch()
        layout.lay_out(tmp_path)
        assert (tmp_path / "state" / "history").exists()
        assert not (tmp_path / "mongodb" / "old").exists()

    def test_secrets_are_not_in_the_printed_form_of_a_layout(self, tmp_path: Path) -> None:
        place = layout.lay_out(tmp_path)
        for secret in (place.jwt_secret, place.control_token, place.health_key, *place.passwords.values()):
            assert secret not in repr(place)

    def test_ports_are_free_high_and_different(self) -> None:
        ports = free_ports(15)
        assert len(set(ports)) == 15
        assert all(LOWEST <= each <= HIGHEST and is_free(each) for each in ports)

    def test_a_port_counts_only_for_the_process_that_listens(self) -> None:
        import os

        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            assert not is_free(port)
            assert listens(os.getpid(), port)
            assert not listens(os.getppid(), port)

    def test_the_site_file_is_taken_by_the_program_with_every_device_share(self, tmp_path: Path) -> None:
        from medflow_tui.config.load import load

        place = layout.lay_out(tmp_path)
        place.site_file.write_text(site_file.text(place), encoding="utf-8")
        site = load(place.site_file).site
        names = {each.name for each in site.targets}
        assert {each.slug for each in DEVICES if each.share} <= names
        assert not any(secret in place.site_file.read_text() for secret in place.passwords.values())

    def test_the_host_is_in_order_whatever_the_machine_does(self, tmp_path: Path) -> None:
        host_figures.write(tmp_path / "host.json", NOW)
        found = json.loads((tmp_path / "host.json").read_text())
        assert found["at"] == NOW.isoformat()
        assert found["cpu_percent"] < 50
        assert all(each["free"] / each["total"] > 0.5 for each in found["disks"])


class TestCommand:
    @pytest.mark.parametrize(
        "arguments", [["--rows", "3"], ["--nonsense"], ["break"], ["mend", "a", "b"], ["explode", "x"]]
    )
    def test_a_usage_error_ends_with_three(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            command.parse(arguments)
        assert ended.value.code == 3
        assert capsys.readouterr().err

    def test_the_folder_may_stand_before_or_after_the_order(self, tmp_path: Path) -> None:
        before = command.parse(["--dir", str(tmp_path), "break", "redis-down"])
        after = command.parse(["break", "redis-down", "--dir", str(tmp_path)])
        assert before.dir == after.dir == tmp_path.resolve()

    def test_pulse_and_still_are_for_who_has_a_screen(self, capsys: pytest.CaptureFixture[str]) -> None:
        options = command.parse(["--pulse", "--rows", "240"])
        assert (options.pulse, options.rows, options.still) == (True, 240, False)
        assert command.run(["--still"], None) == 1
        assert capsys.readouterr().err == "this needs a screen: medflow-tui lab …\n"

    def test_without_the_extra_it_says_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(command, "NEEDED", ("no_such_package",))
        assert command.run(["--headless"], None) == 1
        assert capsys.readouterr().err == "the lab is not installed: pip install 'medflow-tui[lab]'\n"

    def test_no_lab_in_a_folder_is_said(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.run(["mend", "all", "--dir", str(tmp_path)], None) == 1
        assert "no lab is running in" in capsys.readouterr().err

    def test_every_fault_of_the_list_exists_and_is_described(self) -> None:
        assert set(FAULTS) == {
            "redis-down",
            "redis-not-reconnected",
            "backend-down",
            "mongodb-frozen",
            "worker-not-started",
            "share-dead",
            "clinic-closed",
            "clinic-offline",
            "backup-late",
            "backup-truncated",
            "rate-limited",
            "log-flood",
            "log-patient",
        }
        assert all(each.description for each in FAULTS.values())

    def test_a_fault_far_from_all_names_lists_them(self) -> None:
        with pytest.raises(LabError, match="known: redis-down"):
            known("".join(random.Random(1).choices("0123456789", k=12)))
