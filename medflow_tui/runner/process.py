"""The process of a run: takes its order from a pipe, leaves the terminal behind, and works."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medflow_tui.config.load import load
from medflow_tui.config.secrets import read_secret
from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing.place import audit_file
from medflow_tui.journal.run_log import Journal, RunFolder
from medflow_tui.model.errors import MedflowError, NoLoginError, SettingsError
from medflow_tui.model.performer import Crew, Login, Performer, Survey
from medflow_tui.model.procedure import Act, Mark, Move, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.playbooks.load import parse
from medflow_tui.rules.permits import too_old
from medflow_tui.runner.agreeing import Agreeing
from medflow_tui.runner.channel import Channel
from medflow_tui.runner.mandate import Mandate, mandate_from
from medflow_tui.runner.preview import Agreed, agreed
from medflow_tui.runner.recorder import Recorder
from medflow_tui.runner.runner import Runner
from medflow_tui.runner.wishes import Stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the process of a run is told, through a pipe and in no other way.

    `site_file` and `state` are absolute paths; `audit` is the site's audit file as the one who orders knows it (empty:
    that of the state folder); `login` is what the operator typed, or None for a crew without.
    """

    folder: Path
    site_file: str
    state: Path
    mandate: Mandate
    audit: str = ""
    login: Login | None = None

    def written(self) -> bytes:
        """For the pipe only: this is the one place where the password is put into bytes."""
        login = [self.login.username, self.login.password] if self.login else None
        return json.dumps(
            {
                "folder": str(self.folder),
                "site_file": self.site_file,
                "state": str(self.state),
                "mandate": self.mandate.record(),
                "audit": self.audit,
                "login": login,
            }
        ).encode("utf-8")


