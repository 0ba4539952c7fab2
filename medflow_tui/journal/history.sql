-- verdicts that changed, and one row of figures per target and five minutes; times are seconds since 1970 UTC
CREATE TABLE IF NOT EXISTS change (
    target   TEXT NOT NULL,
    at       REAL NOT NULL,
    health   TEXT NOT NULL,
    soft     INTEGER NOT NULL,
    evidence TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS change_by_target ON change (target, at);
CREATE INDEX IF NOT EXISTS change_by_time ON change (at);
CREATE TABLE IF NOT EXISTS sample (
    target  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    worst   INTEGER NOT NULL,
    figure  REAL,
    latency REAL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (target, at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sample_by_time ON sample (at);
CREATE TABLE IF NOT EXISTS latest (
    target TEXT PRIMARY KEY,
    health TEXT NOT NULL,
    since  REAL NOT NULL,
    seen   REAL NOT NULL
) WITHOUT ROWID;
PRAGMA user_version = 1;
