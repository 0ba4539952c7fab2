"""`playbook approve` and `playbook key`: a second person agrees to a plan, beside the machine or over the phone."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.cli.person import LeftError, Person
from medflow_tui.cli.speech import DONE, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import Phrase, say
from medflow_tui.wiring import Options, open_language, open_settings

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.playbook import Playbook
    from medflow_tui.runner.door import Shown

MOST_KEY = 200


def approve(options: argparse.Namespace, common: Options) -> int:
    """With a run: read its plan and agree by typing. With a challenge: read aloud, then give the answer."""
    language = _language(common)
    person = Person(speak=language.say)
    if options.challenge:
        return person.guarded(lambda: _over_the_phone(options, language))
    return person.guarded(lambda: _here(options, language))


def key(options: argparse.Namespace, common: Options) -> int:
    """Make one's own key when there is none, and the file that a site is given of it."""
    from medflow_tui.runner.keys import make_key, own_key, write_verifier

    language, path = _language(common), _key_file(options)
    own = own_key(path) if path.exists() else make_key(path)
    tell(language.say(say("your key: {path}; keep it to yourself", path=str(path))))
    if options.for_site:
        who = _who()
        file = Path(options.file or f"{who}-{options.for_site}.verifier").absolute()
        write_verifier(file, own, options.for_site)
        tell(
            language.say(
                say(
                    "for the site {site}: {path}; take it there yourself, mode 0600, and name it:",
                    site=options.for_site,
                    path=str(file),
                )
            ),
            f"  [access.people.{who}]",
            '  roles = ["dba"]',
            f'  verifier = "file:{file.name}"',
        )
    return DONE


def _here(options: argparse.Namespace, language: Language) -> int:
    from medflow_tui.runner.door import agree, look, waiting_runs
    from medflow_tui.runner.origin import name_of

    run, ssh = options.run, os.environ.get("SSH_CONNECTION", "")
    if not run:
        found = waiting_runs()
        tell(*(found or (language.say(say("no run waits for a second person here")),)))
        return DONE
    shown = look(run, ssh=ssh)
    phrase, plan_hash = _show(shown, name_of(shown.uid), language)
    typed = _typed(language, phrase)
    agree(run, plan_hash=plan_hash, typed=typed, ssh=ssh)
    tell(language.say(say("agreed and written down in your name")))
    return DONE


def _show(shown: Shown, user: str, language: Language) -> tuple[str, str]:
    """What the run says of itself, checked against its own hash; answers what must be typed, and the hash."""
    from medflow_tui.playbooks.load import parse
    from medflow_tui.runner.agreeing import agreement_phrase
    from medflow_tui.runner.preview import agreed
    from medflow_tui.runner.report import Report

    try:
        plan, playbook = agreed(shown.plan), parse(shown.playbook, shown.run)
    except (KeyError, ValueError, TypeError) as error:
        raise RefusedError(say("what answers is no run of this program")) from error
    if playbook.sha256 != plan.playbook_sha256:
        raise RefusedError(say("the playbook is not the one in the plan"))
    report = Report(speak=language.say, language=language.code)
    tell(*report.summary(playbook, shown.plan, plan, asks=f"{shown.who} ({user or shown.uid})"))
    return agreement_phrase(plan), plan.hash


def _over_the_phone(options: argparse.Namespace, language: Language) -> int:
    """All that is read out is typed in here, so that the answer is for that and for nothing else."""
    from medflow_tui.rules import spoken
    from medflow_tui.runner.keys import own_key
    from medflow_tui.runner.report import Report

    code = spoken.plain(options.challenge)
    if len(code) != spoken.LENGTH or set(code) - set(spoken.ALPHABET):
        raise RefusedError(say("that is no challenge: 8 letters and digits, without 0 O 1 I L U"))
    own = own_key(_key_file(options))
    site = options.for_site or _asked(language, say("Which site? (its short name)"))
    playbook = _named(options.playbook or _asked(language, say("Which playbook? (as in its list)")))
    report = Report(speak=language.say, language=language.code)
    tell("", *report.head(playbook))
    size = {
        name: _asked(language, say("{name}: which value is read out?", name=name))
        for name in spoken.size_of(playbook.blast.en, {})
    }
    told = spoken.Spoken(
        site=site, playbook=playbook.id, playbook_sha256=playbook.sha256, challenge=code, size=size
    )
    tell("", *report.read_out(playbook, told))
    _typed(language, f"APPROVE {spoken.plain(site)}")
    answer = spoken.answer(spoken.site_key(own, site), told)
    tell(language.say(say("read back: {answer}", answer=spoken.shown(answer))))
    return DONE


def _named(wanted: str) -> Playbook:
    from medflow_tui.playbooks.shelf import stock

    found = stock().named(wanted)
    if found is None:
        raise RefusedError(say("there is no playbook {wanted} on this machine", wanted=wanted))
    return found


def _typed(language: Language, phrase: str) -> str:
    """What a person types when they have read. Raises RefusedError where nobody can type, LeftError for anything else."""
    if not sys.stdin.isatty():
        raise RefusedError(say("a person agrees at a terminal, not a file or a pipe"))
    question = say("Type  {phrase}  to agree; anything else leaves:", phrase=phrase)
    typed = Person(speak=language.say).confirm(question)
    if typed != phrase:
        raise LeftError(say("not agreed: that is not  {phrase}", phrase=phrase))
    return typed


def _asked(language: Language, question: Phrase) -> str:
    """From a person, or from a file of answers: only what is agreed to must be typed."""
    if sys.stdin.isatty():
        return Person(speak=language.say).ask(question)
    sys.stdout.write(f"{language.say(question)} ")
    sys.stdout.flush()
    return sys.stdin.readline(MOST_KEY).strip()


def _key_file(options: argparse.Namespace) -> Path:
    from medflow_tui.config.locations import config_folder

    return Path(options.key).absolute() if options.key else config_folder() / "approval.key"


def _who() -> str:
    from medflow_tui.runner.origin import name_of

    return name_of(os.getuid()) or "?"


def _language(common: Options) -> Language:
    """Whoever agrees may have no site file."""
    from medflow_tui.config.load import NoSiteError

    try:
        return open_language(common, open_settings(common).site)
    except NoSiteError:
        return open_language(common)
