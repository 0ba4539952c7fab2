"""The own line and ports over real TCP on loopback: refused, silent, lost packets, who listens, deadlines."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from medflow_tui.clients.line import Door, Window, door, knock
from medflow_tui.clients.network import Deadline
from medflow_tui.model.health import Cause, Reading
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.probes import port, uplink
from medflow_tui.rules.line import Knock
from tests.contracts.scripted_web import free_port
from tests.servers.readings import tools

SLACK_S = 1.0
REPOSITORY = Path(__file__).resolve().parents[2]
LISTEN = """
import socket, time
with socket.create_server(("127.0.0.1", 0)) as one:
    print(one.getsockname()[1], flush=True)
    time.sleep(600)
"""


@contextmanager
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as one:
        yield f"127.0.0.1:{one.getsockname()[1]}"


@contextmanager
def overfull() -> Iterator[tuple[str, socket.socket]]:
    """A place whose queue of connections is full: Linux drops what comes, as a lost packet would be."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(0)
        fillers = []
        try:
            for _ in range(3):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(one.getsockname())
                fillers.append(filler)
            yield f"127.0.0.1:{one.getsockname()[1]}", one
        finally:
            for filler in fillers:
                filler.close()


def look_up_the_line(tmp_path: Path, *addresses: str, deadline_s: float = 2.0) -> Reading:
    (reading,) = uplink.build(UplinkTarget(name="uplink", addresses=addresses), tools(tmp_path)).read(
        deadline_s
    )
    return reading


def look_at_port(tmp_path: Path, address: str, deadline_s: float = 2.0) -> Reading:
    (reading,) = port.build(PortTarget(name="port", address=address), tools(tmp_path)).read(deadline_s)
    return reading


def test_one_address_that_answers_is_an_own_line_that_is_up(tmp_path: Path) -> None:
    with listening() as good, overfull() as (dead, _):
        reading = look_up_the_line(tmp_path, dead, good)
    assert reading.values["answering"] == (good,)
    assert reading.values["loss_percent"] == 0
    assert reading.latency_ms is not None


def test_a_refusal_from_outside_proves_the_line(tmp_path: Path) -> None:
    reading = look_up_the_line(tmp_path, f"127.0.0.1:{free_port()}")
    assert reading.failure is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what a full queue cannot take")
