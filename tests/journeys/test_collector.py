"""Two people at two real terminals look through one collector, which is killed and comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.servers.collector import Place
from tests.servers.lab import environment
from tests.servers.process import OwnProcess
from tests.servers.terminal import ENTER, Terminal
from tests.servers.terminal import running as on_terminal
from tests.servers.valkey import running

SITE = """
[site]
code = "M"
name = "M"
environment = "lab"
[target.redis]
address = "redis://127.0.0.1:{port}"
interval_s = 1
[target.uplink]
addresses = ["127.0.0.1:{port}"]
interval_s = 2
paid = true
"""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnProcess]:
    with running(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, valkey: OwnProcess) -> Place:
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(port=valkey.port))
    return Place(site, tmp_path / "state")


def shown(place: Place, tmp_path: Path) -> AbstractContextManager[Terminal]:
    surroundings = {**environment(tmp_path), "TERM": "xterm-256color"}
    return on_terminal(tuple(place.command()), surroundings, columns=120, lines=30)


def test_the_view_outlives_the_collector(place: Place, tmp_path: Path, valkey: OwnProcess) -> None:
    with shown(place, tmp_path) as one, shown(place, tmp_path) as two:
        for each in (one, two):
            each.shows("own", "MB used")
        with place.collecting() as collector:
            for each in (one, two):
                each.shows(f"collector {collector.pid}", "MB used")
            one.type("a")
            one.shows("you are on it for how long")
            one.type("1 h the disk" + ENTER)
            one.shows("written down")
            two.type("\x1b")
            os.kill(collector.pid, signal.SIGKILL)
            collector.wait(10)
        for each in (one, two):
            never_unread(each, "collector gone")
            each.shows("own", "MB used")
        with place.collecting() as again:
            for each in (one, two):
                never_unread(each, f"collector {again.pid}")
                assert "collector gone" not in each.text
        for each in (one, two):
            each.type("q")
            assert each.ended() == 0


def never_unread(terminal: Terminal, words: str) -> None:
    """Wait for the words; until then every row stays as it was known."""

    def holds() -> bool:
        assert "MB used" in terminal.text
        assert "reading…" not in terminal.text
        return words in terminal.text

    terminal.until(holds, words)


def test_the_detail_tells_what_looking_costs(place: Place, tmp_path: Path) -> None:
    with shown(place, tmp_path) as terminal:
        terminal.shows("own", "MB used")
        terminal.type("\x1bOR")
        terminal.type(ENTER)
        terminal.shows("paid line: 840 B a reading, 36 MB a day", "all probes: 1.1 GB a month")
