"""Words that are written in many ways: abbreviations and marks of a company's state."""

from __future__ import annotations

ABBREVIATIONS = {
    "intl": "international", "intern": "international", "hldgs": "holdings", "hldg": "holding", "hlds": "holdings",
    "grp": "group", "svcs": "services", "svc": "service", "mgmt": "management", "mgt": "management",
    "finl": "financial", "fincl": "financial", "mfg": "manufacturing", "natl": "national", "assn": "association",
    "amer": "america", "bros": "brothers", "bk": "bank", "chem": "chemical", "ind": "industries",
    "inds": "industries", "invt": "investment", "inv": "investment", "invs": "investments", "pptys": "properties",
    "ppty": "property", "rlty": "realty", "ins": "insurance", "commun": "communications", "sys": "systems",
    "techs": "technologies", "govt": "government", "univ": "university", "hosp": "hospital",
    "bancorporation": "bancorp", "westn": "western", "elec": "electric", "labs": "laboratories",
    "pharm": "pharmaceutical", "nippon": "japan", "nihon": "japan", "pharmaceuticals": "pharmaceutical",
}  # fmt: skip
"""English abbreviations that stand for one word only."""

MARKERS = frozenset(
    tuple(words.split())
    for words in """
    in liquidation, in liquidazione, en liquidation, in liqu, i l, il, w likwidacji, v likvidaci, v likvidacii,
    in liquidatie, i likvidation, under konkurs, en liquidacion, em liquidacao, u likvidaciji, u stecaju,
    likvidalas alatt, f a, felszamolas alatt, in fallimento, in concordato preventivo, in administration,
    in bankruptcy, deceased, in oprichting, w organizacji, in scioglimento, in grundung, v konkurze, v konkursu,
    w upadlosci, en redressement judiciaire, in voluntary liquidation, liquidazione, dissolved, insolvent,
    in receivership, publ,
    """.split(",")
)
"""Endings that tell a company's state and are no part of its name."""
