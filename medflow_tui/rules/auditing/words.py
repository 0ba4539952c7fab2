"""The head of a chain as eight words for paper and telephone, easy to say in French and in English."""

from __future__ import annotations

from medflow_tui.model.audit import Anchor

COUNT = 8
_LIST = """
accent accord acrobat action agent album alpha ananas animal antilope arbre archive arena argument atlas
atome auto avocado bagage balcon ballet bambou banana banjo baron basket bazar biceps biscuit bison blazer
boxer bravo brigade bronze budget buffet cactus calcium camera canal canyon capital caramel carnaval castor
cello chance chocolat cinema citron clarinet climat cobra cocktail colonel compact concert condor copie
coton coyote crocodile culture cyclone dance delta desert diamant dinosaur disco divan dollar domino dragon
dynamo edition effort electron ensemble escalade exact fable festival fiction figure filtre finesse flamingo
fluide forum fossil fragile fruit futur galaxy galop garage gazelle geranium geyser girafe global golf
gondola gorille granite guitar habitat hamster harpon helium hibiscus hockey hotel humour iceberg idole
igloo image incident index iris ivoire jaguar jasmin jazz journal judo jungle jury kangaroo karate kayak
kilo kiosk kiwi koala labyrinth lagoon lampe lapin lava legend lemon leopard lion logic lotus luxury magnet
marathon melon menu microbe million minute mobile monument motif nectar neutron noble nuance oasis ocean
olive omelette opera orange origami oval oxygen ozone palace panda papaya parasol patience pelican photo
piano pilote pirate pizza planet plastic portrait prince profil puma pyramide quartz quota rabbit radio
ranch region reptile rhino robot rocket rugby safari salade sauna scooter secret segment seminar sirop sofa
solo sonar sorbet spiral sport sultan tandem tango taxi tempo tennis textile ticket tigre tomato topaz
torrent tourist tribune trombone tulipe tunnel turban uniform union vaccine valise vampire vanille vertical
veto video village violon virus visa volcan wagon yacht yoga zebra zenith zigzag zinc
"""
WORDS = tuple(_LIST.split())
_START = 4  # letters that tell every word from every other
_NUMBERS = {word[:_START]: number for number, word in enumerate(WORDS)}


def words_of(head: str) -> str:
    """The first 64 bits of a head.

    >>> words_of("00ff10" + "0" * 58)
    'accent zinc auto accent accent accent accent accent'
    """
    return " ".join(WORDS[each] for each in bytes.fromhex(head[: 2 * COUNT]))


def anchor_of_words(text: str) -> Anchor | None:
    """What was written on paper, in any case, each word by its first four letters at least; None when it is not that.

    >>> anchor_of_words("Accent ZINC auto accent accent accent accent accent").head
    '00ff100000000000'
    """
    found = [_NUMBERS.get(each[:_START]) for each in text.casefold().replace(",", " ").split()]
    numbers = [each for each in found if each is not None]
    if len(numbers) != COUNT or len(found) != COUNT:
        return None
    return Anchor(count=-1, head=bytes(numbers).hex())


def unknown_words(text: str) -> tuple[str, ...]:
    """The words that are not on the list.

    >>> unknown_words("accent radioo zinnia")
    ('zinnia',)
    """
    return tuple(each for each in text.casefold().replace(",", " ").split() if each[:_START] not in _NUMBERS)
