"""Sites on which playbooks run that change data, sessions, secrets and versions: small, real, and each for one run."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import redis

from medflow_tui.actions.releases_making import mark_ready
from medflow_tui.lab.redis import find
from medflow_tui.model.performer import Login
from medflow_tui.model.releases import FOLDER, LINK
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.runner.process import Order
from tests.crashes.scenes import Benched, Queued, Scene, Setting, quickly
from tests.servers.mongodb import free_port
from tests.servers.process import own_process
from tests.servers.queue_clinic import clinic, in_trouble
from tests.servers.releases_run import GOOD_NPM, with_path
from tests.servers.releases_site import COMMIT, Clinic
from tests.servers.runs import Bench
from tests.servers.service_run import await_that, target_from
from tests.servers.service_site import SmallSite, small_site
from tests.servers.small_backend import PASSWORD, USER
from tests.servers.sync_backend import FAILED, QUEUE, READ_ALL, RETRY, START, iso
from tests.servers.valkey import running as valkey

COUNTS = {"clinics": 4, "patients": 30, "users": 7}
OLD, OLD_RENEWAL = "planted-old-" + "k7" * 16, "planted-renewal-" + "m3" * 16
ENVIRONMENT = f"NODE_ENV=production\nJWT_SECRET={OLD}\nREFRESH_TOKEN_SECRET={OLD_RENEWAL}\n"
ONE = "/api/devices/dev0/auto-sync/trigger"
BACK_TO = {"together.item1": "1.0.0", "together.item2": "0.9.0", "seen": "works"}
TO_NEW = {"together.item1": "2.0.0", "together.item2": COMMIT[:8], "together.item3": "none", "seen": "works"}


@contextmanager
def sync_failure(folder: Path) -> Iterator[Scene]:
    folder.mkdir(parents=True)
    with valkey(folder) as server, clinic(server.port, folder / "state") as found:
        in_trouble(found)

        def once() -> None:
            assert found.backend.posts == {START: 1, RETRY: 1}
            assert found.backend.redis.llen(FAILED) == 0

        yield Queued(found, found.order(), once)


@contextmanager
def resync(folder: Path) -> Iterator[Scene]:
    folder.mkdir(parents=True)
    with valkey(folder) as server, clinic(server.port, folder / "state") as here:
        here.backend.started_at = iso()
        found = replace(here, name="device-resync")
        never = threading.Event()

        def once() -> None:
            assert found.backend.posts == {ONE: 1, READ_ALL: 1}

        def rest() -> None:
            while found.backend.redis.llen(QUEUE):
                never.wait(0.01)

        yield Queued(found, found.order(), once, rest)


@contextmanager
def sessions(folder: Path) -> Iterator[Scene]:
    folder.mkdir(parents=True)
    with valkey(folder) as server, redis.Redis(port=server.port, decode_responses=True) as client:
        client.set("lock:daily", "x")
        for number in range(1_200):
            client.set(f"session:{number}", "x")
        target = RedisTarget(name="redis", address=f"redis://127.0.0.1:{server.port}")
        bench = Bench(name="redis-sessions", targets=(target,), state=folder / "state")

        def once() -> None:
            assert {str(each) for each in client.scan_iter()} == {"lock:daily"}

        yield Benched(bench, bench.order(), once)


def of_site(name: str, site: SmallSite, folder: Path, login: Login | None = None) -> Bench:
    quickly()
    targets = tuple(target_from(each) for each in site.tables)
    return Bench(name=name, targets=targets, state=folder / "state", login=login)


@contextmanager
def mongodb(folder: Path) -> Iterator[Scene]:
    with small_site(folder / "site") as site:
        url = site.mongodb()
        site.start("mongodb")
        with site.database() as database:
            for name, number in COUNTS.items():
                database[name].insert_many([{"n": n} for n in range(number)])
        site.backend(f"mongodb={url}")
        site.start("backend")
        await_that(lambda: site.count("start") == 1)
        bench = of_site("mongodb-connection", site, folder)
        seen = {site.pid("mongodb")}

        def note() -> None:
            with suppress(OSError, ValueError):  # stopped, and killed before it was started
                seen.add(site.pid("mongodb"))

        def once() -> None:
            assert len(seen) == 2, "its MongoDB was restarted once"
            assert (site.count("start"), site.count("term")) == (2, 1)
            with site.database() as database:
                assert {each: database[each].count_documents({}) for each in COUNTS} == COUNTS

        yield Benched(bench, bench.order(), once, note=note)


@contextmanager
def logged_out(folder: Path) -> Iterator[Scene]:
    with small_site(folder / "site") as site:
        file = site.folder / ".env"
        file.write_text(ENVIRONMENT)
        file.chmod(0o640)
        site.backend(f"env={file}", environment_file=str(file))
        site.start("backend")
        await_that(lambda: site.count("start") == 1)
        bench = of_site("log-everybody-out", site, folder, Login(username=USER, password=PASSWORD))
        seen = {ENVIRONMENT}

        def once() -> None:
            assert site.count("start") == 2
            assert "planted" not in file.read_text()
            assert len(seen) == 2, "renewed once"

        yield Benched(bench, bench.order(), once, note=lambda: seen.add(file.read_text()))


@contextmanager
def not_reconnected(folder: Path) -> Iterator[Scene]:
    folder.mkdir(parents=True)
    port = free_port()
    argv = (find(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    with ExitStack() as stack:
        site = stack.enter_context(small_site(folder / "site"))
        with own_process(argv, port, folder):
            site.backend(f"redis=redis://127.0.0.1:{port}")
            site.tables.append({"kind": "redis", "name": "redis", "address": f"redis://127.0.0.1:{port}/0"})
            site.start("backend")
            await_that(lambda: connected(port) == 1)
        log = site.folder / "backend" / "output.log"
        await_that(lambda: "Max reconnection" in log.read_text())
        stack.enter_context(own_process(argv, port, folder))
        bench = of_site("redis-not-reconnected", site, folder)

        def once() -> None:
            assert (site.count("start"), connected(port)) == (2, 1)

        yield Benched(bench, bench.order(), once)


def connected(port: int) -> int:
    """Backends at a Redis."""
    with redis.Redis(port=port) as client:
        return sum(each.get("lib-name") == "node-redis" for each in client.client_list())


def versions(name: str, way: str, version: str, answers: Mapping[str, str]) -> Setting:
    """A playbook that puts one version in the place of another."""

    @contextmanager
    def setting(folder: Path) -> Iterator[Scene]:
        quickly()
        site = Clinic.at(folder / "site", way)
        try:
            if version not in ("1.0.0", "2.0.0"):
                installed(site.release(version))
            site.start()
            script = {"script": "none"} if name == "deployment" else {}
            bench = site.bench(name, folder / "state", version=version, **script)
            npm = GOOD_NPM if name == "deployment" else "raise SystemExit(9)"
            environment = with_path(folder / "programs", "npm", npm)

            def once() -> None:
                assert (site.version(), site.stands_in(), site.starts()) == (version, version, 2)
                assert name != "deployment" or (site.current / ".env").exists()

            yield Benched(bench, planned(bench, environment), once, answers, environment)
        finally:
            site.end()

    return setting


def planned(bench: Bench, environment: Mapping[str, str]) -> Order:

    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return bench.order()
    finally:
        os.environ.clear()
        os.environ.update(before)


def installed(place: Path) -> None:
    """As an earlier deployment left it."""
    package = place / "backend" / "node_modules" / "eyes"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": "eyes", "version": "1.2.3", "main": "main.js"}))
    (package / "main.js").write_text("module.exports = 1;")
    mark_ready(place, "v20.0.0")


SITES: dict[str, Setting] = {
    "device-sync-failure": sync_failure,
    "device-resync": resync,
    "redis-sessions": sessions,
    "mongodb-connection": mongodb,
    "log-everybody-out": logged_out,
    "redis-not-reconnected": not_reconnected,
    "deployment, link": versions("deployment", LINK, "2.0.0", TO_NEW),
    "deployment, folder": versions("deployment", FOLDER, "2.0.0", TO_NEW),
    "code-rollback": versions("code-rollback", LINK, "0.9.0", BACK_TO),
}
