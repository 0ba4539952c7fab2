"""A patient and a secret are planted in every format of the field; what people need to read must stay."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, date
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.logline import parse
from medflow_tui.rules.redaction import redact


@dataclass(frozen=True)
class Patient:
    last: str
    first: str
    number: str
    born: date
    phone: str
    email: str


LASTS = ("KABONGO", "MWAMBA", "TSHISEKEDI", "N'SIMBA", "ILUNGA-KASONGO", "ÉLIKIA", "NGALULA")
FIRSTS = ("MARIE", "JOSÉPHINE", "PATRICE", "GRÂCE", "DIEUDONNÉ")

patients = st.builds(
    Patient,
    last=st.sampled_from(LASTS),
    first=st.sampled_from(FIRSTS),
    number=st.integers(1000, 999_999).map(lambda n: f"P{n}"),
    born=st.dates(date(1920, 1, 1), date(1999, 12, 31)).filter(lambda day: day.year != 1970),
    phone=st.sampled_from(
        (
            "+243 81 234 5678",
            "+243812345678",
            "243998765432",
            "0812345678",
            "099 123 45 67",
            "00243 81 234 56 78",
        )
    ),
    email=st.sampled_from(("marie.kabongo@example.cd", "k_marie+x@mail.example.org")),
)
secrets = st.text("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=10, max_size=60).filter(
    lambda text: any(each.isdigit() for each in text)
)

PATIENT_LINES = (
    "New file detected: /Volumes/ZEISS RETINO/{last}_{first}_{number}_{dob}_F_Fundus_20260118_101501_OD.jpg",
    "ZEISS: {last}_{first}_{number}_{dob}_F_Fundus_20260118",
    "Error: ENOENT: no such file or directory, open '/tmp/medflow_mounts/Export Solix OCT/{last} {first}/scan 1.dcm'",
    "Cannot read \\\\serveur\\Export\\{last}_{first}_{dob}.xml",
    "moved E:/MedFlow/device-imports/{last} {first}.pdf to errors",
    "DICOM PatientName {last}^{first}^^ not matched",
    "Patient {last} {first} not found for {number}",
    "No match for {last} {first} ({number})",
    "Mme {last} {first} a annulé",
    "GET /api/patients/search?q={last}%20{first}&page=1 HTTP/1.1",
    "GET /api/patients/search?q={last} {first} HTTP/1.1",
    "GET /api/patients/{number}/visits 404",
    "GET /api/patients/search/{last} 200",
    "search: '{last} {first}' returned 0 rows",
    "E11000 duplicate key error collection: medflow.patients index: email_1 dup key: {{ email: \"{email}\", name: \"{last}\" }}",
    "ValidationError: Patient validation failed: lastName: Path `lastName` (`{last}`) is longer than the maximum allowed length (3).",
    "ValidationError: phone: Path `phone` is invalid ({phone}).",
    "Cast to ObjectId failed for value \"{last} {first}\" (type string) at path \"_id\" for model \"Patient\"",
    "POST /api/patients requestBody: {{ firstName: '{first}', lastName: '{last}', phone: '{phone}' }}",
    "patient={{\"firstName\":\"{first}\",\"lastName\":\"{last}\",\"dateOfBirth\":\"{iso}\",\"patientId\":\"{number}\"}}",
    "SMS to {phone} failed: no credit",
    "2FA code sent to {email}",
    "nom: {last}, prénom: {first}, né le {french}",
    "lastName={last} firstName={first} dob={iso}",
    "DOB {iso} of {number} is in the future",
    "Invoice INV-2026-00123 paid by {last} {first_small}, 50000 CDF",
    "GET /uploads/patients/{number}/{last}.jpg 200",
)  # fmt: skip

SECRET_LINES = (
    "mongodump --uri mongodb://admin:{secret}@127.0.0.1:27017/medflow?authSource=admin failed",
    "connecting to redis://:{secret}@192.168.4.8:6379",
    "postgres://his:{secret}@db.example.cd:5432/his refused",
    "password: {secret}",
    "REDIS_PASSWORD={secret} JWT_SECRET={secret}",
    "Set-Cookie: accessToken={secret}; Path=/; HttpOnly",
    "Cookie: XSRF-TOKEN=abc; refreshToken={secret}",
    "X-Health-Key: {secret}",
    "GET /health/detailed?key={secret} HTTP/1.1",
    "GET /x?access_token={secret}&page=2 HTTP/1.1",
    "headers: {{ authorization: 'Bearer {secret}', 'x-api-key': '{secret}' }}",
    "Authorization: Bearer {secret}",
    "login {{\"email\":\"a@b.cd\",\"password\":\"{secret}\"}}",
    "redis-cli -h 127.0.0.1 -a {secret} ping",
    "mongosh --password {secret} --username admin",
    "Server=192.168.4.8,1433;User Id=sa;Password={secret};",
    "token eyJhbGciOiJIUzI1NiJ9.eyJpZCI6{secret}.{secret} expired",
    "refresh token: '{secret}'",
    "mot de passe : {secret}",
    "SMTP auth user=clinic pass={secret}",
)  # fmt: skip


USEFUL = {
    "scan of /Volumes/EXAMEN/KABONGO MARIE failed: EACCES": "scan of /Volumes/EXAMEN/[file] failed: EACCES",
    "GET /uploads/patients/10233/x.jpg 404": "GET /uploads/[file] 404",
    "mongodump --uri mongodb://a:b@127.0.0.1:27017/medflow exited 1": "mongodump --uri mongodb://[secret]@127.0.0.1:27017/medflow exited 1",
    "GET /api/patients/search?q=KABONGO&page=2 HTTP/1.1": "GET /api/patients/search?q=[search]&page=2 HTTP/1.1",
    "GET /api/patients/6976abcdef0123456789abcd/visits 503": "GET /api/patients/[id]/visits 503",
    "job for device 69707e02aa11bb22cc33dd44 of patient 6976abcdef0123456789abcd": "job for device 69707e02aa11bb22cc33dd44 of patient [id]",
    "Patient KABONGO Marie not found": "Patient [name] not found",
    "SMS to +243 81 234 5678 failed: 402": "SMS to [phone] failed: 402",
    "mail to marie@example.cd from 192.168.4.8:587": "mail to [e-mail] from 192.168.4.8:587",
    "Authorization: Bearer abc123def456 rejected": "Authorization: Bearer [token] rejected",
}


@pytest.mark.parametrize(("line", "seen"), USEFUL.items())
def test_what_stands_around_a_hidden_word_stays(line: str, seen: str) -> None:
    assert redact(line) == seen


def wrapped(text: str) -> dict[str, str]:
    """The line in every format of the field."""
    exploded = {str(index): sign for index, sign in enumerate(text)}
    service = {
        "context": "FolderSync",
        "level": "error",
        "service": "medflow-api",
        "timestamp": "2026-01-18T09:15:04.112Z",
    }
    console = (
        f"2026-01-18 02:00:41 \x1b[31MERROR\x1b[39M [FolderSync] \x1b[31m{text}\x1b[39m "
        '{"service":"medflow-api"}'
    )
    return {
        "plain": text,
        "json": json.dumps({**service, "message": text}, ensure_ascii=False, sort_keys=True),
        "json with escapes": json.dumps({**service, "message": text}, sort_keys=True),
        "meta": json.dumps({**service, "message": "failed", "reason": text}, sort_keys=True),
        "error": json.dumps(
            {**service, "message": "failed", "error": {"message": text, "cmd": text}}, sort_keys=True
        ),
        "exploded": json.dumps({**service, **exploded, "message": "failed:"}, sort_keys=True),
        "url": f"GET /api/audit/{quote(text, safe='')} HTTP/1.1",
        "pm2": f"2026-01-24 14:03:22 +01:00: {text}",
        "console": console,
        "pm2 console": f"2026-01-24 14:03:22 +01:00: {console}",
    }


def shown(raw: str) -> str:
    """What the log pane shows of a raw line."""
    return redact(parse(clean(raw), UTC).text)


def filled(template: str, patient: Patient) -> str:
    return template.format(
        last=patient.last, first=patient.first, first_small=patient.first.title(), number=patient.number, dob=patient.born.strftime("%Y%m%d"),
        iso=patient.born.isoformat(), french=patient.born.strftime("%d/%m/%Y"), phone=patient.phone, email=patient.email,
    )  # fmt: skip


def traces(patient: Patient) -> tuple[str, ...]:
    """Everything by which the patient could be known."""
    digits = patient.phone.replace(" ", "")[-9:]
    return (
        patient.last, patient.first, patient.number, patient.born.isoformat(), patient.born.strftime("%Y%m%d"),
        patient.born.strftime("%d/%m/%Y"), patient.phone, digits, patient.email,
    )  # fmt: skip


@pytest.mark.parametrize("template", PATIENT_LINES)
@settings(max_examples=12, deadline=None)
@given(patient=patients)
def test_no_planted_patient_is_shown(template: str, patient: Patient) -> None:
    for form, raw in wrapped(filled(template, patient)).items():
        seen = shown(raw)
        for trace in traces(patient):
            assert trace.lower() not in seen.lower(), (form, seen)


@pytest.mark.parametrize("template", PATIENT_LINES)
@settings(max_examples=8, deadline=None)
@given(patient=patients)
def test_no_planted_patient_is_in_a_raw_line_that_was_redacted_without_being_understood(
    template: str, patient: Patient
) -> None:
    for form, raw in wrapped(filled(template, patient)).items():
        seen = redact(clean(raw))
        for trace in traces(patient):
            assert trace.lower() not in seen.lower(), (form, seen)


@pytest.mark.parametrize("template", SECRET_LINES)
@settings(max_examples=12, deadline=None)
@given(secret=secrets)
def test_no_planted_secret_is_shown(template: str, secret: str) -> None:
    for form, raw in wrapped(template.format(secret=secret)).items():
        assert secret not in shown(raw), form
        assert secret not in redact(clean(raw)), form


SECRET_BY_FORM = (
    "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "kX9vQ2mZ7pLr4TnB8wYd3HsF6gJc1AeU5iOx0RqV",
    "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    "6976abcdef0123456789abcd",
)


@pytest.mark.parametrize("secret", SECRET_BY_FORM)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    for form, raw in wrapped(f"something about {secret} happened").items():
        assert secret not in shown(raw), form


READABLE = (
    "Redis: Max reconnection attempts reached",
    "[CIRCUIT BREAKER] Redis circuit OPEN after 5 failures. Will retry in 30s",
    "CORS blocked origin: http://192.168.4.20:5173",
    "connect ECONNREFUSED 127.0.0.1:6379",
    "❌ Folder sync failed for device 69707e02aa11bb22cc33dd44: Folder not accessible: /Volumes/EXAMEN",
    "[SYNC] Failed to queue change: SyncQueue validation failed: collection: Path 'collection' is required.",
    "    at Object.<anonymous> (/app/backend/node_modules/mongodb/lib/cmap/connection.js:123:45)",
    "GET /health/detailed 503 from 192.168.4.20",
    "GET /api/invoices?page=2&limit=50&status=paid&startDate=2026-01-01 HTTP/1.1 200",
    "Slow HTTP request duration=5.030s method=GET route=/:id/mount-status statusCode=200",
    "Invalid token: jwt malformed",
    "Authentication failed: password is required",
    "folder_index_1795420751696_3ztwehqom failed: Device not found",
    "Job retry 3/3, waits 2 s then 4 s, took 1234 ms",
    "Patient validation failed: lastName: Path `lastName` is required.",
    "✅ MongoDB connected: 127.0.0.1:27017/medflow (pool 10-50)",
    "mongodb://127.0.0.1:27017/medflow?replicaSet=rs0&authSource=admin",
    "Backup completed: medflow-monthly-2026-11-23T08-01-50-193Z.tar.gz.enc (3.1 GB), checksum verified",
    "Error: MongoDB dump failed: Command failed: mongodump --out /var/backups/medflow/daily/medflow-daily-2026-11-23T02-00-41-193Z",
    "GET /assets/logo.png 304",
    "Memory heap 412 of 512 MB, rss 512.3 MB",
    "POST /api/auth/login 401 - 12.345 ms",
    "Access denied for clinic MATADI_KC (role receptionist)",
    "CSRF_MISSING_COOKIE from 10.0.0.9",
    "smb://guest@192.168.4.8/Export unreachable (STATUS_LOGON_FAILURE)",
    "Central server getDashboard failed: Request failed with status code 404",
    "Daily backups: 2:00 AM every day",
    "Imported 50678 patients, 29392 appointments in 12 s",
    "Error: listen EADDRINUSE: address already in use :::5001",
    "2026-11-23 08:01:31 +01:00 clock moved by 3600 s",
    "DEVICE_STORAGE_PATH=E:/MedFlow NODE_ENV=production PORT=5002",
    "express@4.18.2 and mongoose@8.0.3 loaded",
    "Wrote 1970-01-01 into lastSync: epoch",
    "request 0f8b5f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b took 12 s",
    "Max file size 19216811 bytes",
    "Échec de la synchronisation : délai dépassé (30 s)",
    "Slow query: 120ms on patients",
    "MATRIX Kinshasa: Central Server ready, FATAL Error none, HTTP Server on 5001, WARN Redis offline",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "status code 404, exit code 1, error code: 11000",
    "user: admin logged in, session expired after 900 s",
    "LRU cache holds 1200 keys, device_sync:queue:5 has 12 jobs",
    "Cannot find module '/app/backend/config/database.json'",
)


@pytest.mark.parametrize("line", READABLE)
def test_what_people_need_stays_readable(line: str) -> None:
    assert redact(line) == line


PARTS = (
    "password=", '"token":"', "'", '"', "`", "\\", "[secret]", "[name]", "[file]", "[id]", "/api/patients/", "?q=", "&a=", "%20", "%22",
    "mongodb://", ":", "@", "KABONGO", " ", "_", "P10233", "19710504", ".jpg", "/Volumes/ZEISS RETINO/", "eyJabcdef", ".", "Bearer ",
    "{", "}", "requestBody: ", "+243 81 234 5678", "Patient ", "Cookie: ", "x@y.cd", "=", ",", "value \"", "Path `a` (`", ")", "\\\\",
    "6976abcdef0123456789abcd", "né le ", "dup key: ", "//host/share/", "^", "\n", "é", "0", "-", "HTTP/1.1",
)  # fmt: skip


@settings(max_examples=4000, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=4)), max_size=14).map("".join))
@example("GET /api/patients/6976abcdef0123456789abcd/visits")
def test_redaction_twice_is_redaction_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@settings(max_examples=500, deadline=None)
@given(st.text())
def test_redaction_never_raises_and_never_leaves_nothing_for_something(text: str) -> None:
    assert bool(redact(text)) == bool(text)


HOSTILE = (
    "a" * 16000, "A_" * 8000, "eyJ" * 5000, '"' * 16000, "\\" * 16000, "password=" * 1700, "?a=b&" * 3000, "%41" * 5000, '{"a":' * 3000,
    "/Volumes/" * 1700, "/Volumes/A " * 1500, "a@" * 8000, "1 " * 8000, "+1 " * 5000, "A " * 8000, "Patient A " * 1600, "Bearer " * 2200,
    "mongodb://" * 1600, "\x1b]" * 8000, '"0":"a",' * 2000, "$2b$10$" * 2200, "^a" * 8000, "A." * 8000, "a-" * 8000, "//a/" * 4000,
    "KABONGO_" * 2000, 'value "' * 2000, "P1234" * 3000, "requestBody:{" * 1200, ".jpg" * 4000, "A B.jpg" * 2200, " HTTP" * 3000 + "?q=a ",
)  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: repr(line[:12]))
def test_no_line_of_16_kib_can_stop_the_log(line: str) -> None:
    """Processor time, so that a busy machine does not count; quadratic expressions took seconds here."""
    started = time.process_time()
    redact(clean(line))
    assert time.process_time() - started < 0.5
