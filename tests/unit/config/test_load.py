"""The site file: merged with its profile, and every mistake named with file, key and the nearest known key."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.config.load import NoSiteError, find, load
from medflow_tui.config.locations import Candidate, site_candidates
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.redis import RedisTarget

HEAD = '[site]\ncode = "M"\nname = "Matrix"\nenvironment = "drill"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_an_empty_table_takes_all_from_the_profile(tmp_path: Path) -> None:
    site = load(written(tmp_path, HEAD + "[target.redis]\n")).site
    assert [each.name for each in site.targets] == ["redis"]
    assert isinstance(site.targets[0], RedisTarget)
    assert site.targets[0].address == "redis://127.0.0.1:6379/0"


def test_a_profile_target_that_the_site_does_not_name_is_not_watched(tmp_path: Path) -> None:
    site = load(written(tmp_path, HEAD + "[target.backend]\n")).site
    assert [each.name for each in site.targets] == ["backend"]


def test_the_site_wins_over_the_profile_and_blame_knows_it(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "[target.backend]\naddress = 'http://10.0.0.1:5002'\ninterval_s = 7\n")
    settings = load(path)
    target = settings.site.targets[0]
    assert isinstance(target, HttpTarget)
    assert (target.address, target.interval_s, target.role) == ("http://10.0.0.1:5002", 7.0, "backend")
    assert settings.origins["target.backend.address"] == str(path)
    assert settings.origins["target.backend.role"] == "profile medflow"


def test_a_target_that_is_like_another_takes_its_connection_but_not_its_thresholds(tmp_path: Path) -> None:
    text = (
        HEAD
        + "[target.mongodb]\naddress='mongodb://h:1'\nusername='u'\npassword='env:P'\ninterval_s=9\n[target.payments]\n"
    )
    payments = load(written(tmp_path, text)).site.targets[1]
    assert (payments.address, payments.username, payments.password) == ("mongodb://h:1", "u", "env:P")  # type: ignore[attr-defined]
    assert payments.interval_s == 300.0


def test_a_disabled_target_is_not_watched(tmp_path: Path) -> None:
    site = load(written(tmp_path, HEAD + "[target.redis]\n[target.ocr]\nenabled = false\n")).site
    assert [each.name for each in site.targets] == ["redis"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ny = ,\n", ["not valid TOML", "line 2"]),
        (HEAD + "[target.redis]\nadress = 'x'\n", ["target.redis.adress", "did you mean address"]),
        (HEAD + "[targets.redis]\n", ["targets", "did you mean target"]),
        (HEAD + "[target.redis]\ninterval_s = 'often'\n", ["target.redis.interval_s", "number", "text"]),
        (HEAD + "[target.redis]\nprefixes = 'a'\n", ["target.redis.prefixes", "list"]),
        (HEAD + "[target.redis]\nprefixes = [1]\n", ["target.redis.prefixes.1", "text", "whole number"]),
        (HEAD + "[target.redis]\ndeadline_s = -1\n", ["target.redis.deadline_s", "negative"]),
        (HEAD + "[target.redis]\ninterval_s = 0\n", ["target.redis", "start at 1"]),
        (HEAD + "[target.x]\n", ["target.x.kind", "missing"]),
        (HEAD + "[target.x]\nkind = 'rediss'\n", ["no kind of target rediss", "redis"]),
        (HEAD + "[target.'a/b']\nkind = 'redis'\n", ["no /"]),
        (HEAD + "[target.payments]\n", ["like mongodb", "not watched"]),
        (HEAD, ["nothing to watch"]),
        (HEAD.replace("drill", "prod") + "[target.redis]\n", ["site.environment", "production, drill, lab"]),
        (HEAD + "timezone = 'Africa/Kinsasa'\n[target.redis]\n", ["no time zone Africa/Kinsasa"]),
        (HEAD + "language = 'de'\n[target.redis]\n", ["site.language"]),
        ("profile = 'medfow'\n" + HEAD + "[target.redis]\n", ["no profile medfow", "medflow"]),
        ("[site]\nname = 'x'\nenvironment = 'lab'\n[target.redis]\n", ["site.code", "missing"]),
        ("site = 3\n", ["site", "table"]),
        (HEAD + "[contacts.database]\nphon = '1'\n[target.redis]\n", ["contacts.database.phon", "phone"]),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    said = complaint(tmp_path, text)
    assert "site.toml" in said
    assert [each for each in words if each not in said] == []


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"[site]\nname = '\xe9'\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(path)


def test_a_byte_order_mark_of_windows_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "[target.redis]\n").encode())
    assert load(path).site.code == "M"


def test_a_folder_is_not_a_site_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="folder"):
        load(tmp_path)


def test_a_named_file_that_is_missing_is_a_mistake_and_none_at_all_is_an_offer(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such site file"):
        find(site_candidates(str(tmp_path / "none.toml")))
    nowhere = (Candidate(origin="user", path=tmp_path / "a"), Candidate(origin="system", path=tmp_path / "b"))
    with pytest.raises(NoSiteError):
        find(nowhere)


def test_the_environment_names_the_only_candidate(tmp_path: Path) -> None:
    assert [each.path for each in site_candidates(None, {"MEDFLOW_TUI_CONFIG": "/x/site.toml"})] == [
        Path("/x/site.toml")
    ]
    assert site_candidates("/y", {"MEDFLOW_TUI_CONFIG": "/x"})[0].path == Path("/y")
