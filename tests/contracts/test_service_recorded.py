"""Managers that this machine has not, by recorded output after their documentation; and programs that end with 0 and

have done nothing, one a manager: the step fails.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from medflow_tui.actions.service_facts import memory_in
from medflow_tui.clients.command import Output
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import compose, launchd, pm2, runit, supervisor, systemd
from medflow_tui.clients.supervisors.launchd import Launchd
from medflow_tui.clients.supervisors.saying import refused
from medflow_tui.clients.supervisors.telling import Pace, Service
from medflow_tui.clients.supervisors.windows import WindowsService
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import NO_FACTS, Effect, Outcome, Step, Text
from medflow_tui.model.service import Place, Verb
from medflow_tui.model.targets.process import ProcessTarget
from tests.servers.service_steps import Work, target_of

UID = os.getuid()
JOB = f"gui/{UID}/com.medflow.MATRIX"
PLIST = "/Users/medflow/Library/LaunchAgents/com.medflow.MATRIX.plist"
QUICK = Pace(every_s=0.02, steady_s=0.05)


def job(pid: int) -> str:
    """As `launchctl print` of macOS 13 has it."""
    return (
        f"{JOB} = {{\n\tactive count = 1\n\tpath = {PLIST}\n\ttype = LaunchAgent\n\tstate = running\n\n"
        f"\tstderr path = /Users/medflow/logs/medflow-MATRIX.error.log\n\truns = 4\n\tpid = {pid}\n}}\n"
    )


@dataclass
class Mac:
    """launchctl as recorded: what is loaded and disabled decides what it prints."""

    pid: int = 0
    is_loaded: bool = True
    disabled: str = ""
    calls: list[tuple[str, ...]] = field(default_factory=list)
    obeys: bool = True

    def run(self, argv: tuple[str, ...], deadline: Deadline, environment: object = None) -> Output:
        word = argv[1]
        if word == "print":
            if argv[2] != JOB or not self.is_loaded:
                return Output(
                    code=113, text="", errors='Could not find service "com.medflow.MATRIX" in domain'
                )
            return Output(
                code=0,
                text=job(self.pid) if self.pid else job(0).replace("running", "not running"),
                errors="",
            )
        if word == "print-disabled":
            text = f'disabled services = {{\n\t"com.docker.helper" => enabled\n{self.disabled}}}\n'
            return Output(code=0, text=text, errors="")
        self.calls.append(argv)
        if self.obeys:
            self._obey(word)
        return Output(code=0, text="", errors="")

    def _obey(self, word: str) -> None:
        match word:
            case "kill":
                self.pid = 0
            case "kickstart" | "bootstrap":
                self.pid, self.is_loaded = os.getpid(), True
            case "bootout":
                self.pid, self.is_loaded = 0, False
            case "disable":
                self.disabled = '\t"com.medflow.MATRIX" => disabled\n'
            case "enable":
                self.disabled = '\t"com.medflow.MATRIX" => enabled\n'


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Mac:
    found = Mac(pid=2**22 - 3)
    monkeypatch.setattr(launchd, "run", found.run)
    monkeypatch.setattr("medflow_tui.clients.supervisors.telling.run", found.run)
    return found


def on_mac() -> Service:
    target = ProcessTarget(name="backend", manager="launchd", unit="com.medflow.MATRIX")
    return Service(Launchd(target), Place.MACOS, pace=QUICK)


def within() -> Deadline:
    return Deadline.after(7.0)


def test_launchd_restarts_by_a_signal_and_a_kickstart_that_kills_nothing(mac: Mac) -> None:
    told = on_mac().restart(within())
    assert told.answer is Outcome.PASS
    assert (told.before.pid, told.after.pid) == (2**22 - 3, os.getpid())
    assert mac.calls == [("launchctl", "kill", "SIGTERM", JOB), ("launchctl", "kickstart", JOB)]
    assert not any("-k" in each or "SIGKILL" in each for each in mac.calls)


def test_launchd_that_says_yes_and_does_nothing_is_a_fail(mac: Mac) -> None:
    mac.obeys = False
    told = on_mac().restart(within())
    assert (told.answer, told.outcome) == (Outcome.PASS, Outcome.FAIL)


def test_launchd_holds_by_disabling_and_unloading_and_gives_back_from_its_file(mac: Mac) -> None:
    held = on_mac().hold(within())
    assert (held.outcome, held.memory["plist"]) == (Outcome.PASS, PLIST)
    assert mac.calls == [("launchctl", "disable", JOB), ("launchctl", "bootout", JOB)]
    assert on_mac().look(within()).held is True
    assert not on_mac().start(within()).applies
    mac.calls.clear()
    assert on_mac().release(within(), held.memory).outcome is Outcome.PASS
    assert mac.calls == [("launchctl", "enable", JOB), ("launchctl", "bootstrap", f"gui/{UID}", PLIST)]


@pytest.mark.parametrize("word", ["true", "disabled"])
def test_old_and_new_macos_say_disabled_in_their_own_word(word: str) -> None:
    assert launchd.disabled(f'disabled services = {{\n\t"a.b" => {word}\n\t"c" => enabled\n}}\n') == {"a.b"}


def test_a_job_that_is_neither_loaded_nor_disabled_is_absent(mac: Mac) -> None:
    mac.is_loaded = False
    with pytest.raises(UnreachableError) as caught:
        on_mac().look(within())
    assert caught.value.failure.cause is Cause.ABSENT
    assert not on_mac().restart(within()).applies


@dataclass
class Sc:
    """sc.exe and the service behind it, as recorded: it answers before the service has stopped."""

    state: str = "running"
    number: int | None = 2**22 - 3
    starts: str = "automatic"
    code: int = 0
    obeys: bool = True
    stopping: int = 2
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def status(self) -> str:
        if self.state == "stop_pending":
            self.stopping -= 1
            if self.stopping <= 0:
                self.state, self.number = "stopped", None
        return self.state

    def pid(self) -> int | None:
        return self.number

    def start_type(self) -> str:
        return self.starts

    def run(self, argv: tuple[str, ...], deadline: Deadline, environment: object = None) -> Output:
        self.calls.append(argv)
        if self.obeys and not self.code:
            match argv[1]:
                case "stop":
                    self.state, self.stopping = "stop_pending", 2
                case "start":
                    if self.state != "stopped":
                        return Output(code=1056, text="[SC] StartService FAILED 1056:", errors="")
                    self.state, self.number = "running", os.getpid()
                case "config":
                    self.starts = {"disabled": "disabled", "auto": "automatic", "demand": "manual"}[argv[4]]
        return Output(code=self.code, text="[SC] ControlService SUCCESS\n", errors="")


@pytest.fixture
def sc(monkeypatch: pytest.MonkeyPatch) -> Sc:
    found = Sc()
    monkeypatch.setattr(psutil, "win_service_get", lambda name: found, raising=False)
    monkeypatch.setattr("medflow_tui.clients.supervisors.telling.run", found.run)
    return found


class OnWindows(Service):
    """As it would be on a Windows on which this program acted; today it does not, see the table."""

    def why_not(self, verb: Verb) -> Any:
        return ""


def windows() -> Service:
    target = ProcessTarget(name="backend", manager="windows", unit="PM2")
    return OnWindows(WindowsService(target), Place.WINDOWS, pace=QUICK)


def test_windows_waits_for_the_stop_before_it_starts(sc: Sc) -> None:
    told = windows().restart(within())
    assert (told.answer, told.after.pid) == (Outcome.PASS, os.getpid())
    assert sc.calls == [("sc.exe", "stop", "PM2"), ("sc.exe", "start", "PM2")]


def test_windows_holds_by_its_start_type_and_gives_back_the_one_before(sc: Sc) -> None:
    held = windows().hold(within())
    assert (held.outcome, held.memory) == (Outcome.PASS, {"starts": "automatic"})
    assert sc.calls == [("sc.exe", "config", "PM2", "start=", "disabled"), ("sc.exe", "stop", "PM2")]
    assert windows().release(within(), held.memory).outcome is Outcome.PASS
    assert sc.calls[-1] == ("sc.exe", "config", "PM2", "start=", "auto")


def test_windows_that_refuses_says_that_the_account_may_not(sc: Sc) -> None:
    sc.code = 5
    told = windows().stop(within())
    assert (told.outcome, told.exit_code) == (Outcome.FAIL, 5)
    assert told.said.text == "this account may not do it: the site must allow it"


def test_windows_that_says_yes_and_does_nothing_is_a_fail(sc: Sc) -> None:
    sc.obeys = False
    assert windows().stop(within()).outcome is Outcome.FAIL


def test_on_windows_and_from_afar_nothing_is_tried(sc: Sc) -> None:
    target = ProcessTarget(name="backend", manager="windows", unit="PM2")
    for place in (Place.WINDOWS, Place.ELSEWHERE, Place.LINUX):
        told = Service(WindowsService(target), place, pace=QUICK).restart(within())
        assert (told.applies, told.outcome) == (False, Outcome.FAIL)
        assert told.said
    assert sc.calls == []


SHOW = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID={pid}\nExecMainStartTimestamp=\n"
LISTED = (
    '[{{"name": "backend", "pid": {pid}, "pm2_env": {{"status": "online", "pm_uptime": 1795416132000}}}}]'
)
INSPECTED = (
    '[{{"Id": "0123456789ab00", "RestartCount": 0, "State": {{"Status": "running", "Pid": {pid}, "ExitCode": 0, '
    '"StartedAt": "2026-11-23T06:42:12.5Z"}}, "HostConfig": {{"Memory": 0, "RestartPolicy": {{"Name": "always"}}}}}}]'
)


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def fake(folder: Path, manager: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A program of that manager which answers every order with its usual words and exit status 0, and does nothing."""
    pid = os.getpid()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    match manager:
        case "systemd":
            program(
                folder,
                "systemctl",
                f"case $* in *show*) printf '{SHOW.format(pid=pid)}';; esac".replace("\n", "\\n"),
            )
            monkeypatch.setattr(systemd, "BOOTED", folder)
            return {"unit": "backend"}
        case "pm2":
            said = "[PM2] [backend](0) ✓"
            program(
                folder,
                "pm2",
                f"case $* in *jlist*) echo '{LISTED.format(pid=pid)}';; *) echo '{said}';; esac",
            )
            monkeypatch.setattr(pm2, "_daemon_runs", lambda home: True)
            return {"unit": "backend", "pm2_home": str(folder)}
        case "runit":
            (folder / "backend").mkdir()
            line = f"run: {folder}/backend: (pid {pid}) 99s"
            program(folder, "sv", f"case $* in *status*) echo '{line}';; *) echo 'ok: {line}';; esac")
            return {"unit": str(folder / "backend")}
        case _:
            answer = INSPECTED.format(pid=pid)
            script = f"case $* in *inspect*) echo '{answer}';; *ps*) echo 0123456789ab00;; *) echo 0123456789ab;; esac"
            program(folder, "docker", script)
            return {"unit": "backend", "compose_project": "medflow"}


