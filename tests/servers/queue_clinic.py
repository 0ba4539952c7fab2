"""A clinic for runs of the device sync playbook: a real Valkey, the small backend, a state folder, an order to give."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.actions.medflow_queue import Place, QueueCrew
from medflow_tui.journal.run_log import RunFolder, create
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.site import Site
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.process import Order
from medflow_tui.runner.runner import Mandate
from tests.servers.queue_run import QUICK, site_and_tools
from tests.servers.sync_backend import PASSWORD, USER, SyncBackend, running

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("queue_run.py")
LOGIN = Login(username=USER, password=PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    backend: SyncBackend
    url: str
    redis_port: int
    state: Path
    environment: str = "lab"
    name: str = "device-sync-failure"

    @property
    def place(self) -> Place:
        return Place(backend=self.url, redis=f"redis://127.0.0.1:{self.redis_port}", deadline_s=5.0)

    @property
    def described(self) -> dict[str, str]:
        return {
            "backend": self.place.backend,
            "redis": self.place.redis,
            "code": "LAB",
            "environment": self.environment,
        }

    @property
    def playbook(self) -> Playbook:
        return load(shipped() / f"{self.name}.toml")

    @property
    def site(self) -> Site:
        return site_and_tools(self.described, self.state)[0]

    def crew(self, login: Login | None = LOGIN) -> QueueCrew:
        return QueueCrew(self.place, site_and_tools(self.described, self.state)[1], login, pace=QUICK)

    def plan(self, login: Login | None = LOGIN) -> Plan:
        with self.crew(login) as crew:
            return make_plan(self.playbook, self.site, crew, self.state, now=datetime.now(UTC))

    def order(self, plan: Plan | None = None, **more: object) -> Order:
        found = plan or self.plan()
        folder = create(self.state / "runs", found, self.playbook.source)
        site_file = self.state / "site.json"
        site_file.write_text(json.dumps(self.described))
        mandate = Mandate(
            who="tech1",
            reason="images missing since morning",
            typed=found.confirm,
            plan_hash=found.hash,
            login_age_s=0,
        )
        order = Order(
            folder=folder.path, site_file=str(site_file), state=self.state, mandate=mandate, login=LOGIN
        )
        from dataclasses import replace

        return replace(order, **more)  # type: ignore[arg-type]

    def run(self, order: Order, *, kill_at: str = "", within_s: float = 60.0) -> int:
        """Run the order in a process of its own and wait for its end; negative when it was killed."""
        with RunFolder(path=order.folder).output.open("ab") as output:
            process = subprocess.run(
                [sys.executable, str(PROGRAM), "--stay"],
                input=order.written(),
                stdout=output,
                stderr=output,
                env=environment(kill_at),
                timeout=within_s,
                check=False,
            )
        return process.returncode


def environment(kill_at: str = "") -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "KILL_AT": kill_at}


@contextmanager
def clinic(
    redis_port: int, state: Path, *, role: str = "admin", environment: str = "lab"
) -> Iterator[Clinic]:
    state.mkdir(parents=True, exist_ok=True)
    with running(redis_port, role=role) as (backend, url):
        backend.redis.flushdb()  # the test's own server, started by it
        yield Clinic(backend=backend, url=url, redis_port=redis_port, state=state, environment=environment)


def in_trouble(found: Clinic, *, waiting: int = 6, failed: int = 3, expired: int = 1) -> None:
    """Jobs wait, nobody takes them, some have failed and one of these has expired."""
    for _ in range(waiting):
        found.backend.add_job()
    for number in range(failed):
        found.backend.add_job("failed", expired=number < expired)
