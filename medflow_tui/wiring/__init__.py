"""The one place that chooses concrete parts and joins them; heavy imports happen inside its builders."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from medflow_tui import __version__
from medflow_tui.clients.tools import Tools, utc_now
from medflow_tui.locale.language import Language, choose
from medflow_tui.model.health import Probe, Snapshot, Verdict
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.keymap import remapped
from medflow_tui.ui.present.health import ASCII, UNICODE, Glyphs
from medflow_tui.ui.session import Looking, Session

if TYPE_CHECKING:
    from logging import Logger

    from medflow_tui.config.load import Settings
    from medflow_tui.journal.desk import Desk
    from medflow_tui.journal.history import HistoryReader
    from medflow_tui.monitor.attached import Attached
    from medflow_tui.monitor.poller import People
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.runner.incidents import IncidentDesk

RECENT = timedelta(hours=6)
RUN_COMMAND = "_run"  # by which this program starts itself as the process of a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line said: `site` and `state` paths or None, `language` "auto", "en" or "fr"; None: nothing."""

    site: str | None = None
    state: str | None = None
    language: str = "auto"
    is_low: bool | None = None
    budget_bytes_per_s: float | None = None


def as_asked(site: Site, options: Options) -> Site:
    """The site with what the command line says of the screen."""
    asked = {"low_data": options.is_low, "budget_bytes_per_s": options.budget_bytes_per_s}
    return replace(site, **{key: value for key, value in asked.items() if value is not None})  # type: ignore[arg-type]


def open_settings(options: Options) -> Settings:
    """The settings of the site file in force. Raises SettingsError."""
    from medflow_tui.config.load import find, load
    from medflow_tui.config.locations import site_candidates

    settings = load(find(site_candidates(options.site)).path)
    remapped(settings.site.keys, settings.site.source)
    return settings


def open_state(options: Options) -> Path:
    """The state folder; it may not exist yet."""
    from medflow_tui.config.locations import state_folder

    return (Path(options.state) if options.state else state_folder()).absolute()


def open_language(options: Options, site: Site | None = None) -> Language:
    """The language of the option, else of the site file, else of the environment; in the site's time zone."""
    wanted = options.language if options.language != "auto" or site is None else site.language
    return Language(choose(wanted), site.timezone if site else "UTC")


def tools_for(site: Site, state: Path) -> Tools:
    """What probes are given."""
    from medflow_tui.config.secrets import read_secret
    from medflow_tui.journal.budget import SharedBudget

    folder = Path(site.folder)
    return Tools(
        site=site,
        secret=lambda reference: read_secret(reference, folder),
        budget=SharedBudget(state),
        state=state,
    )


def probe_of(tools: Tools) -> Callable[[Target], Probe]:
    """A builder of probes; the module of a kind, and its client, is imported when its first target is built."""

    def build(target: Target) -> Probe:
        module = importlib.import_module(f"medflow_tui.probes.{target.kind}")
        probe: Probe = module.build(target, tools)
        return probe

    return build


def look_once(site: Site, state: Path) -> Snapshot:
    """One round over every target, with who is on what."""
    from medflow_tui.journal.desk import Desk
    from medflow_tui.monitor.round import read_once

    desk, now = Desk(state), utc_now()
    people = (desk.acknowledged(now), desk.maintenance(now))
    return read_once(site.targets, probe_of(tools_for(site, state)), utc_now, reporter(state), people)


def reporter(state: Path) -> Callable[[BaseException, str], None]:
    """Writes a fault of this program into its own log, redacted; never raises."""

    @cache
    def log() -> Logger:
        from medflow_tui.journal.own_log import keep_own_log

        return keep_own_log(state)

    def report(error: BaseException, where: str) -> None:
        log().error("fault at %s", where, exc_info=error)

    return report


def remembered(site: Site, reader: HistoryReader, now: datetime) -> dict[str, Verdict]:
    """Since when each target was as it was when this program last ran, and its last minutes, unless that is long ago."""
    from medflow_tui.monitor.knowledge import CELLS, cell_starts
    from medflow_tui.rules.alerts import unread

    known = {each.name: each for each in site.targets}
    starts = cell_starts(now, CELLS)
    worst = reader.worst(starts[0])
    found = {}
    for name, (health, since) in reader.latest(now - RECENT).items():
        target = known.get(name.partition("/")[0])
        if target is not None:
            spark = tuple(worst.get(name, {}).get(each) for each in starts)
            found[name] = replace(unread(target, name), health=health, since=since, spark=spark)
    return found


def people_on(desk: Desk) -> Callable[[datetime], People | None]:
    """Who is on what, whenever somebody wrote on the desk, be it in another process; else None."""
    edition = desk.edition

    def look(now: datetime) -> People | None:
        nonlocal edition
        before, edition = edition, desk.edition
        return None if edition == before else (desk.acknowledged(now), desk.maintenance(now))

    return look


