"""What the MongoDB tools promise, and fakes that break it: each row of B.2 in `backup-and-restore.md`, by its name.

Their words are those of MongoDB Database Tools 100.18, as the document and public logs give them.
"""

from __future__ import annotations

from dataclasses import replace

from tests.servers.lying import NOTHING, WHOLE, Fake, World
from tests.servers.lying_promises import (
    MONGO_DUMP,
    MONGO_IMPORT,
    MONGO_PRELUDE,
    MONGO_RESTORE,
    STAGING,
)

T = "2026-11-23T08:05:10.034+0000\t"
CANARY = "Okafor-900417"
BEGINNING = "I/O failure reading beginning of archive: unexpected EOF"


def finished(*, to: str = STAGING, failed: int = 0, **documents: int) -> str:
    """A line of `mongorestore` for each collection; what failed, failed with the patients."""
    lines = []
    for name, many in ({"patients": 30_000, "visits": 19_000, "files": 1_000} | documents).items():
        misses = failed if name == "patients" else 0
        lines.append(f"{T}finished restoring `{to}{name}` ({many} documents, {misses} failures)\n")
    return "".join(lines)


def summary(restored: int = 50_000, failed: int = 0) -> str:
    return f"{T}{restored} document(s) restored successfully. {failed} document(s) failed to restore.\n"


def dumped(*, oplog: bool = True, **documents: int) -> str:
    """What `mongodump` says."""
    lines = [
        f"{T}done dumping `medflow.{name}` ({many} documents)\n"
        for name, many in ({"patients": 30_000, "visits": 19_000, "files": 1_000} | documents).items()
    ]
    return "".join(lines) + (
        f"{T}writing captured oplog to ``\n{T}\tdumped 4 oplog entries\n" if oplog else ""
    )


def restoring(why: str, error: str, **more: object) -> Fake:
    return replace(Fake(promise=MONGO_RESTORE, why=why, error=error), **more)  # type: ignore[arg-type]


GOOD = finished() + summary()


def saying(words: str, why: str, **more: object) -> Fake:
    """One that says something wrong, and then that all is well."""
    return restoring(why, f"{T}{words}\n{GOOD}", **more)


def silent(after: World, why: str) -> Fake:
    """One whose words are those of a good one: only the database itself tells."""
    return restoring(why, GOOD, after=after, at="read_back")


def importing(restored: int, failed: int) -> str:
    return f"{T}{restored} document(s) imported successfully. {failed} document(s) failed to import.\n"


HONEST = (
    restoring("", f"{T}preparing collections to restore from\n{GOOD}"),
    Fake(promise=MONGO_DUMP, why="", error=dumped()),
    Fake(promise=MONGO_IMPORT, why="", error=importing(30_000, 0)),
    Fake(
        promise=MONGO_PRELUDE,
        why="",
        error=f"{T}archive server version `7.0.14`\n{T}archive tool version `100.18.0`\n{T}dry run completed\n",
    ),
)
EXISTS = f'continuing through error: E11000 duplicate key error collection: medflow.patients dup key: {{ ssn: "{CANARY}" }}'
ALL_THERE = finished(patients=0, visits=0, files=0, failed=30_000) + summary(0, 50_000)
SOME_OLD = WHOLE.but(patients=0)
NO_INDEX = WHOLE.but(indexes=3)
CHANGED = WHOLE.but(content=WHOLE.content + 1)

