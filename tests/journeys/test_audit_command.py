"""`medflow-tui audit` as an auditor uses it: exit codes, anchors, what is shown, the review and its signature."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medflow_tui.cli import run
from medflow_tui.config.load import load
from medflow_tui.journal.audit import Audit, verify
from medflow_tui.journal.auditing import events
from medflow_tui.model.audit import Anchor, Work
from medflow_tui.model.canonical import canonical
from medflow_tui.rules.auditing.chain import hash_of
from medflow_tui.rules.auditing.words import words_of

ROOT = Path(__file__).parents[2]
SITE = """
[site]
code = "LSH-02"
name = "Lubumbashi"
environment = "lab"
timezone = "Africa/Lubumbashi"

[audit]
anchors = ["../elsewhere.jsonl"]

[target.host]
"""
RUN = Work(
    run="20261123-081001-device-sync-7f3a", playbook="device-sync@1.0.0", plan_hash="ab" * 32, risk="R2"
)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """A run that failed after an override."""
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "state").mkdir()
    found = Audit.of(load(tmp_path / "site.toml").site, tmp_path / "state")
    events.plan_opened(found, RUN)
    events.override_used(found, ("window",), "the waiting room is full", RUN)
    events.run_event(found, "step.intent", RUN, step="retry")
    events.run_event(found, "step.failed", RUN, step="retry", result={"exit": 1})
    events.run_event(found, "run.done", RUN, outcome="fail")
    return found


def say(audit: Audit, *words: str, site: bool = True) -> subprocess.CompletedProcess[str]:
    folder = audit.path.parent.parent
    where = ["--site", str(folder / "site.toml")] if site else []
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "medflow_tui", "audit", *words, *where, "--state", str(audit.path.parent)],
        capture_output=True,
        text=True,
        check=False,
        env=kept,
        timeout=60,
    )


def test_a_whole_audit_is_0_and_says_what_its_anchors_cover(audit: Audit) -> None:
    done = say(audit, "verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whole; records: 6, files: 1")
    assert "fits all anchors" in done.stdout
    assert words_of(verify(audit.path).anchor.head) in done.stdout
    events.passive_on(audit)
    assert "1 at the end are newer" in say(audit, "verify").stdout


def test_an_edited_record_is_2_and_named(audit: Audit) -> None:
    audit.path.write_text(audit.path.read_text().replace('"exit":1', '"exit":0'))
    done = say(audit, "verify")
    assert done.returncode == 2
    assert "BROKEN at record 4 (audit.jsonl:5), record 4 was edited" in done.stdout
    assert say(audit, "verify", "--lang", "fr").stdout.startswith("ALTÉRÉ à l'entrée 4")
    assert say(audit, "show").returncode == 2


def test_a_cut_end_is_2_by_each_kind_of_anchor_and_0_with_an_honest_word_without(audit: Audit) -> None:
    end = verify(audit.path).anchor
    elsewhere = audit.path.parent.parent / "elsewhere.jsonl"
    kinds = (str(elsewhere), f"{end.count}:{end.head}", f"{end.count}:{end.head[:16]}", words_of(end.head))
    for kind in kinds:
        assert say(audit, "verify", "--anchor", kind).returncode == 0
    audit.path.write_text("".join(audit.path.read_text().splitlines(keepends=True)[:-2]))
    for kind in kinds:
        done = say(audit, "verify", "--anchor", kind)
        assert done.returncode == 2
        assert "cut off" in done.stdout
    assert say(audit, "verify").returncode == 2
    elsewhere.unlink()
    audit.anchors.path.unlink()
    done = say(audit, "verify")
    assert done.returncode == 0
    assert "nobody could tell" in done.stdout


def test_what_cannot_be_known_is_3(audit: Audit) -> None:
    assert say(audit, "verify", "--anchor", "tango tango").returncode == 3
    assert say(audit, "verify", "--anchor", "kinshasa" + " tango" * 7).returncode == 3
    assert say(audit, "show", "--since", "yesterday").returncode == 3
    assert say(audit, "frobnicate").returncode == 3
    audit.path.unlink()
    done = say(audit, "verify")
    assert done.returncode == 3
    assert "no audit yet" in done.stderr


def test_an_auditor_needs_no_site_file(audit: Audit) -> None:
    assert say(audit, "verify", site=False).returncode == 0


def test_records_are_chosen_and_an_alien_line_shows_no_patient(audit: Audit) -> None:
    end = verify(audit.path).anchor
    alien = {
        "v": 1,
        "seq": end.count,
        "prev": end.head,
        "ev": "step.done",
        "name": "KABILA Marie",
        "ts": "2026-11-23T08:00:00.000Z",
        "stderr": "KABILA",
        "result": {"row": "KABILA"},
    }
    with audit.path.open("a", encoding="utf-8") as file:
        file.write(canonical({**alien, "hash": hash_of(alien)}) + "\n")
    for words in (("show",), ("show", "--json"), ("review",)):
        done = say(audit, *words)
        assert done.returncode == 0
        assert "KABILA" not in done.stdout + done.stderr
    rows = [json.loads(each) for each in say(audit, "show", "--json", "--run", "7f3a").stdout.splitlines()]
    assert [each["ev"] for each in rows][-1] == "run.done"
    assert len(rows) == 5
    assert say(audit, "show", "--who", "nobody-here").stdout == ""
    assert "step failed, retry" in say(audit, "show", "--since", "1h").stdout


def test_a_review_shows_what_must_be_seen_and_its_signature_is_a_record(audit: Audit) -> None:
    done = say(audit, "review")
    assert "not reviewed yet" in done.stdout
    assert "overrides: 1" in done.stdout
    assert "failures: 2" in done.stdout
    signed = say(audit, "review", "--sign")
    assert "signed: record 6" in signed.stdout
    record = verify(audit.path).records[-1]
    assert record["ev"] == "audit.reviewed"
    assert record["result"]["overrides"] == 1
    assert record["result"]["chain"] == "whole"
    again = say(audit, "review").stdout
    assert "last review" in again
    assert "nothing new since then" in again
    assert "revue" in say(audit, "review", "--lang", "fr").stdout


def test_an_anchor_can_be_taken_for_paper(audit: Audit) -> None:
    end = verify(audit.path).anchor
    done = say(audit, "anchor")
    assert done.returncode == 0
    assert f"{end.count}:{end.head}" in done.stdout
    assert words_of(end.head) in done.stdout
    assert Anchor(count=end.count, head=end.head) == verify(audit.path).anchor


def test_an_anchor_that_is_written_nowhere_is_3_with_the_reason_and_still_told_for_paper(
    audit: Audit,
) -> None:
    end, list_here = verify(audit.path).anchor, audit.anchors.path
    elsewhere = audit.path.parent.parent / "elsewhere.jsonl"
    list_here.unlink()
    list_here.mkdir()
    elsewhere.unlink()
    elsewhere.mkdir()
    (elsewhere / "LSH-02-audit-anchors.jsonl").mkdir()
    done = say(audit, "anchor")
    assert done.returncode == 3
    assert words_of(end.head) in done.stdout
    assert "no anchor was written: keep this one on paper" in done.stderr
    assert str(list_here) in done.stderr
    list_here.rmdir()
    assert say(audit, "anchor").returncode == 0
    assert say(audit, "verify").returncode == 0


def test_without_a_site_file_no_anchor_is_written_and_that_is_3(audit: Audit) -> None:
    before = audit.anchors.path.read_bytes()
    done = say(audit, "anchor", site=False)
    assert done.returncode == 3
    assert words_of(verify(audit.path).anchor.head) in done.stdout
    assert "give it with --site" in done.stderr
    assert audit.anchors.path.read_bytes() == before


def test_an_audit_that_another_process_does_not_let_go_gets_no_anchor_and_that_is_3(
    audit: Audit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = audit.path.parent.parent
    monkeypatch.setattr("medflow_tui.journal.audit.WITHIN_S", 0.1)
    with audit.path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code = run(
            ["audit", "anchor", "--site", str(folder / "site.toml"), "--state", str(audit.path.parent)]
        )
    assert code == 3
    assert "does not let go" in capsys.readouterr().err


@pytest.fixture
def signed(audit: Audit) -> Path:
    """The same site with a key; what it signs is verified by its own file, or by an auditor's copy of that."""
    folder = audit.path.parent.parent
    key, signers = folder / "audit_key", folder / "allowed_signers"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    kind, public = key.with_suffix(".pub").read_text().split()[:2]
    signers.write_text(f'LSH-02 namespaces="medflow-audit" {kind} {public}\n')
    named = SITE.replace("[audit]", '[audit]\nsigning_key = "file:audit_key"\nsigners = "allowed_signers"')
    (folder / "site.toml").write_text(named, encoding="utf-8")
    return folder


