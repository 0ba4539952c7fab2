"""The socket by which people speak to a run: only this user and root, one line there and one line back."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import phrase_from, phrase_record
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.wishes import Hearing, Peer, Wish, wish_from

SOCKET = "run.sock"
LONGEST_LINE, WITHIN_S = 4096, 5.0


class Channel:
    """Listens in a thread while a run goes on; where there are no such sockets the run is just not spoken to."""

    def __init__(self, folder: Path, hearing: Hearing) -> None:
        self._folder, self._hearing = folder, hearing
        self._listening: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="orders", daemon=True)

    def __enter__(self) -> Channel:
        with suppress(OSError, AttributeError):
            self._listening = self._listen()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._listening is None:
            return
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(WITHIN_S)
        (self._folder / SOCKET).unlink(missing_ok=True)

    def _listen(self) -> socket.socket:
        (self._folder / SOCKET).unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with _address(self._folder) as address:
                listening.bind(address)
        except OSError:
            listening.close()
            raise
        finally:
            os.umask(before)
        listening.listen(8)
        return listening

    def _serve(self) -> None:
        assert self._listening is not None
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            with one, suppress(OSError, ValueError):
                one.settimeout(WITHIN_S)
                one.sendall(_line(self._answer(one)))

    def _answer(self, one: socket.socket) -> dict[str, Any]:
        peer, line = peer_of(one), _read_line(one)
        if peer is None or peer.uid not in (0, os.getuid()):
            return {
                "ok": False,
                "why": phrase_record(say("only the user of the run and root may speak to it")),
            }
        try:
            wish = wish_from(json.loads(line))
        except (ValueError, TypeError):
            return {"ok": False, "why": phrase_record(say("that is no order"))}
        why = self._hearing.hear(wish, peer)
        who, session = self._hearing.controller()
        return {"ok": not why, "why": phrase_record(why), "who": who, "session": session}


def speak(folder: Path, wish: Wish) -> tuple[str, str]:
    """Say it to the run in a folder; who gives the orders now, and from which screen.

    Raises RefusedError with the reason when it was not done, or when nobody listens.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one, _address(folder) as address:
            one.settimeout(WITHIN_S)
            one.connect(address)
            one.sendall(_line({name: value for name, value in asdict(wish).items() if value}))
            found = json.loads(_read_line(one))
    except (OSError, ValueError, AttributeError) as error:
        raise RefusedError(say("the run does not listen: it is over, waits, or was interrupted")) from error
    if not found.get("ok"):
        raise RefusedError(phrase_from(found.get("why", {})) or Phrase(text="?"))
    return str(found.get("who", "")), str(found.get("session", ""))


def peer_of(one: socket.socket) -> Peer | None:
    """The process at the other end; None where the kernel does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = struct.unpack("iII", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(pid=pid, uid=uid)
    if sys.platform == "darwin":
        credentials = one.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: version, uid, groups
        return Peer(pid=0, uid=struct.unpack("II", credentials[:8])[1])
    return None


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


def _read_line(one: socket.socket) -> str:
    found = b""
    while not found.endswith(b"\n"):
        piece = one.recv(LONGEST_LINE)
        found += piece
        if not piece or len(found) > LONGEST_LINE:
            raise ValueError("no line")
    return found.decode("utf-8")


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("utf-8") + b"\n"
