"""Phone numbers in the international form (ITU-T E.164), as far as simple rules go."""

from __future__ import annotations

import re

SHORTEST, LONGEST = 8, 15
"""Digits of an international number with its country code; at most 15 by ITU-T E.164, fewer than 8 is a stub."""

# Country → calling code and trunk prefix (what is dialled before a national number and left out from abroad).
# ITU-T Operational Bulletin, "List of ITU-T Recommendation E.164 assigned country codes" and "Dialling procedures".
_COUNTRIES = {
    code: (calling, "" if trunk == "-" else trunk)
    for code, calling, trunk in (
        row.split()
        for row in """
        AE 971 0|AR 54 0|AT 43 0|AU 61 0|BE 32 0|BG 359 0|BR 55 0|CA 1 1|CH 41 0|CL 56 -|CN 86 0|CO 57 -|CY 357 -
        CZ 420 -|DE 49 0|DK 45 -|EE 372 -|EG 20 0|ES 34 -|FI 358 0|FR 33 0|GB 44 0|GR 30 -|HK 852 -|HR 385 0|HU 36 06
        ID 62 0|IE 353 0|IL 972 0|IN 91 0|IS 354 -|IT 39 -|JP 81 0|KR 82 0|LT 370 0|LU 352 -|LV 371 -|MT 356 -|MX 52 -
        MY 60 0|NL 31 0|NO 47 -|NZ 64 0|PH 63 0|PL 48 -|PT 351 -|RO 40 0|RS 381 0|SA 966 0|SE 46 0|SG 65 -|SI 386 0
        SK 421 0|TH 66 0|TR 90 0|TW 886 0|UA 380 0|US 1 1|ZA 27 0
        """.replace("\n", "|").split("|")
        if row.strip()
    )
}
_EXTENSION = re.compile(r"(?:ext\.?|extension|x|#|;ext=)\s*\d+\s*$", re.IGNORECASE)


def known_country(code: str) -> bool:
    """Whether numbers of this country (ISO 3166-1 alpha-2) can be completed."""
    return code.upper() in _COUNTRIES


def e164(text: str, country: str) -> str:
    """The number as "+" and digits, a national one completed for `country`; what cannot be one stays as it is.

    "(0)" behind a country code is left out; an extension is not part of an international number and makes it stay.
    """
    if _EXTENSION.search(text):
        return text
    cleaned = text.strip().replace("(0)", "")
    digits = re.sub(r"\D", "", cleaned)
    if cleaned.startswith(("+", "00")):
        number = digits.removeprefix("00") if cleaned.startswith("00") else digits
    else:
        calling, trunk = _COUNTRIES[country.upper()]
        number = calling + digits.removeprefix(trunk)
    return f"+{number}" if SHORTEST <= len(number) <= LONGEST and digits else text
