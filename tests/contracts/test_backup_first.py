"""The backup before a deployment on real files and a real command: what is not there, whole and fresh is no backup."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from medflow_tui.actions.backup_first import crew
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import RefusedError, UnfitError
from medflow_tui.model.playbook import Guard, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.releases import Deployment
from medflow_tui.rules.release_guards import RELEASE_KINDS
from tests.servers.backup_site import SAYS, WRITES, Safe, archive


def answer(safe: Safe, kind: str = "verified_backup", level: str = "L1") -> tuple[Outcome, str]:
    """What the guard says of what was measured now."""
    guard = Guard(id="backup", kind=kind, why=Text(), fix=Text(), need={"max_age_s": 3600, "level": level})
    outcome, said = RELEASE_KINDS[kind](guard, {**safe.facts(), "environment": safe.environment})
    return outcome, Language("en").say(said)


def fresh(safe: Safe, content: bytes = b"") -> Path:
    return safe.put(datetime.now(UTC) - timedelta(minutes=10), content)


def test_a_fresh_backup_that_was_read_to_its_end_is_verified(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    path = fresh(safe)
    outcome, said = answer(safe)
    assert outcome is Outcome.PASS
    assert "L2" in said
    facts = safe.facts()
    assert 590 <= int(str(facts["backup.verified_age_s"])) <= 660
    assert facts["backup.sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_how_it_was_verified_is_written_down_for_other_runs(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    path = fresh(safe)
    safe.facts()
    (memory,) = (tmp_path / "state").glob("backups-read.json")
    text = memory.read_text()
    for word in (
        path.name,
        str(path.stat().st_size),
        hashlib.sha256(path.read_bytes()).hexdigest(),
        "decoded",
    ):
        assert word in text, word


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


SPOILT: dict[str, Callable[[Safe], object]] = {
    "none for a day": lambda safe: None,
    "cut in half": lambda safe: fresh(safe, half(archive())),
    "not what it says it is": lambda safe: fresh(safe, b"x" * 40000),
    "all gone": lambda safe: [each.unlink() for each in (safe.folder / "backups").rglob("*.gz")],
    "no folder": lambda safe: (safe.folder / "backups").rename(safe.folder / "elsewhere"),
    "encrypted and without a checksum": lambda safe: fresh(safe).rename(
        safe.folder / "backups/daily" / f"medflow-daily-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-000Z.tar.gz.enc"
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_production_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    safe = Safe.at(tmp_path)
    SPOILT[name](safe)
    outcome, said = answer(safe)
    assert outcome is Outcome.FAIL
    assert said
    assert safe.save().outcome is not Outcome.PASS


def test_the_guard_names_the_level_that_it_asks_and_the_one_that_there_is(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    path = fresh(safe).rename(
        safe.folder / "backups/daily" / f"medflow-daily-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-000Z.tar.gz.enc"
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".checksum").write_text(digest)
    assert answer(safe)[0] is Outcome.PASS
    outcome, said = answer(safe, level="L2")
    assert outcome is Outcome.FAIL
    assert "level L1, asked is L2" in said
    assert safe.facts()["backup.level"] == "L1"


def test_a_file_that_changed_since_it_was_read_has_lost_its_proof(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    path = fresh(safe)
    assert answer(safe)[0] is Outcome.PASS
    path.write_bytes(half(path.read_bytes()))
    assert answer(safe)[0] is Outcome.FAIL


def test_bytes_that_changed_behind_an_old_date_are_found_before_anything_is_stopped(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    path = fresh(safe)
    facts, content = path.stat(), bytearray(path.read_bytes())
    assert safe.save().outcome is Outcome.PASS
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert answer(safe)[0] is Outcome.PASS, "the date alone does not tell"
    assert safe.save().outcome is Outcome.FAIL


def test_a_lab_may_go_on_without_a_backup_and_says_so(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path)
    safe.environment = "lab"
    (tmp_path / "backups").rename(tmp_path / "elsewhere")
    found = safe.save()
    assert found.outcome is Outcome.PASS
    assert "without a backup" in found.said.text


def test_the_command_takes_one_and_it_is_looked_at(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path, WRITES + SAYS)
    assert answer(safe, "backup_first")[0] is Outcome.PASS
    assert answer(safe)[0] is Outcome.FAIL, "the one of yesterday does not count at the stop"
    found = safe.save()
    assert found.outcome is Outcome.PASS, found
    newest = max((tmp_path / "backups" / "daily").iterdir())
    assert found.facts["backup_name"] == newest.name
    assert found.facts["backup_sha256"] == hashlib.sha256(newest.read_bytes()).hexdigest()
    assert (found.facts["backup_level"], safe.past["collections"]) == ("L2", 5)
    assert answer(safe)[0] is Outcome.PASS


LIARS = {
    "makes nothing": SAYS,
    "says nothing": WRITES,
    "ends with 3": WRITES + SAYS + "sys.exit(3)\n",
    "says an error": WRITES + SAYS + "print('2026-11-28T05:00:00 Failed: disk full', file=sys.stderr)\n",
    "cuts it": "(place / name).write_bytes(whole[:20000])\n" + SAYS,
    "makes it empty": "(place / name).touch()\n" + SAYS,
    "makes it much too small": "made = io.BytesIO()\n"
    "with tarfile.open(fileobj=made, mode='w:gz') as tar:\n"
    "    tar.addfile(tarfile.TarInfo('x'))\n"
    "(place / name).write_bytes(made.getvalue())\n" + SAYS,
    "gives an old one another name": "import shutil\nshutil.copy2(max(place.iterdir()), place / name)\n"
    + SAYS,
    "encrypts without a checksum": "(place / (name + '.enc')).write_bytes(whole)\n" + SAYS,
    "writes elsewhere": "(place.parent / name).write_bytes(whole)\n" + SAYS,
    "only touches the old one": "max(place.iterdir()).touch()\n" + SAYS,
}


@pytest.mark.parametrize("name", LIARS)
def test_a_command_that_fails_and_ends_well_is_not_believed(tmp_path: Path, name: str) -> None:
    safe = Safe.at(tmp_path, LIARS[name])
    assert safe.save().outcome is Outcome.FAIL


def test_one_that_lay_there_a_moment_before_is_not_the_one_of_the_command(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path, SAYS)
    safe.put(datetime.now(UTC) - timedelta(seconds=20))
    assert safe.save().outcome is Outcome.FAIL


def test_a_command_of_a_site_that_watches_no_backups_is_refused(tmp_path: Path) -> None:
    safe = Safe.at(tmp_path, WRITES + SAYS)
    site = safe.site
    blind = crew(type(site)(**{**_fields(site), "targets": ()}), safe.tools, None).survey().facts
    assert blind["backup.command"] == "blind"
    guard = Guard(id="b", kind="backup_first", why=Text(), fix=Text())
    assert RELEASE_KINDS["backup_first"](guard, blind)[0] is Outcome.FAIL


def _fields(site: object) -> dict[str, object]:
    return {name: getattr(site, name) for name in site.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("argv", [("sh", "-c", "dump"), ("dump", "--password=x"), ("/bin/bash", "take.sh")])
def test_a_shell_or_a_secret_in_the_command_is_refused(tmp_path: Path, argv: tuple[str, ...]) -> None:
    safe = Safe.at(tmp_path)
    safe.command = argv
    with pytest.raises(RefusedError):
        crew(safe.site, safe.tools, None)


def test_a_command_without_words_that_prove_it_is_refused_in_the_site_file() -> None:
    with pytest.raises(UnfitError):
        Deployment(backup=("take",))
    with pytest.raises(UnfitError):
        Deployment(backup=("take",), backup_says=("(",))


def test_one_that_works_already_is_not_started_again_and_is_waited_for(tmp_path: Path) -> None:
    safe = Safe.at(
        tmp_path, "import time\nwhile not (place.parent / 'go').exists(): time.sleep(0.02)\n" + WRITES
    )
    with subprocess.Popen(safe.command) as other:
        try:
            while not psutil.Process(other.pid).cmdline():
                time.sleep(0.01)
            performer = safe.crew.performer("backup_first.take")
            assert performer is not None
            assert performer.prepare(safe.task()).outcome is Outcome.FAIL
            assert performer.reconcile(safe.task(1)).outcome is Outcome.UNKNOWN
            (tmp_path / "backups" / "go").touch()
            found = performer.reconcile(safe.task())
            assert found.outcome is Outcome.FAIL, "nobody heard how it ended"
            assert found.facts == {"calls_made": 1}, "what it wrote until then may lie there"
            assert other.wait(10) == 0
        finally:
            other.kill()


def test_without_room_for_one_more_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = Safe.at(tmp_path, WRITES + SAYS)
    look = type(safe.crew._vault).look
    monkeypatch.setattr(
        type(safe.crew._vault),
        "look",
        lambda self: {name: {**each, "free": each["size"]} for name, each in look(self).items()},
    )
    assert safe.save().outcome is Outcome.FAIL
    assert len(list((tmp_path / "backups" / "daily").iterdir())) == 3
