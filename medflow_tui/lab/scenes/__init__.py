"""Scenes: moments of the lab, recorded as data, for pictures and for tests of what is drawn."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from medflow_tui.config.load import load
from medflow_tui.journal.frozen import freeze, thaw
from medflow_tui.journal.history import Change, Sample
from medflow_tui.lab import site_file
from medflow_tui.lab.layout import SERVERS, Layout
from medflow_tui.lab.people import CLINICS
from medflow_tui.model.health import Snapshot
from medflow_tui.model.log import LogLine
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import RunState
from medflow_tui.model.site import Site

PLACE = "/srv/lab"  # where the lab stood, as the scenes tell it
FIRST_PORT = 41000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment: what was known, the log with its errors a minute, what was remembered, a plan and its runs."""

    name: str
    snapshot: Snapshot
    log: tuple[LogLine, ...] = ()
    errors: tuple[int, ...] = ()
    changes: tuple[Change, ...] = ()
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=lambda: MappingProxyType({}))
    plan: Plan | None = None
    runs: tuple[RunState, ...] = ()


def folder() -> Path:
    """Where the scenes are kept."""
    return Path(__file__).parent


def read(name: str) -> Scene:
    """A recorded scene. Raises OSError when there is none of that name."""
    text = (folder() / f"{name}.json").read_text(encoding="utf-8")
    return thaw(Scene, json.loads(text))


def written(scene: Scene) -> str:
    """The content of the file of a scene: a line for each field and for each record in it, so that changes are seen."""
    table = freeze(scene)
    snapshot = table.pop("snapshot")
    verdicts = ",\n".join(_line(each) for each in snapshot.pop("verdicts", ()))
    parts = [f'"name":{_line(table.pop("name"))}']
    parts.append(f'"snapshot":{_line(snapshot)[:-1]},"verdicts":[\n{verdicts}\n]}}')
    for name, content in table.items():
        if isinstance(content, list) and content and isinstance(content[0], dict):
            parts.append(f'"{name}":[\n' + ",\n".join(_line(each) for each in content) + "\n]")
        else:
            parts.append(f'"{name}":{_line(content)}')
    return "{" + ",\n".join(parts) + "}\n"


def _line(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def site() -> Site:
    """The site of the lab, at invented ports."""
    names = (*SERVERS, *(each.id for each in CLINICS))
    ports = {name: FIRST_PORT + number for number, name in enumerate(names)}
    layout = Layout(folder=Path(PLACE), ports=ports, passwords={}, devices={})
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "site.toml"
        path.write_text(site_file.text(layout), encoding="utf-8")
        return load(path).site
