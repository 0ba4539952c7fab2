"""What a program that nobody here knows has printed, made of what may be shown instead of cleaned of what may not.

A name in a sentence of a foreign program is not recognised as one; a word that is known to be none is. All else is left
out, so that a person sees how it went, and never of whom it spoke.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact

LEFT_OUT = "[…]"
_WORDS = """
a about after again all already an and any archive archived are as at available back backup be before begin begun bytes
cache cannot change changed check checked checksum close closed code collection collections complete completed config
connect connected connection connections copied copy could count create created data database date day days deleted
denied device devices different directory disk document documents done down dropped duplicate during each empty end ended
error errors exists exit expected fail failed failing failure failures file files finished folder for format found free
from full has have hour hours if ignored import imported in incomplete index indexes info inserted invalid is it item
items job jobs key keys last left line lines list load loaded local lock locked log logs lost made matched merged message
minute minutes missing mode modified moved network new next no none not nothing now number of off ok on online open opened
or other out output over page password path pending percent permission port print printed problem process processed queue
read ready received record records refused reindexed rejected release removed renamed replaced report required restart
restarted restore restored result retry row rows run running saved scan scanned second seconds sent server service
services size skipped space start started starting state status step still stop stopped success successful successfully
sync synced table tables task than the time timeout to total transferred try unchanged unknown unreachable up update
updated upload uploaded use used user users valid value values verified version waiting warning warnings was were whole
with without write written wrong yes
absent aucun aucune avec base base chargé chargés copie copié copiés créé dans de démarré des disque document dossier
du déjà échec échecs écrit en enregistré enregistrés erreur erreurs est et fichier fichiers fin fini inconnu index la le
les ligne lignes lu manquant mis nombre non octets ou oui par pas place plein pour prêt refusé refusés restauré restaurés
réussi sans sauvegarde sauvegardé service sont succès sur table tables terminé trouvé trouvés un une vide
"""
_KNOWN = frozenset(_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")
_COUNT = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,3})?(?:%|[a-z]{1,3})?")
_EDGE = "()[]{}<>\"'`,;:.!?=-*#|/"


def only_known(line: str, more: Iterable[str] = ()) -> str:
    """The words of a line that are known (by this list, or `more` in lower case), and its counts; `[…]` for all else, and
    for a number behind it, which may be somebody's.

    >>> only_known("ERROR: 12 documents restored of KABUYA Mireille, MRN-778812 (born 19710504)")
    'ERROR: 12 documents restored of […]'
    >>> only_known("patient 778812 skipped, 3 left")
    '[…] skipped, 3 left'
    """
    known, found = _KNOWN.union(more), list[str]()
    for each in redact(clean(line)).split():
        bare = each.strip(_EDGE)
        is_number = _COUNT.fullmatch(bare) and found[-1:] != [LEFT_OUT]
        is_known = not bare or bare.casefold() in known or is_number
        if is_known or (found[-1:] != [LEFT_OUT]):
            found.append(each if is_known else LEFT_OUT)
    return " ".join(found)


def words_in(*texts: str) -> frozenset[str]:
    """The words that an author wrote down beforehand, in a title or in what a program must print.

    >>> sorted(words_in("(?P<saved>[0-9]+) snapshots kept"))
    ['kept', 'p', 'saved', 'snapshots']
    """
    return frozenset(each.casefold() for text in texts for each in _WORD.findall(text))
