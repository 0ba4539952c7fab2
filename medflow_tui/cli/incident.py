"""`incident open|show|confirm|answer|command|severity|close`: who leads, and how grave it is, for all who look at this site."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medflow_tui.cli import leading
from medflow_tui.cli.asking import login_of
from medflow_tui.cli.person import Person, need_terminal, undisturbed
from medflow_tui.cli.speech import DONE, FAILED, tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.incident import Incident, Severity
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.leading import TEXT_MIN, incident_hash, led_told, permits_said
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.wiring import Options, open_language, open_settings, open_state
from medflow_tui.wiring.acting import why_no_dispatch

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.performer import Login
    from medflow_tui.model.site import Site
    from medflow_tui.runner.incidents import IncidentDesk

Change = Callable[["Login"], Incident]
GRADES = tuple(each.value for each in Severity)


def grammar(commands: Any, common: Any, maker: Any, told: Callable[[Phrase], str]) -> None:
    """Its part of the command line; `maker` makes parsers."""
    incident = commands.add_parser(
        "incident", parents=[common], help=told(say("an incident: who leads, how grave it is"))
    )
    kinds = incident.add_subparsers(
        metavar="{open,show,confirm,answer,command,severity,close}", required=True, parser_class=maker
    )
    opening = kinds.add_parser(
        "open", parents=[common], help=told(say("open one: from now on somebody leads"))
    )
    opening.add_argument(
        "--severity", choices=GRADES, required=True, help=told(say("SEV1 to SEV4, as P1 to P4 of MedFlow"))
    )
    opening.add_argument(
        "--commander", metavar="NAME", required=True, help=told(say("who leads: decides, and does not act"))
    )
    opening.add_argument(
        "text",
        metavar="TEXT",
        nargs="?",
        default="",
        help=told(say("what happened, without names of patients; without it that is asked")),
    )
    opening.set_defaults(call=open_one)
    kinds.add_parser(
        "show", parents=[common], help=told(say("the one that is open; exit code 1 when there is one"))
    ).set_defaults(call=show)
    kinds.add_parser(
        "confirm",
        parents=[common],
        help=told(say("the commander says that they lead: from their own log-in, or over the phone")),
    ).set_defaults(call=leading.confirm)
    answering = kinds.add_parser(
        "answer",
        parents=[common],
        help=told(say("on the commander's own machine: the answer to a challenge")),
    )
    answering.add_argument("challenge", metavar="CODE", help=told(say("what was read out")))
    answering.add_argument(
        "--for-site", metavar="SITE", default="", help=told(say("the short name of the site"))
    )
    answering.add_argument("--key", metavar="FILE", default="", help=told(say("your own key")))
    answering.set_defaults(call=leading.answer)
    command = kinds.add_parser("command", parents=[common], help=told(say("hand over: somebody else leads")))
    command.add_argument("name", metavar="NAME", help=told(say("who leads: decides, and does not act")))
    command.set_defaults(call=hand_over)
    grading = kinds.add_parser("severity", parents=[common], help=told(say("graver, or less grave")))
    grading.add_argument("severity", choices=GRADES)
    grading.set_defaults(call=grade)
    kinds.add_parser("close", parents=[common], help=told(say("it is over"))).set_defaults(call=close)


def open_one(options: argparse.Namespace, common: Options) -> int:
    """After a log-in and the code of the site; 1 when it was left, 3 refused."""
    return _asked_for(
        common,
        say(
            "Opens an incident: {severity}, commander {who}. Everybody sees it",
            severity=Severity(options.severity).label,
            who=options.commander,
        ),
        lambda desk, person: _opening(options, desk, person),
    )


def _opening(options: argparse.Namespace, desk: IncidentDesk, person: Person) -> Change:
    text = options.text or person.ask(say("What happened? (without names of patients)"))
    wrong = too_short(written(text), TEXT_MIN)
    if wrong:
        raise RefusedError(wrong)
    severity = Severity(options.severity)
    return lambda login: desk.open(severity=severity, commander=options.commander, text=text, login=login)


def hand_over(options: argparse.Namespace, common: Options) -> int:
    """Another person leads; exit codes as of `open`."""
    question = say("{who} leads from now on", who=options.name)
    return _asked_for(
        common, question, _shown(lambda desk, login, shown: desk.hand_over(options.name, login, shown=shown))
    )


def grade(options: argparse.Namespace, common: Options) -> int:
    """Exit codes as of `open`."""
    severity = Severity(options.severity)
    question = say("The incident becomes {severity}", severity=severity.label)
    return _asked_for(
        common, question, _shown(lambda desk, login, shown: desk.grade(severity, login, shown=shown))
    )


def close(options: argparse.Namespace, common: Options) -> int:
    """Exit codes as of `open`."""
    question = say("Closes the incident: what changes data waits for a second person again")
    return _asked_for(common, question, _shown(lambda desk, login, shown: desk.close(login, shown=shown)))


def _shown(
    change: Callable[[IncidentDesk, Login, str], Incident],
) -> Callable[[IncidentDesk, Person], Change]:
    """A change of the one that is open: it is told first, and no other is changed."""

    def change_by(desk: IncidentDesk, person: Person) -> Change:
        found = desk.the_open()
        person.tell(*led_told(found))
        shown = incident_hash(desk.site.code, found)
        return lambda login: change(desk, login, shown)

    return change_by


def show(options: argparse.Namespace, common: Options) -> int:
    """Exit code 1 when one is open, 3 when nobody can tell."""
    desk, site, language = _opened(common)
    found = desk.now_open()
    if found is None:
        tell(language.say(say("no incident is open")))
        return DONE
    tell(*_told(found, site, language))
    return FAILED


def _asked_for(common: Options, what: Phrase, change_by: Callable[[IncidentDesk, Person], Change]) -> int:
    desk, site, language = _opened(common)
    if os.name != "posix":
        raise RefusedError(why_no_dispatch())
    need_terminal()
    person = Person(speak=lambda phrase: language.say(phrase, utc_now()))

    def act() -> int:
        person.tell(what)
        found = _change(person, site, change_by(desk, person))
        if found is None:
            return FAILED
        tell(*_told(found, site, language))
        return DONE

    return person.guarded(act)


def _change(person: Person, site: Site, change: Change) -> Incident | None:
    """After a log-in and the code of the site; nothing when something else was typed."""
    login = login_of(person)
    question = say("Type  {phrase}  to agree; anything else leaves:", phrase=site.code)
    if person.confirm(question) != site.code:
        person.tell(say("nothing was changed: that is not the code of the site"))
        return None
    with undisturbed():
        return change(login)


def _told(incident: Incident, site: Site, language: Language) -> tuple[str, ...]:
    from medflow_tui.runner.origin import acting

    now = utc_now()
    permits = (permits_said(incident, site.access.people, acting(), now),) if incident.is_open else ()
    waits = incident.is_open and incident.severity.is_major and not incident.is_confirmed
    ways = say(
        "to confirm: {command}, typed by {who}; also by you, while they are asked here or on the phone",
        command="medflow-tui incident confirm",
        who=incident.commander,
    )
    told = (*led_told(incident), *permits, *((ways,) if waits else ()))
    return tuple(language.say(each, now) for each in told)


def _opened(common: Options) -> tuple[IncidentDesk, Site, Language]:
    from medflow_tui.wiring.leading import incident_desk

    site = open_settings(common).site
    return incident_desk(site, open_state(common)), site, open_language(common, site)
