"""The socket by which people speak to a run: only this user and root, one line there and one line back."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import phrase_from, phrase_record
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.listener import WITHIN_S, Listener, hear_line, peer_of, say_line, unix_socket
from medflow_tui.runner.wishes import Hearing, Wish, wish_from

SOCKET = "run.sock"
LONGEST_LINE = 4096


class Channel:
    """Listens in a thread while a run goes on; where there are no such sockets the run is just not spoken to."""

    def __init__(self, folder: Path, hearing: Hearing) -> None:
        self._folder, self._hearing = folder, hearing
        self._alone = threading.Lock()
        self._listener = Listener("orders", self._answer)

    def __enter__(self) -> Channel:
        with suppress(OSError, AttributeError):
            self._listener.listen(self._bound(), backlog=8)
        return self

    def __exit__(self, *_: object) -> None:
        if self._listener.close():
            (self._folder / SOCKET).unlink(missing_ok=True)

    def _bound(self) -> socket.socket:
        (self._folder / SOCKET).unlink(missing_ok=True)
        bound = unix_socket()
        before = os.umask(0o177)
        try:
            with _address(self._folder) as address:
                bound.bind(address)
        except OSError:
            bound.close()
            raise
        finally:
            os.umask(before)
        return bound

    def _answer(self, one: socket.socket) -> dict[str, Any]:
        peer = peer_of(one)
        try:
            said = hear_line(one, LONGEST_LINE)
        except ValueError:
            said = None
        if peer is None or peer.uid not in (0, os.getuid()):
            return {
                "ok": False,
                "why": phrase_record(say("only the user of the run and root may speak to it")),
            }
        try:
            wish = wish_from(said if isinstance(said, dict) else {})
        except (ValueError, TypeError):
            return {"ok": False, "why": phrase_record(say("that is no order"))}
        with self._alone:
            why = self._hearing.hear(wish, peer)
            who, session = self._hearing.controller()
        return {"ok": not why, "why": phrase_record(why), "who": who, "session": session}


def speak(folder: Path, wish: Wish) -> tuple[str, str]:
    """Say it to the run in a folder; who gives the orders now, and from which screen.

    Raises RefusedError with the reason when it was not done, or when nobody listens.
    """
    try:
        with unix_socket() as one, _address(folder) as address:
            one.settimeout(WITHIN_S)
            one.connect(address)
            say_line(one, {name: value for name, value in asdict(wish).items() if value})
            found = hear_line(one, LONGEST_LINE)
    except (OSError, ValueError, AttributeError) as error:
        raise RefusedError(say("the run does not listen: it is over, waits, or was interrupted")) from error
    if not found.get("ok"):
        raise RefusedError(phrase_from(found.get("why", {})) or Phrase(text="?"))
    return str(found.get("who", "")), str(found.get("session", ""))


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """The name of the socket; one that is too long for an address is reached by way of its open folder."""
    path = str(folder / SOCKET)
    if len(os.fsencode(path)) <= 100:
        yield path
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
