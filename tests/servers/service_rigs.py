"""A backend under each real service manager: a program that writes its starts and ends down, and answers by HTTP."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.servers import docker, pm2, runit, systemd
from tests.servers.service_run import await_that

SLOW_SHELL = (
    'trap "echo term >> {log}; sleep 0.7; exit 0" TERM; echo start >> {log}; echo "fell: {secret}" >&2; '
    "while :; do sleep 0.1; done"
)
PYTHON = """
import os, signal, sys, time
log = open(sys.argv[1], "a", buffering=1)
def end(*_):
    log.write("term\\n")
    time.sleep(0.7)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("fell: " + open("planted.txt").read(), flush=True)
log.write("start\\n")
time.sleep(600)
"""
NODE = """
const fs = require('fs')
fs.appendFileSync(process.env.LIVES, 'start\\n')
console.error('fell: ' + process.env.TEXT)
process.on('SIGTERM', () => {})
process.on('SIGINT', () => { fs.appendFileSync(process.env.LIVES, 'term\\n'); setTimeout(() => process.exit(0), 700) })
setInterval(() => {}, 1000)
"""
COMPOSE = """
version: "2.4"
services:
  backend:
    image: {image}
    network_mode: none
    restart: always
    volumes: ["{folder}:/lives"]
    command: ["/bin/sh", "-c", '{shell}']
"""
SECRET, PATIENT = "JWT_SECRET=planted_9c41d2aa77", "KABONGO_MARIE_P10233_19710504_F"
PLANTED = f"{SECRET} /Volumes/ZEISS/{PATIENT}_Fundus.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """`table` is the process target, `log` what the service writes, `enter` what stands before a program to be there.

    `has_output` is false where what it prints is kept by nobody.
    """

    table: dict[str, Any]
    log: Path
    has_output: bool = True
    enter: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def starts(self) -> int:
        return self.lines().count("start")

    def terms(self) -> int:
        return self.lines().count("term")


@contextmanager
def of_pidfile(folder: Path) -> Iterator[Rig]:
    log, pid_file = folder / "lives.log", folder / "backend.pid"
    (folder / "planted.txt").write_text(PLANTED)
    table = {
        "manager": "pidfile",
        "pid_file": str(pid_file),
        "start": [sys.executable, "-c", PYTHON, str(log)],
        "start_in": str(folder),
        "output": str(folder / "backend.log"),
    }
    from medflow_tui.clients.network import Deadline
    from medflow_tui.clients.supervisors import supervisor
    from tests.servers.service_run import target_from

    target = target_from({"kind": "process", "name": "backend-process", **table})
    supervisor(target).start(Deadline.after(20))  # type: ignore[arg-type]
    try:
        yield Rig(table=table, log=log)
    finally:
        family = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(folder)]
        for each in family:
            each.kill()
        psutil.wait_procs(family, timeout=5)


@contextmanager
def of_systemd(folder: Path) -> Iterator[Rig]:
    log = folder / "lives.log"
    script = folder / "backend.sh"
    script.write_text("#!/bin/sh\n" + SLOW_SHELL.format(log=log, secret=PLANTED))
    unit = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh {script}\n"
    with systemd.running(folder / "units", {"medflow-backend.service": unit}) as found:
        found.systemctl("start", "medflow-backend").check_returncode()
        table = {"manager": "systemd", "unit": "medflow-backend"}
        yield Rig(table=table, log=log, has_output=False, enter=found.enter)


@contextmanager
def of_pm2(folder: Path) -> Iterator[Rig]:
    with pm2.running() as found:
        before = os.environ["PATH"]
        os.environ["PATH"] = f"{found.program}{os.pathsep}{before}"
        try:
            app, log = folder / "backend.js", folder / "lives.log"
            app.write_text(NODE)
            found.call(
                "start", str(app), "--name", "medflow-backend", "--kill-timeout", "5000",
                LIVES=str(log), TEXT=PLANTED,
            )  # fmt: skip
            yield Rig(
                table={"manager": "pm2", "unit": "medflow-backend", "pm2_home": str(found.home)}, log=log
            )
        finally:
            os.environ["PATH"] = before


@contextmanager
def of_runit(folder: Path) -> Iterator[Rig]:
    log = folder / "lives.log"
    told = "mkdir -p main; exec 2>>main/current\n"  # where a log service of runit would write
    script = f"#!/bin/sh\n{told}{SLOW_SHELL.format(log=log, secret=PLANTED)}"
    with runit.running(folder / "service", {"backend": script}) as services:
        yield Rig(table={"manager": "runit", "unit": str(services / "backend")}, log=log)


@contextmanager
def of_compose(folder: Path) -> Iterator[Rig]:
    engine = folder / "engine"
    engine.mkdir()
    with docker.running(engine) as found:
        file = folder / "compose.yml"
        shell = SLOW_SHELL.format(log="/lives/log", secret=PLANTED)
        file.write_text(COMPOSE.format(image=docker.IMAGE, folder=folder, shell=shell))
        found.compose(file, "medflow", "up", "--detach")
        try:
            table = {
                "manager": "compose",
                "unit": "backend",
                "compose_project": "medflow",
                "docker_socket": found.socket,
            }
            yield Rig(table=table, log=folder / "log")
        finally:
            found.compose(file, "medflow", "down", "--timeout", "3")


RIGS: dict[str, Callable[[Path], AbstractContextManager[Rig]]] = {
    "pidfile": of_pidfile,
    "systemd": of_systemd,
    "pm2": of_pm2,
    "runit": of_runit,
    "compose": of_compose,
}


@contextmanager
def rig_of(manager: str, folder: Path) -> Iterator[Rig]:
    """The backend under this manager, started; the test is skipped where the manager cannot be had."""
    try:
        with RIGS[manager](folder) as rig:
            await_that(lambda: rig.starts() == 1)
            yield rig
    except (
        docker.UnavailableError,
        pm2.UnavailableError,
        runit.UnavailableError,
        systemd.UnavailableError,
    ) as error:
        pytest.skip(str(error))


class Front:
    """What the backend answers by HTTP, for a program that cannot: ready while its newest line is a start."""

    def __init__(self, log: Callable[[], list[str]], moment: Callable[[], float]) -> None:
        self.log, self.moment = log, moment
        self.has_database = True
        self.asked: list[str] = []
        self.failed: Callable[[], int] = lambda: 0

    def answer(self, path: str) -> tuple[int, str, str]:
        self.asked.append(path)
        is_up = bool(self.log()) and self.log()[-1] == "start"
        if not is_up:
            return 502, "text/html", "<html>bad gateway</html>"
        if path == "/health/ready":
            word = "true" if self.has_database else "false"
            more = "" if self.has_database else ', "mongoState": "disconnected"'
            return (200 if self.has_database else 503), "application/json", f'{{"ready": {word}{more}}}'
        if path == "/metrics":
            requests = f'medflow_http_requests_total{{route="/api/x",status_code="200"}} {len(self.asked)}\n'
            errors = f'medflow_http_requests_total{{route="/api/x",status_code="500"}} {self.failed()}\n'
            text = f"medflow_process_start_time_seconds {self.moment()}\n{requests}{errors}"
            return 200, "text/plain", text
        return 404, "text/html", "<pre>Cannot GET</pre>"


@contextmanager
def fronting(rig: Rig) -> Iterator[tuple[Front, str]]:
    """The answers for a rig, and their base URL."""
    front = Front(rig.lines, lambda: rig.log.stat().st_mtime)

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            status, kind, text = front.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield front, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
