"""The backup that every class R3 asks for: known from what was read before, in a real folder; nothing is read for it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.actions import backup_known
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Facts
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.target import Target
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.wiring import probe_of
from tests.servers.backup_site import Safe, read_before
from tests.servers.readings import Unlimited, keeper
from tests.servers.runs import Bench

NO_REDIS = RedisTarget(name="redis", address="redis://127.0.0.1:1")


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    return Safe.at(tmp_path)


def known(safe: Safe) -> Facts:
    """As measured by a new process, which remembers nothing but what was written down."""
    tools = Tools(site=safe.site, secret=keeper({}), budget=Unlimited(), state=safe.folder / "state")
    tools = replace(tools, probe_of=probe_of(tools))
    return backup_known.crew(safe.site, tools, None).survey().facts


def asked(safe: Safe, environment: str, *targets: Target) -> GuardResult:
    """What the plan of a playbook that takes no backup itself says of it."""
    bench = Bench(
        name="redis-sessions",
        targets=(NO_REDIS, *targets),
        state=safe.folder / "state",
        environment=environment,
    )
    return next(each for each in bench.plan().guards if each.id == "backup")


def test_what_nobody_has_read_is_not_read_here_and_not_known(safe: Safe) -> None:
    for _ in range(2):
        facts = known(safe)
        assert (facts["backup.level"], "backup.verified_age_s" in facts) == ("L0", False)
    told = asked(safe, "production", safe.target)
    assert (told.outcome, told.stops) == (Outcome.FAIL, True)
    assert "daily-backup-check" in told.fix.en
    assert "daily-backup-check" in told.fix.others["fr"]
    for environment in ("drill", "lab"):
        told = asked(safe, environment, safe.target)
        assert (told.outcome, told.stops, told.said.text) == (
            Outcome.UNKNOWN,
            False,
            "no backup is known to be verified",
        )


def test_what_was_read_before_counts_until_the_file_changes(safe: Safe) -> None:
    read_before(safe.site, safe.folder / "state")
    facts = known(safe)
    assert facts["backup.level"] == "L2"
    assert facts["backup.verified_age_s"] == pytest.approx(23 * 3600 + 55 * 60, abs=120)
    assert asked(safe, "production", safe.target).outcome is Outcome.PASS
    newest = max((safe.folder / "backups" / "daily").iterdir())
    moment = newest.stat().st_mtime
    newest.write_bytes(newest.read_bytes()[:-1] + b"x")
    os.utime(newest, (moment, moment + 1))
    assert "backup.verified_age_s" not in known(safe)
    assert asked(safe, "production", safe.target).stops


def test_one_of_more_than_26_hours_and_none_at_all_are_refused_in_production(safe: Safe) -> None:
    for each in (safe.folder / "backups" / "daily").iterdir():
        each.unlink()
    assert asked(safe, "production", safe.target).stops
    safe.put(datetime.now(UTC) - timedelta(hours=26, minutes=1))
    read_before(safe.site, safe.folder / "state")
    told = asked(safe, "production", safe.target)
    assert (told.outcome, told.stops) == (Outcome.FAIL, True)
    assert told.said.text == "the newest verified backup is {age:duration} old"
    safe.put(datetime.now(UTC) - timedelta(hours=25, minutes=59))
    read_before(safe.site, safe.folder / "state")
    assert asked(safe, "production", safe.target).outcome is Outcome.PASS


def test_a_site_that_watches_no_backups_is_refused_in_production_only(safe: Safe) -> None:
    assert asked(safe, "production").stops
    told = asked(safe, "drill")
    assert (told.outcome, told.stops) == (Outcome.UNKNOWN, False)
