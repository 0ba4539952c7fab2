"""Questions about people: who is on it, which work is announced."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from medflow_tui.model.health import Acknowledgement, Maintenance, Verdict
from medflow_tui.model.words import say
from medflow_tui.rules.redaction import redact
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp

_LENGTH = re.compile(r"^\s*(\d{1,4})\s*(min|m|h|d|j)\s*(.*)$", re.IGNORECASE | re.DOTALL)
_UNITS = {"min": 60, "m": 60, "h": 3600, "d": 86400, "j": 86400}
LONGEST = timedelta(days=30)


def parse_length(text: str) -> tuple[timedelta, str] | None:
    """A length of time and the reason behind it, or None.

    >>> parse_length("2 h waiting for the electrician")
    (datetime.timedelta(seconds=7200), 'waiting for the electrician')
    """
    found = _LENGTH.match(text)
    if found is None:
        return None
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2].lower()])
    why = found[3].strip()
    return (length, why) if why and timedelta() < length <= LONGEST else None


def ask_acknowledgement(app: MedflowApp, verdict: Verdict | None) -> None:
    """For how long, and why; written to the desk."""
    if verdict is None:
        app.say_briefly(say("choose a row first"))
        return

    def write(text: str, now: datetime, length: timedelta, why: str) -> None:
        app.session.desk.acknowledge(
            Acknowledgement(target=verdict.target, who=app.session.who, why=why, at=now, until=now + length)
        )

    _ask(
        app,
        say(
            "{name}: you are on it for how long, and why? (2 h waiting for the electrician)",
            name=verdict.label,
        ).text,
        verdict,
        write,
    )


def ask_maintenance(app: MedflowApp, verdict: Verdict | None) -> None:
    """How long the work takes from now, and what it is; written to the desk."""
    if verdict is None:
        app.say_briefly(say("choose a row first"))
        return

    def write(text: str, now: datetime, length: timedelta, why: str) -> None:
        app.session.desk.announce(
            Maintenance(target=verdict.target, who=app.session.who, why=why, starts=now, ends=now + length)
        )

    _ask(
        app,
        say("{name}: work from now on, for how long, and which? (2 h new disk)", name=verdict.label).text,
        verdict,
        write,
    )


def _ask(
    app: MedflowApp, question: str, verdict: Verdict, write: Callable[[str, datetime, timedelta, str], None]
) -> None:
    def answered(text: str) -> None:
        parsed = parse_length(text)
        if parsed is None:
            app.say_briefly(say("not written: begin with a length (30 min, 2 h, 1 d), then say why"))
            return
        length, why = parsed

        def work() -> None:
            try:
                write(text, app.session.now(), length, redact(why))
            except OSError as error:
                app.session.report(error, "desk")
                app.call_later(app.say_briefly, say("not written: the state folder cannot be written"))
            else:
                app.call_later(app.people_changed)
                app.call_later(
                    app.say_briefly,
                    say(
                        "written down: {name}, {length:duration}",
                        name=verdict.label,
                        length=length.total_seconds(),
                    ),
                )

        Work("desk", work)

    app.ask(say(question, name=verdict.label), "", answered)
