"""`incident confirm` and `incident answer`: the commander says that they lead, at this machine or over the phone."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.cli.person import Person, need_terminal, undisturbed
from medflow_tui.cli.speech import DONE, FAILED
from medflow_tui.clients.tools import utc_now
from medflow_tui.config.load import NoSiteError
from medflow_tui.model import incident
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import confirm_phrase, knocks, led_told, read_out, told_to_lead
from medflow_tui.wiring import Options, open_language, open_settings, open_state
from medflow_tui.wiring.acting import why_no_dispatch

if TYPE_CHECKING:
    from medflow_tui.model.incident import Incident
    from medflow_tui.runner.door import Shown
    from medflow_tui.runner.incidents import IncidentDesk


def confirm(_: argparse.Namespace, common: Options) -> int:
    """By the commander: typed. By anybody else: waits for them at this machine, or over the phone. 1: left, 3: refused."""
    from medflow_tui.wiring.leading import incident_desk

    if os.name != "posix":
        raise RefusedError(why_no_dispatch())
    try:
        site = open_settings(common).site
    except NoSiteError:  # a commander who only confirms needs none
        site = None
    desk = incident_desk(site, open_state(common)) if site is not None else None
    language = open_language(common, site)
    need_terminal()
    person = Person(speak=lambda phrase: language.say(phrase, utc_now()))
    return person.guarded(lambda: _confirmed(desk, person))


def _confirmed(desk: IncidentDesk | None, person: Person) -> int:
    from medflow_tui.runner.confirming import awaited

    found = desk.now_open() if desk is not None else None
    way = desk.way_to_confirm(found) if desk is not None and found is not None else ""
    if desk is not None and found is not None and way == incident.HERE:
        typed = _typed(person, found, desk.site.code)
        with undisturbed():
            confirmed = desk.confirm(typed)
        person.tell(*led_told(confirmed))
        return DONE
    shown = awaited(os.environ.get("SSH_CONNECTION", ""))
    if shown is not None:
        return _at_the_door(shown, person)
    if desk is None or found is None:
        raise RefusedError(say("no incident is open"))
    return _waited_for(desk, person, found, way)


def _typed(person: Person, found: Incident, site: str) -> str:
    person.tell(*led_told(found), say("You decide, and do not act while you lead"))
    phrase = confirm_phrase(site)
    return person.confirm(say("Type  {phrase}  to agree; anything else leaves:", phrase=phrase))


def _at_the_door(shown: Shown, person: Person) -> int:
    from medflow_tui.runner.confirming import confirm_at, incident_of

    try:
        found, site = incident_of(shown), str(shown.plan["site"])
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(say("what answers is no run of this program")) from error
    typed = _typed(person, found, site)
    with undisturbed():
        confirm_at(shown, typed, os.environ.get("SSH_CONNECTION", ""))
    person.tell(say("agreed and written down in your name"))
    return DONE


def _waited_for(desk: IncidentDesk, person: Person, found: Incident, way: str) -> int:
    """Until the commander has knocked, or was heard over the phone; anything else that is typed leaves."""
    from medflow_tui.runner.confirming import Confirming
    from medflow_tui.runner.door import Door

    knocked = threading.Event()
    host = Confirming(desk, found, knocked.set)
    out = read_out(desk.told(found)) if way else ()
    person.tell(*led_told(found), SILENCE, knocks(found), *out)
    asked = say("What is read back?") if way else say("Waits; enter leaves, and nothing is confirmed")
    with Door(host.name, host):
        typed = person.answer(asked, lambda: not knocked.is_set())
        if typed and way:
            with undisturbed():
                desk.take(typed)
    confirmed = desk.the_open()
    person.tell(*led_told(confirmed))
    return DONE if confirmed.is_confirmed else FAILED


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