@contextmanager
def living_session(options: Options, *, note: str = "", logs: bool = True) -> Iterator[Session]:
    """The session of one viewer over the real monitor; its history is closed at the end. Raises SettingsError.

    Without `logs` who follows the logs is to be put in later: it takes a while to import.
    """
    from medflow_tui.journal.desk import Desk
    from medflow_tui.journal.history import HistoryReader
    from medflow_tui.journal.views import Views

    settings = open_settings(options)
    site, state = as_asked(settings.site, options), open_state(options)
    report = reporter(state)
    reader, desk = HistoryReader(state, utc_now), Desk(state)
    tools = cache(lambda: tools_for(site, state))

    looking: list[Attached] = []

    def looking_for(publish: Callable[[Snapshot], None]) -> Looking:
        from medflow_tui.wiring.collecting import attached

        looking.append(attached(site, state, tools, report)(publish))
        return looking[-1]

    def dispatch_of() -> Dispatch | None:
        from medflow_tui.wiring.acting import dispatch_for

        return dispatch_for(site, state, tools())

    def why_no_dispatch() -> Phrase:
        from medflow_tui.wiring import acting

        return acting.why_no_dispatch()

    def incidents_of() -> IncidentDesk | None:
        from medflow_tui.wiring.leading import incident_desk

        return incident_desk(site, state) if os.name == "posix" else None

    views = Views(state, login_name(), site.code)
    session = Session(
        site=site,
        language=open_language(options, site),
        glyphs=choose_glyphs(site),
        now=utc_now,
        state=state,
        who=who_am_i(),
        looking_for=looking_for,
        history=reader,
        desk=desk,
        follower=follow_logs(site) if logs else None,
        dispatch_of=cache(dispatch_of),
        why_no_dispatch=why_no_dispatch,
        incidents_of=cache(incidents_of),
        order=_lab_order(site),
        note=note,
        report=report,
        kept=views.read(),
        commands=remapped(site.keys, site.source),
        keep=views.write,
    )
    try:
        yield session
    finally:
        for each in looking:
            each.stop()
            each.wait()


def open_dashboard(options: Options, *, stock_terminal: bool = False, note: str = "") -> int:
    """The living dashboard; returns its exit code.

    What is made until the first paint stays: `MedflowApp.begin` lets the collector of garbage look at what comes after.
    """
    gc.disable()
    from medflow_tui.wiring.screen import run_app

    with living_session(options, note=note, logs=False) as session:
        return run_app(
            session,
            stock_terminal=stock_terminal,
            finish=lambda session: replace(session, follower=follow_logs(session.site)),
        )


def write_down(fault: BaseException, state: Path) -> Phrase:
    """Writes the redacted report of a crash; the one sentence that people get to see."""
    from medflow_tui.journal.own_log import write_crash_report

    path = write_crash_report(fault, state, version=__version__)
    if path is None:
        return say(
            "medflow-tui stopped by a fault of its own ({name}), and no report of it could be written",
            name=type(fault).__name__,
        )
    return say("medflow-tui stopped by a fault of its own; the report is {path}", path=str(path))


def choose_glyphs(site: Site, environ: Mapping[str, str] = os.environ) -> Glyphs:
    """Plain characters where the site, the terminal or the encoding has no others."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower()
    plain = site.ascii or environ.get("TERM", "") in ("linux", "vt100") or not encoding.startswith("utf")
    return ASCII if plain else UNICODE


def login_name() -> str:
    """The login name of this user as the system knows it, whatever LOGNAME says; their number where they have none."""
    try:
        if os.name == "posix":
            import pwd

            return pwd.getpwuid(os.getuid()).pw_name
        import getpass

        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return str(os.getuid()) if os.name == "posix" else "?"


def who_am_i() -> str:
    """The login name, with where the person came from by SSH."""
    name = login_name()
    origin = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return f"{name} ({origin})" if origin else name


def follow_logs(site: Site) -> Any:
    """Follows every file of every log target; None where the site names no log."""
    from medflow_tui.model.targets.log import LogTarget

    targets = [each for each in site.targets if isinstance(each, LogTarget)]
    if not targets:
        return None
    from medflow_tui.monitor.logs import LogFollower, LogSource
    from medflow_tui.ui.present.loglines import file_names

    files = [(target, path) for target in targets for path in target.paths]
    sources = tuple(
        LogSource(
            label=label,
            path=Path(site.folder) / path,
            zone=ZoneInfo(target.timezone or site.timezone),
        )
        for label, (target, path) in zip(file_names(site), files, strict=True)
    )
    return LogFollower(sources)


def _lab_order(site: Site) -> Callable[[str], Phrase | None]:
    """`lab break FAULT` and `lab mend FAULT` typed in the dashboard of a lab."""
    folder = Path(site.folder)

    def order(words: str) -> Phrase | None:
        verb, _, fault = words.removeprefix("lab ").strip().partition(" ")
        if site.environment != "lab" or verb not in ("break", "mend"):
            return None
        from medflow_tui.lab import control, register
        from medflow_tui.model.errors import MedflowError

        try:
            if not (verb == "mend" and fault == control.ALL):
                control.known(fault)
            broken = control.send(register.choose(folder), verb, fault)
        except MedflowError as error:
            return error.phrase
        return say("lab: broken now: {faults}", faults=", ".join(broken) or "-")

    return order
