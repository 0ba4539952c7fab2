"""Site files that nobody would write by hand: each is refused with a sentence, quickly, and no secret is repeated."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from medflow_tui.config.explain import settings_lines
from medflow_tui.config.load import load
from medflow_tui.model.errors import SettingsError

HEAD = '[site]\ncode = "M"\nname = "Matrix"\nenvironment = "drill"\n'
SECRET = "Invente-Secret-7731"


def complaint(folder: Path, text: str) -> str:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert len(str(caught.value)) < 500
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "",
        " redis",
        "redis ",
        "a\\u001b[2Jb",
        "a\\u200bb",
        "a\\u202eb",
        "a\\nb",
        "a\\u009bb",
        "x" * 61,
        "a/b",
    ],
)
def test_a_name_that_cannot_be_typed_or_seen_is_refused(tmp_path: Path, name: str) -> None:
    said = complaint(tmp_path, HEAD + f'[target."{name}"]\nkind = "redis"\n')
    assert "target." in said
    assert complaint(tmp_path, HEAD + f'[target.redis]\n[contacts."{name}"]\nname = "x"\n')


@pytest.mark.parametrize("name", ["clinique de Goma", "hôpital-Béni_2", "服务", "a.b", "1"])
def test_a_name_with_spaces_and_letters_of_any_script_is_a_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + f'[target."{name}"]\nkind = "redis"\naddress = "redis://127.0.0.1:1"\n', "utf-8")
    assert load(path).site.targets[0].name == name


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    assert "not valid TOML" in complaint(tmp_path, HEAD + "[target.redis]\n[target.redis]\n")
    assert "not valid TOML" in complaint(tmp_path, HEAD + "[target.redis]\nlabel = 'a'\nlabel = 'b'\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('label = "a\\u001b[2Jb"', ["target.redis.label", "cannot be seen"]),
        ('address = "redis://127.0.0.1\\u200b:1"', ["target.redis.address", "cannot be seen"]),
        ("label = '''a\nb'''", ["target.redis.label", "cannot be seen"]),
        (f"label = '{'x' * 1_000_000}'", ["target.redis.label", "longer"]),
        ("interval_s = nan", ["target.redis.interval_s", "without sense"]),
        ("interval_s = inf", ["target.redis.interval_s", "without sense"]),
        ("deadline_s = -inf", ["target.redis.deadline_s", "negative"]),
        (f"interval_s = 1{'0' * 400}", ["target.redis.interval_s", "without sense"]),
        ("interval_s = 1e300", ["target.redis.interval_s", "without sense"]),
        ("interval_s = 700_000", ["target.redis", "a week at most"]),
        ("deadline_s = 3600", ["target.redis", "10 minutes"]),
        ("confirm = 1000", ["target.redis", "confirm 100"]),
        (f"scan_budget = 1{'0' * 400}", ["target.redis.scan_budget", "without sense"]),
        ("kind = ['redis']", ["target.redis.kind", "text", "list"]),
        ("kind = 3", ["target.redis.kind", "text"]),
        ("like = ['mongodb']", ["target.redis.like", "text", "list"]),
        ("prefixes = ['a:', 'b:', 'a:']", ["target.redis.prefixes", "a: twice"]),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_value_that_makes_no_sense_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    said = complaint(tmp_path, HEAD + f"[target.redis]\n{text}\n")
    assert [each for each in words if each not in said] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[target.log]\npaths = ['a.log']\ntimezone = 'Africa/Kinsasa'", "target.log.timezone"),
        ("[target.backups]\ntimezone = '../../etc/passwd'", "target.backups.timezone"),
        (
            "[target.mongodb]\n[target.clinics]\n[[target.clinics.clinic]]\nid = 'a'\ntimezone = 'Nowhere'",
            "target.clinics.clinic.1.timezone",
        ),
        (
            "[target.mongodb]\n[target.clinics]\n[[target.clinics.clinic]]\nid = 'a'\n[[target.clinics.clinic]]\nid = 'a'",
            "target.clinics.clinic names a twice",
        ),
        ("[target.log]\npaths = ['a.log', 'a.log']", "target.log.paths names a.log twice"),
    ],
)
def test_zones_and_parts_are_looked_at_too(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(tmp_path, HEAD + text + "\n")


@pytest.mark.parametrize(
    "text",
    [
        f"[target.redis]\npassword = '{SECRET}'",
        f"[target.backend]\nhealth_key = '{SECRET}'",
        f"[target.redis]\n[target.queue]\napi_password = '{SECRET}'",
        f"[target.redis]\npassword = 'env{SECRET}'",
        f"[target.redis]\naddress = 'redis://:{SECRET}@127.0.0.1:6379'",
        f"[target.mongodb]\naddress = 'mongodb://amani:{SECRET}@127.0.0.1/medflow?authSource=admin'",
        f"[target.uplink]\naddresses = ['https://a:{SECRET}@example.cd']",
        f"[target.redis]\n[contacts.database]\nnote = 'mongodb://a:{SECRET}@db'",
    ],
)
def test_a_secret_in_the_site_file_is_refused_before_anything_can_show_it(tmp_path: Path, text: str) -> None:
    said = complaint(tmp_path, HEAD + text + "\n")
    assert "env:NAME" in said
    assert SECRET not in said


def test_references_are_shown_for_what_they_are_and_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_WORD", SECRET)
    path = tmp_path / "site.toml"
    path.write_text(HEAD + '[target.redis]\npassword = "env:REDIS_WORD"\n')
    settings = load(path)
    shown = "\n".join(settings_lines(settings, origins=True)) + repr(settings)
    assert "env:REDIS_WORD" in shown
    assert SECRET not in shown


def test_a_file_larger_than_any_site_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "site.toml").open("wb") as file:
        file.truncate(3_000_000_000)
    began = time.monotonic()
    with pytest.raises(SettingsError, match="larger than"):
        load(tmp_path / "site.toml")
    assert time.monotonic() - began < 5


NESTED = {
    "lists": "x = " + "[" * 100_000,
    "tables": "x = " + "{a=" * 100_000,
    "keys": ".".join("a" * 2_000) + " = 1",
}


@pytest.mark.parametrize("how", NESTED)
def test_a_file_that_is_nested_without_end_is_refused(tmp_path: Path, how: str) -> None:
    assert complaint(tmp_path, NESTED[how])


def test_ten_thousand_targets_are_a_site(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        HEAD
        + "".join(
            f'[target.t{n}]\nkind = "redis"\naddress = "redis://127.0.0.1:1/{n}"\n' for n in range(10_000)
        )
    )
    assert len(load(path).site.targets) == 10_000
