"""The bytes that a reading tells are those that went through a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from medflow_tui.clients.http import Web
from medflow_tui.clients.meter import AROUND_SEGMENT, SEGMENT, Meter
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.model.site import Site
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.probes.clinics import ClinicsProbe
from medflow_tui.probes.uplink import UplinkProbe
from medflow_tui.rules.line import HANDSHAKE_BYTES

BODY = b'{"x":"' + b"y" * 5000 + b'"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


@contextmanager
def counting() -> Iterator[tuple[int, list[int]]]:
    """A web server of one answer a connection: its port, and the bytes of each request that it got."""
    got: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    request = b""
                    while b"\r\n\r\n" not in request and (piece := one.recv(65536)):
                        request += piece
                    got.append(len(request))
                    if request:
                        one.sendall(ANSWER)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1]), got
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    site = Site(code="M", name="M", environment="lab")
    return Tools(site=site, secret=lambda reference: reference, budget=SharedBudget(tmp_path), state=tmp_path)


def test_a_call_counts_its_request_and_its_answer_and_the_packets_around_them() -> None:
    meter = Meter()
    with counting() as (port, got), Web(f"http://127.0.0.1:{port}", meter=meter) as web:
        assert web.ask("GET", "/x", Deadline.after(10)).status == 200
        content = got[0] + len(ANSWER)
        found = meter.take()
    at_least = HANDSHAKE_BYTES + content + AROUND_SEGMENT * (1 + len(ANSWER) // SEGMENT)
    assert at_least <= found <= at_least + 6 * AROUND_SEGMENT
    assert meter.take() == 0


def test_the_uplink_counts_its_connections(tools: Tools) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        probe = UplinkProbe(UplinkTarget(name="uplink", addresses=(place,), tries=3), tools)
        assert probe.read(10)[0].values["bytes"] == 3 * HANDSHAKE_BYTES


def test_the_clinics_count_the_central_server_and_their_lines(tools: Tools) -> None:
    with counting() as (port, got), closing(socket.create_server(("127.0.0.1", 0))) as server:
        target = ClinicsTarget(
            name="clinics",
            address="mongodb://127.0.0.1:1",
            central=f"http://127.0.0.1:{port}",
            clinic=(Clinic(id="MATADI", address=f"127.0.0.1:{server.getsockname()[1]}"),),
            tries=2,
        )
        counted = ClinicsProbe(target, tools).read(10)[0].values["bytes"]
        assert counted > 3 * HANDSHAKE_BYTES + got[0] + len(ANSWER)
