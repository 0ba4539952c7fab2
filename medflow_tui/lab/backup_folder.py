"""A backup folder as MedFlow leaves it, with invented content: daily, monthly and yearly archives and their checksums."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from medflow_tui.model.targets.backups import MEDFLOW_SETS, BackupSet
from medflow_tui.rules.backup_schedule import last_due

ZONE = "Africa/Kinshasa"
KEPT = {"daily": 8, "monthly": 4, "yearly": 2}
COLLECTIONS = ("patients", "visits", "invoices", "devices", "auditlogs")


def write_backups(folder: Path, now: datetime, *, zone: str = ZONE) -> None:
    """Whole and on time at `now`: the last 8 daily, 4 monthly and 2 yearly backups up to the last due moment.

    Content is invented and encrypted as MedFlow does it (IV 16, tag 16, AES-256-GCM of a tar.gz); files there already are
    kept. `zone` is the time zone of the scheduler, in which 02:00, 03:00 and 04:00 are meant.
    """
    for plan in MEDFLOW_SETS:
        home = folder / plan.folder
        home.mkdir(parents=True, exist_ok=True)
        for due in _due(plan, now, zone, KEPT[plan.name]):
            _write(home, plan, due)


def truncate_newest(folder: Path, kind: str = "daily") -> Path:
    """Cuts the newest archive of a kind in half, as a full disk does; its checksum stays. Returns its path."""
    newest = max((folder / kind).glob("medflow-*.tar.gz.enc"))
    facts = newest.stat()
    os.truncate(newest, facts.st_size // 2)
    os.utime(newest, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return newest


def make_late(
    folder: Path, now: datetime, *, zone: str = ZONE, kind: str = "daily", grace_s: float | None = None
) -> None:
    """Takes away the newest backups of a kind, so that exactly one due moment is missed and its grace is over."""
    plan = next(each for each in MEDFLOW_SETS if each.name == kind)
    grace = timedelta(seconds=plan.grace_s if grace_s is None else grace_s)
    missed = last_due(plan, now - grace - timedelta(seconds=1), ZoneInfo(zone))
    for archive in (folder / kind).glob("medflow-*.tar.gz.enc"):
        if archive.name >= _name(plan, missed):
            archive.with_name(archive.name + ".checksum").unlink(missing_ok=True)
            archive.unlink()


def mend(folder: Path, now: datetime, *, zone: str = ZONE) -> None:
    """The folder as it should be at `now`, whatever was done to it."""
    for plan in MEDFLOW_SETS:
        shutil.rmtree(folder / plan.folder, ignore_errors=True)
    write_backups(folder, now, zone=zone)


def _due(plan: BackupSet, now: datetime, zone: str, count: int) -> list[datetime]:
    """The last due moments, oldest first."""
    moments, before = [], now
    for _ in range(count):
        moments.append(last_due(plan, before, ZoneInfo(zone)))
        before = moments[-1] - timedelta(seconds=1)
    return moments[::-1]


def _name(plan: BackupSet, due: datetime) -> str:
    """MedFlow's name for a backup that began half a second after it was due."""
    return f"medflow-{plan.name}-{due.astimezone(UTC):%Y-%m-%dT%H-%M-%S}-512Z.tar.gz.enc"


def _write(home: Path, plan: BackupSet, due: datetime) -> None:
    archive = home / _name(plan, due)
    if archive.exists():
        return
    sealed = _seal(_dump(archive.name.removesuffix(".tar.gz.enc"), due), due)
    checksum = archive.with_name(archive.name + ".checksum")
    archive.write_bytes(sealed)
    checksum.write_text(hashlib.sha256(sealed).hexdigest())
    for path in (archive, checksum):
        os.utime(path, (due.timestamp() + 41, due.timestamp() + 41))


def _dump(name: str, due: datetime) -> bytes:
    """A tar.gz of about 400 KB that looks like the inside of a MedFlow backup: no document in it is of a person."""
    chance = random.Random(due.isoformat())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for collection in COLLECTIONS:
            content = b"".join(_document(chance) for _ in range(chance.randint(70, 80)))
            for ending, body in (("bson", content), ("metadata.json", b'{"options":{},"indexes":[]}')):
                member = tarfile.TarInfo(f"{name}/medflow/{collection}.{ending}")
                member.size, member.mtime = len(body), int(due.timestamp())
                tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def _document(chance: random.Random) -> bytes:
    """One BSON document with 1,000 random bytes."""
    body = b"\x05blob\0" + (1000).to_bytes(4, "little") + b"\0" + chance.randbytes(1000) + b"\0"
    return (len(body) + 4).to_bytes(4, "little") + body


def _seal(content: bytes, due: datetime) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    chance = random.Random(due.isoformat() + "key")
    key, nonce = chance.randbytes(32), chance.randbytes(16)
    sealed = AESGCM(key).encrypt(nonce, content, None)
    return nonce + sealed[-16:] + sealed[:-16]
