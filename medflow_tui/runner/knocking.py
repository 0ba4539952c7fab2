"""Who knocks at a door: the process that connected, and no other that was given its number since."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from medflow_tui.runner.origin import process_named, uids_of
from medflow_tui.runner.wishes import Peer

SO_PEERPIDFD = 77  # asm-generic/socket.h, Linux 6.5: Python 3.11 has no name for it
GONE = -1


@contextmanager
def watching(one: socket.socket, peer: Peer) -> Iterator[Callable[[], bool]]:
    """Within, whether everything read of /proc/PID so far was of the process that connected, as the user it connected as.

    Where the kernel gives a handle on that process (Linux 6.5), surely; else from this moment on: one that ended before,
    in the queue, and whose number was taken meanwhile, is not told.
    """
    named, handle = process_named(peer.pid), _handle(one)

    def is_there() -> bool:
        is_same = named != "" and process_named(peer.pid) == named and uids_of(peer.pid) == {peer.uid}
        return is_same and (handle is None or _lives(handle))

    try:
        yield is_there
    finally:
        if handle is not None and handle != GONE:
            os.close(handle)


def _handle(one: socket.socket) -> int | None:
    """On the process at the other end; GONE when it has ended, None where the kernel knows no such handles."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        return one.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
    except OSError as error:
        return None if error.errno == errno.ENOPROTOOPT else GONE


def _lives(handle: int) -> bool:
    """Its number is nobody else's as long as it does."""
    if handle == GONE:
        return False
    asked = select.poll()
    asked.register(handle, select.POLLIN)
    return not asked.poll(0)
