"""Keys as the site file gives them to commands: `[keys]`, the name of a command = a list of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from medflow_tui.config.place import Place
from medflow_tui.config.schema import nearest, refuse_unknown
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.words import say
from medflow_tui.ui.commands import COMMANDS, DASHBOARD, LOG, Command, shown_key
from medflow_tui.ui.keys import CHARACTERS, name_of

NEEDED = ("help", "back", "quit")  # without a key for these, nobody finds the way out
WORDS = {
    **{
        each: each
        for each in ("enter", "tab", "shift+tab", "space", "home", "end", "left", "right", "up", "down")
    },
    **{each: each for each in ("insert", "delete", "backspace", "escape", "pageup", "pagedown")},
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    **{f"f{n}": f"f{n}" for n in range(1, 13)},
    # ctrl+c ends; i, j, m and h are Tab, Enter and Backspace on a terminal
    **{f"ctrl+{letter}": f"ctrl+{letter}" for letter in "abdefgklnopqrstuvwxyz"},
}


def key_of(text: str) -> str:
    """The name by which the terminal knows a key that is written as a character or in words; empty when there is none.

    >>> key_of("?"), key_of("F2"), key_of("PgDn"), key_of("é"), key_of("Hyper+x")
    ('question_mark', 'f2', 'pagedown', 'é', '')
    """
    if len(text) == 1 and text.isprintable() and text != " ":
        return name_of(text)
    return text if text in CHARACTERS else WORDS.get(text.lower(), "")


def remapped(
    keys: Mapping[str, Sequence[str]], file: str, commands: Sequence[Command] = COMMANDS
) -> tuple[Command, ...]:
    """The commands with the keys of a site file. Raises SettingsError: unknown command or key, or a key given twice."""
    place = Place(file=file, key="keys")
    refuse_unknown(keys, (each.name for each in commands), place)
    chosen = tuple(
        replace(each, keys=_keys(keys[each.name], place.at(each.name), each.name))
        if each.name in keys
        else each
        for each in commands
    )
    _refuse_conflict(chosen, file)
    return chosen


def _keys(texts: Sequence[str], place: Place, command: str) -> tuple[str, ...]:
    if not texts and command in NEEDED:
        raise SettingsError(say("{file}: {key} needs at least one key", file=place.file, key=place.key))
    for each in texts:
        if not key_of(each):
            raise SettingsError(
                say(
                    "{file}: {key}: no key {value}; the nearest is {near}",
                    file=place.file,
                    key=place.key,
                    value=each,
                    near=nearest(each.lower(), WORDS) or "f2, ctrl+f, PgDn, ?, é",
                )
            )
    return tuple(dict.fromkeys(key_of(each) for each in texts))


def _refuse_conflict(commands: Sequence[Command], file: str) -> None:
    for at, one in enumerate(commands):
        for other in commands[at + 1 :]:
            both = [key for key in one.keys if key in other.keys]
            if both and _meet(one, other):
                raise SettingsError(
                    say(
                        "{file}: keys: {key} is both {one} and {other}; give one of them another key",
                        file=file,
                        key=shown_key(both[0]),
                        one=one.name,
                        other=other.name,
                    )
                )


def _meet(one: Command, other: Command) -> bool:
    """Whether both work somewhere; the log is part of the dashboard."""
    first, second = ({DASHBOARD if place == LOG else place for place in each.places} for each in (one, other))
    return not first or not second or bool(first & second)
