"""One key, and the places on which keys work."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.words import SILENCE, Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`keys` in Textual's names, the first is shown; `action` is the name of a method `action_…` of the screen or app.

    `places` are the screens on which it works (empty: all); `label` puts it on the key bar there.
    """

    name: str
    keys: tuple[str, ...]
    action: str
    help: Phrase
    label: Phrase = SILENCE
    places: tuple[str, ...] = ()


DASHBOARD, LOG, DETAIL, PLAYBOOKS, PLAN, RUN, RUNS, READ, AUDIT, INCIDENT = (
    "dashboard",
    "log",
    "detail",
    "playbooks",
    "plan",
    "run",
    "runs",
    "read",
    "audit",
    "incident",
)
LISTS = (DASHBOARD, LOG, DETAIL, PLAYBOOKS, PLAN, RUN, RUNS, READ, AUDIT, INCIDENT)
