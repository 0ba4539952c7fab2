"""Free ports of 127.0.0.1, and the proof that a listening socket is our own server's."""

from __future__ import annotations

import random
import socket

import psutil

from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 31_999  # above every standard port, below the range for outgoing connections


def is_free(port: int) -> bool:
    """True when nothing listens; `SO_REUSEADDR` lets a port in TIME_WAIT count as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> tuple[int, ...]:
    """So many different free ports; LabError when they cannot be found."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST + 1), 2000):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        raise LabError(say("no free port between {low} and {high}", low=LOWEST, high=HIGHEST))
    return tuple(found)


def accepts(port: int) -> bool:
    """True when somebody accepts connections; cheap, and no proof of who it is."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((HOST, port)) == 0


def listens(pid: int, port: int) -> bool:
    """True when the listening socket on that port belongs to that very process."""
    try:
        sockets = psutil.Process(pid).net_connections(kind="tcp4")
    except psutil.Error:
        return False
    return any(
        each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.laddr.ip == HOST
        for each in sockets
    )
