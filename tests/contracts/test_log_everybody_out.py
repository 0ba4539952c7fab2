"""Everybody logs in again: a real backend that signs with the secrets of its file, and says no to the old ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.actions import service, service_survey
from medflow_tui.clients.medflow import MedflowSession
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.rules.environment_file import is_fit, secrets_in
from tests.servers.readings import Unlimited
from tests.servers.runs import Bench, Crashed, crashing
from tests.servers.service_run import Run, again, await_that, target_from
from tests.servers.service_site import SmallSite, small_site
from tests.servers.service_steps import QUICK, TIMING
from tests.servers.small_backend import PASSWORD, USER, signed

LINES = 36
OLD, OLD_RENEWAL = "planted-old-" + "k7" * 16, "planted-renewal-" + "m3" * 16
ENVIRONMENT = f"""# backend of the clinic
NODE_ENV=production
JWT_SECRET={OLD}
# JWT_SECRET=planted-commented-out
REFRESH_TOKEN_SECRET="{OLD_RENEWAL}"
PHI_ENCRYPTION_KEY=planted-key-of-patients
"""


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TIMING", replace(TIMING, settle_s=3.0))
    monkeypatch.setattr(service, "supervisor", lambda target: supervisor(target, pace=QUICK))
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SmallSite]:
    with small_site(tmp_path / "site") as found:
        file = found.folder / ".env"
        file.write_text(ENVIRONMENT)
        file.chmod(0o640)
        found.backend(f"env={file}", f"worse={found.folder / 'worse'}", environment_file=str(file))
        found.start("backend")
        await_that(lambda: found.count("start") == 1)
        yield found


@pytest.fixture
def bench(site: SmallSite, tmp_path: Path) -> Bench:
    return Bench(
        name="log-everybody-out",
        targets=tuple(target_from(each) for each in site.tables),
        state=tmp_path / "state",
        login=Login(username=USER, password=PASSWORD),
    )


def file(site: SmallSite) -> Path:
    return site.folder / ".env"


def log_in(site: SmallSite) -> MedflowSession:
    session = MedflowSession(site.table("backend")["address"], deadline_s=5.0, budget=Unlimited())
    session.login(USER, PASSWORD)
    return session


def status(site: SmallSite, token: str) -> int:
    import httpx

    url = site.table("backend")["address"] + "/api/auth/me"
    return httpx.get(url, headers={"authorization": f"Bearer {token}"}, trust_env=False).status_code


def test_a_log_in_from_before_is_refused_and_a_new_one_works(bench: Bench, site: SmallSite) -> None:
    old = log_in(site).tokens[0]
    assert status(site, old) == 200
    order = bench.order()
    move = bench.run(order)
    assert move.outcome is Outcome.PASS, move
    assert status(site, old) == 401
    assert status(site, log_in(site).tokens[0]) == 200
    now = secrets_in(file(site).read_text())
    assert all(is_fit(each, OLD, OLD_RENEWAL) for each in now.values())
    assert len(set(now.values())) == 2
    assert file(site).read_text() == ENVIRONMENT.replace(OLD, now["JWT_SECRET"]).replace(
        f'"{OLD_RENEWAL}"', now["REFRESH_TOKEN_SECRET"]
    )


def test_owner_and_rights_stay_and_the_copy_is_for_this_user_only(bench: Bench, site: SmallSite) -> None:
    if os.geteuid() == 0:
        os.chown(file(site), 65534, 65534)
    before = file(site).stat()
    assert bench.run(bench.order()).outcome is Outcome.PASS
    after = file(site).stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    (copy,) = bench.state.rglob("environment.before")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_text() == ENVIRONMENT
    assert [each.name for each in site.folder.iterdir() if each.name.startswith(".env")] == [".env"]


def test_the_secrets_appear_nowhere_but_in_the_two_files(bench: Bench, site: SmallSite) -> None:
    order = bench.order()
    bench.run(order)
    new = secrets_in(file(site).read_text()).values()
    words = [OLD, OLD_RENEWAL, "planted-key-of-patients", *new, PASSWORD]
    for each in bench.state.rglob("*"):
        if each.is_file() and each.name != "environment.before":
            content = each.read_bytes()
            assert not [word for word in words if word.encode() in content], each


def test_the_plan_shows_no_secret_and_changes_nothing(bench: Bench, site: SmallSite) -> None:
    plan = bench.plan()
    assert file(site).read_text() == ENVIRONMENT
    assert site.count("start") == 1
    calls = {each.id: each.calls for each in plan.steps if each.changes}
    assert calls["renew"] == (f"replace JWT_SECRET and REFRESH_TOKEN_SECRET in {file(site)}",)
    assert plan.further_calls["undo renew"] == (f"put back {file(site)} as it was",)
    assert "planted" not in str(plan)
    assert plan.confirm == "LAB LOG OUT ALL"
    assert plan.role == "admin"


def test_taken_back_log_ins_from_before_count_again(bench: Bench, site: SmallSite) -> None:
    old = log_in(site).tokens[0]
    order = bench.order()
    with pytest.raises(Crashed), crashing(line_of(bench, site, "works"), "after"):
        bench.run(order)
    assert status(site, old) == 401
    back = again(bench, order.folder.name)
    move = bench.run(replace(back, mandate=replace(back.mandate, stop="roll_back")))
    assert move.act is Act.FINISH, move
    assert file(site).read_text() == ENVIRONMENT
    assert status(site, old) == 200


def line_of(bench: Bench, site: SmallSite, step: str) -> int:
    """The line at which a step is verified in a run of its own, after which everything is as it was."""
    trial = replace(bench, state=bench.state.with_name("trial"))
    order = trial.order()
    assert trial.run(order).outcome is Outcome.PASS
    entries = trial.entries(order)
    file(site).write_text(ENVIRONMENT)
    site.stop("backend")
    site.start("backend")
    return next(n for n, each in enumerate(entries) if (each.mark, each.step) == (Mark.VERIFIED, step))


def test_a_manager_that_sets_the_secrets_itself_is_found_out(
    bench: Bench, site: SmallSite, tmp_path: Path
) -> None:
    """The file is changed, and the backend goes on with others."""
    other = tmp_path / "other.env"
    other.write_text(ENVIRONMENT)
    site.stop("backend")
    table = site.table("backend-process")
    table["start"] = [each.replace(str(file(site)), str(other)) for each in table["start"]]
    site.start("backend")
    changed = replace(bench, targets=tuple(target_from(each) for each in site.tables))
    order = changed.order()
    changed.run(order)
    failed = next(each for each in changed.entries(order) if each.mark is Mark.FAILED)
    assert (failed.step, failed.facts["old"]) == ("refused", 200)


@pytest.mark.parametrize(
    "content",
    [
        ENVIRONMENT.replace("JWT_SECRET=", "JWT_OTHER=", 1),
        ENVIRONMENT + "JWT_SECRET=again\n",
        ENVIRONMENT.replace(f'"{OLD_RENEWAL}"', ""),
        "",
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_left_alone(bench: Bench, site: SmallSite, content: str) -> None:
    file(site).write_text(content)
    assert bench.run(bench.order()).outcome is Outcome.FAIL
    assert file(site).read_text() == content
    assert site.count("start") == 1


def test_more_errors_than_before_the_restart_are_a_fail_that_a_person_judges(
    bench: Bench, site: SmallSite
) -> None:
    (site.folder / "worse").touch()
    order = bench.order()
    assert bench.run(order).act is Act.PAUSE
    found = {each.step: each for each in bench.entries(order) if each.facts.get("errors_known") is True}
    assert found["errors_before"].facts["failed_requests"] == 0
    assert (found["errors_after"].mark, found["errors_after"].facts["failed_requests"]) == (Mark.FAILED, 2)


def test_a_plan_of_an_hour_ago_is_not_begun(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = bench.plan()
    old = replace(plan, measured_at=plan.measured_at - timedelta(hours=1))
    monkeypatch.setattr(Bench, "plan", lambda bench: old)
    move = bench.run(bench.order())
    assert (move.outcome, move.why.text) == (Outcome.FAIL, "the plan is {age:duration} old: make it again")
    assert file(site).read_text() == ENVIRONMENT


def test_without_the_role_nothing_is_begun(bench: Bench, site: SmallSite) -> None:
    nobody = replace(bench, login=None)
    assert nobody.run(nobody.order()).outcome is Outcome.FAIL
    assert file(site).read_text() == ENVIRONMENT


def test_a_site_that_names_no_file_is_refused(bench: Bench, site: SmallSite) -> None:
    site.table("backend-process").pop("environment_file")
    unnamed = replace(bench, targets=tuple(target_from(each) for each in site.tables))
    with pytest.raises(RefusedError):
        unnamed.plan()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(4, LINES, 3))
def test_crashed_at_a_line_it_is_done_once(bench: Bench, site: SmallSite, line: int, moment: str) -> None:
    written = [file(site).read_bytes()]
    order = bench.order()
    try:
        with crashing(line, moment):
            bench.run(order)
    except Crashed:
        written.append(file(site).read_bytes())
        move = bench.run(order)
        assert move.outcome is Outcome.PASS, move
    written.append(file(site).read_bytes())
    assert len(set(written)) == 2
    assert site.count("start") == 2


@pytest.mark.real_server
def test_killed_in_the_restart_it_is_ended_by_one_resume(site: SmallSite, tmp_path: Path) -> None:
    run = Run(
        playbook="log-everybody-out", state=tmp_path / "state", targets=site.tables, login=(USER, PASSWORD)
    )
    child = run.begin()
    await_that(lambda: site.count("term") == 1)
    run.kill(child)
    assert run.end() == 0, run.standing()
    assert site.count("start") == 2


def test_what_is_signed_with_another_secret_is_what_the_backend_would_sign() -> None:
    from medflow_tui.actions.medflow_secrets_proof import signed_anew

    claims: dict[str, Any] = {"id": "u1", "exp": 1}
    assert signed_anew(signed(claims, "one"), "two") == signed(claims, "two")
