"""What the PostgreSQL tools promise, and fakes that break it: each row of B.3 in `backup-and-restore.md`, by its name.

Their words are those of PostgreSQL 15 (compared with the real tools of 15.18 at a server).
"""

from __future__ import annotations

from dataclasses import replace

from tests.servers.lying import NOTHING, WHOLE, Fake, Promise, World
from tests.servers.lying_promises import (
    PG_AMCHECK,
    PG_ANALYZE,
    PG_DECODE,
    PG_DUMP,
    PG_LIST,
    PG_LOAD,
    PG_LOCK,
    PG_RENAME,
    PG_TRAILER,
    PG_VERIFY,
    PSQL,
)

LOADED = (
    "SET\n set_config \n------------\n \n(1 row)\n\nSET\nCREATE TABLE\nALTER TABLE\n"
    "COPY 1000\nCOPY 30000\nCOPY 19000\nALTER TABLE\nCREATE INDEX\nALTER TABLE\n"
)
DATA = "".join(
    f'pg_restore: processing data for table "public.{name}"\n' for name in ("files", "patients", "visits")
)
RESTORED = (
    f'pg_restore: connecting to database for restore\n{DATA}pg_restore: creating INDEX "public.visits_day"\n'
    'pg_restore: creating FK CONSTRAINT "public.visits visits_patient_fkey"\n'
)
DUMPED = "".join(
    f'pg_dump: dumping contents of table "public.{name}"\n' for name in ("files", "patients", "visits")
)
SWITCHED = "BEGIN\nALTER DATABASE\nALTER DATABASE\nCOMMIT\n"
STAGES = tuple(
    f'vacuumdb: processing database "hospital__stg_r1": Generating {each}\n'
    for each in (
        "minimal optimizer statistics (1 target)",
        "medium optimizer statistics (10 targets)",
        "default (full) optimizer statistics",
    )
)
CHECKED = 'pg_amcheck: checking btree index "hospital__stg_r1.public.visits_day"\n'
CUT = "pg_restore: error: could not read from input file: end of file\n"
IN_USE = 'psql:switch.sql:2: ERROR:  database "hospital" is being accessed by other users\n'
NO_INDEX = WHOLE.but(indexes=0)
DOUBLED = WHOLE.but(patients=60_000)
TOC = ";\n; Archive created at 2026-11-23 08:05:10 UTC\n;     dbname: hospital\n;     TOC Entries: 12\n"


def fake(promise: Promise, why: str, error: str = "", out: str = "", **more: object) -> Fake:
    return replace(Fake(promise=promise, why=why, error=error, out=out), **more)  # type: ignore[arg-type]


def silent(promise: Promise, after: World, why: str) -> Fake:
    """One whose words are those of a good one: only the database itself tells."""
    good = next(each for each in HONEST if each.promise == promise)
    return replace(good, after=after, why=why, at="read_back")


HONEST = (
    fake(PSQL, "", out=LOADED),
    fake(PG_TRAILER, "", out="--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict k3y\n"),
    fake(PG_LIST, "", out=TOC),
    fake(PG_DECODE, ""),
    fake(PG_LOAD, "", RESTORED),
    fake(PG_DUMP, "", DUMPED),
    fake(PG_RENAME, "", out=SWITCHED),
    fake(PG_LOCK, "", out="ALTER DATABASE\n"),
    fake(PG_ANALYZE, "", out="".join(STAGES)),
    fake(PG_AMCHECK, "", CHECKED),
    fake(PG_VERIFY, "", out="backup successfully verified\n"),
)