def config_check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medflow_tui", "config", "check", "--site", str(folder / "site.toml")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        timeout=60,
    )


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_signed_not_signed_and_unknown_are_0_and_3_and_a_wrong_signature_is_2(
    audit: Audit, signed: Path
) -> None:
    late = say(audit, "verify")
    assert late.returncode == 3
    assert "not known whether it is signed, nothing was signed from record 0 on" in late.stdout
    assert say(audit, "anchor").returncode == 0
    assert config_check(signed).returncode == 0
    for words, site in (
        (("verify",), True),
        (("verify", "--signers", str(signed / "allowed_signers")), False),
    ):
        done = say(audit, *words, site=site)
        assert done.returncode == 0, done.stdout
        assert "signed by the site; checkpoints: 1, the newest covers 6 records" in done.stdout
    copy = shutil.copytree(audit.path.parent, signed / "copy")
    (audit.path.parent / "audit.jsonl").rename(signed / "moved")
    assert say(audit, "verify").returncode == 3
    assert say(audit, "verify", "--folder", str(copy)).returncode == 0
    (signed / "moved").rename(audit.path)
    bare = say(audit, "verify", site=False)
    assert bare.returncode == 3
    assert "no allowed-signers file is named" in bare.stdout
    (text,) = audit.path.parent.glob("audit-checkpoint-*.txt")
    text.write_text(text.read_text().replace("records 6", "records 5"))
    for words in (("verify",), ("show",), ("review",)):
        done = say(audit, *words)
        assert done.returncode == 2
        assert "SIGNATURE WRONG" in done.stdout + done.stderr
    assert "SIGNATURE FAUSSE" in say(audit, "verify", "--lang", "fr").stdout


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_a_key_that_cannot_sign_is_said_everywhere_and_ends_nowhere_with_0(
    audit: Audit, signed: Path
) -> None:
    (signed / "audit_key").chmod(0o644)
    for done in (say(audit, "anchor"), say(audit, "verify"), say(audit, "show"), config_check(signed)):
        assert done.returncode == 3
        assert "others may read or write the signing key" in done.stdout + done.stderr
    (signed / "audit_key").chmod(0o600)
    site = (signed / "site.toml").read_text()
    for folder, code in (("log", 0), (signed / "log", 0), (signed / "log", 3)):
        (signed / "site.toml").write_text(site.replace("[audit]", f'[audit]\nfolder = "{folder}"'))
        done = config_check(signed)
        assert done.returncode == code, done.stderr
        (signed / "log").mkdir(exist_ok=True)
        (signed / "log").chmod(0o777 if folder != "log" else 0o700)
    assert "everybody can write into the audit folder" in done.stderr


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_a_folder_of_copied_checkpoints_convicts_what_was_written_anew_with_its_checkpoints(
    audit: Audit, signed: Path
) -> None:
    central, site = signed / "central", signed / "site.toml"
    central.mkdir()
    site.write_text(site.read_text().replace("../elsewhere.jsonl", str(central)))
    assert say(audit, "anchor").returncode == 0
    assert len(list(central.glob("LSH-02-audit-checkpoint-*.txt.sig"))) == 1
    site.write_text(site.read_text().replace(f'"{central}"', ""))
    assert say(audit, "verify", "--anchor", str(central)).returncode == 0
    state = audit.path.parent
    shutil.rmtree(state)
    state.mkdir()
    anew = Audit.of(load(site).site, state)
    for _ in range(5):
        events.plan_opened(anew, RUN)
    events.run_event(anew, "run.done", RUN, outcome="pass")
    assert say(audit, "verify").returncode == 0
    for place in (central, next(central.glob("*-checkpoint-*.txt"))):
        assert say(audit, "verify", "--anchor", str(place)).returncode == 2
    (central / "LSH-02-audit-anchors.jsonl").unlink()
    done = say(audit, "verify", "--anchor", str(central))
    assert done.returncode == 2
    assert "signed, and the audit does not fit" in done.stdout