def read_order(content: bytes) -> Order:
    """The order in the pipe. Raises ValueError when it is not whole: the one who gave it is gone, nothing is done."""
    try:
        found: Mapping[str, Any] = json.loads(content.decode("utf-8"))
        login = found["login"]
        return Order(
            folder=Path(found["folder"]),
            site_file=str(found["site_file"]),
            state=Path(found["state"]),
            mandate=mandate_from(found["mandate"]),
            audit=str(found.get("audit", "")),
            login=Login(username=str(login[0]), password=str(login[1])) if login else None,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        raise ValueError("no whole order in the pipe") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What the wiring makes of an order: the site, and the crew for it (logged in, once)."""

    site: Site
    crew: Crew


Assemble = Callable[[Order], Assembly]


class LateCrew:
    """A crew that can be made anew with the same order: a log-in may have run out while a second person was waited for."""

    def __init__(self, assemble: Assemble, order: Order, crew: Crew) -> None:
        self._assemble, self._order, self._crew = assemble, order, crew

    def renew(self) -> None:
        """Raises MedflowError."""
        self._crew = self._assemble(self._order).crew

    def survey(self) -> Survey:
        return self._crew.survey()

    def performer(self, action: str) -> Performer | None:
        return self._crew.performer(action)


def run_from_pipe(assemble: Assemble, *, descriptor: int = 0, detach: bool = True) -> int:
    """Read the order from an inherited pipe, detach, and run it; the exit code says how it ended.

    0 all steps verified, 2 failed or refused, 3 paused or unknown, 4 nothing could be written down or the journal
    is damaged. Standard output is the run's own output file and gets one sentence when something prevents the run.
    """
    with os.fdopen(descriptor, "rb", closefd=descriptor != 0) as pipe:
        content = pipe.read()
    try:
        order = read_order(content)
    except ValueError:
        return 4
    del content
    if detach:
        leave_terminal()
    stopping = Stopping()
    signal.signal(signal.SIGTERM, stopping.ask)
    if not detach:
        signal.signal(signal.SIGINT, stopping.ask)
        signal.signal(signal.SIGHUP, stopping.ask)
    try:
        move = carry_out(order, assemble, stopping)
    except MedflowError as error:
        return _tell(str(error))
    except Exception as error:  # its text may hold what must not be written: the type is enough
        return _tell(f"a fault of this program: {type(error).__name__}")
    return _exit_code(move)


def carry_out(order: Order, assemble: Assemble, stopping: Stopping | None = None) -> Move:
    """Run an order in this very process; at most one process does so for one run.

    It stays for some seconds until the anchor of the last line is left: nobody is spoken to or kept out meanwhile.
    """
    folder = RunFolder(path=order.folder)
    journal = Journal(folder)
    recorders: list[Recorder] = []
    try:
        playbook = parse(folder.playbook.read_text(encoding="utf-8"), str(folder.playbook))
        plan = agreement_of(folder)
        recorder = Recorder(journal, _audit_of(order, plan), playbook, plan)
        recorders.append(recorder)
        why = SILENCE if journal.entries else too_old(playbook, plan.measured_at, datetime.now(UTC))
        if why:
            return _refuse(journal, recorder, why, "expired")
        try:
            assembly = assemble(order)
        except MedflowError as error:
            denied = "login_refused" if isinstance(error, NoLoginError) else ""
            return _refuse(journal, recorder, error.phrase, denied)
        crew, site = LateCrew(assemble, order, assembly.crew), assembly.site
        agreeing = Agreeing(
            journal=journal,
            recorder=Recorder(journal, Audit.of(site, order.state), playbook, plan),
            playbook=playbook,
            plan=plan,
            mandate=order.mandate,
            site=site,
            state=order.state,
            secret=lambda reference: read_secret(reference, Path(site.folder)),
            now=lambda: datetime.now(UTC),
        )
        recorders.append(agreeing.recorder)
        runner = Runner(
            journal=journal,
            playbook=playbook,
            plan=plan,
            mandate=order.mandate,
            site=site,
            crew=crew,
            state=order.state,
            stopping=stopping,
            agreeing=agreeing,
            renew=crew.renew,
        )
        try:
            with Channel(folder.path, runner.hearing):
                return runner.run()
        except (UnwritableError, DamagedError) as error:
            _refuse(journal, recorder, error.phrase)
            raise
    finally:
        journal.close()
        for each in recorders:
            each.wait()


def _audit_of(order: Order, plan: Agreed) -> Audit:
    """Also when the site file cannot be read any more: then nothing but the refusal is written."""
    try:
        return Audit.of(load(Path(order.site_file)).site, order.state)
    except SettingsError:
        return Audit(Path(order.audit or audit_file(None, order.state)), site=plan.site)


def agreement_of(folder: RunFolder) -> Agreed:
    """What was confirmed for a run. Raises DamagedError."""
    try:
        return agreed(folder.plan())
    except (KeyError, ValueError, TypeError) as error:
        raise DamagedError(
            say("{path} is missing or damaged", path=str(folder.path / "plan.json"))
        ) from error


def _refuse(journal: Journal, recorder: Recorder, why: Phrase, denied: str = "") -> Move:
    """Say why nothing (more) is done, in the audit and the journal as far as they can still be written."""
    started = any(each.mark is Mark.INTENDED for each in journal.entries)
    mark, outcome = (Mark.PAUSED, None) if started else (Mark.RUN_ENDED, Outcome.FAIL)
    try:
        if denied:
            recorder.denied(denied)
        recorder.write(mark, outcome=outcome, said=why)
    except (UnwritableError, DamagedError):
        try:
            journal.append(mark, outcome=outcome, said=why)
        except UnwritableError as error:
            _tell(str(error))
    return Move(act=Act.PAUSE if started else Act.FINISH, outcome=Outcome.FAIL, why=why)


def leave_terminal() -> None:
    """Second half of the double fork: this process can get no terminal any more and hears no hang-up.

    The first half (a new session) was made by the one who started us; the process in between ends here, so that
    nobody has to wait for us.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if nothing:
        os.close(nothing)
    os.umask(0o077)
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(why: str) -> int:
    sys.stdout.write(f"{why}\n")
    sys.stdout.flush()
    return 4


def _exit_code(move: Move) -> int:
    if move.act is Act.FINISH and move.outcome is Outcome.PASS:
        return 0
    return 2 if move.outcome is Outcome.FAIL else 3
