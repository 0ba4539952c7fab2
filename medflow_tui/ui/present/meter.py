"""What went over the line, in words: megabytes and money, the rate, and what is saved because of it."""

from __future__ import annotations

import math

from medflow_tui.locale.language import Language
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.cost import MEGABYTE, price
from medflow_tui.rules.meter import Meter
from medflow_tui.rules.thrift import Limits, Over, Step, Throttle

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
SAVED = {
    Step.EVERY_2_S: say("every 2 s"),
    Step.EVERY_5_S: say("every 5 s"),
    Step.STILL_SPARKLINES: say("sparklines stay"),
    Step.THIN_LOG: say("log thinned"),
    Step.NO_LOG: say("log off"),
}


def meter_texts(
    meter: Meter | None, site: Site, language: Language, *, is_wide: bool = False
) -> tuple[str, ...]:
    """With rates (`is_wide`), with money, then megabytes alone; nothing without a terminal.

    Megabytes have one decimal and rates two figures, so that they rarely change.

    >>> meter = Meter(session=412_000, rate=183.0)
    >>> site = Site(code="M", name="M", environment="lab", price_per_mb=0.3)
    >>> meter_texts(meter, site, Language("en"), is_wide=True)
    ('0.4 MB $0.12  180 B/s  0.7 MB/h', '0.4 MB $0.12', '0.4 MB')
    """
    if meter is None:
        return ()
    tell = language.say
    if meter.session is None:
        return (tell(say("{n} MB", n="?")),)
    short = tell(say("{n} MB", n=language.number(meter.session / MEGABYTE, 1)))
    middle = short
    if site.price_per_mb:
        middle = f"{short} {money(price(site, meter.session), site.currency, language)}"
    texts = [middle, short]
    if is_wide and meter.rate is not None and meter.per_hour is not None:
        rate = tell(say("{rate:bytes}/s", rate=rounded(meter.rate)))
        hour = tell(say("{n} MB/h", n=language.number(meter.per_hour / MEGABYTE, 1)))
        texts.insert(0, f"{middle}  {rate}  {hour}")
    return tuple(dict.fromkeys(texts))


def money(amount: float, currency: str, language: Language) -> str:
    """An amount with two decimals, its sign where the language has it.

    >>> money(0.12, "USD", Language("en")), money(310, "CDF", Language("en"))
    ('$0.12', '310.00 CDF')
    >>> money(0.12, "USD", Language("fr")).split()
    ['0,12', '$']
    """
    number, sign = language.number(amount, 2), SIGNS.get(currency, "")
    if not sign:
        return f"{number} {currency}"
    return language.say(say("{sign}{amount}", sign=sign, amount=number))


def rounded(value: float) -> float:
    """Two figures, so that it rarely changes.

    >>> rounded(183.4), rounded(7.26), rounded(0)
    (180.0, 7.3, 0)
    """
    if value <= 0:
        return 0
    digits = 1 - math.floor(math.log10(value))
    return round(value, digits)


def thrift_word(throttle: Throttle, *, is_low: bool) -> Phrase:
    """That less is drawn, in two words."""
    if is_low:
        return say("low")
    if throttle.step is Step.NOTHING:
        return SILENCE
    return say("saving {step}/{last}", step=str(int(throttle.step)), last=str(len(SAVED)))


def saving(throttle: Throttle, limits: Limits, meter: Meter | None) -> Phrase:
    """What is saved at this moment, because of which limit, and how far it has come; empty when nothing is."""
    if limits and meter is not None and meter.session is None:
        return say("bytes not counted: no budget kept")
    if throttle.step is Step.NOTHING:
        return SILENCE
    known = {"step": str(int(throttle.step)), "last": str(len(SAVED)), "saved": SAVED[throttle.step].text}
    if throttle.over is Over.SESSION:
        return say("over {limit:bytes}: {saved:word} ({step}/{last})", limit=limits.session_bytes, **known)
    return say("over {limit:bytes}/s: {saved:word} ({step}/{last})", limit=limits.bytes_per_s, **known)
