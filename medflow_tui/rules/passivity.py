"""Who lets playbooks act again after the global stop (passive mode): a role, a fresh log-in, the code of the site typed."""

from __future__ import annotations

from medflow_tui.model.access import Access
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.leading import LOGIN_S, ROLES


def why_no_role(access: Access, *users: str) -> Phrase:
    """Why one who acts as these users (who logged in, and whom they became) may not do what few may (lift the stop, look at
    what is sealed): each needs the role; nothing where the site names nobody.

    >>> from medflow_tui.model.access import Person
    >>> named = Access(people={"claire": Person(name="claire", roles=("dba",)), "beni": Person(name="beni")})
    >>> [bool(why_no_role(named, each)) for each in ("claire", "beni", "stranger")], bool(why_no_role(Access(), "beni"))
    ([False, True, True], False)
    >>> bool(why_no_role(named, "claire", "beni")), bool(why_no_role(named))
    (True, True)
    """
    if not access.people or (users and all(set(ROLES) & set(access.roles_of(each)) for each in users)):
        return SILENCE
    return say("this is for: {roles}", roles=", ".join(ROLES))


def why_old(login_age_s: int) -> Phrase:
    """Why the log-in must be given again first (-1: none was given); nothing when it is fresh.

    >>> [bool(why_old(each)) for each in (0, LOGIN_S, LOGIN_S + 1, -1)]
    [False, False, True, True]
    """
    if 0 <= login_age_s <= LOGIN_S:
        return SILENCE
    return say("log in again: that is asked for when it was {limit:duration} ago", limit=LOGIN_S)


def why_not_confirmed(typed: str, code: str) -> Phrase:
    """Why nothing changes by what was typed; nothing when it is the code of the site.

    >>> bool(why_not_confirmed(" LSH-02 ", "LSH-02")), bool(why_not_confirmed("lsh-02", "LSH-02"))
    (False, True)
    """
    if typed.strip() == code:
        return SILENCE
    return say("nothing was changed: that is not the code of the site")
