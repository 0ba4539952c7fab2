"""Names, addresses and plain TCP connections under a deadline, and failures in words."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass

from medflow_tui.clients.child import RESOLVE, Outstanding
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

NO_PROCESS = Failure(cause=Cause.OURS, text=say("no process can be started"))
OUR_LIMITS = (
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
)  # what we lack is not the other side's fault
_resolving = Outstanding()  # one child a name in the whole process, whoever asks


class UnreachableError(Exception):
    """Carries the failure for the reading."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text.text)
        self.failure = failure


@dataclass(slots=True)
class Deadline:
    """A moment by which all must be done; shared by the calls of one reading."""

    ends: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def left(self, at_least: float = 0.05) -> float:
        """Seconds left, never less than `at_least`, so that it can be given to a socket."""
        return max(at_least, self.ends - time.monotonic())

    def passed(self) -> bool:
        return time.monotonic() >= self.ends


def resolve(host: str, port: int, deadline: Deadline) -> str:
    """The first address of a host; an address is its own. Raises UnreachableError."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    if host == "localhost":
        return "127.0.0.1"
    try:
        answer = _resolving.run(f"{host}:{port}", RESOLVE, (host, str(port)), deadline.left())
    except (OSError, ValueError) as error:
        raise UnreachableError(NO_PROCESS) from error
    if answer is None:
        raise UnreachableError(
            Failure(cause=Cause.UNRESOLVED, text=say("no answer about the name {host}", host=host))
        )
    addresses = answer.get("addresses")
    if not addresses:
        raise UnreachableError(
            Failure(cause=Cause.UNRESOLVED, text=say("the name {host} has no address", host=host))
        )
    return str(addresses[0])


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connected socket whose timeout is what is left of the deadline. Raises UnreachableError."""
    address = resolve(host, port, deadline)
    try:
        return socket.create_connection((address, port), timeout=deadline.left())
    except OSError as error:
        raise UnreachableError(failure_of(error, host, port)) from error


def failure_of(error: BaseException, host: str, port: int) -> Failure:
    """What a socket error means; the sentence is short enough for a row.

    >>> failure_of(ConnectionRefusedError(errno.ECONNREFUSED, "x"), "h", 1).cause
    <Cause.REFUSED: 'refused'>
    """
    code = getattr(error, "errno", None)
    match error:
        case ssl.SSLCertVerificationError():
            return Failure(
                cause=Cause.UNTRUSTED,
                text=say("certificate not trusted: {why}", why=error.verify_message or "?"),
            )
        case ssl.SSLError():
            return Failure(cause=Cause.GARBLED, text=say("no TLS at port {port}", port=str(port)))
        case TimeoutError():
            return Failure(cause=Cause.UNREACHABLE, text=say("no answer to the connection"))
    if code in OUR_LIMITS:
        return Failure(cause=Cause.OURS, text=say("no connection can be opened"))
    if code == errno.ECONNREFUSED:
        return Failure(cause=Cause.REFUSED, text=say("refused"))
    if code in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.EHOSTDOWN):
        return Failure(cause=Cause.UNREACHABLE, text=say("no way to the host"))
    if code in (errno.ECONNRESET, errno.EPIPE):
        return Failure(cause=Cause.GARBLED, text=say("connection cut by the other side"))
    return Failure(cause=Cause.UNREACHABLE, text=say("cannot connect"))


def silent(seconds: float) -> Failure:
    """It accepted the connection, then said nothing until the deadline."""
    return Failure(cause=Cause.SILENT, text=say("accepts, no answer in {after:duration}", after=seconds))
