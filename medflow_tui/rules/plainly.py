"""What a program that nobody here knows has printed, made of what may be shown instead of cleaned of what may not.

A name in a sentence of a foreign program is not recognised as one; a word that is known to be none is. All else is left
out, so that a person sees how it went, and never of whom it spoke.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redacting.words import words_of
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
_KNOWN = words_of(_WORDS)
_WORD = re.compile(r"[^\W\d_]+")
_LEVELS = words_of("DEBUG INFO NOTICE WARN WARNING WARNINGS ERROR ERRORS FAIL FAILED FATAL OK")
_UNITS = words_of("% s ms min h kb mb gb tb kib mib gib ko mo go")
_COUNTED = words_of("""
    archive archives bytes changes collection collections connection connections copies database databases day days device
    devices directory document documents entries error errors failure failures file files folder hour hours index indexes
    item items job jobs keys line lines lock locks log logs message messages minute minutes network networks page pages
    percent problem problems records rows second seconds service services step steps table tables task tasks warning warnings
    échec échecs enregistrements erreur erreurs fichier fichiers ligne lignes octets sauvegarde sauvegardes
""")
_SOMEBODYS = words_of("""
    code codes dossier dossiers id ids key keys line ligne name nom nombre number otp page password passwords patient pin port
    record row token tokens used user users value enregistré
""")
_COUNT = re.compile(r"([0-9]{1,5}|[0-9]{1,3}[.,][0-9]{1,3})([a-z]{0,3}|%)", re.IGNORECASE)
_DIGITS_AT_MOST = 5
_NUMBER = "0"
_EDGE = "()[]{}<>\"'`,;:.!?=-*#|/"
_PAUSE = (":", ".", ";", "!", "?", ")", "]")


def only_known(line: str, more: Iterable[str] = ()) -> str:
    """The words of a line that are known (by this list, or `more` in lower case), and what it counts; `[…]` for all else.

    A number is somebody's unless a thing that is counted, or a unit, stands right behind it; so may be two capitalised
    words that stand together.

    >>> only_known("ERROR: 12 documents restored of KABUYA Mireille, MRN-778812 (born 19710504)")
    'ERROR: 12 documents restored of […]'
    >>> only_known("patient 778812 skipped, 3 rows left of Le Du, code 4711")
    '[…] skipped, 3 rows left of […] code […]'
    """
    known, words = _KNOWN.union(_COUNTED, more), redact(clean(line)).split()
    bare = [each.strip(_EDGE) for each in words]
    names = _names(words, bare, known)
    shown, before = list[str](), ""
    for at, each in enumerate(words):
        if not bare[at]:
            shown.append(each)
            continue
        if _is_count(each, bare[at], before, next(iter(bare[at + 1 : at + 2]), "")):
            before = _NUMBER
            shown.append(each)
        elif at not in names and _is_known(bare[at], before, known):
            before = bare[at].casefold()
            shown.append(each)
        elif before != LEFT_OUT:
            before = LEFT_OUT
            shown.append(LEFT_OUT)
    return " ".join(shown)


def _is_count(word: str, bare: str, before: str, behind: str) -> bool:
    found = _COUNT.fullmatch(bare)
    if found is None or before in (LEFT_OUT, _NUMBER, *_SOMEBODYS):
        return False
    if sum(each.isdigit() for each in bare) > _DIGITS_AT_MOST:
        return False
    if found[2]:
        return found[2].casefold() in _UNITS
    return word.endswith(bare) and behind.casefold() in _COUNTED | _UNITS


def _is_known(bare: str, before: str, known: frozenset[str]) -> bool:
    return bare.casefold() in known or bare in _LEVELS or (before == _NUMBER and bare.casefold() in _UNITS)


def _names(words: list[str], bare: list[str], known: frozenset[str]) -> set[int]:
    """Where capitalised words stand together and may be a name, also beside one that is left out; a level is none.

    The first word of a sentence is capitalised anyway: it stays where the one behind it is not known.
    """
    found, run, is_first, begins = set[int](), list[int](), True, True
    for at, each in enumerate(bare):
        if each:
            run = [*run, at] if each[0].isupper() and each not in _LEVELS else []
        is_first = begins if run == [at] else is_first
        if len(run) == 2 and is_first and each.casefold() not in known:
            run = run[1:]
        elif len(run) > 1:
            found.update(run)
        begins = words[at].endswith(_PAUSE) or each in _LEVELS
        run = [] if begins else run
    return found


def words_in(*texts: str) -> frozenset[str]:
    """The words that an author wrote down beforehand, in a title or in what a program must print.

    >>> sorted(words_in("(?P<saved>[0-9]+) snapshots kept"))
    ['kept', 'p', 'saved', 'snapshots']
    """
    return frozenset(each.casefold() for text in texts for each in _WORD.findall(text))