ROWS: dict[str, tuple[Fake, ...] | str] = {
    "inserts only": (
        restoring("does not say", ALL_THERE),
        restoring("failed is 50,000, expected 0", finished() + summary(50_000, 50_000)),
    ),
    "`--drop`": (
        restoring("does not say", finished().replace("finished restoring `medflow.__stg_r1__files`", "?")),
        silent(SOME_OLD, "patients is 0"),
        silent(WHOLE.but(objects=4), "objects is 4, expected 3"),
    ),
    "with `admin` in the dump and `--drop`": (
        restoring(
            "Failed:",
            f"{T}Failed: medflow.patients: error creating collection: (Unauthorized) not authorized\n",
            after=NOTHING,
        ),
        silent(WHOLE.but(users=1), "users is 1, expected 2"),
    ),
    "indexes": (
        restoring(
            "Failed:", f"{finished()}{T}Failed: medflow.visits: error creating indexes\n", after=NO_INDEX
        ),
        silent(NO_INDEX, "indexes is 3, expected 7"),
    ),
    "`--stopOnError`": (
        restoring("ended with 1", f"{T}Failed: medflow.patients: E11000\n{summary(1_000, 1)}", code=1),
        restoring("failed is 1", finished() + summary(50_000, 1)),
        saying("continuing through error: Document failed validation", "continuing through error"),
    ),
    "`--objcheck`": (silent(CHANGED, "content is"),),
    "`--dryRun` (also with `--archive`)": (
        restoring("dry run completed", f"{T}dry run completed\n{summary(0)}", after=NOTHING),
        restoring("dry run completed", f"{GOOD}{T}dry run completed\n", after=NOTHING),
    ),
    "directory format": (
        restoring("rows is 49,999", finished(patients=29_999) + summary(49_999)),
        silent(CHANGED, "content is"),
    ),
    "`--archive`": (
        restoring("ended with 1", GOOD, code=1, after=WHOLE.but(files=13)),
        saying("Failed: CRC mismatch for namespace medflow.visits", "Failed:"),
        saying("CRC mismatch for namespace medflow.visits, 4711!=4712", "CRC mismatch"),
    ),
    "`--gzip`": (saying("reading archive: gzip: invalid checksum", "gzip: invalid"),),
    "database in the URI (`…/medflow`)": (
        restoring(
            "to do with",
            f'{T}don\'t know what to do with subdirectory "dump/medflow", skipping...\n{summary(0)}',
            after=NOTHING,
        ),
    ),
    "`--nsInclude` typo": (restoring("does not say", summary(0), after=NOTHING),),
    "empty folder": (
        restoring("does not say", f"{T}preparing collections to restore from\n{summary(0)}", after=NOTHING),
        restoring("ended with 1", f"{T}Failed: file dump does not exist\n", code=1, after=NOTHING),
        restoring("rows", summary(0), manifest=WHOLE.but(patients=0, visits=0, files=0), at="manifest"),
    ),
    "`--nsFrom/--nsTo`": (
        restoring("finished restoring", finished(to="medflow.") + summary()),
        restoring(
            "finished restoring",
            f"{T}finished restoring `medflow.patients` (5 documents, 0 failures)\n{GOOD}",
        ),
    ),
    "`--oplog`": (
        Fake(promise=MONGO_DUMP, why="captured oplog", error=dumped(oplog=False)),
        Fake(
            promise=MONGO_DUMP,
            why="ended with 1",
            error=f"{T}Failed: bad option: --oplog mode only supported on full dumps\n",
            code=1,
        ),
        Fake(promise=MONGO_DUMP, why="patients is 30,200", error=dumped(patients=30_200)),
    ),
    "users and roles": (silent(WHOLE.but(users=0), "users is 0, expected 2"),),
    "exit codes": tuple(restoring(f"ended with {code}", GOOD, code=code) for code in (1, 2, 127)),
    "exit 0 while nothing or little was done": (
        restoring("does not say", ALL_THERE),
        restoring("does not say", finished(patients=2, failed=8) + summary(20_002, 8)),
        restoring("does not say", summary(0)),
        restoring("dry run completed", f"{T}dry run completed\n"),
        Fake(promise=MONGO_DUMP, why="does not say", after=NOTHING),
        Fake(
            promise=MONGO_DUMP,
            why="does not exist",
            error=f"{T}namespace with DB medflow and collection visit does not exist\n",
            after=NOTHING,
        ),
        Fake(promise=MONGO_IMPORT, why="failed is 30,000", error=importing(0, 30_000)),
        Fake(promise=MONGO_IMPORT, why="imported is 29,999", error=importing(29_999, 0)),
        Fake(promise=MONGO_DUMP, why="files is 0", error=dumped(files=0)),
        Fake(promise=MONGO_DUMP, why="patients is 0", error=dumped(), after=NOTHING, at="read_back"),
    ),
    "the summary line is not a measurement": (
        restoring("rows is 14,993", finished() + summary(14_993)),
        restoring("does not say", finished()),
        restoring("does not say", ""),
        silent(WHOLE.but(patients=6_000), "patients is 6,000"),
    ),
    "what failed input says (exit 1)": (
        saying("Failed: error demultiplexing archive; archive io error", "Failed:"),
        saying("error demultiplexing archive; archive io error", "error demultiplexing"),
        saying("reading bson input: unexpected EOF", "unexpected EOF"),
        saying("gzip: invalid header", "gzip: invalid"),
        saying("stream or file does not appear to be a mongodump archive", "does not appear to be"),
        restoring("Failed:", f"{T}Failed: EOF\n{GOOD}"),
        saying(BEGINNING, "unexpected EOF"),
        restoring("ended with 1", f"{T}Failed: {BEGINNING}\n", code=1, after=NOTHING),
    ),
    "so a restore or dump is good only when": (
        restoring("ended with 1", GOOD, code=1),
        restoring("failed is 1", finished() + summary(50_000, 1)),
        restoring("rows is 49,999", finished() + summary(49_999)),
        restoring("patients is 19,000", finished(patients=19_000, visits=30_000) + summary()),
        restoring("rows", summary(0), manifest=NOTHING.but(content=1), at="manifest"),
        silent(WHOLE.but(visits=18_999), "visits is 18,999"),
        silent(CHANGED, "content is"),
        silent(NO_INDEX, "indexes is"),
    ),
    "messages": (
        restoring("ended well, but says .", ALL_THERE, out=GOOD),
        restoring("ended well, but says .", "", out=GOOD),
        restoring("does not say", GOOD + summary(0, 50_000) + f"{T}bye\n"),
        restoring("rows is 0", GOOD + summary(0)),
    ),
    "progress": (
        restoring(
            "does not say",
            f"{T}[########################]  {STAGING}patients  87.6MB/87.6MB  (100.0%)\n",
            after=NO_INDEX,
        ),
    ),
    "signals": (
        restoring("ended with -1", GOOD, signal="HUP", after=WHOLE.but(patients=4_000, indexes=3)),
        restoring("ended with -9", GOOD, signal="KILL", after=WHOLE.but(patients=6_000)),
        restoring("ended with 1", f"{T}signal 'terminated' received; attempting to shut down\n", code=1),
        restoring("ended early", GOOD, lingers=True),
    ),
    "`*.metadata.json`": (
        restoring(
            "indexes is 3",
            f"{T}no indexes to restore for collection `{STAGING}patients`\n{GOOD}",
            after=NO_INDEX,
            at="read_back",
        ),
    ),
    "`prelude.json`": (
        Fake(
            promise=MONGO_PRELUDE,
            why="archive server version",
            error=f"{T}archive server version `4.4.29`\n{T}archive tool version `100.18.0`\n{T}dry run completed\n",
        ),
        Fake(promise=MONGO_PRELUDE, why="archive server version", error=f"{T}dry run completed\n"),
    ),
    "passwords": "about what is in the argument list and not about an answer: the linter refuses it (test below)",
    "PHI in messages": (
        restoring("continuing through error", f"{T}{EXISTS}\n{T}\t+979 more errors\n{ALL_THERE}"),
    ),
}
