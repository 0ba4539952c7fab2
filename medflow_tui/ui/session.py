"""What the screens are given by `wiring`: the site, the clock, and the ports to the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from medflow_tui.model.health import Acknowledgement, Maintenance, Snapshot
from medflow_tui.model.site import Site
from medflow_tui.model.view import KeptView
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.commands import COMMANDS, Command, shown_key

if TYPE_CHECKING:
    from medflow_tui.journal.desk import Desk
    from medflow_tui.journal.history import Change, Sample
    from medflow_tui.locale.language import Language
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.runner.incidents import IncidentDesk
    from medflow_tui.ui.present.health import Glyphs


class Looking(Protocol):
    """The monitor, or what stands for it (frozen snapshots for screenshots and measuring)."""

    snapshot: Snapshot

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def read_now(self, name: str | None = None) -> None: ...

    def set_people(
        self, acknowledged: dict[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None: ...


class Past(Protocol):
    """What is remembered (`journal.history.HistoryReader`, or what stands for it); read in a thread."""

    def changes(self, target: str) -> tuple[Change, ...]: ...

    def samples(self, target: str, since: datetime) -> tuple[Sample, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One viewer's session. `looking_for` builds the monitor around a publish function; `order` answers a typed
    command that is not the screen's own (the lab's), with a sentence, or None when it is not known either; `kept` is the
    view of the last session, and `keep` writes one down (may block; raises OSError); `commands` have the keys of this site."""

    site: Site
    language: Language
    glyphs: Glyphs
    now: Callable[[], datetime]
    state: Path
    who: str
    looking_for: Callable[[Callable[[Snapshot], None]], Looking]
    history: Past
    desk: Desk
    follower: Any = None
    dispatch_of: Callable[[], Dispatch | None] = field(default=lambda: None)
    why_no_dispatch: Callable[[], Phrase] = field(default=lambda: say("no playbook is installed"))
    incidents_of: Callable[[], IncidentDesk | None] = field(default=lambda: None)
    order: Callable[[str], Phrase | None] = field(default=lambda words: None)
    note: str = ""
    report: Callable[[BaseException, str], None] = field(default=lambda error, where: None)
    kept: KeptView = field(default_factory=KeptView)
    keep: Callable[[KeptView], None] = field(default=lambda view: None)
    commands: tuple[Command, ...] = COMMANDS

    def key(self, command: str) -> str:
        """What is printed on the first key of a command; empty when it has none here."""
        keys = next((each.keys for each in self.commands if each.name == command), ())
        return self.language.word(shown_key(keys[0])) if keys else ""

    @property
    def dispatch(self) -> Dispatch | None:
        """The desk for acting; asked for the first time after the first paint, because it reads the playbooks."""
        return self.dispatch_of()
