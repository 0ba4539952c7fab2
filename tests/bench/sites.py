"""Site files for measuring."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Sequence
from pathlib import Path

HEAD = """\
profile = "medflow"
[site]
code = "BENCH"
name = "Bench"
environment = "lab"
timezone = "UTC"
"""
HOST = "127.0.0.1"


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def every_client() -> str:
    """A target for each client, none of which is there."""
    port = closed_port()
    return HEAD + "\n".join(
        (
            f'[target.redis]\naddress = "redis://{HOST}:{port}/0"',
            f'[target.backend]\naddress = "http://{HOST}:{port}"',
            f'[target.mongodb]\naddress = "mongodb://{HOST}:{port}/medflow"',
            f'[target.queue]\napi = "http://{HOST}:{port}"',
            f'[target.share]\nkind = "share"\naddress = "smb://{HOST}:{port}/share"',
            "[target.devices]",
            "[target.payments]",
            '[target.log]\npaths = ["nothing.log"]',
        )
    )


def with_log(log: Path, redis_port: int) -> str:
    """One log, one Redis."""
    return (
        HEAD + f'[target.redis]\naddress = "redis://{HOST}:{redis_port}/0"\n[target.log]\npaths = ["{log}"]\n'
    )


def many_ports(ports: Sequence[int], number: int, interval_s: float) -> str:
    """So many port targets, on the ports in turn."""
    return HEAD + "".join(
        f'[target.p{place:04}]\nkind = "port"\naddress = "{HOST}:{port}"\ninterval_s = {interval_s}\n'
        for place, port in zip(range(number), itertools.cycle(ports), strict=False)
    )


def many_redis(port: int, number: int, interval_s: float) -> str:
    """So many Redis targets, all on one server."""
    return HEAD + "".join(
        f'[target.r{place:04}]\nkind = "redis"\naddress = "redis://{HOST}:{port}/0"\ninterval_s = {interval_s}\n'
        for place in range(number)
    )
