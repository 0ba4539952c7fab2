-- calls made to a host, and hosts that said to wait (times in seconds since 1970 UTC)
CREATE TABLE IF NOT EXISTS call (
    host TEXT NOT NULL,
    at   REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS call_by_host ON call (host, at);
CREATE TABLE IF NOT EXISTS wait (
    host  TEXT PRIMARY KEY,
    until REAL NOT NULL,
    told  REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;
PRAGMA user_version = 1;
