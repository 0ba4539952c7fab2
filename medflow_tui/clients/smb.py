"""A look at one SMB share: is it there, may we list it, how old is its newest file. Nothing is opened for writing."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from urllib.parse import unquote, urlsplit

from smbprotocol.connection import Connection
from smbprotocol.exceptions import (
    AccessDenied,
    BadNetworkName,
    LogonFailure,
    PasswordExpired,
    SMBAuthenticationError,
    SMBConnectionClosed,
    SMBException,
    WrongPassword,
)
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from medflow_tui.clients.network import Deadline, UnreachableError, failure_of, resolve, silent
from medflow_tui.clients.smb_listing import Listing, Walk
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

GUEST = "guest"
PORT = 445
_NEGOTIATE = struct.Struct("<4sHHIHHIIQIIQ16sHHHHI16sQ3H")  # [MS-SMB2] 2.2.1.2 and 2.2.3, three dialects


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a share is; `folder` is inside it, with backslashes, empty for its root."""

    host: str
    port: int
    share: str
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who asks. A guest cannot sign, so signing is asked of named users only."""

    username: str = GUEST
    password: str = field(default="", repr=False)

    @property
    def is_guest(self) -> bool:
        return self.username.rpartition("\\")[2].lower() in ("", GUEST)


def place_of(address: str) -> Place:
    """The place of `smb://host:port/Share Name/folder`; raises ValueError when it is not one.

    >>> place_of("smb://10.0.0.9:1445/Export%20Solix/OCT").share
    'Export Solix'
    """
    parts = urlsplit(address)
    names = [unquote(each) for each in parts.path.split("/") if each]
    if parts.scheme != "smb" or not parts.hostname or not names:
        raise ValueError("not an address of a share")
    return Place(host=parts.hostname, port=parts.port or PORT, share=names[0], folder="\\".join(names[1:]))


def greet(connected: socket.socket, deadline: Deadline) -> None:
    """Ask the server for its protocol on a connection of its own; raises UnreachableError when it is none of SMB.

    A frozen server is found out here, on a plain socket with a deadline, and the library never meets it; nor does
    it meet a server of another kind, whose first bytes it would take for a length of a gigabyte.
    """
    whole = deadline.left()
    header = (b"\xfeSMB", 64, 0, 0, 0, 31, 0, 0, 0, 0xFEFF, 0, 0, b"\0" * 16)
    body = (36, 3, 1, 0, 0, uuid.uuid4().bytes, 0, 0x0202, 0x0210, 0x0300)
    packet = _NEGOTIATE.pack(*header, *body)
    try:
        connected.settimeout(deadline.left())
        connected.sendall(struct.pack(">I", len(packet)) + packet)
        got = b""
        while len(got) < 8:
            connected.settimeout(deadline.left())
            more = connected.recv(8 - len(got))
            if not more:
                raise UnreachableError(
                    Failure(cause=Cause.GARBLED, text=say("connection cut by the other side"))
                )
            got += more
            if got[0] != 0 or deadline.passed():
                break
    except TimeoutError as error:
        raise UnreachableError(silent(whole)) from error
    except OSError as error:
        raise UnreachableError(failure_of(error, "", 0)) from error
    if got[0] == 0 and len(got) < 8:
        raise UnreachableError(silent(whole))
    if got[4:8] not in (b"\xfeSMB", b"\xffSMB"):
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the answer of a file server")))


def look(
    place: Place, account: Account, *, entries: int, depth: int, now: datetime, deadline: Deadline
) -> Listing:
    """List a share within bounds; raises UnreachableError. Returns by the deadline whatever the server does.

    The library waits for some answers without end: it works in a thread of its own, and the deadline closes its
    socket, which ends the wait.
    """
    address = resolve(place.host, place.port, deadline)
    logging.getLogger("smbprotocol").setLevel(logging.CRITICAL + 1)  # it writes tracebacks to the terminal
    connection = Connection(uuid.uuid4(), address, place.port, require_signing=not account.is_guest)
    whole = deadline.left()
    answers: SimpleQueue[Listing | BaseException] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_list(connection, place, account, entries, depth, now, deadline))
        except Exception as error:  # every fault of the library or the server becomes the reading's failure
            answers.put(error)
        finally:
            _cut(connection)

    threading.Thread(target=ask, name=f"smb-{place.host}", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except Empty:
        threading.Thread(target=_cut, args=(connection,), daemon=True).start()
        raise UnreachableError(silent(whole)) from None
    if isinstance(answer, Listing):
        return answer
    if isinstance(answer, UnreachableError):
        raise answer
    raise UnreachableError(silent(whole) if deadline.passed() else _failure(answer, place)) from None


def _cut(connection: Connection) -> None:
    """Close the socket; the server ends the session by itself, and whoever waits for an answer wakes."""
    transport = getattr(connection, "transport", None)
    if transport is not None:
        try:
            transport.close()
        except OSError:
            return


def _list(
    connection: Connection,
    place: Place,
    account: Account,
    entries: int,
    depth: int,
    now: datetime,
    deadline: Deadline,
) -> Listing:
    connection.connect(timeout=deadline.left() + 1)  # its own clock counts whole seconds; ours cuts it
    username = account.username or GUEST
    session = Session(
        connection,
        username=username,
        password=account.password,
        require_encryption=False,
        auth_protocol="ntlm",
    )
    try:
        session.connect()
    except SMBException:
        if session.session_id is None:  # let in, but as a guest, who cannot sign
            raise UnreachableError(
                Failure(cause=Cause.DENIED, text=say("password refused, guest let in"))
            ) from None
        raise
    tree = TreeConnect(session, rf"\\{place.host}\{place.share}")
    tree.connect(require_secure_negotiate=not account.is_guest)
    return Walk(tree, entries, depth, now, deadline).from_folder(place.folder)


def _failure(error: BaseException, place: Place) -> Failure:
    """What went wrong, in words without a name of a file or a user."""
    match error:
        case LogonFailure() | WrongPassword() | PasswordExpired() | SMBAuthenticationError():
            return Failure(cause=Cause.DENIED, text=say("password refused"))
        case AccessDenied():
            return Failure(cause=Cause.FORBIDDEN, text=say("no right to read it"))
        case BadNetworkName():
            return Failure(cause=Cause.ABSENT, text=say("no share of that name"))
        case ValueError() if isinstance(error.__cause__, OSError):
            return failure_of(error.__cause__, place.host, place.port)
        case SMBConnectionClosed():
            return Failure(cause=Cause.GARBLED, text=say("connection cut by the other side"))
        case OSError():
            return failure_of(error, place.host, place.port)
    return Failure(cause=Cause.GARBLED, text=say("not the answer of a file server"))
