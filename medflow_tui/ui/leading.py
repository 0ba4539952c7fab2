"""Incidents from the screen: opened, confirmed, handed over, graded and closed with the same checks as at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.incident import BY_VOICE, Incident, Severity
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.inputs import meant
from medflow_tui.rules.leading import TEXT_MIN, WHY_NOT_CONFIRM, confirm_phrase, incident_hash, read_out
from medflow_tui.rules.passivity import why_not_confirmed
from medflow_tui.rules.reasons import too_short, written
from medflow_tui.ui.present.incident import grades
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.questions import ask_late, numbered
from medflow_tui.ui.screens.incident import IncidentScreen
from medflow_tui.ui.work import Work, order

if TYPE_CHECKING:
    from medflow_tui.model.performer import Login
    from medflow_tui.runner.incidents import IncidentDesk
    from medflow_tui.ui.app import MedflowApp

Change = Callable[["IncidentDesk", "Login | None"], Incident]


class Leading:
    """Asks, and changes by the desk, which knows what the site file asks of people."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app

    def open(self) -> None:
        """Three questions, then the code of the site."""
        self._raised(lambda: self._ask_severity(self._ask_commander))

    def _ask_commander(self, severity: Severity) -> None:
        self._ask_person(lambda who: self._ask_text(severity, who))

    def _ask_text(self, severity: Severity, who: str) -> None:
        def answered(text: str) -> None:
            wrong = too_short(written(text), TEXT_MIN)
            if wrong:
                self._app.say_briefly(wrong)
                return
            opens = say(
                "Opens an incident: {severity}, commander {who}. Everybody sees it",
                severity=severity.label,
                who=who,
            )
            self._ask_code(
                opens,
                lambda desk, login: desk.open(severity=severity, commander=who, text=text, login=login),
            )

        self._ask(say("What happened? (without names of patients)"), answered, prepares=True)

    def hand_over(self, incident: Incident) -> None:
        """Who leads, then the code of the site. Here and below only the one that was shown is changed."""
        shown = self._hash_of(incident)

        def named(who: str) -> None:
            leads = say("{who} leads from now on", who=who)
            self._ask_code(leads, lambda desk, login: desk.hand_over(who, login, shown=shown))

        self._raised(lambda: self._ask_person(named))

    def grade(self, incident: Incident) -> None:
        """How grave it is, then the code of the site."""
        shown = self._hash_of(incident)

        def graded(severity: Severity) -> None:
            becomes = say("The incident becomes {severity}", severity=severity.label)
            self._ask_code(becomes, lambda desk, login: desk.grade(severity, login, shown=shown))

        self._raised(lambda: self._ask_severity(graded))

    def close(self, incident: Incident) -> None:
        """The code of the site."""
        shown = self._hash_of(incident)
        closes = say("Closes the incident: what changes data waits for a second person again")
        self._raised(lambda: self._ask_code(closes, lambda desk, login: desk.close(login, shown=shown)))

    def confirm(self, incident: Incident) -> None:
        """Typed by the commander; by anybody else what is read back over the phone. Nobody's rights are raised by it."""
        desk = self._app.session.incidents_of()
        if desk is None:
            self._app.say_briefly(self._app.session.why_no_dispatch())
            return

        def work() -> None:
            way = desk.way_to_confirm(incident)
            if way:
                out = read_out(desk.told(incident)) if way == BY_VOICE else ()
                self._app.call_later(self._ask_to_confirm, incident, out)
            else:
                self._app.call_later(self._app.say_briefly, WHY_NOT_CONFIRM["no_phone"])

        Work("incident", work)

    def _ask_to_confirm(self, incident: Incident, out: tuple[Phrase, ...]) -> None:
        if out:
            lines = tuple(map(self._app.session.language.say, out))
            answered = say("What is read back?")
            self._ask(answered, lambda text: self._change(lambda desk, _: desk.take(text)), lines)
            return
        asked = say(
            "{id}, {severity}: you decide, and do not act while you lead. Type  {phrase}",
            id=incident.id,
            severity=incident.severity.label,
            phrase=confirm_phrase(self._app.session.site.code),
        )
        shown = self._hash_of(incident)
        self._ask(asked, lambda text: self._change(lambda desk, _: desk.confirm(text.strip(), shown=shown)))

    def _hash_of(self, incident: Incident) -> str:
        return incident_hash(self._app.session.site.code, incident)

    def _raised(self, then: Callable[[], None]) -> None:
        """Go on with raised rights and a fresh log-in; say what is missing."""
        desk, rights = self._app.session.incidents_of(), self._app.acting.rights
        if desk is None:
            self._app.say_briefly(self._app.session.why_no_dispatch())
        elif not self._app.session.site.access.people:
            self._app.say_briefly(say("the site file names nobody in [access.people]"))
        elif rights.login is None:
            raising = self._app.session.key("raise")
            self._app.say_briefly(say("read-only: {raising} raises your rights", raising=raising))
        elif old := desk.why_old(rights.login):
            rights.renew(old, then)
        else:
            then()

    def _ask_severity(self, chosen: Callable[[Severity], None]) -> None:
        session = self._app.session
        lines = grades(Look(language=session.language, glyphs=session.glyphs, now=session.now()))

        def answered(text: str) -> None:
            word = meant(text, [each.value for each in Severity]).upper()
            if word in Severity.__members__:
                chosen(Severity(word))
            else:
                self._app.say_briefly(say("that is not there to choose"))

        self._ask(say("How grave is it? (1 to 4; if unsure, the graver)"), answered, lines, prepares=True)

    def _ask_person(self, chosen: Callable[[str], None]) -> None:
        people = tuple(self._app.session.site.access.people)
        lines = numbered(people, self._app.session.language.say)

        def answered(text: str) -> None:
            who = meant(text, people)
            if who in people:
                chosen(who)
            else:
                self._app.say_briefly(say("the site file names nobody {who} in [access.people]", who=who))

        self._ask(say("Who leads? (decides, and does not act)"), answered, tuple(lines), prepares=True)

    def _ask_code(self, what: Phrase, change: Change) -> None:
        code = self._app.session.site.code

        def answered(text: str) -> None:
            wrong = why_not_confirmed(text, code)
            if wrong:
                self._app.say_briefly(wrong)
            else:
                self._change(change)

        self._ask(what.also(say("type {code} to agree", code=code)), answered)

    def _ask(
        self,
        question: Phrase,
        answered: Callable[[str], None],
        lines: tuple[str, ...] = (),
        *,
        prepares: bool = False,
    ) -> None:
        def left() -> None:
            self._app.say_briefly(say("left, nothing done"))

        ask_late(self._app, question, answered, lines, left=left, prepares=prepares)

    def _change(self, change: Change) -> None:
        """In a worker thread, with the log-in of this moment."""
        desk, login = self._app.session.incidents_of(), self._app.acting.rights.login
        if desk is None:
            return

        done = say("written down, and told to every viewer")
        again = self._app.call_later
        order(self._app, "incident", lambda: change(desk, login), done, lambda: again(self._read_again))

    def _read_again(self) -> None:
        for each in self._app.screen_stack:
            if isinstance(each, IncidentScreen):
                each.read_again()
