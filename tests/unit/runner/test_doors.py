"""Doors that anybody may knock at, and doors that anybody may open: neither stops who is meant, nor takes one for another."""

from __future__ import annotations

import json
import os
import pwd
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medflow_tui.cli import leading as cli
from medflow_tui.cli.person import LeftError
from medflow_tui.model.access import Access, Origin, Person
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.incident import Severity
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.runner import confirming, door, knocking, listener
from medflow_tui.runner.confirming import Confirming, awaited, believed
from medflow_tui.runner.door import Door, Shown, agree, look
from medflow_tui.runner.knocking import watching
from medflow_tui.runner.listener import MOST_OF_ONE, Listener, hear_line, peer_of
from medflow_tui.runner.origin import everybody, name_of, unseen
from medflow_tui.runner.wishes import Peer
from tests.unit.runner.test_incidents import site_of

ME = os.getuid()
OURS = f"test/{os.getpid()}"  # no name of an incident: tests beside this one look for those
PLAN = {
    "site": "LAB",
    "id": "INC-2026-004",
    "severity": "SEV2",
    "commander": name_of(ME),
    "named": 0,
    "opened_by": "amani",
    "opened_at": "2026-11-28T10:00:00+00:00",
    "text": "login page down at the clinic",
}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the door of a run is an address of Linux")


class Told:
    """Behind a door: what it tells, and who knocked with what."""

    def __init__(self, run: str) -> None:
        self.run, self.heard = run, list[tuple[Origin, str]]()

    def show(self, other: Origin) -> dict[str, Any] | Phrase:
        self.heard.append((other, ""))
        return {"run": self.run, "plan": PLAN, "playbook": "", "who": "amani", "uid": ME}

    def hear(self, other: Origin, plan_hash: str, typed: str) -> Phrase:
        self.heard.append((other, typed))
        return say("not now") if typed == "no" else SILENCE


@pytest.fixture
def host() -> Iterator[Told]:
    found = Told(f"{OURS}/real")
    with Door(found.run, found):
        yield found


def knock(run: str) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(4)
    one.connect(f"\0medflow-tui/approve/{run}")
    return one


def test_a_line_that_nobody_can_read_is_refused_and_the_door_stays(host: Told) -> None:
    for line in (
        b"[" * 4000,
        b"{",
        b"\xff",
        b'{"what":["show"]}',
        b'{"what":"agree","typed":"\\ud800"}',
        b"1",
    ):
        with knock(host.run) as one:
            one.sendall(line + b"\n")
            assert hear_line(one, 4096)["why"]["text"] == "that is no order", line
    assert host.heard == []
    assert look(host.run).plan == PLAN
    with pytest.raises(RefusedError, match="not now"):
        agree(host.run, plan_hash="", typed="no")


def test_who_says_nothing_or_letter_by_letter_keeps_nobody_else_waiting(host: Told) -> None:
    with ExitStack() as stack:
        for _ in range(MOST_OF_ONE - 1):
            stack.enter_context(knock(host.run)).sendall(b"{")
        begun = time.monotonic()
        assert look(host.run).uid == ME
        assert time.monotonic() - begun < 1


def test_a_line_has_one_deadline_however_it_comes() -> None:
    mine, theirs = socket.socketpair(socket.AF_UNIX)

    def drip() -> None:
        with suppress(OSError):
            for _ in range(100):
                theirs.sendall(b"x")
                time.sleep(0.05)

    with mine, theirs:
        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            hear_line(mine, 4096, 0.3)
        assert time.monotonic() - begun < 1.5
    one, silent = socket.socketpair(socket.AF_UNIX)
    with one, silent:
        one.settimeout(5)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            hear_line(one, 4096, 0.2)
        assert time.monotonic() - begun < 1.5


