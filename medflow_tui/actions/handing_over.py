"""The paper for whoever takes over: whom to call, what to say, numbers and ids; never a name or a content of a patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.run_log import find
from medflow_tui.journal.small_file import replace_text
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.cleaning import clean

RUNS, FILE = "runs", "handover.txt"
LANGUAGES = ("fr", "en")
SIGNS = {Health.OK: "●", Health.WARNING: "▲", Health.CRITICAL: "✖", Health.UNKNOWN: "?"}
ROLES = {
    "database": say("the person in charge of the database"),
    "network": say("the person in charge of the network"),
    "devices": say("the person in charge of the devices"),
    "security": say("the person in charge of data protection"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was read of one target (or a part of it), and what the rules of the dashboard make of it."""

    target: Target
    reading: Reading
    judgement: Judgement

    def titled(self, title: str) -> str:
        """What people call it, its target being called so."""
        part = self.reading.target.partition("/")[2]
        return f"{title}/{part}" if part else title


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Ids of one kind: `label` for people, `fact` for the journal."""

    label: Phrase
    fact: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """All that is on it."""

    site: Site
    run: str
    at: datetime
    message: Phrase
    seen: Sequence[Sighting]
    named: Sequence[Named]

    def page(self, language: Language) -> Iterator[str]:
        """Its lines in one language."""

        def speak(phrase: Phrase) -> str:
            return language.say(phrase, self.at)

        heading = say(
            "Hand-over of {site}, {at:moment}, run {run}", site=self.site.name, at=self.at, run=self.run
        )
        yield speak(heading)
        yield from (f"{speak(say('Call:'))} {speak(each)}" for each in self._people())
        yield f"{speak(say('Say:'))} {speak(self.message)}"
        yield ""
        for each in self.seen:
            found = each.judgement
            title = clean(each.titled(language.word(each.target.title)))
            yield f"{SIGNS.get(found.health, '-')} {title}: {speak(found.evidence)}"
            yield from (f"    {speak(line)}" for line in found.detail)
            if found.health.is_trouble and found.means:
                yield f"    {speak(found.means)}"
        for kind in self.named:
            if kind.ids:
                yield from ("", speak(kind.label), *(f"    {each}" for each in kind.ids))

    def _people(self) -> Iterator[Phrase]:
        for role in dict.fromkeys(each.target.contact for each in self.seen if each.target.contact):
            contact = self.site.contacts.get(role)
            who = ", ".join(each for each in (contact.name, contact.phone) if each) if contact else ""
            yield ROLES.get(role, say("{name}", name=role)).also(say("{name}", name=who) if who else SILENCE)


def write(tools: Tools, paper: Paper) -> None:
    """Lay it into the folder of the run, for this user only; a newer look replaces it. Raises OSError, RefusedError."""
    folder = find(tools.state / RUNS, paper.run).path
    pages = ["\n".join(paper.page(Language(code, paper.site.timezone))) for code in LANGUAGES]
    replace_text(folder / FILE, "\n\n".join(pages) + "\n")
