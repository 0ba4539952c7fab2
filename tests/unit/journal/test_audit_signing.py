"""Checkpoints signed by the real ssh-keygen: made by themselves, checked by us, and by an auditor who has nothing of ours."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import AppendLog, UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import anchors, checkpoints, events, signing
from medflow_tui.model.audit import BARE, Work
from medflow_tui.model.errors import UnfitError
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.auditing.checkpoint import TROUBLES, Signed
from medflow_tui.rules.auditing.standing import Standing
from medflow_tui.signatures import ssh_keygen
from tests.servers.lab import until

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
RUN = Work(run="20261123-081001-device-sync-7f3a", playbook="device-sync@1.0.0", risk="R2")
KEEPING = replace(BARE, signing_key="file:audit_key", signers="allowed_signers")
SITE = Site(code="MATRIX", name="Matrix", environment="production", audit=KEEPING)


def documented(part: str, folder: Path) -> str:
    """The commands of the README, with this folder for the two that they name."""
    text = README.partition(f"<!-- begin {part} -->")[2].partition(f"<!-- end {part} -->")[0]
    commands = text.strip().removeprefix("```sh\n").removesuffix("```")
    assert "ssh-keygen" in commands
    return commands.replace("/etc/medflow_tui", str(folder)).replace("/var/log/medflow", str(folder / "log"))


def as_auditor(folder: Path) -> subprocess.CompletedProcess[str]:
    """With a shell and the tools of every system; Python and this package cannot be found."""
    return subprocess.run(
        ["sh", "-c", documented("verifying", folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        cwd="/",
    )


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    subprocess.run(["sh", "-c", documented("signing", folder)], check=True)
    return folder


@pytest.fixture
def here(tmp_path: Path, keys: Path) -> Path:
    for name in ("audit_key", "audit_key.pub", "allowed_signers"):
        shutil.copy2(keys / name, tmp_path / name)
    (tmp_path / "log").mkdir()
    return tmp_path


def site_in(folder: Path, **more: object) -> Site:
    return replace(SITE, folder=str(folder), audit=replace(KEEPING, **more))  # type: ignore[arg-type]


def audit_in(folder: Path, **more: object) -> Audit:
    site = site_in(folder, **more)
    return Audit(folder / "log" / "audit.jsonl", site=site.code, keeping=site.audit, key=signing.key_of(site))


def a_run(audit: Audit, now: datetime | None = None, risk: str = "R2") -> None:
    audit.append("run.start", {"run": RUN.run, "class": risk}, now=now)
    audit.append("run.done", {"run": RUN.run, "class": risk, "outcome": "pass"}, now=now)


def standing(folder: Path, **more: object) -> Standing:
    return stand(folder / "log" / "audit.jsonl", site_in(folder, **more))


def test_the_end_of_a_run_is_signed_and_anybody_can_verify_it_without_this_program(here: Path) -> None:
    audit = audit_in(here, segment_kb=2)
    for _ in range(3):
        a_run(audit)
    events.passive_on(audit)
    found = standing(here)
    assert found.is_sound
    assert (found.signatures.signed, found.signatures.n) == (Signed.SIGNED, 1)
    assert 0 < found.end.count - found.signatures.count < 4
    assert found.files > 1
    done = as_auditor(here)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'Good "medflow-audit" signature for MATRIX' in done.stdout


def test_a_changed_checkpoint_a_cut_end_and_a_record_written_anew_are_found_by_both(here: Path) -> None:
    audit = audit_in(here)
    for _ in range(2):
        a_run(audit)
    (text,) = checkpoints.found(here / "log")
    whole, lines = text.read_text(), audit.path.read_text()
    audit.anchors.path.unlink()
    for path, content, ours, theirs in (
        (
            text,
            whole.replace("records 5", "records 4"),
            "not signed by a key of this site",
            "Could not verify",
        ),
        (
            audit.path,
            "".join(lines.splitlines(keepends=True)[:-1]),
            "the audit does not fit",
            "cut off",
        ),
        (audit.path, lines.replace('"R2"', '"R1"', 1), "", "not as written"),
    ):
        path.write_text(content)
        found, done = standing(here), as_auditor(here)
        assert found.is_altered, theirs
        assert ours in found.signatures.why.text
        assert done.returncode == 2, theirs
        assert theirs in done.stdout
        text.write_text(whole)
        audit.path.write_text(lines)
    assert as_auditor(here).returncode == 0
    assert standing(here).is_sound
    text.with_suffix(checkpoints.SIGNATURE).unlink()
    assert standing(here).signatures.signed is Signed.WRONG
    text.unlink()
    assert standing(here).signatures.signed is Signed.UNKNOWN


def test_what_a_power_cut_tore_in_a_file_that_only_grows_troubles_no_auditor(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: AppendLog, size: int) -> None:
        raise UnwritableError(say("the file only grows"))

    monkeypatch.setattr(AppendLog, "cut_to", refused)
    audit = audit_in(here)
    a_run(audit)
    for torn in (audit.path.read_bytes().splitlines()[-1][:300], b'\0\0\xff\xfe{"hash":"', b'{"actor":{"au'):
        with audit.path.open("ab") as file:
            file.write(torn)
        a_run(audit)
    assert standing(here).is_sound
    done = as_auditor(here)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_forger_with_a_key_of_their_own_is_not_the_site(here: Path) -> None:
    a_run(audit_in(here))
    (here / "audit_key").unlink()
    (here / "audit_key.pub").unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(here / "audit_key")], check=True)
    a_run(audit_in(here))
    assert standing(here).signatures.signed is Signed.WRONG
    done = as_auditor(here)
    assert (done.returncode, done.stdout) == (2, "Could not verify signature.\n")
    assert signing.trial(here / "audit_key", here / "allowed_signers", "MATRIX") == "not_a_signer"


def test_looking_is_not_signed_and_each_anchor_of_a_run_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "EVERY_S", 0)
    audit = audit_in(here)
    a_run(audit, risk="R0")
    audit.drop_anchor_if_due(is_signed=False)
    audit.wait()
    assert not checkpoints.found(here / "log")
    assert standing(here).signatures.signed is Signed.UNSIGNED
    audit.drop_anchor_if_due()
    end = standing(here).end
    until(lambda: standing(here).signatures.count == end.count, "the signature")
    events.review_signed(audit, {}, whole=True)
    assert standing(here).signatures.count == end.count + 1


def test_of_each_day_the_last_one_is_kept_and_all_are_checked(here: Path) -> None:
    audit = audit_in(here)
    for day in (1, 1, 2, 3, 3, 3):
        a_run(audit, datetime(2026, 11, day, 9, tzinfo=UTC))
    texts = checkpoints.found(here / "log")
    assert [each.name[-14:-4] for each in texts] == ["0000000005", "0000000007", "0000000013"]
    assert len(list((here / "log").glob("*.sig"))) == 3
    texts[0].write_text(texts[0].read_text().replace("head ", "head 0"))
    assert standing(here).signatures.signed is Signed.WRONG


def locked(here: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "12345", "-f", str(here / "audit_key")], check=True)


TROUBLED: dict[str, Callable[[Path], object]] = {
    "passphrase": locked,
    "no_key": lambda here: (here / "audit_key").unlink(),
    "key_open": lambda here: (here / "audit_key").chmod(0o644),
    "failed": lambda here: (here / "audit_key").write_text("nothing"),
}


@pytest.mark.parametrize("why", TROUBLED)
def test_what_cannot_be_signed_stops_nothing_and_is_never_shown_as_good(here: Path, why: str) -> None:
    a_run(audit_in(here))
    TROUBLED[why](here)
    a_run(audit_in(here))
    found = standing(here)
    assert found.holds
    assert not found.is_sound
    assert found.signatures.why == TROUBLES[why]
    assert signing.trial(here / "audit_key", here / "allowed_signers", "MATRIX") == why
    (here / "log" / checkpoints.TROUBLE).unlink()
    assert standing(here).signatures.signed is Signed.UNKNOWN


def test_without_ssh_keygen_nothing_is_signed_and_nothing_can_be_told(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(audit_in(here))
    monkeypatch.setattr(ssh_keygen, "SEARCHED", "")
    assert standing(here).signatures.why == TROUBLES["no_program"]
    a_run(audit_in(here))
    assert checkpoints.trouble(here / "log") == "no_program"


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a file away")
def test_a_key_of_somebody_else_signs_nothing_and_one_of_root_may_be_shared_with_a_group(here: Path) -> None:
    os.chown(here / "audit_key", 65534, -1)
    with pytest.raises(signing.SigningError, match="key_owner"):
        signing.sign(here / "audit_key", "x")
    with tempfile.TemporaryDirectory() as name:
        key = Path(name) / "key"
        shutil.copy(here / "audit_key", key)
        os.chown(key, 0, 65533)
        Path(name).chmod(0o755)
        program = (
            "import os, sys; from pathlib import Path; from medflow_tui.journal.auditing import signing;"
            "os.setgroups([]); os.setgid(65533); os.setuid(65534); key = Path(sys.argv[1])\n"
            "try: print(signing.sign(key, 'x')[:14])\nexcept signing.SigningError as error: print(error)"
        )
        for mode, said in (
            (0o640, "-----BEGIN SSH"),
            (0o644, "key_open"),
            (0o660, "key_open"),
            (0o600, "no_key"),
        ):
            key.chmod(mode)
            done = subprocess.run(
                [sys.executable, "-c", program, str(key)], capture_output=True, text=True, check=True
            )
            assert done.stdout.strip() == said, oct(mode)


def test_nobody_is_asked_for_a_passphrase_though_a_terminal_is_there(here: Path) -> None:
    locked(here)
    ours, theirs = pty.openpty()
    program = (
        "import os, sys; from pathlib import Path; from medflow_tui.journal.auditing import signing;"
        "os.setsid(); os.close(os.open(os.ttyname(0), os.O_RDWR))\n"
        "try: signing.sign(Path(sys.argv[1]), 'x')\nexcept signing.SigningError as error: sys.exit(error.why)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(here / "audit_key")],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "DISPLAY": ":9", "SSH_ASKPASS": "/bin/false"},
        text=True,
    )
    os.close(theirs)
    _, errors = child.communicate(timeout=20)
    assert errors.strip() == "passphrase"
    os.set_blocking(ours, False)
    with pytest.raises(OSError, match=r"."):
        os.read(ours, 100)
    os.close(ours)


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_signers_that_others_may_write_prove_nothing(here: Path, mode: int) -> None:
    a_run(audit_in(here))
    (here / "allowed_signers").chmod(mode)
    assert standing(here).signatures.why == TROUBLES["signers_open"]
    assert standing(here, signers="").signatures.why == TROUBLES["no_signers"]
    assert standing(here, signers="none").signatures.why == TROUBLES["no_signers"]


def test_a_key_is_named_by_its_file() -> None:
    with pytest.raises(UnfitError):
        replace(KEEPING, signing_key="env:AUDIT_KEY")


def test_a_checkpoint_that_the_audit_no_longer_holds_is_not_taken_away_by_the_next_one(here: Path) -> None:
    audit = audit_in(here)
    a_run(audit)
    (first,) = checkpoints.found(here / "log")
    audit.path.unlink()  # somebody begins it anew
    audit.anchors.path.unlink()
    again = audit_in(here)
    for _ in range(3):
        a_run(again)
    assert first in checkpoints.found(here / "log")
    assert standing(here).signatures.signed is Signed.WRONG
