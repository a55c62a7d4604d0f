"""Names in other scripts than Latin, written with the words and the spaces that the rest of the world would use."""

from __future__ import annotations

import pkgutil
import re
from collections import defaultdict
from functools import cache, lru_cache

from anyascii import anyascii

from leadsync.normalize.script_words import KOREAN_LETTERS, ROMANISED, SIGNS

CACHED = 4096
"""Names that are remembered as taken apart: namesakes come close together, and memory is not to grow with the names."""

_JAPANESE = re.compile(r"[\u3041-\u30ff]|株式会社|合同会社|有限会社|農業協同|信用金庫|相互会社|合資会社|合名会社")
_UNSPOKEN = str.maketrans({"ー": "", "ッ": "", "っ": "", "・": " ", "·": " ", "（": " (", "）": ") ", "\u3000": " "})
_FOREIGN = re.compile(r"[\u0370-\u1dff\u3040-\ud7ff\ufb1d-\ufefc]")
OTHER_SCRIPTS = frozenset(
    "AE AF AM BA BG BH BY CN CY DZ EG GE GR HK IL IQ IR JO JP KG KH KR KW KZ LA LB LY MA MK MM MN MO OM PS QA RS RU SA "
    "SY TH TJ TM TN TW UA UZ YE".split()
)
"""Countries in whose registers names stand in other scripts than Latin."""
Readings = dict[str, list[tuple[str, str]]]


def is_foreign(text: str) -> bool:
    """Whether a text holds letters of another script than Latin."""
    return not text.isascii() and _FOREIGN.search(text) is not None


def _by_first(pairs: dict[str, str]) -> Readings:
    """The pairs by first sign, the longest first."""
    table: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for source, target in pairs.items():
        table[source[0]].append((source, f" {target} " if target else " "))
    return {first: sorted(some, key=lambda pair: -len(pair[0])) for first, some in table.items()}


@cache
def _generic() -> Readings:
    return _by_first(_spoken(SIGNS))


def _spoken(pairs: dict[str, str]) -> dict[str, str]:
    return {source.translate(_UNSPOKEN): target for source, target in pairs.items()}


@cache
def _japanese() -> Readings:
    """Generic words, and how the other words of Japanese company names are read (tools/japanese_readings.py)."""
    raw = pkgutil.get_data("leadsync.normalize", "readings.txt") or b""
    read: dict[str, str] = {}
    for line in raw.decode("utf-8").splitlines():
        if not line.startswith("#"):
            reading, *words = line.split()
            read.update(dict.fromkeys(words, reading))
    return _by_first(read | _spoken(SIGNS))


@lru_cache(maxsize=CACHED)
def latin(text: str, country: str = "") -> str:
    """A text in other scripts in ASCII letters: generic words translated, Japanese words as they are read, all others
    transliterated. `country` (alpha-2) tells Japanese from Chinese where the signs do not."""
    japanese = _JAPANESE.search(text) is not None or (country == "JP" and _FOREIGN.search(text) is not None)
    spoken = text.translate(_UNSPOKEN)
    if any("\uac00" <= sign <= "\ud7a3" for sign in spoken):
        for there, here in KOREAN_LETTERS.items():
            spoken = spoken.replace(there, f" {here} ")
    table = _japanese() if japanese else _generic()
    out: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(spoken):
        sign = spoken[at]
        found = next((pair for pair in table.get(sign, ()) if spoken.startswith(pair[0], at)), None)
        if found is not None:
            out += (_transliterated(rest, japanese=japanese), found[1])
            rest = []
            at += len(found[0])
            continue
        rest.append(sign)
        at += 1
    out.append(_transliterated(rest, japanese=japanese))
    return "".join(out)


def _digraphs() -> dict[str, str]:
    """Katakana written with a small second sign, which no transliteration by single signs gets right."""
    rows = {"キ": "ky", "シ": "sh", "チ": "ch", "ニ": "ny", "ヒ": "hy", "ミ": "my", "リ": "ry", "ギ": "gy", "ジ": "j",
            "ビ": "by", "ピ": "py"}  # fmt: skip
    pairs = {f"{sign}{small}": f"{start}{vowel}" for sign, start in rows.items() for small, vowel in _SMALL}
    borrowed = {"フ": "f", "ヴ": "v", "ウ": "w", "テ": "t", "デ": "d", "ト": "t", "ド": "d", "ツ": "ts", "シ": "sh",
                "チ": "ch", "ジ": "j", "ク": "kw"}  # fmt: skip
    return pairs | {
        f"{sign}{small}": f"{start}{vowel}" for sign, start in borrowed.items() for small, vowel in _SMALL_VOWELS
    }


_SMALL = (("ャ", "a"), ("ュ", "u"), ("ョ", "o"))
_SMALL_VOWELS = (("ァ", "a"), ("ィ", "i"), ("ゥ", "u"), ("ェ", "e"), ("ォ", "o"))
_DIGRAPHS = _digraphs()
_DIGRAPH = re.compile("|".join(_DIGRAPHS))
_LONG = re.compile(r"ou|oo|uu")


def kana(text: str) -> str:
    """Katakana and hiragana in Latin letters, vowels short: "トウシバ" → "toshiba"."""
    signs = "".join(chr(ord(c) + 0x60) if "\u3041" <= c <= "\u3096" else c for c in text.translate(_UNSPOKEN))
    read = anyascii(_DIGRAPH.sub(lambda pair: _DIGRAPHS[pair.group()], signs))
    return _LONG.sub(lambda pair: pair.group()[0], read)


_HAN = re.compile(r"[\u4e00-\u9fff]+")
_TWO = re.compile(r"..?")


def _transliterated(signs: list[str], *, japanese: bool) -> str:
    """What no table knows. Chinese words have mostly two signs, so that is where spaces go."""
    text = "".join(signs)
    if not text or text.isascii():
        return text
    if japanese:
        return kana(text)
    return anyascii(_HAN.sub(lambda run: " " + " ".join(_TWO.findall(run.group())) + " ", text))


def translated(words: list[str]) -> list[str]:
    """Romanised generic words of other languages in English: "kommercheskiy" → "commercial"."""
    return [word for romanised in words for word in ROMANISED.get(romanised, romanised).split()]


_HEARD = (
    ("tch", "j"), ("sch", "s"), ("ch", "j"), ("zh", "j"), ("sh", "s"), ("ph", "f"), ("th", "t"), ("ck", "k"),
    ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("q", "k"), ("x", "ks"), ("v", "p"), ("b", "p"), ("g", "k"),
    ("d", "t"), ("l", "r"), ("z", "s"), ("ts", "s"), ("m", "n"),
)  # fmt: skip
_SILENT_R = re.compile(r"r(?=[^aeiou]|$)")
_GLIDE = re.compile(r"(?<!^)[yw](?![aeiou])|(?<=[^aeiou])[yw]|h|[aeiou]")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=CACHED)
def sound(word: str) -> str:
    """The consonants one hears of an ASCII word: what "Advantest", アドバンテスト and any romanisation of it share.

    A vowel counts only at the start; voiced and voiceless are one; an R before a consonant is not heard in English and
    not written in Japanese. Digits stay.
    """
    heard = _SILENT_R.sub("", word)
    for written, spoken in _HEARD:
        heard = heard.replace(written, spoken)
    start = "a" if heard[:1] in {"a", "e", "i", "o", "u"} else ""
    return start + _TWICE.sub(r"\1", _GLIDE.sub("", heard))
