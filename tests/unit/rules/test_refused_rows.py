"""What a database repeats of a row that it refuses is hidden; which table, which line and why it was stays."""

from __future__ import annotations

import pytest

from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact
from medflow_tui.runner.printed import redacted

ROWS = (
    (
        'pg_restore: error: COPY failed for table "patients": DETAIL:  Failing row contains (1, Kabuya Mireille, 101049).',
        'pg_restore: error: COPY failed for table "patients": DETAIL:  Failing row contains ([secret]).',
    ),
    (
        "DETAIL:  Failing row contains (1, Kabuya (Dr) Mireille",
        "DETAIL:  Failing row contains ([secret]",
    ),
    (
        "DÉTAIL : La ligne en échec contient (1, Kabuya, 101049).",
        "DÉTAIL : La ligne en échec contient ([secret]).",
    ),
    (
        'CONTEXT:  COPY patients, line 3: "101049\tKabuya "Mimi" Mireille"',
        'CONTEXT:  COPY patients, line 3: "[secret]"',
    ),
    (
        'CONTEXT:  COPY patients, line 3, column born: "4 mai',
        'CONTEXT:  COPY patients, line 3, column born: "[secret]',
    ),
    (
        "CONTEXTE : COPY patients, ligne 3, colonne ne : « 4 mai »",
        "CONTEXTE : COPY patients, ligne 3, colonne ne : « [secret] »",
    ),
    (
        "Key (national_id)=(Kabuya (Mireille) M) already exists.",
        "Key (national_id)=([secret]) already exists.",
    ),
    ("DÉTAIL : La clé « (nom)=(Kabuya) » existe déjà.", "DÉTAIL : La clé « (nom)=([secret]) » existe déjà."),
    (
        "Key (token, nom)=(eyJhbGciOi.eyJzdWIiOi.abcdefgh, Kabuya)",
        "Key (token, nom)=([secret])",
    ),
    (
        'ERROR:  invalid input syntax for type integer: "Kabuya"',
        'ERROR:  invalid input syntax for type integer: "[secret]"',
    ),
    (
        'ERROR:  date/time field value out of range: "1 3 1971"',
        'ERROR:  date/time field value out of range: "[secret]"',
    ),
    ("INSERT INTO patients (nom) VALUES ('Kabuya', 7)", "INSERT INTO patients (nom) VALUES ([secret])"),
    (
        'E11000 duplicate key error collection: medflow.patients dup key: { name: "Kabuya Mireille" }',
        "E11000 duplicate key error collection: medflow.patients dup key: [secret]",
    ),
)


@pytest.mark.parametrize(("line", "shown"), ROWS)
def test_a_row_is_hidden_and_the_rest_stays(line: str, shown: str) -> None:
    assert redact(clean(line)) == shown
    assert redact(shown) == shown
    assert redacted(f"before\n{line}\nafter") == ["before", shown, "after"]


@pytest.mark.parametrize(
    "line",
    [
        "COPY 120",
        'COPY failed for table "devices": disk full',
        "exported 3 (of 5) values (all)",
        'index out of range in "sync"',
    ],
)
def test_what_only_looks_like_it_stays(line: str) -> None:
    assert redact(line) == line
