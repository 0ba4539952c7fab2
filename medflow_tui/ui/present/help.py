"""The help of a place, derived from the list of commands."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Health
from medflow_tui.model.words import say
from medflow_tui.ui.commands import COMMANDS, Command, at, shown_key
from medflow_tui.ui.present.health import Glyphs, word
from medflow_tui.ui.present.line import Line, Span, fit, wrap
from medflow_tui.ui.present.rows import STYLES

KEYS = 16  # cells
NOTES = (
    say("A row: state, name, what was seen, since when, and the last 20 minutes (high is good, ? unknown)."),
    say("Unknown means that nobody can tell. It is never shown as good."),
    say(
        "Over the budget of bytes less is drawn, step by step: every 2 s, every 5 s, sparklines stay as they are, "
        "the log every 5 s, the log when you ask for it. When there is room it goes back. Keys are answered at once."
    ),
    say("Nothing is changed unless you raise your rights, and then only by a playbook that you confirm."),
)


def help_lines(
    place: str, language: Language, glyphs: Glyphs, cells: int, commands: Sequence[Command] = COMMANDS
) -> list[Line]:
    """Keys first, then what the signs mean."""
    lines: list[Line] = []
    arrows = {"down": glyphs.down, "up": glyphs.up}
    for each in at(place, commands):
        if not each.keys:
            continue
        keys = " ".join(arrows.get(key) or language.word(shown_key(key)) for key in each.keys)
        told = wrap(language.say(each.help), max(12, cells - KEYS - 2))
        lines.append((Span(f"  {fit(keys, KEYS)}", "key"), Span(told[0])))
        lines += [(Span(f"  {'':{KEYS}}{more}"),) for more in told[1:]]
    lines.append(())
    for health in (
        Health.OK,
        Health.WARNING,
        Health.CRITICAL,
        Health.UNKNOWN,
        Health.STALE,
        Health.EXPECTED_OFFLINE,
    ):
        lines.append((Span(f"  {glyphs.health[health]} ", STYLES[health]), Span(language.say(word(health)))))
    lines += [
        (Span(f"  {glyphs.person} "), Span(language.say(say("somebody is on it")))),
        (Span(f"  {glyphs.work} "), Span(language.say(say("work is announced")))),
        (),
    ]
    for note in NOTES:
        lines += [(Span(f"  {each}"),) for each in wrap(language.say(note), cells - 4)]
    return lines
