"""The checklist after a power cut: real servers, some of them not back yet; nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.model.targets.share import ShareTarget
from tests.servers.process import OwnProcess
from tests.servers.runs import Bench
from tests.servers.service_run import await_that, target_from
from tests.servers.service_site import SmallSite, small_site
from tests.servers.valkey import running as valkey

QUICK = (("timeout_s = 3600", "timeout_s = 1"),)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def site(redis_server: OwnProcess, tmp_path: Path) -> Iterator[SmallSite]:
    with small_site(tmp_path / "site") as found:
        url = found.mongodb()
        found.start("mongodb")
        with found.database() as database:
            database["clinics"].insert_one({"name": "KABONGO MARIE"})
        redis = f"redis://127.0.0.1:{redis_server.port}"
        found.backend(f"mongodb={url}", f"redis={redis}")
        found.tables.append({"kind": "redis", "name": "redis", "address": f"{redis}/0"})
        small = {"collections": ["clinics"], "never_empty": ["clinics"], "indexes": []}
        found.table("mongodb").update(small)
        found.start("backend")
        await_that(lambda: found.count("start") == 1)
        yield found


@pytest.fixture
def bench(site: SmallSite, tmp_path: Path) -> Bench:
    targets = tuple(target_from(each) for each in site.tables)
    return Bench(name="after-power-cut", targets=targets, state=tmp_path / "state", edits=QUICK)


def said(bench: Bench) -> dict[str, tuple[Mark, str]]:
    """How each step ended, and in which words."""
    order = bench.order()
    assert bench.run(order).act in (Act.PAUSE, Act.FINISH)
    ends = (Mark.VERIFIED, Mark.FAILED, Mark.DOUBTED)
    return {
        each.step: (each.mark, " ".join([each.said.text, *(part.text for part in each.said.parts)]))
        for each in bench.entries(order)
        if each.mark in ends
    }


def test_what_a_site_does_not_have_is_not_applicable_and_no_fail(bench: Bench) -> None:
    found = said(bench)
    for step in ("queue", "shares", "backups", "clinics"):
        assert found[step] == (Mark.VERIFIED, "not applicable here: the site file names none")
    assert found["redis"][0] is Mark.VERIFIED
    assert found["services"][0] is Mark.VERIFIED


def test_a_backend_that_did_not_come_back_is_named_and_the_rest_is_looked_at(
    bench: Bench, site: SmallSite
) -> None:
    site.stop("backend")
    found = said(bench)
    assert found["backend"][0] is Mark.FAILED
    assert found["services"] == (Mark.FAILED, "does not run: {names}")
    assert found["redis"][0] is Mark.VERIFIED, "looked at all the same"


def test_a_share_that_is_away_and_a_night_without_a_backup_are_named(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    more = (
        ShareTarget(name="zeiss", address="smb://127.0.0.1:1/ZEISS"),
        BackupsTarget(name="backups", folder=str(tmp_path / "backups")),
    )
    found = said(replace(bench, targets=(*bench.targets, *more)))
    assert (found["shares"][0], found["backups"][0]) == (Mark.FAILED, Mark.FAILED)


def test_it_changes_nothing(bench: Bench, site: SmallSite) -> None:
    plan = bench.plan()
    assert not any(each.changes or each.calls for each in plan.steps)
    pids = (site.pid("mongodb"), site.pid("backend"))
    said(bench)
    assert (site.pid("mongodb"), site.pid("backend"), site.count("start")) == (*pids, 1)
    written = b"".join(each.read_bytes() for each in bench.state.rglob("*") if each.is_file())
    assert b"KABONGO" not in written


def test_something_wrong_is_in_the_result(bench: Bench, site: SmallSite) -> None:
    """Going on hides no failure."""
    site.stop("backend")
    order = bench.order()
    bench.run(order)
    assert any(each.mark is Mark.FAILED for each in bench.entries(order))
    ended = bench.entries(order)[-1]
    assert ended.outcome is not Outcome.PASS
