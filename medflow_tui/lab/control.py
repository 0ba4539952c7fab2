"""Orders from a second terminal to a running lab: one line of JSON there, one back, on a port of 127.0.0.1.

There: `{"token", "order": "break"|"mend"|"list"|"start", "fault"}` (of `start` it is the server). Back: `{"ok": true, "broken": [names]}` or
`{"ok": false, "problem": {"text", "values"}}`.
"""

from __future__ import annotations

import asyncio
import difflib
import hmac
import json
import socket
from contextlib import suppress
from typing import Any

from medflow_tui.lab.faults import FAULTS
from medflow_tui.lab.ports import HOST
from medflow_tui.lab.world import Lab
from medflow_tui.model.errors import LabError, MedflowError
from medflow_tui.model.words import say

PATIENCE_S = 60.0
ALL = "all"


class Control:
    """Listens for orders and carries them out one after the other."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._turn = asyncio.Lock()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._converse, HOST, self._lab.layout.ports["control"])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def obey(self, order: str, fault: str) -> None:
        """Break, mend, or start again; LabError for a fault or server that does not exist."""
        async with self._turn:
            match order:
                case "break":
                    await self._break(fault)
                case "mend":
                    for name in sorted(self._lab.broken) if fault == ALL else [fault]:
                        await self._mend(name)
                case "start":
                    await self._lab.start_again(fault)
                case "list":
                    pass
                case _:
                    raise LabError(say("the lab knows no order {order}", order=order))

    async def _break(self, name: str) -> None:
        fault = FAULTS[known(name)]
        if name not in self._lab.broken:
            self._lab.broken.add(name)
            await fault.break_(self._lab)
            self._lab.write_lab_file()

    async def _mend(self, name: str) -> None:
        fault = FAULTS[known(name)]
        if name in self._lab.broken:
            self._lab.broken.discard(name)
            await fault.mend(self._lab)
            self._lab.write_lab_file()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):
            order = json.loads(await reader.readline())
            if hmac.compare_digest(str(order.get("token", "")), self._lab.layout.control_token):
                writer.write(json.dumps(await self._answer(order)).encode() + b"\n")
                await writer.drain()
        with suppress(OSError):
            writer.close()

    async def _answer(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            await self.obey(str(order.get("order")), str(order.get("fault", "")))
        except MedflowError as error:
            values = {
                name: value
                for name, value in error.phrase.values.items()
                if isinstance(value, str | int | float)
            }
            return {"ok": False, "problem": {"text": error.phrase.text, "values": values}}
        return {"ok": True, "broken": sorted(self._lab.broken)}


def known(name: str) -> str:
    """The name of a fault, or LabError with the nearest one."""
    if name in FAULTS:
        return name
    near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.4)
    if near:
        raise LabError(say("no fault {name}; did you mean {near}?", name=name, near=near[0]))
    raise LabError(say("no fault {name}; known: {known}", name=name, known=", ".join(FAULTS)))


def send(lab: dict[str, Any], order: str, fault: str = "") -> tuple[str, ...]:
    """Give an order to the lab of that lab file; the faults in force afterwards. LabError when it does not obey."""
    control = lab["control"]
    message = json.dumps({"token": control["token"], "order": order, "fault": fault})
    try:
        with socket.create_connection((HOST, control["port"]), timeout=PATIENCE_S) as connection:
            connection.sendall(message.encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise LabError(say("the lab in {folder} does not answer", folder=lab["dir"])) from error
    if not answer["ok"]:
        raise LabError(say(answer["problem"]["text"], **answer["problem"]["values"]))
    return tuple(answer["broken"])
