"""What a UPS says of itself, asked of upsd (Network UPS Tools) in its lines of text, RFC 9271; to read needs no log-in."""

from __future__ import annotations

import re
import socket

from medflow_tui.clients.network import Deadline, UnreachableError, connect, failure_of, silent
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.power import Ups
from medflow_tui.model.words import say

LONGEST = 4096  # bytes of an answer
MOST_UPS = 64
STATUS = "ups.status"
_VALUE = re.compile(r'VAR \S+ ups\.status "((?:[^"\\]|\\.)*)"')


def status(ups: Ups, deadline: Deadline) -> tuple[str, ...]:
    """The words of `ups.status`, as OL (on line), OB (on battery), LB (battery low), CHRG. Raises UnreachableError."""
    with connect(ups.host, ups.port, deadline) as line:
        answers = _Answers(line, ups, deadline)
        said = answers.to(f"GET VAR {ups.name} {STATUS}")
        found = _VALUE.fullmatch(said)
        if found is not None:
            return tuple(found[1].split())
        raise UnreachableError(_failure(said, ups, answers))


def power_of(words: tuple[str, ...]) -> str:
    """`mains`, `battery`, or `unknown`; a UPS that is about to end the power counts as battery.

    >>> power_of(("OL", "CHRG")), power_of(("OB", "LB")), power_of(("OL", "FSD")), power_of(("OFF",)), power_of(())
    ('mains', 'battery', 'battery', 'unknown', 'unknown')
    """
    told = set(words)
    if told & {"OB", "LB", "FSD"}:
        return "battery"
    return "mains" if "OL" in told and "OFF" not in told else "unknown"


class _Answers:
    """One line for one line, under one deadline."""

    def __init__(self, line: socket.socket, ups: Ups, deadline: Deadline) -> None:
        self._line, self._ups, self._deadline = line, ups, deadline
        self._rest = b""

    def to(self, question: str) -> str:
        try:
            self._line.settimeout(self._deadline.left())
            self._line.sendall(f"{question}\n".encode("ascii"))
        except OSError as error:
            raise UnreachableError(failure_of(error, self._ups.host, self._ups.port)) from error
        return self.next()

    def next(self) -> str:
        while b"\n" not in self._rest:
            if self._deadline.passed():
                raise UnreachableError(silent(0.0))
            try:
                self._line.settimeout(self._deadline.left())
                data = self._line.recv(LONGEST)
            except OSError as error:
                raise UnreachableError(failure_of(error, self._ups.host, self._ups.port)) from error
            if not data or len(self._rest) > LONGEST:
                raise UnreachableError(_garbled())
            self._rest += data
        told, _, self._rest = self._rest.partition(b"\n")
        return told.decode("utf-8", errors="replace").strip()

    def names(self) -> tuple[str, ...]:
        """Of all that it knows."""
        told, found = self.to("LIST UPS"), list[str]()
        while told != "END LIST UPS" and len(found) < MOST_UPS:
            told = self.next()
            if told.startswith("UPS "):
                found.append(told.split(" ", 2)[1])
        return tuple(found)


def _failure(said: str, ups: Ups, answers: _Answers) -> Failure:
    match said.split():
        case ["ERR", "UNKNOWN-UPS", *_]:
            known = ", ".join(answers.names()) or "-"
            text = say("knows no UPS {name}; it knows: {known}", name=ups.name, known=known)
            return Failure(cause=Cause.GARBLED, text=text)
        case ["ERR", "DATA-STALE" | "DRIVER-NOT-CONNECTED", *_]:
            return Failure(cause=Cause.SILENT, text=say("upsd has lost sight of the UPS"))
        case ["ERR", "ACCESS-DENIED", *_]:
            return Failure(cause=Cause.FORBIDDEN, text=say("upsd does not tell this machine"))
    return _garbled()


def _garbled() -> Failure:
    return Failure(cause=Cause.GARBLED, text=say("does not answer as upsd does"))
