"""The audit, read by a worker thread: whether the chain holds, what a review must see, the records; and the sign-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.commands import AUDIT, Command
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.rules.auditing.standing import Standing


class AuditScreen(PagedScreen):
    """Reads when it is opened and after a sign-off; it follows nothing, so it costs nothing while it stands."""

    place = AUDIT

    class Read(Message):
        """The audit as it stands, or why it cannot be told."""

        def __init__(self, standing: Standing | None, why: Phrase = SILENCE) -> None:
            super().__init__()
            self.standing, self.why = standing, why

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._standing: Standing | None = None
        self._why = say("reading the audit…")

    def compose(self) -> ComposeResult:
        yield Lines(style, classes="head-1", id="title")
        yield Page(style, id="page")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.redraw()
        Work("audit", self._read)

    def _read(self) -> None:
        from medflow_tui.journal.audit_reading import stand
        from medflow_tui.journal.auditing.place import audit_file

        try:
            standing = stand(audit_file(self.session.site, self.session.state), self.session.site, newest=1)
        except MedflowError as error:
            self.post_message(self.Read(None, error.phrase))
        except Exception as error:  # shown as a sentence, written to the own log
            self.session.report(error, "audit")
            self.post_message(self.Read(None, say("the audit cannot be read: see the program's log")))
        else:
            self.post_message(self.Read(standing))

    def on_audit_screen_read(self, message: Read) -> None:
        self._standing, self._why = message.standing, message.why
        self.redraw()

    @property
    def can_sign(self) -> bool:
        """Whether there is something new since the last sign-off."""
        return self._standing is not None and self._standing.review.last >= self._standing.review.first

    def bar_label(self, command: Command) -> str:
        return "" if command.name == "sign" and not self.can_sign else super().bar_label(command)

    def action_sign(self) -> None:
        """Write down that somebody looked at it, after the code of the site was typed."""
        if not self.can_sign:
            return
        code = self.session.site.code
        question = say("Type {code} to sign that you looked at these records", code=code)
        self.switchboard.acting.ask_late(question, lambda typed: self._signed(typed.strip() == code))

    def _signed(self, is_meant: bool) -> None:
        standing = self._standing
        if standing is None or not is_meant:
            self.switchboard.say_briefly(say("not signed"))
            return

        def work() -> None:
            from medflow_tui.journal.audit import Audit
            from medflow_tui.journal.auditing.events import review_signed

            audit = Audit.of(self.session.site, self.session.state)
            try:
                review_signed(audit, standing.review.counts, whole=not standing.is_altered)
            except MedflowError as error:
                self.app.call_later(self.switchboard.say_briefly, error.phrase)
            else:
                self.app.call_later(self.switchboard.say_briefly, say("signed, and written down"))
                self._read()

        Work("sign", work)

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, language, now = self.app.size.width, self.session.language, self.session.now()
        look = Look(language=language, glyphs=self.session.glyphs, now=now)
        title = headline(self.tell(say("Audit: what was done here")), self.session.site, "", look, cells)
        self.query_one("#title", Lines).show([title])
        self.query_one(Page).put(self._lines(cells))
        self.call_after_refresh(self.draw_bar)

    def _lines(self, cells: int) -> list[Line]:
        from medflow_tui.ui.present.audit import audit_lines

        if self._standing is None:
            return [(Span(f" {each}"),) for each in wrap(self.tell(self._why), cells - 2)]
        return audit_lines(self._standing, self.session.language, self.session.now(), cells)
