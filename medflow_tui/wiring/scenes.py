"""What joins the scenes of the lab, the probes and the screens: recording scenes, and drawing pictures of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.lab import scenes
from medflow_tui.lab.scenes.album import ALBUM, Shot
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Probe
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.session import Session
from medflow_tui.wiring import follow_logs, probe_of, tools_for
from medflow_tui.wiring.acting import dispatch_for

if TYPE_CHECKING:
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.terminal.portrait import Portrait


def record_scenes(names: tuple[str, ...], tell: Callable[[str], None]) -> None:
    """Record scenes of the lab anew, into the package: a developer's order, which takes minutes."""
    from medflow_tui.lab.command import need_extra
    from medflow_tui.lab.scenes.record import Eyes, record

    def dispatch_of(site: Site, state: Path) -> Dispatch:
        dispatch = dispatch_for(site, state, tools_for(site, state))
        assert dispatch is not None
        return dispatch

    def probes_of(site: Site, state: Path) -> Callable[[Target], Probe]:
        return probe_of(tools_for(site, state))

    need_extra()
    eyes = Eyes(probe_of=probes_of, log_of=follow_logs, dispatch_of=dispatch_of)
    record(eyes, tell, names)


@contextmanager
def scene_session(name: str, code: str = "en", run: int | None = None) -> Iterator[Session]:
    """A session over a recorded scene of the lab, with one of its runs or none, in a state folder of its own."""
    from medflow_tui.journal.desk import Desk
    from medflow_tui.monitor.replay import Replay, ReplayedHistory, ReplayedLog
    from medflow_tui.playbooks.load import load_all, shipped
    from medflow_tui.runner.replay import ReplayedDispatch

    scene, site = scenes.read(name), scenes.site()
    at = scene.snapshot.at
    with tempfile.TemporaryDirectory(prefix="medflow-scene-") as place:
        state = Path(place)
        dispatch = ReplayedDispatch(
            site=site,
            state=state,
            playbooks=load_all(shipped()),
            plans={scene.plan.playbook: scene.plan} if scene.plan is not None else {},
            states=() if run is None else (scene.runs[run],),
            now=lambda: at,
        )
        yield Session(
            site=site,
            language=Language(code, site.timezone),
            glyphs=UNICODE,
            now=lambda: at,
            state=state,
            who="amani",
            looking_for=lambda publish: Replay(iter((scene.snapshot,)), publish, 0),
            history=ReplayedHistory(scene.changes, scene.samples),
            desk=Desk(state),
            follower=ReplayedLog(scene.log, scene.errors),
            dispatch_of=lambda: dispatch,
        )


async def portrait_of(shot: Shot) -> Portrait:
    """The screen of a shot of the album, drawn by the real application."""
    from medflow_tui.ui.app import MedflowApp
    from medflow_tui.ui.terminal.portrait import sit

    with scene_session(shot.scene, shot.language, shot.run) as session:
        app = MedflowApp(session)
        return await sit(app, app.dashboard.tick, shot.size, shot.keys, shows=shot.shows)


def draw_screenshots(into: Path, tell: Callable[[str], None]) -> None:
    """Draw every picture of the album into a folder."""
    from medflow_tui.ui.terminal.svg import svg

    into.mkdir(parents=True, exist_ok=True)
    for shot in ALBUM:
        path = into / f"{shot.name}.svg"
        path.write_text(svg(asyncio.run(portrait_of(shot)), shot.title), encoding="utf-8")
        tell(str(path))
