"""Keys that a site file gives to commands, and the keys that are declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.keys import _character_to_key

from medflow_tui.config.load import load
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import SettingsError
from medflow_tui.ui.commands import COMMANDS, Command, shown_key
from medflow_tui.ui.keymap import WORDS, key_of, remapped
from medflow_tui.ui.keys import CHARACTERS

ALTGR = set("[]{}\\|~#@^`€")  # on a French or a Belgian AZERTY keyboard
SITE = (
    '[site]\ncode = "A"\nname = "A"\nenvironment = "lab"\n[target.redis]\naddress = "redis://127.0.0.1:9/0"\n'
)


def with_keys(**keys: list[str]) -> Mapping[str, Command]:
    found = remapped({name.replace("_", " "): each for name, each in keys.items()}, "site.toml")
    return {each.name: each for each in found}


def refused(**keys: list[str]) -> str:
    with pytest.raises(SettingsError) as caught:
        with_keys(**keys)
    return Language("en").say(caught.value.phrase)


def test_the_declared_keys_are_in_no_conflict() -> None:
    assert remapped({}, "site.toml") == COMMANDS


def test_every_command_has_a_key_that_an_azerty_keyboard_types_without_altgr() -> None:
    for each in COMMANDS:
        assert not {CHARACTERS.get(key, "") for key in each.keys} & ALTGR, each.name
        assert not [key for key in each.keys if "alt" in key], each.name


def test_no_declared_key_belongs_to_the_line_or_the_terminal() -> None:
    keys = {key for each in COMMANDS for key in each.keys}
    assert not keys & {"ctrl+a", "ctrl+b", "ctrl+c", "ctrl+d", "ctrl+k", "ctrl+s", "ctrl+z"}


@pytest.mark.parametrize("code", [code for code in range(0x21, 0x100) if chr(code).isprintable()])
def test_a_character_is_named_as_the_reader_of_the_terminal_names_it(code: int) -> None:
    assert key_of(chr(code)) == _character_to_key(chr(code))
    assert shown_key(key_of(chr(code))) == chr(code)


@pytest.mark.parametrize("key", [key for each in COMMANDS for key in each.keys])
def test_a_declared_key_can_be_written_in_a_site_file_by_its_name_or_as_it_is_shown(key: str) -> None:
    assert key_of(key) == key
    if shown_key(key) not in "↑↓":
        assert key_of(shown_key(key)) == key


def test_a_command_gets_the_keys_of_the_site_and_the_others_keep_theirs() -> None:
    found = with_keys(dump=["F11", "$"], next_pane=["n"])
    assert found["dump"].keys == ("f11", "dollar_sign")
    assert found["next pane"].keys == ("n",)
    assert found["help"].keys == ("question_mark", "f1")


def test_a_command_may_have_no_key_unless_it_is_the_way_out() -> None:
    assert with_keys(dump=[])["dump"].keys == ()
    for name in ("help", "back", "quit"):
        assert refused(**{name: []}) == f"site.toml: keys.{name} needs at least one key"


def test_two_commands_may_change_their_keys() -> None:
    found = with_keys(pause=["r"], refresh=["p"])
    assert (found["pause"].keys, found["refresh"].keys) == (("r",), ("p",))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"dumpp": ["x"]}, "site.toml: unknown key keys.dumpp; did you mean dump?"),
        ({"pause": ["r"]}, "site.toml: keys: r is both refresh and pause; give one of them another key"),
        ({"level": ["b"]}, "site.toml: keys: b is both playbooks and level; give one of them another key"),
        (
            {"dump": ["ctrl+l"]},
            "site.toml: keys: ctrl+l is both dump and redraw; give one of them another key",
        ),
        ({"dump": ["ctrl+shft"]}, "site.toml: keys.dump: no key ctrl+shft; the nearest is "),
        ({"dump": ["shift+tap"]}, "site.toml: keys.dump: no key shift+tap; the nearest is shift+tab"),
        ({"dump": [""]}, "site.toml: keys.dump: no key ; the nearest is f2, ctrl+f, PgDn, ?, é"),
        ({"dump": ["ctrl+c"]}, "site.toml: keys.dump: no key ctrl+c; the nearest is "),
    ],
)
def test_what_cannot_be_is_named_with_what_is_near(keys: dict[str, list[str]], sentence: str) -> None:
    assert refused(**keys).startswith(sentence)


def test_the_same_key_may_mean_two_things_at_two_places() -> None:
    assert with_keys(level=["enter"], details=["d"])["level"].keys == ("enter",)


def test_words_for_keys_are_all_found() -> None:
    assert all(key_of(each) for each in WORDS)
    assert all(key_of(each.upper()) for each in WORDS)


@pytest.mark.parametrize("value", ['"é"', '["é"]'])
def test_the_site_file_has_a_table_of_keys(tmp_path: Path, value: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f"{SITE}[keys]\nclinics = {value}\n", encoding="utf-8")
    assert load(path).site.keys == {"clinics": ("é",)}


@pytest.mark.parametrize("value", ["3", "[3]", "true", "{}"])
def test_what_is_no_list_of_keys_is_refused_with_its_name(tmp_path: Path, value: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f"{SITE}[keys]\nclinics = {value}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert "keys.clinics" in Language("en").say(caught.value.phrase)
