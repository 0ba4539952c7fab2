"""What only looks asks each MongoDB and Redis whose it is, too: silence is said, another site's server is never read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from medflow_tui.actions.redis_sessions import Keys
from medflow_tui.actions.site_identity import told_facts
from medflow_tui.clients import mongodb
from medflow_tui.clients.expected import IDENTITY, IDENTITY_KEY
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.redis import ours as client_of
from medflow_tui.model.health import Cause
from medflow_tui.model.plan import GuardResult, Plan
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.target import Target
from medflow_tui.model.targets.clinics import ClinicsTarget
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.rules.guards import evaluate
from medflow_tui.rules.permits import permits_of
from medflow_tui.runner.preview import make_plan
from medflow_tui.wiring.acting import crew_of, expected_by
from tests.contracts import test_site_identity
from tests.servers.runs import Bench

valkeys, mongods = test_site_identity.valkeys, test_site_identity.mongods
clients, bench = test_site_identity.clients, test_site_identity.bench
LOOKING = ("payments", "data-isolation", "clinic-connectivity", "after-power-cut")


def looking(bench: Bench, name: str, environment: str = "production") -> Bench:
    """What that playbook looks at, at the address of this bench's MongoDB; its Redis too."""
    address = bench.targets[1].address  # type: ignore[attr-defined]
    kinds: dict[str, tuple[Target, ...]] = {
        "payments": (PaymentsTarget(name="payments", address=address),),
        "data-isolation": (IsolationTarget(name="isolation", address=address),),
        "clinic-connectivity": (ClinicsTarget(name="clinics", address=address),),
        "after-power-cut": bench.targets,
    }
    return replace(bench, name=name, environment=environment, targets=kinds[name])


def planned(bench: Bench) -> tuple[Plan, GuardResult | None]:
    """Its plan as people get it, and what it says of whose the servers are, where it says anything."""
    with crew_of(bench.playbook, bench.site, bench.tools, None) as crew:
        plan = make_plan(bench.playbook, bench.site, crew, bench.state, now=datetime.now(UTC))
    return plan, next((each for each in plan.guards if each.id == "planted"), None)


@pytest.mark.parametrize("name", LOOKING)
def test_what_only_looks_goes_on_where_a_server_says_nothing_and_never_at_another_sites(
    bench: Bench, clients: tuple[redis.Redis, redis.Redis], mongods: Any, name: str
) -> None:
    at_work = looking(bench, name)
    plan, told = planned(at_work)
    facts = {each for each in plan.facts if each.startswith("planted.")}
    assert facts == {f"planted.{each.name}" for each in at_work.targets}
    assert told is not None
    assert (told.outcome, told.stops) == (Outcome.UNKNOWN, False)
    assert "planted" not in {each.id for each in plan.refusals}
    assert planned(looking(bench, name, "lab"))[1] is None
    for site, holds in (("LAB", True), ("LSH-03", False)):
        with mongods[0].database() as database:
            database.drop_collection(IDENTITY)
            database[IDENTITY].insert_one({"_id": 1, "site": site, "env": "production", "random": "9f"})
        clients[0].set(IDENTITY_KEY, json.dumps({"site": "LAB", "env": "production", "random": "9f"}))
        _, told = planned(at_work)
        assert (told is None) is holds
    assert told is not None
    assert (told.outcome, told.stops, told.said.values["site"]) == (Outcome.FAIL, True, "LSH-03")


def test_a_run_that_only_looks_reads_a_bare_server_and_no_other_one(
    bench: Bench, clients: tuple[redis.Redis, redis.Redis], mongods: Any
) -> None:
    """On each connection of the run itself, whatever was planned."""
    at_work = replace(looking(bench, "after-power-cut"), state=bench.state / "looks")
    cache, documents_of = at_work.targets
    with mongods[0].database() as database:
        database.drop_collection(IDENTITY)
    expected = expected_by({"facts": planned(at_work)[0].facts}, at_work.playbook, at_work.site)
    assert expected is not None
    tools = replace(at_work.tools, expected=expected)

    def read() -> None:
        with mongodb.connected(documents_of, tools, Deadline.after(5)) as server:  # type: ignore[arg-type]
            server.ping()
        Keys(cache, tools).count()  # type: ignore[arg-type]

    read()
    clients[0].acl_setuser(
        "looks", enabled=True, nopass=True, keys=["session:*"], commands=["+@all"], reset_keys=True
    )
    blind = replace(cache, address=cache.address.replace("//", "//looks@"))  # type: ignore[attr-defined,call-arg]
    with client_of(blind, tools, Deadline.after(5)) as client:  # type: ignore[arg-type]
        assert client.get("session:1") == "x"
    strict = replace(tools, expected=replace(expected, only_looks=False))
    with pytest.raises(UnreachableError), client_of(blind, strict, Deadline.after(5)):  # type: ignore[arg-type]
        raise AssertionError("it was let in")
    clients[0].acl_deluser("looks")
    for told in (
        {"site": "LSH-03"},
        {"env": "lab"},
        {},
    ):  # another site, another environment, another one than planned
        record = {"site": "LAB", "env": "production", "random": "9f", **told}
        clients[0].set(IDENTITY_KEY, json.dumps(record))
        with pytest.raises(UnreachableError) as caught:
            read()
        assert caught.value.failure.cause is Cause.UNTRUSTED


def test_planting_is_no_change_of_server_and_goes_on_after_a_crash(
    bench: Bench, clients: Any, mongods: Any
) -> None:
    """Between plan and resume the databases got their identity: that is what it is for."""
    plan, told = planned(bench)
    assert told is None
    assert bench.run(bench.order()).outcome is Outcome.PASS
    guard = next(each for each in permits_of(bench.playbook, "production") if each.id == "planted")
    before = {f"plan.{name}": each for name, each in plan.facts.items()}
    facts = {**before, "site_code": "LAB", "environment": "lab"}
    facts |= told_facts(bench.site, bench.tools, [each.address for each in bench.targets])  # type: ignore[attr-defined]
    assert plan.facts["planted.redis"] == "-" != facts["planted.redis"]
    assert evaluate(guard, facts).outcome is Outcome.PASS
    assert evaluate(guard, {**facts, "planted.redis": "LSH-03/lab/9f"}).stops
