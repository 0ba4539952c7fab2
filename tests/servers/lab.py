"""The lab as a process of its own, for tests: started headless, spoken to over its own ports, ended by its pid."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HOST = "127.0.0.1"
PATIENCE_S = 30.0


def until(holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait for a state; the first true value, or a failed test that says what was awaited."""
    ends = time.monotonic() + patience_s
    while time.monotonic() < ends:
        if value := holds():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {patience_s} s: {what}")


@dataclass(slots=True)
class Answer:
    """What came back over HTTP; `body` is JSON when it is."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    def cookie(self, name: str) -> str:
        """The Set-Cookie line of that name, or nothing."""
        return next(
            (each for each in self.headers.get_all("Set-Cookie", []) if each.startswith(f"{name}=")), ""
        )


@dataclass(slots=True)
class RunningLab:
    """A lab that is up; `facts` is what its lab file says, `folder` where it is."""

    process: subprocess.Popen[str]
    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, int]:
        """Every process of it by name, as the lab file names them now."""
        facts = json.loads((self.folder / "lab.json").read_text())
        servers = {name: each["pid"] for name, each in facts["servers"].items()}
        return {"lab": facts["pid"], "watchdog": facts["watchdog"], **servers}

    def port(self, name: str) -> int:
        return int(self.facts["ports"][name])

    def order(self, word: str, fault: str) -> tuple[str, ...]:
        """Break or mend, as a second terminal does."""
        from medflow_tui.lab.control import send

        return send(self.facts, word, fault)

    @contextmanager
    def broken(self, fault: str) -> Iterator[None]:
        """The fault for as long as the block; mended afterwards in any case."""
        self.order("break", fault)
        try:
            yield
        finally:
            self.order("mend", fault)

    def ask(
        self,
        method: str,
        path: str,
        *,
        port: str = "backend",
        body: Any = None,
        timeout: float = 8.0,
        **headers: str,
    ) -> Answer:
        """One HTTP call; header names with `_` for `-`."""
        connection = http.client.HTTPConnection(HOST, self.port(port), timeout=timeout)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method, path, body=content, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def login(self, user: str = "beni") -> dict[str, str]:
        """Headers of a logged-in person who may change things: Bearer, and a pair against forgery."""
        body = {"username": user, "password": self.facts["accounts"][user]}
        answer = self.ask("POST", "/api/auth/login", body=body)
        assert answer.status == 200, answer.text
        token = answer.cookie("accessToken").partition("=")[2].partition(";")[0]
        return {"Authorization": f"Bearer {token}", "Cookie": "XSRF-TOKEN=abc", "X_XSRF_TOKEN": "abc"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "medflow_tui.lab", *arguments]


def environment(folder: Path) -> dict[str, str]:
    """Nothing of this user's is read or written."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "XDG_STATE_HOME": str(home), "TMPDIR": str(folder)}


def start_lab(folder: Path, *arguments: str) -> RunningLab:
    """A headless lab below `folder` that has said that it is up; without `--dir` it is a temporary one."""
    arguments = arguments or ("--dir", str(folder / "lab"))
    process = subprocess.Popen(
        command("--headless", *arguments),
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
        env=environment(folder),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the lab said nothing and ended with {process.wait()}"
    said = json.loads(line)
    home = Path(said["site"]).parent
    assert said["pid"] == process.pid
    return RunningLab(process, home, json.loads((home / "lab.json").read_text()))


def end_lab(lab: RunningLab) -> None:
    lab.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        lab.process.wait(timeout=20)
    if lab.process.poll() is None:
        lab.process.kill()
        lab.process.wait()


def lives(pid: int) -> bool:
    """True for a process that is there and not only a record of one that was."""
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def connects(port: int, timeout: float = 0.5) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=timeout).close()
    except OSError:
        return False
    return True
