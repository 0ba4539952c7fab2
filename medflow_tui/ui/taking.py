"""What a person takes along: the row or the page to the clipboard, the screen to a file; redacted both times."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from medflow_tui.model.health import EPOCH, Verdict
from medflow_tui.model.words import say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact
from medflow_tui.ui.panes.log import LogPane
from medflow_tui.ui.present.health import called, word
from medflow_tui.ui.terminal.clipboard import MOST, to_clipboard
from medflow_tui.ui.terminal.portrait import screen_texts
from medflow_tui.ui.widgets.scroll import Page
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


def copy(app: MedflowApp) -> None:
    """To the clipboard of the terminal, as far as it has one."""
    text = "\n".join(redact(clean(each)).rstrip() for each in _chosen(app)).strip()
    if not text:
        app.say_briefly(say("there is nothing here to copy"))
        return
    sequence = to_clipboard(text, os.environ)
    if not sequence:
        app.say_briefly(
            say(
                "this terminal has no clipboard for programs; {key} writes a file",
                key=app.session.key("dump"),
            )
        )
        return
    app.write_to_terminal(sequence)
    app.say_briefly(say("given to your terminal's clipboard: {n:number} characters", n=min(len(text), MOST)))


def dump(app: MedflowApp) -> None:
    """The screen as text into a new file of the state folder."""
    session, now, (columns, lines) = app.session, app.session.now(), app.size
    head = f"medflow-tui  {session.site.name}  {now.isoformat(timespec='seconds')}  {columns}x{lines}"
    texts = (head, "", *screen_texts(app))

    def work() -> None:
        from medflow_tui.journal.dumps import write_dump

        try:
            path = write_dump(session.state, texts, now)
        except OSError as error:
            session.report(error, "dump")
            app.call_later(app.say_briefly, say("not written: the state folder cannot be written"))
        else:
            app.call_later(app.say_briefly, say("written: {file}", file=str(path)))

    Work("dump", work)


def _chosen(app: MedflowApp) -> list[str]:
    dashboard = app.dashboard
    if app.screen is not dashboard:
        return [text for page in app.screen.query(Page) for text in page.whole_texts]
    pane = dashboard.focused_pane()
    if isinstance(pane, LogPane):
        return pane.texts_chosen
    verdict = dashboard.selected()
    return [_sentence(app, verdict)] if verdict is not None else []


def _sentence(app: MedflowApp, verdict: Verdict) -> str:
    """`redis (redis): critical, refused, since 08:31`."""
    language, now = app.session.language, app.session.now()
    name = called(verdict, language)
    name = name if name == verdict.target else f"{name} ({verdict.target})"
    what = f"{language.say(word(verdict.health))}, {language.say(verdict.evidence, now)}"
    if verdict.since != EPOCH:
        what += f", {language.say(say('since {at:when}', at=verdict.since), now)}"
    return language.say(say("{name}: {what}", name=name, what=what))