@pytest.mark.parametrize("action", ["service.restart", "service.stop", "service.hold_acquire"])
@pytest.mark.parametrize("manager", ["systemd", "pm2", "runit", "compose"])
def test_a_program_that_ends_with_0_and_has_done_nothing_fails_the_step(
    manager: str, action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = fake(tmp_path, manager, monkeypatch)
    if manager == "systemd" and action == "service.hold_acquire":
        program(tmp_path, "install", "true")
    work = Work.at(target_of({"name": "backend", "manager": manager, **more}), tmp_path)
    work.timeout_s = 3
    prepared, carried, verified = work.whole(action)
    assert prepared.outcome is Outcome.PASS
    assert (carried.facts["told.exit"], carried.facts["told.answer"]) == (0, "pass"), carried
    assert (carried.outcome, verified.outcome) == (Outcome.FAIL, Outcome.FAIL)


@pytest.mark.parametrize(
    ("manager", "script", "said"),
    [
        (
            "systemd",
            "echo 'Failed to restart: Interactive authentication required.' >&2; exit 1",
            "may not do it",
        ),
        ("systemd", "echo 'Job for backend.service failed.' >&2; exit 1", "systemctl says no"),
        ("pm2", "echo '[PM2][ERROR] Process or Namespace backend not found'", "PM2 says no"),
        ("pm2", "true", "PM2 does not say that it did it"),
        (
            "runit",
            "echo 'timeout: run: /x: (pid 9) 9s, got TERM'; exit 1",
            "it does not end, and it is not killed",
        ),
        ("runit", "true", "runit not understood"),
        ("compose", "true", "docker does not say that it did it"),
        ("compose", "echo 'permission denied while trying to connect' >&2; exit 1", "may not do it"),
    ],
)
def test_what_a_manager_says_is_read_and_not_only_its_exit_status(
    manager: str, script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = fake(tmp_path, manager, monkeypatch)
    name = {"systemd": "systemctl", "pm2": "pm2", "runit": "sv", "compose": "docker"}[manager]
    asked = {"systemd": "*show*", "pm2": "*jlist*", "runit": "*status*", "compose": "*ps*|*inspect*"}[manager]
    (tmp_path / name).rename(tmp_path / f"{name}-asked")
    program(tmp_path, name, f'case $* in {asked}) exec {tmp_path}/{name}-asked "$@";; *) {script};; esac')
    work = Work.at(target_of({"name": "backend", "manager": manager, **more}), tmp_path)
    work.timeout_s = 3
    carried = work.whole("service.restart")[1]
    assert (carried.outcome, carried.facts["told.answer"]) == (Outcome.FAIL, "fail")
    assert said in carried.said.text.format_map({**carried.said.values, "code": "?"})


def test_orders_go_by_sudo_where_the_site_says_so_and_its_refusal_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = fake(tmp_path, "systemd", monkeypatch)
    program(
        tmp_path,
        "sudo",
        f"printf '%s ' \"$@\" >> {tmp_path}/asked\necho 'sudo: a password is required' >&2\nexit 1",
    )
    work = Work.at(target_of({"name": "backend", "manager": "systemd", "sudo": True, **more}), tmp_path)
    work.timeout_s = 3
    carried = work.whole("service.restart")[1]
    assert carried.said.text == "sudo does not let this account do it without a password"
    assert (tmp_path / "asked").read_text().split() == [
        "-n", "--", "systemctl", "--no-pager", "restart", "--", "backend.service"
    ]  # fmt: skip


def test_a_program_that_is_not_here_is_not_applicable_and_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    for manager in ("systemd", "pm2", "runit", "compose"):
        more = {"unit": "backend", "pm2_home": str(tmp_path / "none"), "compose_project": "medflow"}
        work = Work.at(target_of({"name": "backend", "manager": manager, **more}), tmp_path)
        prepared = work.whole("service.restart")[0]
        assert prepared.facts == {"told.applies": False}
        assert prepared.said.text.startswith("not applicable here")


def test_no_call_of_any_manager_kills_or_uses_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medflow_tui.rules.argv import fault

    calls: list[str] = []
    for manager in ("systemd", "pm2", "runit", "compose"):
        folder = tmp_path / manager
        folder.mkdir()
        more = fake(folder, manager, monkeypatch)
        work = Work.at(target_of({"name": "backend", "manager": manager, **more}), folder)
        calls += [call for performer in work.performers.values() for call in performer.calls]
    assert len(calls) >= 16
    for call in calls:
        words = call.split()
        assert not fault(words)
        assert not {"-9", "-KILL", "SIGKILL", "kill", "force-stop", "force-restart"} & set(words)
        assert "start-all.sh" not in call


READ: dict[str, Callable[[str], object]] = {
    "runit": runit.parse,
    "compose": compose.parse,
}


@pytest.mark.parametrize("text", ["", "[]", "[{}]", "run:", "[" * 50_000, '[{"State": 7}]', "null"])
@pytest.mark.parametrize("manager", READ)
def test_what_a_manager_never_prints_is_no_word_on_the_service(manager: str, text: str) -> None:
    with pytest.raises(UnreachableError):
        READ[manager](text)


@pytest.mark.parametrize(
    ("line", "state", "held"),
    [
        ("run: /x/b: (pid 47) 45s", "running", False),
        ("run: /x/b: (pid 47) 45s, got TERM", "stopping", False),
        ("run: /x/b: (pid 47) 5s, normally down, want down, got TERM", "stopping", False),
        ("down: /x/b: 3s, normally up", "stopped", True),
        ("down: /x/b: 1s, normally up, want up", "restarting", False),
        ("finish: /x/b: (pid 48) 1s, want down", "restarting", False),
        ("run: /x/b: (pid 47) 45s; run: log: (pid 40) 99s", "running", False),
        ("down: /x/b: 3s; run: log: (pid 40) 99s", "stopped", True),
    ],
)
def test_each_line_of_runit_has_its_state(line: str, state: str, held: bool) -> None:
    found = runit.parse(line, is_down_file=True)
    assert (found.state, found.held) == (state, held)
    assert runit.parse(line).held is False


def test_a_refusal_is_never_a_quote_of_what_was_printed() -> None:
    secret = "PHI_ENCRYPTION_KEY_planted_3f9a"
    said = refused(Output(code=1, text="", errors=f"permission denied: {secret}"))
    assert secret not in repr(said)


def test_a_memory_of_another_kind_lifts_nothing_unknown(tmp_path: Path) -> None:
    target = ProcessTarget(name="b", manager="compose", unit="b", compose_project="p")
    seen = compose.parse(INSPECTED.format(pid=7))
    manager = compose.Compose(target)
    assert manager.calls(Verb.RELEASE, seen, {"restart_policy": "always; rm"}) == ()
    assert manager.calls(Verb.RELEASE, seen, NO_FACTS) == ()


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("manager", ["systemd", "pm2", "runit", "compose", "launchd", "windows", "pidfile"])
def test_a_plan_is_the_same_whatever_the_service_does(
    manager: str, verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is gone on with compares the calls with those that were confirmed; the service is held by then."""
    target = target_of(
        {"name": "b", "manager": manager, "unit": "backend", "compose_project": "p", "start": ["run"]}
    )
    away = supervisor(target).plan(verb)
    if manager in ("systemd", "pm2", "runit", "compose"):
        fake(tmp_path, manager, monkeypatch)
    assert supervisor(target).plan(verb) == away
    assert away or verb is Verb.RELEASE


def test_facts_of_a_hold_are_found_behind_the_name_of_the_hold() -> None:
    past = {"stop_app": {"app_stopped.held.backend.was_up": True, "app_stopped.held.face.was_up": False}}
    step = Step(id="reopen", title=Text(en="x"), action="hold.release", effect=Effect.DISRUPTIVE)
    task = Task(step=step, past=past, tell=lambda said, facts: None)
    assert memory_in(task, "backend") == {"was_up": True}