def test_one_user_holds_a_few_places_and_closing_waits_for_nobody_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = iter([*[7] * (MOST_OF_ONE + 1), 8])
    monkeypatch.setattr(listener, "peer_of", lambda _: Peer(pid=1, uid=next(uids)))
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(tmp_path / "sock"))
    listening = Listener("test", lambda one: {"said": hear_line(one, 100)})
    listening.listen(bound, backlog=16)
    callers = []
    for _ in range(MOST_OF_ONE + 2):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(4)
        one.connect(str(tmp_path / "sock"))
        callers.append(one)
    with ExitStack() as stack:
        for one in callers:
            stack.enter_context(one)
        assert callers[-2].recv(1) == b""  # one too many of the same user
        callers[-1].sendall(b"1\n")
        assert json.loads(callers[-1].recv(100)) == {"said": 1}
        begun = time.monotonic()
        assert listening.close()
        assert time.monotonic() - begun < 2
        assert callers[0].recv(1) == b""


def connected(leave: bool) -> tuple[socket.socket, int, socket.socket]:
    """A connection of a child process that has ended, or waits until the last of them is closed; its number."""
    bound, mine, theirs = socket.socket(socket.AF_UNIX), *socket.socketpair(socket.AF_UNIX)
    bound.bind("")  # an abstract address of the kernel's choice
    bound.listen(1)
    child = os.fork()
    if child == 0:
        one = socket.socket(socket.AF_UNIX)
        one.connect(bound.getsockname())
        mine.close()
        socket.send_fds(theirs, [b"x"], [one.fileno()])
        if not leave:
            theirs.recv(1)
        os._exit(0)
    theirs.close()
    _, (kept,), _, _ = socket.recv_fds(mine, 10, 1)
    if leave:
        os.waitpid(child, 0)
    with bound, socket.socket(fileno=kept):
        one, _ = bound.accept()
    return one, child, mine


@contextmanager
def seen(leave: bool) -> Iterator[Callable[[], bool]]:
    one, child, mine = connected(leave)
    try:
        peer = peer_of(one)
        assert peer is not None
        assert peer.pid == child
        with watching(one, peer) as is_there:
            yield is_there
    finally:
        one.close()
        mine.close()
        if not leave:
            os.waitpid(child, 0)


def test_the_number_of_a_process_that_has_ended_stands_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with seen(leave=False) as is_there:
        assert is_there()
        monkeypatch.setattr(knocking, "uids_of", lambda pid: {ME, ME + 1})
        assert not is_there()
    monkeypatch.setattr(knocking, "uids_of", lambda pid: {ME})
    monkeypatch.setattr(knocking, "process_named", lambda pid: f"{pid}@5")  # somebody has it now
    with seen(leave=True) as is_there:
        if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 5):
            pytest.skip("this kernel gives no handle on who connected")
        assert not is_there()


