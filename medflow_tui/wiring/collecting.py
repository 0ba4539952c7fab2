"""What joins the collector, its viewers, and a monitor of one's own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui import __version__
from medflow_tui.clients.tools import Tools, utc_now
from medflow_tui.model.health import EMPTY, Snapshot
from medflow_tui.model.site import Site
from medflow_tui.wiring import (
    Options,
    login_name,
    open_settings,
    open_state,
    people_on,
    probe_of,
    remembered,
    tools_for,
)

if TYPE_CHECKING:
    from medflow_tui.monitor.attached import Attached
    from medflow_tui.monitor.knowledge import Knowledge
    from medflow_tui.monitor.watch import Watch
    from medflow_tui.monitor.wire import Hello

UNIT_FILE = "medflow-tui-collect.service"
LOG_FILE = "collector.log"
ENDINGS = ("SIGTERM", "SIGINT", "SIGHUP")

Publish = Callable[[Snapshot], None]
Report = Callable[[BaseException, str], None]


def hello_for(site: Site) -> Hello:
    """How this process would present itself at the socket."""
    from medflow_tui.monitor.wire import Hello, mark_of

    return Hello(pid=os.getpid(), version=__version__, site=mark_of(site))


def watch_of(
    site: Site, state: Path, tools_of: Callable[[], Tools], report: Report
) -> Callable[[Publish, Snapshot], Watch]:
    """Makes a watch: the monitor of the site with its history, going on from what is known."""

    def build(publish: Publish, known: Snapshot = EMPTY) -> Watch:
        from medflow_tui.journal.desk import Desk
        from medflow_tui.journal.history import History
        from medflow_tui.journal.orders import Orders
        from medflow_tui.monitor.poller import Monitor
        from medflow_tui.monitor.watch import Watch

        tools, history, desk, orders = tools_of(), History(state, utc_now), Desk(state), Orders(state)
        knowledge = _knowledge(site, state, report)
        knowledge.take_over(known, utc_now())
        now = utc_now()
        monitor = Monitor(
            site.targets,
            probe_of(tools),
            publish,
            now=utc_now,
            memory=history,
            knowledge=knowledge,
            notices=lambda: (*orders.notices(), *tools.budget.notices()),
            people=people_on(desk),
            report=report,
        )
        monitor.set_people(desk.acknowledged(now), desk.maintenance(now))
        return Watch(monitor, history)

    return build


def attached(
    site: Site, state: Path, tools_of: Callable[[], Tools], report: Report
) -> Callable[[Publish], Attached]:
    """Makes what a dashboard looks through: the collector, or a watch of its own."""

    def build(publish: Publish) -> Attached:
        from medflow_tui.monitor.attached import Attached

        first = _knowledge(site, state, report).snapshot(utc_now())
        return Attached(
            state,
            lambda: hello_for(site),
            publish,
            watch_of(site, state, tools_of, report),
            first=first,
            now=utc_now,
            report=report,
        )

    return build


def seen_by_collector(site: Site, state: Path) -> Snapshot:
    """What the collector knows at this moment; empty when there is none."""
    from medflow_tui.monitor.connection import glance

    return glance(state, hello_for(site), utc_now)


def run_collector(options: Options, started: Callable[[Path], None]) -> None:
    """Collect until a signal ends it. Raises RefusedError when there is a collector already, SettingsError."""
    from medflow_tui.journal.own_log import keep_own_log
    from medflow_tui.monitor.collector import Collector

    site, state = open_settings(options).site, open_state(options)
    log = keep_own_log(state, file=LOG_FILE)

    def report(error: BaseException, where: str) -> None:
        log.error("fault at %s", where, exc_info=error)

    build = watch_of(site, state, lambda: tools_for(site, state), report)
    collector = Collector(
        state, hello_for(site), lambda publish: build(publish, EMPTY), log=log.info, report=report
    )

    def begun() -> None:
        log.info("collecting: pid %d, %d targets", os.getpid(), len(site.targets))
        started(state)

    for name in ENDINGS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: collector.end())
    collector.run(begun)
    log.info("ended")


def unit(options: Options) -> str:
    """The unit of systemd for this site, state folder and installation. Raises SettingsError."""
    from string import Template

    site = Path(open_settings(options).site.source).resolve()
    text = (Path(__file__).parents[1] / "monitor" / UNIT_FILE).read_text(encoding="utf-8")
    state = open_state(options).resolve()
    words = (sys.executable, "-m", "medflow_tui", "--site", str(site), "--state", str(state), "collect")
    return Template(text).substitute(
        command=" ".join(quoted(each) for each in words), state=quoted(str(state)), user=login_name()
    )


def quoted(word: str) -> str:
    """A word of a command line as systemd reads it.

    >>> quoted("/srv/a b/100%")
    '"/srv/a b/100%%"'
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(escaped) & set(" '\"\\\t;") else escaped


def _knowledge(site: Site, state: Path, report: Report) -> Knowledge:
    from medflow_tui.journal.history import HistoryReader
    from medflow_tui.monitor.knowledge import Knowledge

    reader = HistoryReader(state, utc_now)
    return Knowledge(site.targets, remembered(site, reader, utc_now()), report=report)
