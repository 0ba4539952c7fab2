"""What happens in each scene before it is taken: an invented hour, told in minutes before the end."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Lines that the application writes into its log: `times` of them, half a second apart, from `minutes` on."""

    minutes: float
    context: str
    level: str
    text: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """At so many minutes before the end, faults begin; it is over when the target is firmly as it should become."""

    minutes: float
    faults: tuple[str, ...]
    target: str
    becomes: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A scene to be recorded. `remember` names the targets whose history is kept; `mend` takes a plan and a run too."""

    name: str
    turns: tuple[Turn, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    remember: tuple[str, ...] = ()
    mend: bool = False


REDIS = "connect ECONNREFUSED 127.0.0.1:6379"
STORIES = (
    Story(name="calm", remember=("redis", "mongodb")),
    Story(
        name="bad-afternoon",
        turns=(
            Turn(minutes=31, faults=("backup-late",), target="backups/daily", becomes=Health.WARNING),
            Turn(minutes=14, faults=("share-dead",), target="zeiss-clarus700", becomes=Health.CRITICAL),
            Turn(
                minutes=9,
                faults=("clinic-offline",),
                target="clinics/TOMBALBAYE_KIN",
                becomes=Health.CRITICAL,
            ),
            Turn(minutes=4, faults=("redis-down",), target="redis", becomes=Health.CRITICAL),
        ),
        complaints=(
            Complaint(minutes=3.9, context="Redis", level="error", text=REDIS, times=9),
            Complaint(
                minutes=3.8,
                context="Redis",
                level="error",
                text="Redis: Max reconnection attempts reached",
            ),
            Complaint(minutes=3.1, context="Memory", level="warn", text="Heap 412 MB of 512 MB"),
            Complaint(minutes=2.2, context="API", level="warn", text="Slow request: 2431ms GET /api/visits"),
            Complaint(minutes=1.6, context="FolderSync", level="error", text="Share ZEISS RETINO: ETIMEDOUT"),
            Complaint(minutes=0.9, context="Redis", level="error", text=REDIS, times=38),
        ),
        remember=("redis", "backend", "zeiss-clarus700"),
    ),
    Story(
        name="mongodb-frozen",
        turns=(Turn(minutes=3, faults=("mongodb-frozen",), target="mongodb", becomes=Health.CRITICAL),),
        remember=("mongodb",),
    ),
    Story(
        name="worker-not-started",
        turns=(Turn(minutes=12, faults=("worker-not-started",), target="queue", becomes=Health.CRITICAL),),
        remember=("queue",),
        mend=True,
    ),
    Story(
        name="clinic-closed",
        turns=(
            Turn(
                minutes=40,
                faults=("clinic-closed",),
                target="clinics/MATADI_KC",
                becomes=Health.EXPECTED_OFFLINE,
            ),
        ),
    ),
)
