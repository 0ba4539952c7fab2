"""Every format of the field becomes time, level, source and text; repeats become one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medflow_tui.model.log import Level, LogLine
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.logline import fold, parse

KINSHASA = ZoneInfo("Africa/Kinshasa")
NEAR = datetime(2026, 11, 23, 9, tzinfo=UTC)

# raw line → at (UTC) or None, zone known, level, source, text
SITUATIONS = (
    (
        (
            r'{"level":"info","message":"::ffff:127.0.0.1 - - [23/Nov/2026:08:01:31 +0000] \"GET /health/detailed HTTP/1.1\" 503 608'
            r' \"-\" \"curl/7.88.1\"","service":"medflow-backend","timestamp":"2026-11-23 08:01:31"}'
        ),
        ("2026-11-23T08:01:31", True, Level.WARN, "http", "GET /health/detailed 503 from 127.0.0.1"),
    ),
    (
        r'{"level":"info","message":"192.168.4.20 - - [23/Nov/2026:09:01:31 +0100] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"","service":"s"}',
        ("2026-11-23T08:01:31", True, Level.INFO, "http", "GET / 200 from 192.168.4.20"),
    ),
    (
        (
            '{"context":"BackupScheduler","level":"info","message":"  - Daily backups: 2:00 AM every day","service":"medflow-api",'
            '"timestamp":"2026-11-23T08:00:59.560Z"}'
        ),
        (
            "2026-11-23T08:00:59.560000",
            True,
            Level.INFO,
            "BackupScheduler",
            "- Daily backups: 2:00 AM every day",
        ),
    ),
    (
        (
            '{"duration":"5.030s","level":"warn","message":"Slow HTTP request","method":"GET","route":"/:id/mount-status",'
            '"service":"medflow-backend","statusCode":200,"timestamp":"2026-11-23 08:02:46"}'
        ),
        (
            "2026-11-23T07:02:46",
            False,
            Level.WARN,
            "medflow-backend",
            "Slow HTTP request duration=5.030s method=GET route=/:id/mount-status statusCode=200",
        ),
    ),
    (
        '2026-11-23 08:00:59 \x1b[32MINFO\x1b[39M [BackupScheduler] \x1b[32mready\x1b[39m {"service":"medflow-api"}',
        ("2026-11-23T07:00:59", False, Level.INFO, "BackupScheduler", "ready"),
    ),
    (
        (
            "2026-01-18 02:00:41 +01:00: 2026-01-18 02:00:41 \x1b[31MERROR\x1b[39M [BackupScheduler] \x1b[31mError: MongoDB dump failed:"
            ' …\x1b[39m {"service":"medflow-api"}'
        ),
        ("2026-01-18T01:00:41", True, Level.ERROR, "BackupScheduler", "Error: MongoDB dump failed: …"),
    ),
    (
        "08:01:31 [medflow-backend] info: Server started",
        ("2026-11-23T07:01:31", False, Level.INFO, "medflow-backend", "Server started"),
    ),
    (
        'warn: slow {"service":"medflow-backend","duration":"2s"}',
        (None, True, Level.WARN, "medflow-backend", "slow duration=2s"),
    ),
    (
        '{"context":"EmailQueue","level":"error","message":"❌ Email queue service init failed:",'
        + ",".join(
            f'"{i}":{json.dumps(c)}'
            for i, c in sorted(enumerate("connect ECONNREFUSED 127.0.0.1:1"), key=lambda each: str(each[0]))
        )
        + "}",
        (
            None,
            True,
            Level.ERROR,
            "EmailQueue",
            "❌ Email queue service init failed: connect ECONNREFUSED 127.0.0.1:1",
        ),
    ),
    (
        '{"context":"Backup","error":{},"level":"error","message":"❌ Backup restoration failed:","service":"medflow-api"}',
        (None, True, Level.ERROR, "Backup", "❌ Backup restoration failed: (no reason logged)"),
    ),
    (
        '{"error":{"cmd":"mongodump --uri x","code":1},"level":"error","message":"failed:","service":"medflow-api"}',
        (None, True, Level.ERROR, "medflow-api", "failed: 1: mongodump --uri x"),
    ),
    (
        "Redis: Max reconnection attempts reached",
        (None, True, Level.ERROR, "", "Redis: Max reconnection attempts reached"),
    ),
    (
        "[CIRCUIT BREAKER] Redis circuit OPEN after 5 failures. Will retry in 30s",
        (None, True, Level.WARN, "CIRCUIT BREAKER", "Redis circuit OPEN after 5 failures. Will retry in 30s"),
    ),
    (
        '{"t":{"$date":"2026-11-23T08:01:31.123+00:00"},"s":"E","c":"STORAGE","id":1,"ctx":"x","msg":"WiredTiger error","attr":{"error":28}}',
        ("2026-11-23T08:01:31.123000", True, Level.ERROR, "mongod storage", "WiredTiger error error=28"),
    ),
    (
        "[2026-11-23 08:01:31,123: ERROR/MainProcess] Task failed",
        ("2026-11-23T07:01:31.123000", False, Level.ERROR, "MainProcess", "Task failed"),
    ),
    (
        "2026-11-23 08:01:31,123 - ocr - ERROR - boom",
        ("2026-11-23T07:01:31.123000", False, Level.ERROR, "ocr", "boom"),
    ),
    (
        '{"level":50,"time":1795420751696,"pid":1,"hostname":"h","msg":"Query failed","error":{}}',
        ("2026-11-23T07:59:11.696000", True, Level.ERROR, "", "Query failed (no reason logged)"),
    ),
    (
        "❌ MongoDB connection error: TypeError: x",
        (None, True, Level.ERROR, "", "❌ MongoDB connection error: TypeError: x"),
    ),
    ("{not json}", (None, True, Level.INFO, "", "{not json}")),
    ("", (None, True, Level.INFO, "", "")),
)


@pytest.mark.parametrize(("raw", "expected"), SITUATIONS, ids=[text[4][:40] for _, text in SITUATIONS])
def test_formats_of_the_field_are_understood(
    raw: str, expected: tuple[str | None, bool, Level, str, str]
) -> None:
    line = parse(clean(raw), KINSHASA, near=NEAR)
    at = line.at.astimezone(UTC).replace(tzinfo=None).isoformat() if line.at else None
    assert (at, line.zone_known, line.level, line.source, line.text) == expected


def test_levels_are_in_order() -> None:
    words = ["trace", "debug", "verbose", "info", "notice", "warn", "error", "critical"]
    assert [each.word for each in sorted(Level)] == words


def test_a_stack_trace_belongs_to_its_error() -> None:
    error = parse(
        '{"level":"error","context":"Sync","message":"boom","timestamp":"2026-11-23T08:00:00Z"}', UTC
    )
    below = parse("2026-11-23 09:00:00 +01:00:     at Object.<anonymous> (/app/x.js:1:2)", UTC, error)
    assert (below.continued, below.level, below.source, below.at) == (True, Level.ERROR, "Sync", error.at)
    assert below.text == "at Object.<anonymous> (/app/x.js:1:2)"


def test_escapes_inside_json_are_cleaned_too() -> None:
    line = parse(r'{"level":"error","message":"\u001b[2Jone\ntwo","context":"\u001b[31Mx"}', UTC)
    assert (line.text, line.source) == ("one two", "x")


def test_a_clock_time_before_midnight_is_of_the_day_before() -> None:
    line = parse("23:59:58 [medflow-backend] info: x", UTC, near=datetime(2026, 11, 23, 0, 0, 5, tzinfo=UTC))
    assert line.at == datetime(2026, 11, 22, 23, 59, 58, tzinfo=UTC)


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers() | st.floats(), lambda inner: st.dictionaries(
    st.sampled_from(("message", "level", "timestamp", "t", "error", "0", "1", "msg", "time", "$date", "statusCode", "s", "c", "attr")), inner)
).map(json.dumps)))  # fmt: skip
def test_no_line_raises(raw: str) -> None:
    parse(clean(raw), KINSHASA, None, NEAR)


def line_of(text: str, at_s: float = 0.0, **more: object) -> LogLine:
    values = {"level": Level.ERROR, "source": "redis", "at": NEAR + timedelta(seconds=at_s)} | more
    return LogLine(text=text, **values)  # type: ignore[arg-type]


def test_repeats_are_counted_at_the_place_of_the_newest() -> None:
    lines = [line_of(f"try {n}: ECONNREFUSED 127.0.0.1:6379", n) for n in range(38)]
    folded = fold([*lines[:10], line_of("other"), *lines[10:]])
    assert [(each.text[:5], each.count) for each in folded] == [("other", 1), ("try 3", 38)]
    assert (folded[1].since, folded[1].at) == (lines[0].at, lines[-1].at)


def test_folding_goes_on_with_what_was_folded() -> None:
    lines = [line_of(f"try {n}", n) for n in range(6)]
    assert fold((*fold(lines[:4]), *lines[4:])) == fold(lines)


def test_what_differs_in_more_than_numbers_is_not_folded() -> None:
    different = [
        line_of("a 1"), line_of("b 1"), line_of("a 1", source="sync"), line_of("a 1", level=Level.WARN),
        line_of("a 1", code=503), line_of("a 1", origin="ocr"), line_of("a 2", 700),
    ]  # fmt: skip
    assert [each.count for each in fold(different)] == [1] * 7
