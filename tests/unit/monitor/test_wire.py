"""What the collector writes, a viewer reads; what it did not write is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as some

from medflow_tui.lab import scenes
from medflow_tui.model.health import Health, Snapshot, Verdict
from medflow_tui.model.words import say
from medflow_tui.monitor.wire import (
    BEAT,
    REFUSED,
    GarbledError,
    Hello,
    Lines,
    SnapshotReader,
    SnapshotWriter,
    hello_of,
    mark_of,
    order,
    ordered,
)

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
HELLO = Hello(pid=7, version="1", site="abc")


def row(target: str, **more: object) -> Verdict:
    made = Verdict(
        target=target,
        kind="redis",
        pane="services",
        label=target,
        health=Health.OK,
        evidence=say("open"),
        observed_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def read(reader: SnapshotReader, written: bytes) -> Snapshot | None:
    found = None
    for line in written.splitlines():
        found = reader.take(line)
    return found


@pytest.mark.parametrize("name", ["bad-afternoon", "calm"])
def test_a_snapshot_of_everything_comes_back_as_it_was(name: str) -> None:
    snapshot = scenes.read(name).snapshot
    assert read(SnapshotReader(), SnapshotWriter().write(snapshot)) == snapshot


def test_what_did_not_change_is_neither_written_nor_read_anew() -> None:
    writer, reader = SnapshotWriter(), SnapshotReader()
    first = read(reader, writer.write(Snapshot(at=NOW, verdicts=(row("a"), row("b")))))
    second = read(reader, writer.write(Snapshot(at=NOW, verdicts=(row("a"), row("b", soft=True)))))
    assert first is not None
    assert second is not None
    assert second.verdicts[0] is first.verdicts[0]
    assert second.verdicts[1].soft


def test_a_beat_is_no_snapshot() -> None:
    assert SnapshotReader().take(BEAT.strip()) is None


def test_an_empty_snapshot_is_whole_at_once() -> None:
    assert read(SnapshotReader(), SnapshotWriter().write(Snapshot())) == Snapshot()


def test_a_value_that_is_no_plain_value_costs_the_values_and_is_reported_not_the_collector() -> None:
    told: list[str] = []
    odd = row("a", values=MappingProxyType({"names": {"x"}}))
    written = SnapshotWriter(lambda error, where: told.append(where)).write(
        Snapshot(verdicts=(odd, row("b")))
    )
    assert read(SnapshotReader(), written) == Snapshot(verdicts=(row("a"), row("b")))
    assert told == ["a"]


def test_a_value_that_looks_like_a_moment_costs_the_values_not_the_viewer() -> None:
    odd = row("a", values=MappingProxyType({"seen": MappingProxyType({"at": "noon"})}))
    assert read(SnapshotReader(), SnapshotWriter().write(Snapshot(verdicts=(odd,)))) == Snapshot(
        verdicts=(row("a"),)
    )


@pytest.mark.parametrize(
    "lines",
    [
        [b"[]"],
        [b"{"],
        [b"\xff"],
        [b'{"snapshot":1,"verdicts":0}'],
        [b'{"snapshot":{},"verdicts":-1}'],
        [b'{"snapshot":{},"verdicts":1}', b"{}"],
        [b'{"snapshot":{},"verdicts":1}', b'{"target":"a","kind":1,"health":"very bad"}'],
        [b'{"snapshot":{"unknown":1},"verdicts":0}'],
        [b"[" * 100_000],
    ],
)
def test_what_is_no_snapshot_is_refused(lines: list[bytes]) -> None:
    reader = SnapshotReader()
    for each in lines[:-1]:
        assert reader.take(each) is None
    with pytest.raises(GarbledError):
        reader.take(lines[-1])


@given(some.binary(max_size=200))
def test_no_bytes_do_worse_than_be_refused(content: bytes) -> None:
    for take in (SnapshotReader().take, ordered, hello_of):
        try:
            take(content)
        except GarbledError:
            continue


@given(some.one_of(some.none(), some.text(max_size=50)))
def test_an_order_is_understood(name: str | None) -> None:
    try:
        expected = None if name is None else name.encode().decode()
    except UnicodeEncodeError:
        return
    assert ordered(order(name).strip(b"\n")) == expected


def test_a_greeting_says_whether_one_fits() -> None:
    assert hello_of(HELLO.written()) == HELLO
    assert HELLO.fits(replace(HELLO, pid=8))
    assert not HELLO.fits(replace(HELLO, site="other"))
    assert not HELLO.fits(replace(HELLO, version="2"))
    assert hello_of(REFUSED) is None


def test_the_mark_of_a_site_changes_with_what_is_watched_alone() -> None:
    site = scenes.site()
    assert mark_of(replace(site, language="fr", bell=False)) == mark_of(site)
    assert mark_of(
        replace(site, targets=(replace(site.targets[0], interval_s=9), *site.targets[1:]))
    ) != mark_of(site)


@given(some.lists(some.binary(max_size=30)), some.integers(1, 7))
def test_lines_are_cut_wherever_the_pieces_end(words: list[bytes], step: int) -> None:
    whole = [each.replace(b"\n", b"") for each in words]
    stream = b"".join(each + b"\n" for each in whole)
    lines = Lines()
    found = [line for at in range(0, len(stream), step) for line in lines.feed(stream[at : at + step])]
    assert found == whole


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    lines = Lines(longest=10)
    assert lines.feed(b"12345") == ()
    with pytest.raises(GarbledError):
        lines.feed(b"67890x")
