"""What operators say is wrong finds the playbook first: in both languages, without accents, in any order, with a slip."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from medflow_tui.model.playbook import Playbook
from medflow_tui.playbooks.load import load_all, shipped
from medflow_tui.rules.choosing import matching
from medflow_tui.rules.spelling import LITTLE, SHORTEST, plain, words_of

SHIPPED = load_all(shipped())

# The lists "Symptoms" of the runbook (S1:53, 83, 109, 130, 159), as they stand and one by one, with their French.
RUNBOOK = [
    ('API calls timeout, frontend shows "Server Error"', "backend-not-responding"),
    ("API calls timeout", "backend-not-responding"),
    ("Les appels à l'API expirent", "backend-not-responding"),
    ("Les appels API n'aboutissent pas", "backend-not-responding"),
    ('frontend shows "Server Error"', "backend-not-responding"),
    ('l\'interface affiche "Server Error"', "backend-not-responding"),
    ("le site affiche une erreur serveur", "backend-not-responding"),
    ('"MongoNetworkError" in logs', "mongodb-connection"),
    ("MongoNetworkError dans les journaux", "mongodb-connection"),
    ("Users logged out unexpectedly, session errors", "redis-sessions"),
    ("Users logged out unexpectedly", "redis-sessions"),
    ("session errors", "redis-sessions"),
    ("Des utilisateurs sont déconnectés sans raison", "redis-sessions"),
    ("utilisateurs déconnectés de façon inattendue", "redis-sessions"),
    ("erreurs de session", "redis-sessions"),
    ('Medical images not appearing, "Device offline" status', "stale-share"),
    ("Medical images not appearing", "stale-share"),
    ("Les images médicales n'apparaissent pas", "stale-share"),
    ('"Device offline" status', "stale-share"),
    ("statut « Appareil hors ligne »", "stale-share"),
    ("Invoices not updating, payment records missing", "payments"),
    ("Invoices not updating", "payments"),
    ("Les factures ne sont pas mises à jour", "payments"),
    ("payment records missing", "payments"),
    ("des paiements manquent", "payments"),
]
OWN = [
    (written, each.id)
    for each in SHIPPED
    for text in each.symptoms
    for written in (text.en, text.others["fr"])
]
SAID = [*RUNBOOK, *OWN]


def first(words: str) -> str:
    found: tuple[Playbook, ...] = matching(SHIPPED, words)
    return found[0].id if found else "none"


def slips(words: str) -> Iterator[str]:
    """Each longer word with one letter left out, twice, another, or changed with the next."""
    said = words_of(words)
    for place, word in enumerate(said):
        if len(word) <= SHORTEST or word in LITTLE:
            continue
        at = len(word) // 2
        for wrong in (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + "z" + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        ):
            yield " ".join((*said[:place], wrong, *said[place + 1 :]))


@pytest.mark.parametrize(("words", "playbook"), SAID)
def test_a_symptom_finds_its_playbook_first(words: str, playbook: str) -> None:
    spoken = (words, plain(words), words.upper(), " ".join(reversed(words_of(words))))
    assert {each: first(each) for each in spoken} == dict.fromkeys(spoken, playbook)
    assert not {each: found for each in slips(words) if (found := first(each)) != playbook}


@pytest.mark.parametrize("words", ["zeppelin", "the printer has no paper", "l'imprimante du bureau fume"])
def test_what_no_playbook_speaks_of_finds_none(words: str) -> None:
    assert first(words) == "none"
