"""What playbooks would promise of the tools of MongoDB 100.18 and PostgreSQL 15.20: how they are run, what they must say."""

from __future__ import annotations

from tests.servers.lying import Promise

STAGING = "medflow.__stg_r1__"
ARCHIVE = "--archive=/backup/b1.archive.gz"
FILE = "/backup/b1.dump"
SQL = "/backup/b1.sql"
BY_FILE = ("-X", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f")


def without_complaint(name: str, must_say: str, *args: str, effect: str = "additive") -> Promise:
    """A tool that says one thing on stdout, and nothing on stderr."""
    expect = f"stderr_forbid = ['.']\nstdout_require = ['{must_say}']"
    return Promise(name=name, args=args, expect=expect, effect=effect)


MONGO_RESTORE = Promise(
    name="mongorestore",
    args=(
        *("--config", "/run/medflow_tui/r1/uri.yaml", ARCHIVE, "--gzip", "--objcheck", "--stopOnError"),
        *("--nsInclude", "medflow.*", "--nsFrom", "medflow.*", "--nsTo", f"{STAGING}*"),
    ),
    expect=r"""
stdout_forbid = ['.']
stderr_forbid = [
    '\tFailed:',
    "don't know what to do with",
    'dry run completed',
    'continuing through error',
    'E11000',
    'CRC mismatch',
    'error demultiplexing archive',
    'unexpected EOF',
    'gzip: invalid',
    'does not appear to be a mongodump archive',
    'finished restoring .(?!medflow\.__stg_r1__(patients|visits|files). )',
]
stdout_require = [
    '\tfinished restoring .medflow\.__stg_r1__patients. \((?P<patients>\d+) documents?, 0 failures\)$',
    '\tfinished restoring .medflow\.__stg_r1__visits. \((?P<visits>\d+) documents?, 0 failures\)$',
    '\tfinished restoring .medflow\.__stg_r1__files. \((?P<files>\d+) documents?, 0 failures\)$',
    '^\S+\t(?P<rows>\d+) document\(s\) restored successfully\. (?P<failed>\d+) document\(s\) failed to restore\.\s*\Z',
]
[step.expect.numbers]
failed = 0
rows = "manifest.rows"
patients = "manifest.patients"
visits = "manifest.visits"
files = "manifest.files"
""",
)
MONGO_DUMP = Promise(
    name="mongodump",
    args=("--config", "/run/medflow_tui/r1/uri.yaml", ARCHIVE, "--gzip", "--oplog"),
    expect=r"""
stdout_forbid = ['.']
stderr_forbid = ['\tFailed:', 'does not exist']
stdout_require = [
    '\tdone dumping .medflow\.patients. \((?P<patients>\d+) documents?\)$',
    '\tdone dumping .medflow\.visits. \((?P<visits>\d+) documents?\)$',
    '\tdone dumping .medflow\.files. \((?P<files>\d+) documents?\)$',
    '\twriting captured oplog to ',
    '\tdumped (?P<oplog>\d+) oplog entr(y|ies)$',
]
[step.expect.numbers]
patients = "manifest.patients"
visits = "manifest.visits"
files = "manifest.files"
""",
)
MONGO_IMPORT = Promise(
    name="mongoimport",
    args=("--config", "/run/medflow_tui/r1/uri.yaml", "--collection", "patients", "/backup/patients.json"),
    expect=r"""
stdout_forbid = ['.']
stderr_forbid = ['\tFailed:', 'E11000']
stdout_require = [
    '^\S+\t(?P<imported>\d+) document\(s\) imported successfully\. (?P<failed>\d+) document\(s\) failed to import\.\s*\Z',
]
numbers = { failed = 0, imported = "manifest.patients" }
""",
)
MONGO_PRELUDE = Promise(
    name="mongorestore",
    effect="read",
    args=("--config", "/run/medflow_tui/r1/uri.yaml", ARCHIVE, "--gzip", "--dryRun", "-vv"),
    expect=r"""
stderr_forbid = ['\tFailed:']
stdout_require = [
    '\tarchive server version .7\.0\.\d+.$',
    '\tarchive tool version .100\.18\.\d+.$',
    '\tdry run completed$',
]
""",
)
PSQL = Promise(
    name="psql",
    args=("-X", "-v", "ON_ERROR_STOP=1", "-1", "-d", "hospital__stg_r1", "-f", SQL),
    expect=r"""
stderr_forbid = ['(?i)\b(ERROR|FATAL|PANIC):', 'invalid command \\', 'collation version mismatch']
stdout_require = [
    '\A(?:(?!COPY ).*\n)*COPY (?P<files>\d+)\n(?:(?!COPY ).*\n)*COPY (?P<patients>\d+)\n(?:(?!COPY ).*\n)*COPY (?P<visits>\d+)$',
]
[step.expect.numbers]
files = "manifest.files"
patients = "manifest.patients"
visits = "manifest.visits"
""",
)
PG_TRAILER = without_complaint(
    "tail", "^-- PostgreSQL database dump complete$", "-n", "5", SQL, effect="read"
)
PG_LIST = Promise(
    name="pg_restore",
    effect="read",
    args=("--list", FILE),
    expect=r"""
stderr_forbid = ['.']
stdout_require = ['^;     TOC Entries: (?P<entries>\d+)$']
numbers = { entries = 12 }
""",
)
PG_DECODE = Promise(
    name="pg_restore",
    effect="read",
    args=("-f", "/dev/null", FILE),
    expect=r"""
stdout_forbid = ['.']
stderr_forbid = ['.']
""",
)
PG_LOAD = Promise(
    name="pg_restore",
    args=("-v", "-1", "-e", "-d", "hospital__stg_r1", FILE),
    expect=r"""
stderr_forbid = ['errors ignored on restore', '(?i)\b(error|fatal|warning):']
stdout_require = [
    '^pg_restore: processing data for table "public\.files"$',
    '^pg_restore: processing data for table "public\.patients"$',
    '^pg_restore: processing data for table "public\.visits"$',
    '^pg_restore: creating INDEX "public\.visits_day"$',
    '^pg_restore: creating FK CONSTRAINT "public\.visits visits_patient_fkey"$',
]
""",
)
PG_DUMP = Promise(
    name="pg_dump",
    args=("-v", "-Fc", "--snapshot=00000003-0000001B-1", "-f", FILE, "hospital"),
    expect=r"""
stderr_forbid = ['(?i)\b(error|fatal|warning):']
stdout_require = [
    '^pg_dump: dumping contents of table "public\.files"$',
    '^pg_dump: dumping contents of table "public\.patients"$',
    '^pg_dump: dumping contents of table "public\.visits"$',
]
""",
)
PG_RENAME = without_complaint(
    "psql", r"\ABEGIN\nALTER DATABASE\nALTER DATABASE\nCOMMIT\s*\Z", *BY_FILE, "/etc/medflow_tui/switch.sql"
)
PG_LOCK = without_complaint("psql", r"\AALTER DATABASE\s*\Z", *BY_FILE, "/etc/medflow_tui/lock.sql")
PG_ANALYZE = Promise(
    name="vacuumdb",
    args=("--analyze-in-stages", "hospital__stg_r1"),
    expect=r"""
stderr_forbid = ['(?i)\b(error|fatal|warning):']
stdout_require = [
    'Generating minimal optimizer statistics \(1 target\)$',
    'Generating medium optimizer statistics \(10 targets\)$',
    'Generating default \(full\) optimizer statistics$',
]
""",
)
PG_AMCHECK = Promise(
    name="pg_amcheck",
    effect="read",
    args=("-v", "--heapallindexed", "hospital__stg_r1"),
    expect=r"""
stdout_forbid = ['lacks matching index tuple', '(?i)\berror:']
stderr_forbid = ['collation version mismatch', '(?i)\b(error|fatal|warning):']
stdout_require = ['^pg_amcheck: checking btree index "hospital__stg_r1\.public\.visits_day"$']
""",
)
PG_VERIFY = without_complaint(
    "pg_verifybackup", r"\Abackup successfully verified\s*\Z", "/backup/base-1", effect="read"
)
