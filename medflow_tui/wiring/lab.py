"""What joins the lab and the dashboard: a dashboard on a lab, and one over snapshots for measuring."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Snapshot
from medflow_tui.model.site import Site
from medflow_tui.ui.session import Session
from medflow_tui.wiring import Options, as_asked, choose_glyphs, open_dashboard, open_language

if TYPE_CHECKING:
    import argparse

NOTHING_SAID = Options()
STILL_AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def run_lab(arguments: list[str], options: Options) -> int:
    """`medflow-tui lab …`."""
    from medflow_tui.lab.words import parse

    language = open_language(options)
    chosen = parse(arguments)
    if chosen.pulse or chosen.still:
        from medflow_tui.lab.pulse import pulse_snapshots, still_snapshot

        snapshots = pulse_snapshots(chosen.rows) if chosen.pulse else iter((still_snapshot(chosen.rows),))
        return show_frozen(
            snapshots, language=language, every_s=1.0 if chosen.pulse else 0.0, options=options
        )

    if chosen.order in ("scenes", "screenshots"):
        return _depict(chosen)

    def dashboard(site: Path, state: Path) -> int:
        lab = replace(options, site=str(site), state=str(state))
        return open_dashboard(lab, note=str(site.parent))

    from medflow_tui.lab import command

    gc.enable()
    return command.run(arguments, dashboard, language.say)


def _depict(chosen: argparse.Namespace) -> int:
    """The developer's orders: record scenes, draw pictures of them."""
    from medflow_tui.wiring import scenes

    def tell(word: str) -> None:
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()

    if chosen.order == "scenes":
        scenes.record_scenes(tuple(chosen.names), tell)
    else:
        scenes.draw_screenshots(chosen.into, tell)
    return 0


def show_frozen(
    snapshots: Iterator[Snapshot],
    *,
    language: Language,
    every_s: float = 0.0,
    stock_terminal: bool = False,
    options: Options = NOTHING_SAID,
) -> int:
    """A dashboard over given snapshots instead of a monitor: the first one, or a new one every so many seconds."""
    import shutil
    import tempfile

    from medflow_tui.journal.desk import Desk
    from medflow_tui.journal.history import HistoryReader
    from medflow_tui.monitor.replay import Replay
    from medflow_tui.wiring.screen import run_app

    state = Path(tempfile.mkdtemp(prefix="medflow-frozen-"))
    site = as_asked(Site(code="LAB", name="Lab", environment="lab"), options)
    session = Session(
        site=site,
        language=language,
        glyphs=choose_glyphs(site),
        now=lambda: STILL_AT,
        state=state,
        who="lab",
        looking_for=lambda publish: Replay(snapshots, publish, every_s),
        history=HistoryReader(state),
        desk=Desk(state),
    )
    try:
        return run_app(session, stock_terminal=stock_terminal)
    finally:
        shutil.rmtree(state, ignore_errors=True)