def test_no_answer_at_all_is_a_line_that_is_down_within_the_deadline(tmp_path: Path) -> None:
    started = time.monotonic()
    with overfull() as (dead, _):
        reading = look_up_the_line(tmp_path, dead, deadline_s=1.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.UNREACHABLE
    assert time.monotonic() - started < 1.0 + SLACK_S


@pytest.mark.parametrize("addresses", [(), ("nonsense",), ("127.0.0.1:0",)])
def test_without_an_address_nothing_is_said_of_the_line(tmp_path: Path, addresses: tuple[str, ...]) -> None:
    reading = look_up_the_line(tmp_path, *addresses)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.UNSUPPORTED


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells repeated packets")
def test_a_lost_packet_is_counted_although_the_connection_stands_in_the_end() -> None:
    with overfull() as (place, one), ThreadPoolExecutor(max_workers=1) as pool:
        found = door(place)
        assert found is not None
        before = unanswered(found.port)
        knocking = pool.submit(knock, (found,), 1, Deadline.after(20.0))
        await_until(lambda: unanswered(found.port) > before)  # its first packet is sent, and dropped
        one.settimeout(0.05)
        while not knocking.done():  # room for the second, and for what else knocks here
            with suppress(TimeoutError):
                one.accept()[0].close()
        (result,) = knocking.result()[place]
    assert result.lost >= 1
    assert result.sent == result.lost + 1
    assert result.rtt_ms is not None
    assert result.rtt_ms < 500, "the round trip is that of the packet which was answered"


def unanswered(port: int) -> int:
    """Connections of this machine to a port whose first packet has no answer yet."""
    return sum(
        1
        for each in psutil.net_connections(kind="tcp4")
        if each.status == psutil.CONN_SYN_SENT and each.raddr.port == port
    )


def await_until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends, "the state awaited did not come"
        time.sleep(0.01)


def test_all_doors_are_tried_at_the_same_time() -> None:
    with overfull() as (dead, _), overfull() as (other, _), listening() as good:
        doors = tuple(each for each in map(door, (dead, other, good)) if each is not None)
        started = time.monotonic()
        found = knock(doors, 2, Deadline.after(1.0))
    assert time.monotonic() - started < 1.0 + SLACK_S
    assert [each.lost for each in found[good]] == [0, 0]
    assert all(each.rtt_ms is None and each.lost == each.sent for each in (*found[dead], *found[other]))


def test_a_name_without_an_address_delays_and_hides_no_other() -> None:
    with listening() as good:
        named = Door(place="nowhere.invalid:443", host="nowhere.invalid", port=443)
        reachable = door(good)
        assert reachable is not None
        found = knock((named, reachable), 1, Deadline.after(3.0))
    assert list(found) == [good]


OUT_OF_FILES = """
import os, resource, sys
from pathlib import Path
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.probes import clinics, port, redis, uplink
from medflow_tui.rules.judging import Context, judge
from tests.servers.readings import tools
address = sys.argv[1]
targets = (
    UplinkTarget(name="line", addresses=(address,)),
    PortTarget(name="port", address=address),
    RedisTarget(name="redis", address=f"redis://{address}/0"),
    ClinicsTarget(name="clinics", address=f"mongodb://{address}", clinic=(Clinic(id="A", address=address),)),
)
builders = {"uplink": uplink.build, "port": port.build, "redis": redis.build, "clinics": clinics.build}
probes = [(each, builders[each.kind](each, tools(Path(sys.argv[2])))) for each in targets]
[probe.read(0.5) for _, probe in probes]
resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
held = []
try:
    while True:
        held.append(os.dup(0))
except OSError:
    pass
for target, probe in probes:
    for reading in probe.read(1.0):
        found = judge(reading, target, Context(now=reading.observed_at))
        print(reading.target, found.health.value, found.evidence.text, sep="|")
"""


def test_what_this_program_lacks_is_unknown_and_not_the_other_sides_fault(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), *sys.path))}
    with listening() as place:
        ended = subprocess.run(
            [sys.executable, "-c", OUT_OF_FILES, place, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.stderr == ""
    found = {name: health for name, health, _ in (line.split("|") for line in ended.stdout.splitlines())}
    assert found == dict.fromkeys(("line", "port", "redis", "clinics", "clinics/A"), "unknown"), ended.stdout


def test_the_window_forgets_by_number_and_by_age() -> None:
    window = Window(3, 600)
    for sent in (1, 2, 3, 4):
        kept = window.add("a", (Knock(sent=sent, lost=0, rtt_ms=1.0),))
    assert [each.sent for each in kept] == [2, 3, 4]
    assert Window(3, -1).add("a", (Knock(sent=1, lost=0),)) == ()


def test_an_open_port_names_the_process_that_listens(tmp_path: Path) -> None:
    with listening() as place:
        probe = port.build(PortTarget(name="port", address=place), tools(tmp_path))
        readings = [probe.read(2.0)[0] for _ in range(2)]  # the second asks the process known from the first
    for reading in readings:
        assert (reading.values["pid"], reading.failure) == (os.getpid(), None)
        assert reading.values["listener"]


def test_a_port_that_changed_hands_is_noticed(tmp_path: Path) -> None:
    with listening() as place:
        probe = port.build(PortTarget(name="port", address=place), tools(tmp_path))
        assert probe.read(2.0)[0].values["pid"] == os.getpid()
    program = LISTEN.replace('("127.0.0.1", 0)', f'("127.0.0.1", {place.rpartition(":")[2]})')
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert probe.read(2.0)[0].values["pid"] == child.pid
    finally:
        child.kill()
        child.communicate()


def test_a_closed_port_is_refused(tmp_path: Path) -> None:
    reading = look_at_port(tmp_path, f"127.0.0.1:{free_port()}")
    assert reading.failure is not None
    assert reading.failure.cause is Cause.REFUSED


def test_the_port_of_a_frozen_process_is_open_and_read_in_time(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        place = f"127.0.0.1:{int(child.stdout.readline())}"
        child.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        reading = look_at_port(tmp_path, place, deadline_s=1.0)
        assert time.monotonic() - started < 1.0 + SLACK_S
        assert reading.values["pid"] == child.pid
    finally:
        child.send_signal(signal.SIGCONT)
        child.kill()
        child.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what a full queue cannot take")
def test_a_port_that_never_answers_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    started = time.monotonic()
    with overfull() as (dead, _):
        reading = look_at_port(tmp_path, dead, deadline_s=1.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.UNREACHABLE
    assert time.monotonic() - started < 1.0 + SLACK_S


@pytest.mark.parametrize("address", ["", "backend", "127.0.0.1:port", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_said_so(tmp_path: Path, address: str) -> None:
    reading = look_at_port(tmp_path, address)
    assert reading.failure is not None
    assert reading.failure.text.text == "address is not host:port"
