"""The lines between the clinics are looked at: registry, central server, what waits, and each clinic's own line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from tests.contracts.scripted_web import Script, ScriptedWeb, free_port, scripted_web
from tests.contracts.test_clinics_probe import DASHBOARD, PATIENT, REGISTRY, listening
from tests.contracts.test_share_probe import full_backlog
from tests.servers.answering import run_answered
from tests.servers.mongodb import MongodbServer, running
from tests.servers.runs import Bench

LINES = 14
DAY_AND_NIGHT = {
    "opens": "00:00",
    "closes": "24:00",
    "days": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("clinics")) as found:
        with found.database() as database:
            database["clinics"].insert_many([dict(each) for each in REGISTRY])
            made = datetime.now(UTC) - timedelta(hours=30)
            database["syncqueues"].insert_many(
                {"clinicId": "MATRIX_KIN", "status": status, "data": {"name": PATIENT}, "createdAt": made}
                for status in ("pending", "pending", "dead_letter")
            )
        yield found


@pytest.fixture
def central() -> Iterator[ScriptedWeb]:
    seen = (
        (datetime.now(UTC) - timedelta(minutes=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    listed = [
        {"clinicId": name, "name": name, "connection": {"lastSeenAt": seen}, "isOnline": True}
        for name in ("MATADI_KC", "MATRIX_KIN")
    ]
    body = {"success": True, "dashboard": {"clinics": {"total": 2, "online": 2, "list": listed}}}
    with scripted_web() as web:
        web.answers[DASHBOARD] = Script(body=body)
        yield web


def bench(server: MongodbServer, central: ScriptedWeb, tmp_path: Path, place: str, uplink: str) -> Bench:
    clinics = ClinicsTarget(
        name="clinics",
        deadline_s=2.0,
        address=server.address,
        central=central.url,
        own="MATRIX_KIN",
        uplink="uplink",
        clinic=(
            Clinic(id="MATADI_KC", address=place, every_s=1800, **DAY_AND_NIGHT),  # type: ignore[arg-type]
            Clinic(id="MATRIX_KIN", every_s=600, **DAY_AND_NIGHT),  # type: ignore[arg-type]
        ),
    )
    line = UplinkTarget(name="uplink", deadline_s=0.7, addresses=(uplink,))
    return Bench(name="clinic-connectivity", targets=(clinics, line), state=tmp_path / "state")


def test_a_clinic_that_does_not_answer_and_what_is_given_up_are_handed_over(
    server: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with listening() as uplink:
        here = bench(server, central, tmp_path, f"127.0.0.1:{free_port()}", uplink)
        plan = here.plan()
        assert [plan.facts[each] for each in ("clinics", "waiting", "given_up")] == [2, 2, 1]
        assert not here.state.exists(), "a plan writes nothing"
        order = here.order()
        assert run_answered(here, order, "told").outcome is Outcome.PASS
    paper = (order.folder / "handover.txt").read_text()
    assert "clinics/MATADI_KC" in paper
    assert "up, port refuses" in paper
    assert "le responsable du réseau" in paper
    written = b"".join(each.read_bytes() for each in here.state.rglob("*") if each.is_file())
    assert PATIENT.encode() not in written


def test_with_the_own_line_down_the_clinics_are_not_blamed(
    server: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with full_backlog() as silent:
        place = f"127.0.0.1:{silent}"
        here = bench(server, central, tmp_path, place, place)
        order = here.order()
        assert run_answered(here, order, "clear").act is Act.PAUSE
    looked = next(each for each in here.entries(order) if each.mark is Mark.VERIFIED and each.step == "look")
    assert "clinics/MATADI_KC: own line is down" in (order.folder / "handover.txt").read_text()
    assert looked.facts["clinics"] == 2


def test_the_central_server_is_asked_without_a_clinics_token(
    server: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with listening() as place:
        here = bench(server, central, tmp_path, place, place)
        run_answered(here, here.order(), "told")
    assert central.calls
    assert not any("x-sync-token" in each.headers for each in central.calls)


@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(
    server: MongodbServer, central: ScriptedWeb, tmp_path: Path, line: int
) -> None:
    """The central server and the clinics are only asked, however often it begins anew."""
    with listening() as place:
        here = bench(server, central, tmp_path, place, place)
        order, moment = here.order(), "after" if line % 2 else "before"
        move = here.run_over_crash(order, line, moment, lambda order: run_answered(here, order, "told"))
    assert move.outcome is Outcome.PASS, move
    assert here.entries(order)[-1].mark is Mark.RUN_ENDED
    assert {each.method for each in central.calls} == {"GET"}
