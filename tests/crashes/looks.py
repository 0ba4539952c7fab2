"""Sites for playbooks that look and hand over (nothing of the site may change), and for those that only add."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from bson import ObjectId

from medflow_tui.clients.expected import IDENTITY, IDENTITY_KEY
from medflow_tui.journal.history_rows import open_history
from medflow_tui.journal.phrases import to_json
from medflow_tui.lab.backup_folder import write_backups
from medflow_tui.model.procedure import Mark
from medflow_tui.model.target import Target
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import Phrase
from tests.crashes.scenes import Benched, Scene, Setting, quickly
from tests.servers.mongodb import MongodbServer
from tests.servers.mongodb import running as mongod
from tests.servers.runs import Bench
from tests.servers.service_run import await_that, target_from
from tests.servers.service_site import small_site
from tests.servers.shares import quicksand
from tests.servers.valkey import running as valkey

HOURS = {"opens": "00:00", "closes": "24:00", "days": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
TOLD = {"tell": "told"}
READ = {"read.item1": "2", "read.item2": "0", "report": "written", "runbook": "known", "watch": "told"}


def handed_over(
    name: str, target: Target, folder: Path, seen: Callable[[], object], *more: Target
) -> Benched:
    """What it looks at is afterwards as it was, and what it saw is on paper."""
    bench = Bench(name=name, targets=(target, *more), state=folder / "state")
    order, before = bench.order(), seen()

    def once() -> None:
        assert seen() == before
        assert (order.folder / "handover.txt").stat().st_size > 0
        assert [each.mark for each in bench.entries(order)].count(Mark.ANSWERED) == 1

    return Benched(bench, order, once, TOLD)


def of_database(
    name: str, target: Callable[[str], Target], documents: Mapping[str, list[dict[str, Any]]]
) -> Setting:
    """A look at a database; `target` by the address of it."""

    @contextmanager
    def setting(folder: Path) -> Iterator[Scene]:
        with mongod(folder / "mongodb") as server:
            fill(server, documents)
            yield handed_over(name, target(server.address), folder, lambda: stored(server))

    return setting


def fill(server: MongodbServer, documents: Mapping[str, list[dict[str, Any]]]) -> None:
    with server.database() as database:
        for name, each in documents.items():
            database[name].insert_many([dict(one) for one in each])


def stored(server: MongodbServer) -> dict[str, list[Any]]:
    """Everything in it."""
    with server.database() as database:
        return {name: list(database[name].find()) for name in sorted(database.list_collection_names())}


def hashes(folder: Path) -> dict[str, str]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    return {str(each): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


@contextmanager
def backups(folder: Path) -> Iterator[Scene]:
    kept = folder / "backups"
    folder.mkdir(parents=True)
    write_backups(kept, datetime.now(UTC))
    target = BackupsTarget(name="backups", folder=str(kept))
    yield handed_over("daily-backup-check", target, folder, lambda: hashes(kept))


@contextmanager
def share(folder: Path) -> Iterator[Scene]:
    exported = folder / "Export"
    exported.mkdir(parents=True)
    (exported / "scan.dcm").write_bytes(b"x")
    with quicksand(folder / "server", {"Export": exported}) as server:
        target = ShareTarget(name="solix", address=f"smb://127.0.0.1:{server.port}/Export")
        yield handed_over("stale-share", target, folder, lambda: hashes(exported))


@contextmanager
def connectivity(folder: Path) -> Iterator[Scene]:
    one = {"clinicId": "MATRIX_KIN", "name": "Matrix", "status": "active", "timezone": "Africa/Kinshasa"}
    with mongod(folder / "mongodb") as server, socket.create_server(("127.0.0.1", 0)) as listening:
        fill(server, {"clinics": [one], "syncqueues": [{"clinicId": "MATRIX_KIN", "status": "pending"}]})
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        clinics = ClinicsTarget(
            name="clinics",
            deadline_s=2.0,
            address=server.address,
            own="MATRIX_KIN",
            uplink="uplink",
            clinic=(Clinic(id="MATRIX_KIN", every_s=600, **HOURS),),  # type: ignore[arg-type]
        )
        line = UplinkTarget(name="uplink", deadline_s=0.7, addresses=(place,))
        yield handed_over("clinic-connectivity", clinics, folder, lambda: stored(server), line)


@contextmanager
def power(folder: Path) -> Iterator[Scene]:
    """Everything is back: database, Redis, backend."""
    with small_site(folder / "site") as site, valkey(folder / "redis") as cache:
        url, address = site.mongodb(), f"redis://127.0.0.1:{cache.port}"
        site.start("mongodb")
        with site.database() as database:
            database["clinics"].insert_one({"clinicId": "MATRIX_KIN"})
        site.table("mongodb").update(collections=["clinics"], never_empty=["clinics"], indexes=[])
        site.backend(f"mongodb={url}", f"redis={address}")
        site.tables.append({"kind": "redis", "name": "redis", "address": f"{address}/0"})
        site.start("backend")
        await_that(lambda: site.count("start") == 1)
        quickly()
        targets = tuple(target_from(each) for each in site.tables)
        bench = Bench(name="after-power-cut", targets=targets, state=folder / "state")
        pids = (site.pid("mongodb"), site.pid("backend"))

        def once() -> None:
            assert (site.pid("mongodb"), site.pid("backend"), site.count("start")) == (*pids, 1)
            with redis.Redis(port=cache.port) as client:
                assert client.dbsize() == 0

        yield Benched(bench, bench.order(), once, {"people": "works"})


@contextmanager
def identity(folder: Path) -> Iterator[Scene]:
    """The mark is made once in each database; nothing else is there afterwards."""
    with valkey(folder / "redis") as cache, mongod(folder / "mongodb") as server:
        targets = (
            RedisTarget(name="redis", address=f"redis://127.0.0.1:{cache.port}"),
            MongodbTarget(name="mongodb", address=server.address),
        )
        bench = Bench(name="plant-identity", targets=targets, state=folder / "state")

        def once() -> None:
            with redis.Redis(port=cache.port, decode_responses=True) as client:
                assert [str(each) for each in client.scan_iter()] == [IDENTITY_KEY]
            ((name, marks),) = stored(server).items()
            assert (name, len(marks)) == (IDENTITY, 1)

        yield Benched(bench, bench.order(), once)


@contextmanager
def incident(folder: Path) -> Iterator[Scene]:
    """A history with two alarms; afterwards there is one file more."""
    state = folder / "state"
    state.mkdir(parents=True)
    history = open_history(state / "history.sqlite")
    at = (datetime.now(UTC) - timedelta(minutes=1)).timestamp()
    with history:
        for health in ("critical", "ok"):
            history.execute(
                "INSERT INTO change (target, at, health, soft, evidence) VALUES (?, ?, ?, 0, ?)",
                ("redis", at, health, to_json(Phrase(text="seen"))),
            )
    history.close()
    target = RedisTarget(name="redis", address="redis://127.0.0.1:9/0")
    bench = Bench(name="post-incident", targets=(target,), state=state, inputs={"hours": "6"})
    order = bench.order()

    def once() -> None:
        assert "redis critical" in (order.folder / "incident.txt").read_text()
        assert [each.name for each in state.rglob("incident*.txt*")] == ["incident.txt"]

    yield Benched(bench, order, once, {**READ, "meeting": "date"})


HOME = ObjectId()
PAID = {"status": "issued", "clinic": HOME, "summary": {"total": 10, "amountPaid": 10, "amountDue": 0}}
LOOKS: dict[str, Setting] = {
    "after-power-cut": power,
    "clinic-connectivity": connectivity,
    "daily-backup-check": backups,
    "data-isolation": of_database(
        "data-isolation",
        lambda address: IsolationTarget(name="isolation", address=address),
        {
            "clinics": [{"_id": HOME, "clinicId": "MATADI_KC"}],
            "patients": [{"homeClinic": HOME}, {"homeClinic": ObjectId()}],
        },
    ),
    "payments": of_database(
        "payments",
        lambda address: PaymentsTarget(name="payments", address=address),
        {
            "clinics": [{"_id": HOME, "clinicId": "MATADI_KC"}],
            "invoices": [{**PAID, "payments": [{"amount": 10, "currency": "CDF", "method": "cash"}]}],
        },
    ),
    "stale-share": share,
    "plant-identity": identity,
    "post-incident": incident,
}
