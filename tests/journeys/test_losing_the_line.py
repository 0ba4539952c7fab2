"""The dashboard as a real process on a real terminal, left, killed or cut off in the middle of a run."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.playbooks.load import shipped
from medflow_tui.runner.follow import Follower
from tests.servers.lab import RunningLab, environment, until
from tests.servers.queue_scene import (
    FAULT,
    PLAYBOOK,
    REASON,
    add_jobs,
    changes,
    failed_ids,
    plant_patient,
    runs_of,
)
from tests.servers.sshd import is_installed, running_sshd
from tests.servers.terminal import ENTER, ESCAPE, F9, Terminal, running

pytestmark = pytest.mark.xdist_group("lab")

JOBS = 110
USER = "beni"
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Viewer:
    """One dashboard on a terminal, over the lab, and what its run leaves behind."""

    lab: RunningLab
    state: Path
    seen: set[str] = field(default_factory=set)

    def command(self, *words: str) -> tuple[str, ...]:
        site = str(self.lab.folder / "site.toml")
        return (
            sys.executable,
            "-m",
            "medflow_tui",
            "--lang",
            "en",
            "--site",
            site,
            "--state",
            str(self.state),
            *words,
        )

    @property
    def surroundings(self) -> dict[str, str]:
        return {**environment(self.state.parent), "TERM": "xterm-256color"}

    def start_run(self, terminal: Terminal) -> RunState:
        """From the first paint to a run that has started its worker."""
        terminal.shows("playbooks 2 fit")
        self.raise_rights(terminal)
        terminal.shows("ACTING until")
        terminal.type("b")
        terminal.shows("fits what is wrong")
        terminal.type(ENTER)
        terminal.shows("go on to the confirmation")
        terminal.type(ENTER)
        self.confirm(terminal)
        terminal.shows("You may close this screen: the run goes on")
        terminal.until(lambda: self.run.step == "watch", "the worker is started and watched")
        return self.run

    def raise_rights(self, terminal: Terminal) -> None:
        terminal.type("u")
        for question, answer in (
            ("Why do you want to act?", REASON),
            ("Your user name", USER),
            ("Your password", self.lab.facts["accounts"][USER]),
        ):
            terminal.shows(question)
            terminal.until(lambda: "not listened to yet" not in terminal.text, "it listens")
            terminal.type(answer + ENTER)
        terminal.shows("you may act until")

    def confirm(self, terminal: Terminal) -> None:
        terminal.shows("Type  MATRIX_KIN SYNC  and enter to start")
        terminal.type("MATRIX_KIN SYNC" + ENTER)

    @property
    def run(self) -> RunState:
        """The newest run, read as any follower reads it."""
        return Follower(RunFolder(path=runs_of(self.state)[-1])).poll().state

    def wait_for(self, holds: Callable[[RunState], bool], what: str) -> RunState:
        until(lambda: holds(self.run), what, 60)
        return self.run


@pytest.fixture
def viewer(clinic: RunningLab, tmp_path: Path) -> Iterator[Viewer]:
    with clinic.broken(FAULT):
        add_jobs(clinic, JOBS)
        found = Viewer(clinic, tmp_path / "state")
        try:
            yield found
        finally:
            with suppress(IndexError, psutil.Error):
                run = psutil.Process(found.run.pid)
                if found.run.phase is Phase.RUNNING:
                    run.kill()
                    run.wait(10)


def test_quitting_in_the_middle_leaves_the_run_and_says_so(viewer: Viewer) -> None:
    with running(viewer.command(), viewer.surroundings) as terminal:
        run = viewer.start_run(terminal)
        terminal.type("qqq")
        assert terminal.ended() == 0
        after = terminal.written.rpartition(b"\x1b[?1049l")[2].decode()
        assert f"the run {run.run} goes on without the dashboard" in " ".join(after.split())
    assert viewer.run.phase is Phase.RUNNING
    with running(viewer.command("playbook", "runs"), viewer.surroundings) as terminal:
        assert terminal.ended() == 0
        assert f"{run.run}" in terminal.text
        assert "running" in terminal.text
    assert viewer.wait_for(lambda each: each.phase.is_over, "the run ends").phase is Phase.SUCCEEDED
    assert failed_ids(viewer.lab) == set()


def kill(terminal: Terminal) -> None:
    os.kill(terminal.process.pid, signal.SIGKILL)


@pytest.mark.parametrize("lose", [kill, Terminal.hang_up])
def test_a_run_goes_on_when_the_dashboard_is_lost_and_the_next_start_finds_it(
    viewer: Viewer, lose: Callable[[Terminal], None]
) -> None:
    with running(viewer.command(), viewer.surroundings) as terminal:
        run = viewer.start_run(terminal)
        assert os.getsid(run.pid) != os.getsid(terminal.process.pid)
        lose(terminal)
        terminal.process.wait(20)
    assert viewer.run.phase is Phase.RUNNING
    assert viewer.run.pid == run.pid
    with running(viewer.command(), viewer.surroundings) as terminal:
        terminal.shows("F9 shows a run that is not over")
        terminal.type(F9)
        terminal.shows("Device sync failure", run.run)
        terminal.shows("What was changed stands beside the steps.")
        terminal.type("qq")
        assert terminal.ended() == 0
        assert b"goes on without the dashboard" not in terminal.written
    assert viewer.run.phase is Phase.SUCCEEDED


def test_a_run_that_was_interrupted_is_found_and_gone_on_with_and_repeats_nothing(viewer: Viewer) -> None:
    with running(viewer.command(), viewer.surroundings) as terminal:
        run = viewer.start_run(terminal)
        psutil.Process(run.pid).kill()
        terminal.shows("interrupted", "When in doubt call", run.run)
        terminal.type("qqq")
        assert terminal.ended() == 0
        assert b"goes on without the dashboard" not in terminal.written
    with running(viewer.command(), viewer.surroundings) as terminal:
        terminal.shows("F9 shows a run that is not over, interrupted")
        terminal.type(F9)
        terminal.shows("enter go on with it", run.run)
        terminal.type(ENTER)
        terminal.shows("read-only: u raises your rights")
        viewer.raise_rights(terminal)
        terminal.type(ENTER)
        viewer.confirm(terminal)
        terminal.shows("What was changed stands beside the steps.")
        terminal.type("qq")
        assert terminal.ended() == 0
    assert viewer.run.phase is Phase.SUCCEEDED
    assert (viewer.run.run, viewer.run.pid == run.pid) == (run.run, False)
    made = changes(viewer.lab)
    assert (made["/auto-sync/start"], made["/sync-queue/retry-failed"]) == (1, 1)


@pytest.mark.real_server
def test_a_run_goes_on_when_the_ssh_line_is_cut(viewer: Viewer, tmp_path: Path) -> None:
    if not is_installed():
        pytest.skip("no OpenSSH server and client here")
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    settings = [f"{name}={value}" for name, value in viewer.surroundings.items() if name != "TERM"]
    command = f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(['env', '-i', *settings, 'TERM=xterm', *viewer.command()])}"
    with running_sshd(folder) as sshd, running(sshd.client(command), viewer.surroundings) as terminal:
        run = viewer.start_run(terminal)
        kill(terminal)
        terminal.process.wait(20)
    with running(viewer.command(), viewer.surroundings) as terminal:
        terminal.shows("F9 shows a run that is not over")
        terminal.type("q")
        assert terminal.ended() == 0
    assert viewer.run.pid == run.pid
    assert viewer.wait_for(lambda each: each.phase.is_over, "the run ends").phase is Phase.SUCCEEDED


def test_password_and_patient_are_in_no_file_no_argument_no_environment_and_on_no_screen(
    viewer: Viewer,
) -> None:
    patient = PLANTED_NAME[0]
    plant_patient(viewer.lab, " ".join(PLANTED_NAME))
    secrets = (
        viewer.lab.facts["accounts"][USER],
        viewer.lab.facts["accounts"]["amani"],
        PLANTED_SECRET,
        patient,
    )
    with viewer.lab.broken("log-patient"), running(viewer.command(), viewer.surroundings) as terminal:
        run = viewer.start_run(terminal)
        ours = [psutil.Process(run.pid), psutil.Process(terminal.process.pid)]
        ours += [child for each in ours for child in each.children(recursive=True)]
        for process in ours:
            for name in ("cmdline", "environ"):
                with suppress(FileNotFoundError, ProcessLookupError):
                    content = Path(f"/proc/{process.pid}/{name}").read_bytes()
                    assert not any(each.encode() in content for each in secrets), (process, name)
        viewer.wait_for(lambda each: each.phase.is_over, "the run ends")
        terminal.type(ESCAPE)
        terminal.shows("Playbooks: what can be done")
        terminal.type(ESCAPE)
        terminal.shows("F2 Services")
        terminal.type("qq")
        assert terminal.ended() == 0
        assert not any(each.encode() in bytes(terminal.written) for each in secrets)
    files = [each for each in viewer.state.rglob("*") if each.is_file()]
    assert {"audit.jsonl", "journal.jsonl", "plan.json", "history.sqlite"} <= {each.name for each in files}
    found = {each.name for each in files for secret in secrets if secret.encode() in each.read_bytes()}
    assert found == set()


def test_the_command_line_lists_shows_and_rehearses_and_starts_nothing(viewer: Viewer) -> None:
    def told(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            viewer.command("playbook", *words),
            env=viewer.surroundings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    before = changes(viewer.lab)
    assert told("runs") == (0, "no run yet\n")
    code, text = told("list")
    known = sorted(each.stem for each in shipped().glob("*.toml"))
    assert PLAYBOOK in known
    assert (code, [line.split()[0] for line in text.splitlines()]) == (0, known)
    code, text = told("show", PLAYBOOK)
    assert code == 0
    assert "Retry ? failed jobs" in text
    code, text = told("show", "no-such")
    assert code == 3
    assert f"there is no playbook no-such here; there is: {', '.join(known)}" in text
    code, text = told("run", PLAYBOOK, "--dry-run")
    assert code == 1
    assert "only with your log-in" in text
    code, text = told("run", PLAYBOOK)
    assert code == 3
    assert "at a terminal, not a file or a pipe" in text
    site = viewer.lab.folder / "site.toml"
    text = site.read_text()
    site.write_text(text.replace('environment = "lab"', 'environment = "production"'))
    try:
        code, text = told("run", PLAYBOOK)
        assert code == 3
        assert "at a terminal, not a file or a pipe" in text
        assert "names nobody else who may agree" in told("run", PLAYBOOK, "--dry-run")[1]
    finally:
        site.write_text(site.read_text().replace('environment = "production"', 'environment = "lab"'))
    assert runs_of(viewer.state) == []
    assert changes(viewer.lab) == before
