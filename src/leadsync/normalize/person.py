"""E-mail addresses, phone numbers and people's names in the one spelling they are compared in."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

FREE_MAIL = frozenset(
    """
    163.com 126.com aol.com bluewin.ch btinternet.com comcast.net daum.net fastmail.com free.fr freenet.de gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr
    hotmail.it icloud.com kpnmail.nl laposte.net libero.it live.com live.nl mac.com mail.com mail.ru mailinator.com
    me.com msn.com naver.com o2.pl orange.fr outlook.com outlook.de outlook.fr pm.me proton.me protonmail.com qq.com
    rediffmail.com seznam.cz sina.com sky.com t-online.de telenet.be terra.com.br tutanota.com uol.com.br verizon.net
    wanadoo.fr web.de wp.pl xs4all.nl yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.de yahoo.fr
    yahoo.it yandex.ru ymail.com ziggo.nl zoho.com
    """.split()
)
"""Domains at which anybody may have an address, so that they say nothing of a company."""

ROLE_ADDRESSES = frozenset(
    """
    accounting accounts admin administration billing booking buchhaltung careers contact contacto contact-us datenschutz
    einkauf enquiries finance hello help helpdesk hr info inquiries invoice it jobs kontakt mail marketing newsletter
    noreply no-reply office orders post postmaster press privacy procurement purchasing reception recruitment sales
    secretariat service support team vertrieb verkauf webmaster
    """.split()
)
"""Local parts that a team shares: one such address may be several people."""

_EMAIL = re.compile(r"[^@\s<>,;:\"()]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_NICKNAMES = {
    "alex": "alexander", "andy": "andrew", "ben": "benjamin", "bill": "william", "bob": "robert", "bobby": "robert",
    "chris": "christopher", "dan": "daniel", "dave": "david", "ed": "edward", "jim": "james", "joe": "joseph",
    "jon": "jonathan", "kate": "katherine", "liz": "elizabeth", "matt": "matthew", "mike": "michael",
    "nick": "nicholas", "peggy": "margaret", "pete": "peter", "rob": "robert", "sam": "samuel",
    "steve": "stephen", "sue": "susan", "tom": "thomas", "tony": "anthony", "will": "william",
}  # fmt: skip


def email(text: str | None) -> str:
    """The address in lower case without what surrounds it, or "" when there is none to be had."""
    if text is None:
        return ""
    cleaned = unicodedata.normalize("NFKC", text).strip().strip("<>").removeprefix("mailto:").lower()
    return cleaned if _EMAIL.fullmatch(cleaned) else ""


def emails(text: str | None) -> tuple[str, ...]:
    """All valid addresses of a list separated by semicolons or commas, in order, each once."""
    found = (email(part) for part in re.split(r"[;,]", text or ""))
    return tuple(dict.fromkeys(address for address in found if address))


def email_domain(address: str) -> str:
    """The part behind the @, or ""."""
    return address.rpartition("@")[2] if "@" in address else ""


def is_free_mail(address: str) -> bool:
    """Whether anybody may have an address at this domain."""
    return email_domain(address) in FREE_MAIL


def is_role_address(address: str) -> bool:
    """Whether a team rather than one person reads this address (info@, sales@ ...)."""
    return address.partition("@")[0].split("+")[0] in ROLE_ADDRESSES


def digits(text: str | None) -> str:
    """A phone number's digits; "00" in front and "+" mean the same, and are dropped."""
    return re.sub(r"\D", "", text or "").removeprefix("00")


def _words(text: str | None) -> list[str]:
    folded = (text or "").casefold()
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa")):
        folded = folded.replace(umlaut, plain)
    return re.findall(r"[a-z0-9]+", anyascii(folded).lower())


def name_key(first: str | None, last: str | None) -> str:
    """A name for comparison: ASCII, lower case, nicknames written out: ("Bob", "Müller") → "robert mueller"."""
    words = [_NICKNAMES.get(word, word) for word in _words(first)] + _words(last)
    return " ".join(words)


def names_agree(a: str, b: str) -> bool:
    """Whether two name keys may be one person's: equal, or one lacks parts or has only initials of the other."""
    ours, theirs = a.split(), b.split()
    if not ours or not theirs:
        return True
    short, long = sorted((ours, theirs), key=len)
    return all(any(w == v or (len(w) == 1 and v.startswith(w)) or (len(v) == 1 and w.startswith(v)) for v in long)
               for w in short)  # fmt: skip
