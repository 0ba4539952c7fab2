"""A MongoDB-compatible server (secantusdb) that belongs to the test that starts it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pymongo

PROGRAM = Path(sys.executable).with_name("secantusd-py")
FORBIDDEN = frozenset({27017, 6379, 5432, 445, 5001, 3000})
USER, PASSWORD = "lab", "lab-password"


class NotOursError(Exception):
    """What answers at the port is not the server that was started."""


def free_port() -> int:
    """A free high port of 127.0.0.1, never one that a real service uses."""
    while True:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in FORBIDDEN:
            return port


def is_mine(pid: int, port: int) -> bool:
    """True when the process (or a child of it) owns the listening socket."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == port
            for one in family
            for each in one.net_connections(kind="tcp")
        )
    except psutil.Error:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class MongodbServer:
    """`identity` is a random value planted at the start; `database` reads it before it hands anything out."""

    pid: int
    port: int
    folder: Path
    identity: str
    has_auth: bool = False

    @property
    def address(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    @contextmanager
    def database(self, name: str = "medflow") -> Iterator[Any]:
        """A database of this server, to be written by the test."""
        with _client(self.port, self.has_auth) as client:
            found = client["ownership"]["identity"].find_one({})
            if found is None or found["value"] != self.identity:
                raise NotOursError(self.port)
            yield client[name]

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def running(folder: Path, *, auth: bool = False) -> Iterator[MongodbServer]:
    """A server with its own folder on a free port, ended with the block (continued first, if it was stopped).

    With `auth` it asks for USER and PASSWORD, made before in a start without.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = secrets.token_hex(16)
    if auth:
        with _started(folder, ()) as (_, port), _client(port, False) as client:
            client.admin.command("createUser", USER, pwd=PASSWORD, roles=["root"])
            client["ownership"]["identity"].insert_one({"value": identity})
    with _started(folder, ("--auth",) if auth else ()) as (pid, port):
        if not auth:
            with _client(port, False) as client:
                client["ownership"]["identity"].insert_one({"value": identity})
        yield MongodbServer(pid=pid, port=port, folder=folder, identity=identity, has_auth=auth)


@contextmanager
def _client(port: int, has_auth: bool) -> Iterator[pymongo.MongoClient[Any]]:
    credentials: dict[str, Any] = {"username": USER, "password": PASSWORD} if has_auth else {}
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(
        f"mongodb://127.0.0.1:{port}",
        directConnection=True,
        serverSelectionTimeoutMS=10_000,
        tz_aware=True,
        **credentials,
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _started(folder: Path, options: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    port = free_port()
    place = ("--host", "127.0.0.1", "--port", str(port), "--storage-path", str(folder / "data"))
    config = folder / "secantusd.toml"
    config.touch()  # named, so that no file of the person who runs the tests is found
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [str(PROGRAM), "--config", str(config), *place, "--cache-size", "64M", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_listening(process, port)
        yield process.pid, port
    finally:
        _end(process)


def _await_listening(process: subprocess.Popen[bytes], port: int, within_s: float = 30.0) -> None:
    ends = time.monotonic() + within_s
    while not is_mine(process.pid, port):
        if process.poll() is not None or time.monotonic() > ends:
            raise NotOursError(port)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue


def _end(process: subprocess.Popen[bytes]) -> None:
    """Continue, ask, insist; only the process that was started."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
