"""The clinic in a box: starts its servers at the same time, keeps them, ends them all."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.lab import host_figures, mongodb, redis, register, shares, site_file
from medflow_tui.lab.backend.node_redis import CONNECTIONS
from medflow_tui.lab.backup_folder import write_backups
from medflow_tui.lab.layout import Layout, lay_out, write_json, write_secret
from medflow_tui.lab.line import Line
from medflow_tui.lab.log_writer import LogWriter
from medflow_tui.lab.people import CLINICS, DEVICES
from medflow_tui.lab.server import Server, module, until
from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

GAVE_UP = "Redis: Max reconnection attempts reached"
GIVING_UP_S, SEEDING_S = 15.0, 30.0


class Lab:
    """One running lab in `folder`; a `temporary` folder is removed at the end.

    `switches` are the faults that servers read for themselves, `broken` the names of the faults in force.
    All of it runs in one thread: a server is started by the thread whose end would end it.
    """

    def __init__(self, folder: Path, *, temporary: bool) -> None:
        if register.read(folder) is not None:
            raise LabError(say("a lab is running in {folder} already", folder=str(folder)))
        mongodb.find()
        redis.find()
        self.layout: Layout = lay_out(folder)
        self.temporary = temporary
        self.switches: dict[str, Any] = {}
        self.broken: set[str] = set()
        self.writer = LogWriter(folder)
        self.lines = {
            name: Line(self.layout.ports[name]) for name in ("outside", *(each.id for each in CLINICS))
        }
        self._tasks: list[asyncio.Task[None]] = []
        self._entry: Path | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.servers = self._plan()

    async def start(self) -> None:
        """Everything at the same time; LabError when a server does not come up."""
        now = datetime.now(UTC)
        self._watch()
        self._write_settings()
        seeding = self.servers["seeds"] = self._server(
            "seeds", module("seeds", str(self.layout.settings("seeds"))), ()
        )
        for server in (
            self.servers["mongodb"],
            seeding,
            *(self.servers[name] for name in ("backend", "central", "redis")),
        ):
            server.start()
        shares.write_shares(self.layout, now)
        for name in ("shares", "own_share"):
            self.servers[name].start()
        self._write_files(now)
        for line in self.lines.values():
            await line.open()
        await asyncio.gather(*(each.up() for each in self.servers.values() if each.ports), _finished(seeding))
        await self.servers.pop("seeds").ended()
        await redis.command(self.layout.ports["redis"], ("SET", "lab:identity", self.layout.identity))
        self._tasks = [
            asyncio.create_task(self.writer.run()),
            asyncio.create_task(host_figures.keep_fresh(self.layout.host)),
        ]
        self._entry = register.enter(self.layout.folder)
        if self._entry is not None:
            self._tell_watchdog(f"entry {self._entry}")
        self.write_lab_file()

    async def stop(self) -> None:
        """End everything that was started, and remove what nobody asked to keep."""
        for task in self._tasks:
            task.cancel()
        for server in self.servers.values():
            server.ask_to_end()
        await asyncio.gather(*(each.ended() for each in self.servers.values()))
        for line in self.lines.values():
            await line.close()
        if self._entry is not None:
            self._entry.unlink(missing_ok=True)
        self.layout.lab_file.unlink(missing_ok=True)
        if self._watchdog is not None:
            assert self._watchdog.stdin is not None
            self._watchdog.stdin.close()
            self._watchdog.wait(timeout=10)
        if self.temporary:
            shutil.rmtree(self.layout.folder, ignore_errors=True)

    async def restart_backend(self, *, start_worker: bool) -> None:
        """A new backend process; after a start nobody works on the queue until it is told to."""
        backend = self.servers["backend"]
        await backend.stop()
        self._write_backend_settings(start_worker=start_worker)
        backend.start()
        await backend.up()
        self.write_lab_file()

    async def start_again(self, name: str) -> None:
        """As a service manager does; a backend of which nobody has started the worker yet. Nothing for one that runs."""
        server = self.servers.get(name)
        if server is None:
            raise LabError(say("the lab has no server {name}", name=name))
        if not server.runs:
            await server.ended()
            if name == "backend":
                self._write_backend_settings(start_worker=False)
            server.start()
        await server.up()
        self.write_lab_file()

    async def backend_gave_up(self, before: int) -> None:
        """Wait until the backend has given Redis up once more than `before` times on all its connections."""
        if not await until(lambda: self.times_given_up() >= before + CONNECTIONS, GIVING_UP_S):
            raise LabError(say("the backend of the lab did not give Redis up"))

    def times_given_up(self) -> int:
        return self.layout.output("backend").read_text(encoding="utf-8", errors="replace").count(GAVE_UP)

    def write_switches(self) -> None:
        write_json(self.layout.switches, self.switches)

    def write_lab_file(self) -> None:
        """What a second terminal and the tests need to know; it holds passwords, so only we may read it."""
        layout = self.layout
        servers = {}
        for name, server in self.servers.items():
            if server.runs:
                layout.pid_file(name).write_text(f"{server.pid}\n", encoding="utf-8")
                created = psutil.Process(server.pid).create_time()
                servers[name] = {"pid": server.pid, "created": created, "ports": list(server.ports)}
            else:
                layout.pid_file(name).unlink(missing_ok=True)
        content = {
            "pid": os.getpid(),
            "created": psutil.Process().create_time(),
            "dir": str(layout.folder),
            "temporary": self.temporary,
            "site": str(layout.site_file),
            "state": str(layout.state),
            "identity": layout.identity,
            "control": {"port": layout.ports["control"], "token": layout.control_token},
            "accounts": layout.passwords,
            "health_key": layout.health_key,
            "ports": layout.ports,
            "servers": servers,
            "watchdog": self._watchdog.pid if self._watchdog is not None else 0,
            "broken": sorted(self.broken),
        }
        write_json(layout.lab_file, content)

    def _plan(self) -> dict[str, Server]:
        layout, ports = self.layout, self.layout.ports
        argvs = {
            "mongodb": (mongodb.argv(ports["mongodb"], layout.folder / "mongodb"), ("mongodb",)),
            "redis": (redis.argv(ports["redis"], layout.folder / "redis"), ("redis",)),
            "backend": (module("backend", str(layout.settings("backend"))), ("backend",)),
            "central": (module("central", str(layout.settings("central"))), ("central", "ocr", "face")),
            "shares": (module("smb", str(layout.settings("shares"))), ("shares",)),
            "own_share": (module("smb", str(layout.settings("own_share"))), ("own_share",)),
        }
        return {
            name: self._server(name, argv, tuple(ports[each] for each in places))
            for name, (argv, places) in argvs.items()
        }

    def _server(self, name: str, argv: tuple[str, ...], ports: tuple[int, ...]) -> Server:
        return Server(
            name=name,
            argv=argv,
            ports=ports,
            folder=self.layout.folder / (name if name in ("mongodb", "redis") else "run"),
            output=self.layout.output(name),
            started=lambda pid, created: self._tell_watchdog(f"process {pid} {created}"),
        )

    def _watch(self) -> None:
        """Start what cleans up when we are killed; it is in no group of ours, so nothing reaches it by accident."""
        self._watchdog = subprocess.Popen(
            module("watchdog"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        if self.temporary:
            self._tell_watchdog(f"folder {self.layout.folder}")
        else:
            self._tell_watchdog(f"entry {self.layout.lab_file}")

    def _tell_watchdog(self, order: str) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with suppress(BrokenPipeError):
                self._watchdog.stdin.write(f"{order}\n".encode())
                self._watchdog.stdin.flush()

    def _write_settings(self) -> None:
        layout, ports = self.layout, self.layout.ports
        self.write_switches()
        self._write_backend_settings(start_worker=True)
        write_json(
            layout.settings("central"),
            {
                "port": ports["central"],
                "ocr_port": ports["ocr"],
                "face_port": ports["face"],
                "switches": str(layout.switches),
            },
        )
        write_json(
            layout.settings("seeds"),
            {
                "mongodb_port": ports["mongodb"],
                "identity": layout.identity,
                "passwords": layout.passwords,
                "devices": layout.devices,
            },
        )
        for server in ("shares", "own_share"):
            names = [
                each.share for each in DEVICES if each.share and each.own_server == (server == "own_share")
            ]
            folders = {name: str(layout.share(name)) for name in names}
            write_json(layout.settings(server), {"port": ports[server], "shares": folders})

    def _write_backend_settings(self, *, start_worker: bool) -> None:
        layout = self.layout
        write_json(
            layout.settings("backend"),
            {
                "port": layout.ports["backend"],
                "mongodb_port": layout.ports["mongodb"],
                "redis_port": layout.ports["redis"],
                "jwt_secret": layout.jwt_secret,
                "health_key": layout.health_key,
                "identity": layout.identity,
                "switches": str(layout.switches),
                "devices": list(layout.devices.values()),
                "start_worker": start_worker,
            },
        )

    def _write_files(self, now: datetime) -> None:
        layout = self.layout
        write_secret(layout.secret("health_key"), layout.health_key)
        write_secret(layout.secret("amani"), layout.passwords["amani"])
        write_json(layout.hours, {})
        host_figures.write(layout.host, now)
        write_backups(layout.backups, now)
        self.writer.begin(now)
        layout.site_file.write_text(site_file.text(layout), encoding="utf-8")


async def _finished(seeding: Server) -> None:
    """Wait for the end of the seeding; LabError when it failed."""
    assert seeding.process is not None
    if not await until(lambda: not seeding.runs, SEEDING_S) or seeding.process.wait() != 0:
        raise LabError(say("the invented data could not be written; see {path}", path=str(seeding.output)))
