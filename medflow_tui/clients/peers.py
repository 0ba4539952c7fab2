"""Which programs of this machine hold connections to a port, as far as the system lets us see."""

from __future__ import annotations

import psutil


def programs_connected_to(port: int) -> dict[int, str]:
    """Name of the program by the local port from which it is connected; empty when this account may not see it."""
    found: dict[int, str] = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return found
    for each in connections:
        if each.raddr and each.raddr.port == port and each.pid:
            try:
                found[each.laddr.port] = psutil.Process(each.pid).name()
            except psutil.Error:
                continue
    return found
