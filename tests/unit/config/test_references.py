"""A name in the site file that stands for something else of it is looked up; a misspelt one is said with its place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.config.references import complaints
from medflow_tui.lab import layout, site_file
from medflow_tui.locale.language import Language
from medflow_tui.playbooks.load import load_all, shipped
from tests.servers.small_site import program, surroundings, write_site

SITE = """\
[site]
code = "M"
name = "Matrix"
environment = "drill"
[contacts.database]
name = "Claire"
[contacts.radiology]
name = "Doudou"
[access.people.claire]
roles = ["dba", "admin"]
[releases]
folder = "versions"
service = "backend"
backup_set = "backups/daily"
[target.redis]
[target.mongodb]
[target.backend]
redis = "redis"
mongodb = "mongodb"
[target.backend-process]
kind = "process"
[target.uplink]
kind = "uplink"
addresses = ["127.0.0.1:9"]
[target.oct]
kind = "share"
address = "smb://127.0.0.1/x"
contact = "radiology"
[target.host]
time_source = "backend"
[target.clinics]
address = "mongodb://127.0.0.1:9"
uplink = "uplink"
own = "MATADI_KC"
[[target.clinics.clinic]]
id = "MATADI_KC"
[target.backups]
"""
PLAYBOOKS = load_all(shipped())
WRONG = [
    ('redis = "redis"', 'redis = "rediss"', "target.backend.redis", "did you mean redis?"),
    ('mongodb = "mongodb"', 'mongodb = "redis"', "target.backend.mongodb", "there is: mongodb"),
    ('uplink = "uplink"', 'uplink = "upink"', "target.clinics.uplink", "did you mean uplink?"),
    (
        'time_source = "backend"',
        'time_source = "bakcend"',
        "target.host.time_source",
        "did you mean backend?",
    ),
    ('own = "MATADI_KC"', 'own = "MATADI_CK"', "target.clinics.own", "did you mean MATADI_KC?"),
    ('contact = "radiology"', 'contact = "radiolgy"', "target.oct.contact", "did you mean radiology?"),
    ("[contacts.database]", "[contacts.databse]", "contacts.databse", "did you mean database?"),
    ('service = "backend"', 'service = "bakend"', "releases.service", "did you mean backend?"),
    ('"backups/daily"', '"backups/dayly"', "releases.backup_set", "did you mean backups/daily?"),
    ('"backups/daily"', '"daily"', "releases.backup_set", "did you mean backups/daily?"),
    ('"dba", "admin"', '"dbaa", "admin"', "access.people.claire.roles", "did you mean dba?"),
    ('"dba", "admin"', '"dba", "zzzz"', "access.people.claire.roles", "there is: admin, "),
]


def told(folder: Path, text: str) -> list[str]:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return [Language("en").say(each) for each in complaints(load(path), PLAYBOOKS)]


def test_names_that_are_those_of_something_are_in_order(tmp_path: Path) -> None:
    assert told(tmp_path, SITE) == []


@pytest.mark.parametrize(("right", "wrong", "place", "hint"), WRONG)
def test_a_misspelt_name_is_said_with_its_place_and_the_nearest(
    tmp_path: Path, right: str, wrong: str, place: str, hint: str
) -> None:
    assert right in SITE
    said = told(tmp_path, SITE.replace(right, wrong, 1))
    about = [each for each in said if f": {place}: " in each]
    assert len(about) == 1
    assert hint in about[0]
    assert str(tmp_path / "site.toml") in about[0]


def test_what_only_the_profile_names_need_not_be_watched(tmp_path: Path) -> None:
    text = SITE.partition("[releases]")[0] + "[target.backend]\n"
    assert told(tmp_path, text.replace('[contacts.radiology]\nname = "Doudou"\n', "")) == []


def test_the_site_of_the_lab_is_in_order(tmp_path: Path) -> None:
    assert told(tmp_path, site_file.text(layout.lay_out(tmp_path / "lab"))) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "in order, 3 targets"),
        ('[releases]\nservice = "bakend"\n', "releases.service: nothing here is called bakend"),
        ('[keys]\nhlep = "x"\n', "keys.hlep; did you mean help?"),
        ('[keys]\nhelp = "Hyper+x"\n', "keys.help: no key Hyper+x"),
    ],
)
def test_config_check_says_so(tmp_path: Path, more: str, says: str) -> None:
    command = program(tmp_path, "config", "check", site=write_site(tmp_path, more))
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**surroundings()}
    )
    assert (done.returncode, says in done.stdout + done.stderr) == (3 if more else 0, True), done.stderr