ROWS: dict[str, tuple[Fake, ...] | str] = {
    "plain dump + `psql <`": (
        fake(PSQL, "ERROR", 'psql:b1.sql:9: ERROR:  relation "patients" already exists\n' * 199, LOADED),
        fake(
            PSQL, "ERROR", 'ERROR:  duplicate key value violates unique constraint "patients_pkey"\n', LOADED
        ),
        silent(PSQL, DOUBLED, "patients is 60,000"),
    ),
    "`psql -X -v ON_ERROR_STOP=1 -1 -f`": (
        fake(PSQL, "ended with 3", "psql:b1.sql:9: ERROR:  syntax error\n", LOADED, code=3, after=NOTHING),
        fake(PSQL, "does not say", out="SET\n", after=NOTHING),
        silent(PSQL, NOTHING, "patients is 0"),
    ),
    "truncated plain dump into an empty database": (
        fake(PSQL, "does not say", out="SET\nCREATE TABLE\nCREATE TABLE\n", after=NO_INDEX),
        fake(PSQL, "patients is 0", out=LOADED.replace("30000", "0"), after=NO_INDEX),
        fake(PG_TRAILER, "dump complete", out="30001\tOkafor\n30002\tAdey"),
        silent(PSQL, NO_INDEX, "indexes is 0"),
    ),
    "`\\restrict` / `\\unrestrict` lines": (
        fake(PSQL, "ended well, but says", "psql:b1.sql:5: error: invalid command \\restrict\n", LOADED),
        fake(PSQL, "invalid command", "invalid command \\unrestrict\n", LOADED),
        fake(PG_TRAILER, "dump complete", out="\\unrestrict k3y\n"),
    ),
    "`pg_restore --list`": (
        fake(PG_LIST, "entries is 11", out=TOC.replace("12", "11")),
        silent(PG_LIST, WHOLE.but(visits=0), "visits is 0"),
        fake(PG_DECODE, "ended with 1", CUT, code=1),
    ),
    "`pg_restore -f /dev/null file`": (
        fake(PG_DECODE, "ended with 1", CUT, code=1),
        fake(PG_DECODE, "ended well, but says", CUT),
        fake(PG_DECODE, "ended well, but says", out="pg_restore: error: could not uncompress data\n"),
    ),
    "`pg_restore` default": (
        fake(
            PG_LOAD,
            "ended with 1",
            f"{RESTORED}pg_restore: warning: errors ignored on restore: 199\n",
            code=1,
        ),
        fake(PG_LOAD, "errors ignored", f"{RESTORED}pg_restore: warning: errors ignored on restore: 199\n"),
        silent(PG_LOAD, DOUBLED, "patients is 60,000"),
    ),
    "`-1` (single transaction)": (
        fake(PG_LOAD, "ended with -9", DATA, signal="KILL", after=NOTHING),
        fake(
            PG_LOAD,
            "ended with 1",
            "pg_restore: error: cannot specify both --single-transaction and multiple jobs\n",
            code=1,
            after=NOTHING,
        ),
        silent(PG_LOAD, NOTHING, "patients is 0"),
    ),
    "default mode killed": (
        fake(PG_LOAD, "ended with -9", RESTORED, signal="KILL", after=NO_INDEX),
        fake(PG_LOAD, "creating INDEX", DATA, after=NO_INDEX),
        silent(PG_LOAD, NO_INDEX, "indexes is 0"),
    ),
    "`--exit-on-error` with `-j`": (
        fake(
            PG_LOAD, "ended with 1", f"{DATA}pg_restore: error: a worker process died unexpectedly\n", code=1
        ),
        fake(PG_LOAD, "error", f"{RESTORED}pg_restore: error: a worker process died unexpectedly\n"),
    ),
    "not in a database dump": (
        fake(
            PG_LOAD,
            "error",
            f'{RESTORED}pg_restore: error: could not execute query: ERROR:  role "clinic" does not exist\n',
        ),
        silent(PG_LOAD, WHOLE.but(users=0), "users is 0"),
        silent(PG_LOAD, WHOLE.but(settings=0), "settings is 0"),
    ),
    "exact manifest of a live dump": (
        silent(PG_DUMP, WHOLE.but(visits=19_200), "visits is 19,200"),
        fake(
            PG_DUMP,
            "error",
            f'{DUMPED}pg_dump: error: query failed: ERROR:  invalid snapshot identifier: "3"\n',
        ),
        fake(PG_DUMP, "does not say"),
    ),
    "`ALTER DATABASE RENAME`": (
        fake(PG_RENAME, "ended well, but says", IN_USE, "BEGIN\nROLLBACK\n"),
        fake(PG_RENAME, "does not say", out="BEGIN\nALTER DATABASE\nROLLBACK\n"),
        fake(PG_RENAME, "does not say", out="ALTER DATABASE\nALTER DATABASE\n"),
    ),
    "`ALLOW_CONNECTIONS false`": (silent(PG_LOCK, WHOLE.but(sessions=2), "sessions is 2, expected 0"),),
    "renamed-away database keeps `ALLOW_CONNECTIONS false`": (
        silent(PG_RENAME, WHOLE.but(open=1), "open is 1, expected 0"),
    ),
    "progress": (
        fake(PG_LOAD, "visits", RESTORED.replace('data for table "public.visits"', "nothing")),
        fake(PG_LOAD, "FK CONSTRAINT", RESTORED.partition("pg_restore: creating FK")[0]),
    ),
    "statistics": (
        fake(PG_ANALYZE, "does not say", out=STAGES[0]),
        fake(PG_ANALYZE, "does not say"),
        fake(
            PG_ANALYZE,
            "warning",
            'WARNING:  skipping "visits" --- only table or database owner can analyze it\n',
            "".join(STAGES),
        ),
    ),
    "after OS upgrade": (
        fake(
            PG_AMCHECK,
            "collation version",
            f'WARNING:  database "hospital" has a collation version mismatch\n{CHECKED}',
        ),
        fake(
            PG_AMCHECK,
            "lacks matching",
            CHECKED,
            'btree index "hospital__stg_r1.public.visits_day":\n    ERROR:  heap tuple (0,1) from table "visits" lacks matching index tuple\n',
        ),
        fake(PG_AMCHECK, "ended with 2", CHECKED, code=2),
        fake(PG_AMCHECK, "does not say"),
        fake(PSQL, "collation version", 'WARNING:  database "x" has a collation version mismatch\n', LOADED),
    ),
    "base backups": (
        fake(
            PG_VERIFY,
            "ended well, but says",
            'pg_verifybackup: error: "base/5/1259" is present on disk but not in the manifest\n',
        ),
        fake(
            PG_VERIFY,
            "ended well, but says",
            "pg_verifybackup: error: checksum mismatch\n",
            "backup successfully verified\n",
        ),
        fake(PG_VERIFY, "does not say"),
        fake(PG_VERIFY, "ended with 1", "pg_verifybackup: error: WAL parsing failed\n", code=1),
        silent(PG_VERIFY, WHOLE.but(content=1), "content is 1"),
    ),
}
