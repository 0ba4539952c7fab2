"""The real program through a real SSH line that is cut, and in a real tmux that is left and come back to."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.servers.install import missing_packages
from tests.servers.small_site import READY, own_log, program, surroundings
from tests.servers.sshd import Sshd, is_installed, running_sshd
from tests.servers.terminal import ENTER, ESCAPE, running

pytestmark = pytest.mark.real_server
ROOT = Path(__file__).parents[2]
SOON_S = 6.0


def until(holds: Callable[[], object], what: str, patience_s: float = 20.0) -> None:
    ends = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < ends, what
        time.sleep(0.05)


def dashboards(state: Path) -> list[psutil.Process]:
    """Processes of the program over this state folder."""
    found = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            words = each.cmdline()
            if "medflow_tui" in words and str(state) in words and words[0].endswith(("python", "python3")):
                found.append(each)
    return found


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    if not is_installed():
        pytest.skip("no OpenSSH server and client here")
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    with running_sshd(folder) as found:
        yield found


def remote(folder: Path) -> str:
    """The program as a command line for the other side, in its place."""
    words = shlex.join(program(folder))
    return f"cd {shlex.quote(str(ROOT))} && exec env LC_ALL=C.UTF-8 {words}"


def test_through_ssh_it_is_drawn_and_quit(tmp_path: Path, sshd: Sshd) -> None:
    with running(sshd.client(remote(tmp_path)), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.resize(100, 30)
        terminal.until(lambda: "? help" in terminal.screen.display[29], "the new size")
        terminal.type("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("busy", [False, True], ids=["at rest", "while it writes"])
def test_a_cut_ssh_line_ends_it_within_seconds_and_leaves_no_process(
    tmp_path: Path, sshd: Sshd, busy: bool
) -> None:
    state = tmp_path / "state"
    with running(sshd.client(remote(tmp_path)), surroundings()) as terminal:
        terminal.shows(*READY)
        (process,) = dashboards(state)
        terminal.type("!")
        terminal.shows("problems only")
        if busy:
            for _ in range(50):
                terminal.send(b"\x0c")
        os.kill(terminal.process.pid, signal.SIGKILL)
        until(lambda: not process.is_running(), "the program ends", SOON_S)
    assert dashboards(state) == []
    assert "line lost" in own_log(tmp_path)
    assert "fault" not in own_log(tmp_path)
    with running(sshd.client(remote(tmp_path)), surroundings()) as terminal:
        terminal.shows("problems only", "refused")
        terminal.type(ESCAPE + "q")
        terminal.ended()


def test_an_ssh_line_that_stands_still_and_comes_back_shows_the_screen_of_now(
    tmp_path: Path, sshd: Sshd
) -> None:
    with running(sshd.client(remote(tmp_path)), surroundings(), columns=240, lines=60) as terminal:
        terminal.shows(*READY)
        (process,) = dashboards(tmp_path / "state")
        client = psutil.Process(terminal.process.pid)
        for _ in range(20):
            terminal.send(b"\x0c" * 10)
            terminal.read(0.01)
        client.suspend()
        try:
            used = sum(process.cpu_times()[:2])
            time.sleep(2.0)
            assert sum(process.cpu_times()[:2]) - used < 1.0
        finally:
            client.resume()
        terminal.type("m")
        terminal.until(lambda: "F6" not in terminal.text and "F2 Services" in terminal.text, "one pane")
        terminal.type("qq")
        assert terminal.ended() == 0


class Tmux:
    """A tmux server of its own, without anybody's configuration."""

    def __init__(self, folder: Path) -> None:
        self._start = (str(shutil.which("tmux")), "-S", str(folder / "tmux"), "-f", "/dev/null")
        self._environment = surroundings()

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            (*self._start, *words),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            cwd=ROOT,
        )
        return done.stdout

    def client(self, *words: str) -> tuple[str, ...]:
        return (*self._start, *words)

    @property
    def screen(self) -> str:
        return self("capture-pane", "-p", "-t", "x")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if "tmux" in missing_packages():
        pytest.skip("no tmux here")
    found = Tmux(tmp_path)
    found(
        "new-session",
        "-d",
        "-s",
        "x",
        "-x",
        "80",
        "-y",
        "24",
        shlex.join(program(tmp_path)) + "; echo ended $?; sleep 60",
    )
    try:
        until(lambda: all(each in found.screen for each in READY), "the dashboard in tmux")
        yield found
    finally:
        with suppress(subprocess.CalledProcessError):
            found("kill-server")


def test_left_and_come_back_to_in_tmux_it_fits_the_new_terminal(tmp_path: Path, tmux: Tmux) -> None:
    for columns, lines in ((100, 30), (60, 20), (140, 40)):
        with running(
            tmux.client("attach", "-t", "x"), surroundings(), columns=columns, lines=lines
        ) as terminal:
            terminal.shows("F2 Services", "refused")
            terminal.until(lambda line=lines - 2: "? help" in terminal.screen.display[line], "the new size")
            terminal.send(b"\x1b[M !!\x1b[<0;3;3M\x1b[I")  # what a re-attached terminal may still report
            tmux("detach-client", "-s", "x")
            terminal.ended()
        assert "F2 Services" in tmux.screen
    tmux("send-keys", "-t", "x", "q")
    until(lambda: "ended 0" in tmux.screen, "its end")


def test_a_client_that_is_killed_leaves_it_as_it_is(tmp_path: Path, tmux: Tmux) -> None:
    with running(tmux.client("attach", "-t", "x"), surroundings()) as terminal:
        terminal.shows("F2 Services")
        terminal.type(ENTER)
        terminal.shows("Seen")
    until(lambda: "Seen" in tmux.screen, "the same page")
    with running(tmux.client("attach", "-t", "x"), surroundings()) as terminal:
        terminal.shows("Seen")
        terminal.type(ESCAPE)
        terminal.shows("F2 Services")


def test_with_the_tmux_server_gone_it_ends(tmp_path: Path, tmux: Tmux) -> None:
    (process,) = dashboards(tmp_path / "state")
    tmux("kill-server")
    until(lambda: not process.is_running(), "the program ends", SOON_S)
    assert "line lost: " in own_log(tmp_path)
