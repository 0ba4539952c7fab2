"""`incident confirm` and `incident answer`: the commander says that they lead, at this machine or over the phone."""

from __future__ import annotations

import argparse
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.cli.person import LeftError, Person, need_terminal, undisturbed
from medflow_tui.cli.speech import DONE, FAILED
from medflow_tui.clients.tools import utc_now
from medflow_tui.config.load import NoSiteError
from medflow_tui.model import incident
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import (
    WHY_NOT_CONFIRM,
    confirm_phrase,
    incident_hash,
    knocks,
    led_told,
    read_out,
    told_to_lead,
)
from medflow_tui.wiring import Options, open_language, open_settings, open_state
from medflow_tui.wiring.acting import why_no_dispatch

if TYPE_CHECKING:
    from medflow_tui.model.incident import Incident
    from medflow_tui.runner.door import Shown
    from medflow_tui.runner.incidents import IncidentDesk

LOOK_EVERY_S = 1.0  # at the file of incidents


def confirm(_: argparse.Namespace, common: Options) -> int:
    """By the commander: typed. By anybody else: waits for them at this machine, or over the phone. 1: left, 3: refused."""
    from medflow_tui.runner.confirming import believed
    from medflow_tui.wiring.leading import incident_desk

    if os.name != "posix":
        raise RefusedError(why_no_dispatch())
    site, unread = None, tuple[Phrase, ...]()
    try:
        site = open_settings(common).site
    except NoSiteError as error:  # a commander who only confirms needs none
        unread = error.phrase.parts
    state = open_state(common)
    desk, trusted = incident_desk(site, state) if site is not None else None, believed(site, state)
    language = open_language(common, site)
    need_terminal()
    person = Person(speak=lambda phrase: language.say(phrase, utc_now()))
    return person.guarded(lambda: _confirmed(desk, trusted, person, unread))


def _confirmed(
    desk: IncidentDesk | None, trusted: frozenset[int], person: Person, unread: tuple[Phrase, ...]
) -> int:
    """Which site files may not be read (`unread`), and that the incidents may not, matters when nobody `trusted` waits at a
    door."""
    from medflow_tui.runner.confirming import awaited

    found, hidden = None, None
    try:
        found = desk.now_open() if desk is not None else None
    except MedflowError as error:
        hidden = error
    way = desk.way_to_confirm(found) if desk is not None and found is not None else ""
    if desk is not None and found is not None and way == incident.HERE:
        typed = _typed(person, found, desk.site.code)
        with undisturbed():
            confirmed = desk.confirm(typed, shown=incident_hash(desk.site.code, found))
        person.tell(*led_told(confirmed))
        return DONE
    try:
        shown = awaited(trusted, os.environ.get("SSH_CONNECTION", ""))
    except RefusedError as error:
        shown = None
        if found is None:
            hidden = hidden or error
    if shown is not None:
        return _at_the_door(shown, person)
    if hidden is not None:
        raise hidden
    if desk is None or found is None:
        raise RefusedError(say("no incident is open").also(*unread))
    return _waited_for(desk, person, found, way)


def _typed(person: Person, found: Incident, site: str) -> str:
    person.tell(*led_told(found), say("You decide, and do not act while you lead"))
    phrase = confirm_phrase(site)
    return person.confirm(say("Type  {phrase}  to agree; anything else leaves:", phrase=phrase))


def _at_the_door(shown: Shown, person: Person) -> int:
    from medflow_tui.runner.confirming import confirm_at, incident_of
    from medflow_tui.runner.origin import name_of

    site, who = str(shown.plan["site"]), name_of(shown.uid) or str(shown.uid)
    person.tell(say("it is the program of {who} that asks, at this machine", who=who))
    typed, phrase = _typed(person, incident_of(shown), site), confirm_phrase(site)
    if typed != phrase:
        raise LeftError(say("not agreed: that is not  {phrase}", phrase=phrase))
    with undisturbed():
        confirm_at(shown, typed, os.environ.get("SSH_CONNECTION", ""))
    person.tell(say("agreed and written down in your name"))
    return DONE


def _waited_for(desk: IncidentDesk, person: Person, found: Incident, way: str) -> int:
    """Until the commander has knocked, or was heard over the phone, here or elsewhere, or until it is another incident;
    anything else that is typed leaves."""
    from medflow_tui.journal.incidents import Incidents
    from medflow_tui.runner.confirming import Confirming
    from medflow_tui.runner.door import Door

    knocked, waits = threading.Event(), _Waiting(desk, found)
    host = Confirming(desk, found, knocked.set)
    out = read_out(desk.told(found)) if way else ()
    person.tell(*led_told(found), SILENCE, knocks(found), *out)
    asked = say("What is read back?") if way else say("Waits; enter leaves, and nothing is confirmed")
    with Door(host.name, host):
        typed = person.answer(asked, lambda: not knocked.is_set() and waits())
        if typed and way:
            with undisturbed():
                desk.take(typed)
    now = next((each for each in Incidents(desk.state).all() if each.id == found.id), found)
    person.tell(*led_told(now))
    if now.is_open and not waits.is_same(now):
        raise RefusedError(WHY_NOT_CONFIRM["plan_changed"])
    return DONE if now.is_open and now.is_confirmed else FAILED


class _Waiting:
    """Whether an incident still waits for its commander, as it was shown; its file is looked at each second."""

    def __init__(self, desk: IncidentDesk, shown: Incident) -> None:
        self._desk, self._hash = desk, incident_hash(desk.site.code, shown)
        self._looks_at, self._waits = 0.0, True

    def __call__(self) -> bool:
        """Raises DamagedError."""
        if self._waits and time.monotonic() >= self._looks_at:
            self._looks_at = time.monotonic() + LOOK_EVERY_S
            now = self._desk.now_open()
            self._waits = now is not None and not now.is_confirmed and self.is_same(now)
        return self._waits

    def is_same(self, now: Incident) -> bool:
        """Of the same commander and severity, too."""
        return incident_hash(self._desk.site.code, now) == self._hash


def answer(options: argparse.Namespace, common: Options) -> int:
    """On the commander's own machine: what is heard is typed in, so that the answer is for that and for nothing else."""
    from medflow_tui.config.locations import config_folder
    from medflow_tui.runner.keys import own_key

    language = open_language(common)
    code = spoken.plain(options.challenge)
    if len(code) != spoken.LENGTH or set(code) - set(spoken.ALPHABET):
        raise RefusedError(say("that is no challenge: 8 letters and digits, without 0 O 1 I L U"))
    own = own_key(Path(options.key).absolute() if options.key else config_folder() / "approval.key")
    need_terminal()
    person = Person(speak=language.say)

    def answered() -> int:
        site = options.for_site or person.ask(say("Which site? (its short name)"))
        size = {name: person.ask(question).strip() for name, question in HEARD.items()}
        person.tell(say("You decide, and do not act while you lead"))
        phrase = confirm_phrase(spoken.plain(site))
        if person.confirm(say("Type  {phrase}  to agree; anything else leaves:", phrase=phrase)) != phrase:
            raise RefusedError(say("not agreed: that is not  {phrase}", phrase=phrase))
        found = spoken.answer(spoken.site_key(own, site), told_to_lead(site, code, size))
        person.tell(say("read back: {answer}", answer=spoken.shown(found)))
        return DONE

    return person.guarded(answered)


HEARD: dict[str, Phrase] = {
    "incident": say("Which incident? (INC-2026-004)"),
    "severity": say("Which severity? (SEV1 to SEV4)"),
    "commander": say("Who leads? (your own login there)"),
}