def test_the_door_takes_whoever_is_not_the_one_who_connected_for_nobody(
    host: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(host.run)
    assert host.heard[-1][0].ancestors

    @contextmanager
    def gone(*_: object) -> Iterator[Callable[[], bool]]:
        yield lambda: False

    monkeypatch.setattr(door, "watching", gone)
    look(host.run, ssh="10.8.0.7 1 2 22")
    assert host.heard[-1][0] == Origin(uid=ME, user=name_of(ME), ssh="10.8.0.7 1 2 22")


def test_without_a_handle_a_number_that_changes_hands_is_seen_by_its_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(knocking, "_handle", lambda one: None)
    starts = iter(("7@5", "7@5", "7@6"))
    monkeypatch.setattr(knocking, "process_named", lambda pid: next(starts))
    with seen(leave=False) as is_there:
        assert is_there()
        assert not is_there()


def test_who_logged_in_is_not_known_of_a_process_that_ended_since() -> None:
    other = Origin(uid=1001, user="claire", terminal=5, session=("90@1",), ancestors=("999999999@1",))
    assert everybody(other) == (unseen(other),)
    assert (unseen(other).uid, unseen(other).terminal, unseen(other).session) == (1001, 0, ())


@contextmanager
def fake(name: str, answer: Callable[[socket.socket], None]) -> Iterator[list[bytes]]:
    """A door that anybody may open, and what was said there."""
    bound, heard = socket.socket(socket.AF_UNIX), list[bytes]()
    bound.bind(f"\0medflow-tui/approve/{name}")
    bound.listen(4)

    def serve() -> None:
        with suppress(OSError):
            while True:
                one, _ = bound.accept()
                with one, suppress(OSError):
                    heard.append(one.recv(4096))
                    answer(one)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        bound.shutdown(socket.SHUT_RDWR)
        bound.close()
        thread.join(5)


def answering(record: object) -> Callable[[socket.socket], None]:
    text = record if isinstance(record, bytes) else json.dumps(record).encode()
    return lambda one: one.sendall(text + b"\n")


def drips(one: socket.socket) -> None:
    for _ in range(40):
        one.sendall(b"x")
        time.sleep(0.05)


def refusing(text: str, **values: object) -> dict[str, object]:
    return {"ok": False, "why": {"text": text, "values": values}}


def shown_by(**other: object) -> dict[str, object]:
    return {"ok": True, "run": f"{OURS}/a", "who": "x", "playbook": "", "plan": {**PLAN, **other}}


@pytest.mark.parametrize(
    "answer",
    [
        answering(b"[" * 100_000),
        answering([1]),
        answering({"ok": False, "why": [1]}),
        answering(refusing("{x}", x={"at": 5})),
        answering(refusing("{x}", x=[5])),
        answering(refusing("{")),
        answering(refusing("{y.__class__}")),
        answering(shown_by(opened_at="2026-11-28T10:00:00")),
        answering(shown_by(opened_at=5)),
        answering(shown_by(severity=[])),
        answering(shown_by(commander={})),
        answering({"ok": True, "run": f"{OURS}/a"}),
        drips,
    ],
)
def test_a_door_that_answers_nonsense_is_passed_over(
    host: Told, monkeypatch: pytest.MonkeyPatch, answer: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(confirming, "waiting_runs", lambda _: (f"{OURS}/a", f"{OURS}/none", host.run))
    monkeypatch.setattr(confirming, "ONE_DOOR_S", 0.3)
    begun = time.monotonic()
    with fake(f"{OURS}/a", answer):
        found = awaited(frozenset({ME}))
        took = time.monotonic() - begun
    assert found is not None
    assert (found.run, found.uid) == (host.run, ME)
    assert took < 1.5


@pytest.mark.parametrize(
    "record",
    [
        *(refusing(text, x=5) for text in ("{", "{y.__class__}", "{x!r:>999999999}", "{0}")),
        *(refusing("{x}", x=each) for each in ([5], {"at": 5})),
        {
            "ok": False,
            "why": {"text": "x", "parts": [{"parts": [{"text": {}}], "text": ""}] * 2, "values": {}},
        },
    ],
)
def test_a_reason_that_cannot_be_said_is_none(record: dict[str, object]) -> None:
    with fake(f"{OURS}/a", answering(record)), pytest.raises(RefusedError) as caught:
        look(f"{OURS}/a")
    assert caught.value.phrase == door.NO_RUN


def test_a_door_whose_queue_is_full_keeps_nobody_from_the_next(
    host: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = tuple(f"{OURS}/busy{number}" for number in range(3))
    monkeypatch.setattr(confirming, "waiting_runs", lambda _: (*busy, host.run))
    with ExitStack() as stack:
        for each in busy:
            bound = stack.enter_context(socket.socket(socket.AF_UNIX))
            bound.bind(f"\0medflow-tui/approve/{each}")
            bound.listen(0)
            stack.enter_context(knock(each))
        begun = time.monotonic()
        found = awaited(frozenset({ME}))
        assert time.monotonic() - begun < 1
        assert found is not None
        assert found.run == host.run
        monkeypatch.setattr(confirming, "waiting_runs", lambda _: busy)
        monkeypatch.setattr(confirming, "ALL_DOORS_S", 0.2)
        assert awaited(frozenset({ME})) is None


def test_a_queue_that_moves_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "waiting_runs", lambda _: (f"{OURS}/a",))
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(f"\0medflow-tui/approve/{OURS}/a")
    bound.listen(0)

    def serve() -> None:
        time.sleep(0.15)
        bound.accept()[0].close()
        one, _ = bound.accept()
        with one:
            one.recv(4096)
            one.sendall(json.dumps(shown_by()).encode() + b"\n")

    with bound, knock(f"{OURS}/a"):
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        assert awaited(frozenset({ME})) is not None
        serving.join(5)


def test_nobody_can_take_the_address_of_an_incident_before_it_waits() -> None:
    desk = SimpleNamespace(site=SimpleNamespace(code="LAB"))
    incident = confirming.incident_of(Shown(run="x", plan=PLAN, playbook="", who="", uid=0))
    names = {Confirming(desk, incident, lambda: None).name for _ in range(2)}  # type: ignore[arg-type]
    assert len(names) == 2
    assert all(confirming.NAME.fullmatch(each) for each in names)


def test_all_doors_together_have_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "waiting_runs", lambda _: [f"{OURS}/a"] * 50)
    monkeypatch.setattr(confirming, "ONE_DOOR_S", 0.2)
    monkeypatch.setattr(confirming, "ALL_DOORS_S", 0.5)
    begun = time.monotonic()
    with fake(f"{OURS}/a", drips):
        assert awaited(frozenset({ME})) is None
        assert time.monotonic() - begun < 2


def test_nobody_is_believed_whom_the_site_does_not_name_and_nothing_is_said_to_them(
    host: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "waiting_runs", lambda _: (host.run,))
    with pytest.raises(RefusedError) as caught:
        awaited(frozenset({ME + 1}))
    assert caught.value.phrase.values["who"] == name_of(ME)
    assert host.heard == []
    with pytest.raises(RefusedError):
        agree(host.run, plan_hash="", typed="I LEAD LAB", believed=frozenset({ME + 1}))
    assert host.heard == []


def test_root_the_owner_of_the_state_folder_and_who_is_named_are_believed(tmp_path: Path) -> None:
    site = site_of(Access(people={each: Person(name=each) for each in ("nobody", "is-not-here")}))
    assert believed(site, tmp_path) == {0, ME, pwd.getpwnam("nobody").pw_uid}
    assert believed(None, tmp_path / "none") == {0}


class Types:
    """A person who types one thing."""

    def __init__(self, typed: str) -> None:
        self._typed, self.told = typed, list[str]()

    def tell(self, *phrases: Phrase) -> None:
        self.told += [
            each.text.format_map({**each.values}) if "{who}" in each.text else "" for each in phrases
        ]

    def confirm(self, question: Phrase) -> str:
        return self._typed


def test_what_is_not_the_phrase_is_said_to_nobody_and_who_asks_is_shown(host: Told) -> None:
    shown = look(host.run)
    host.heard.clear()
    with pytest.raises(LeftError) as caught:
        cli._at_the_door(shown, Types("x"))  # type: ignore[arg-type]
    assert caught.value.phrase.text.startswith("not agreed")
    assert host.heard == []
    person = Types("I LEAD LAB")
    assert cli._at_the_door(shown, person) == 0  # type: ignore[arg-type]
    assert [typed for _, typed in host.heard] == ["I LEAD LAB"]
    assert f"it is the program of {name_of(ME)} that asks, at this machine" in person.told
    assert (
        confirming.incident_of(Shown(run="x", plan=PLAN, playbook="", who="", uid=0)).severity
        is Severity.SEV2
    )
