"""Words that are written in many ways: abbreviations, generic words of other scripts, marks of a company's state."""

from __future__ import annotations

ASIAN = [
    ("股份有限公司", " co ltd "), ("有限責任公司", " co ltd "), ("有限责任公司", " co ltd "),
    ("有限公司", " co ltd "),
    ("股份公司", " co ltd "), ("株式会社", " kabushiki kaisha "), ("(株)", " kabushiki kaisha "),
    ("合同会社", " godo kaisha "),
    ("有限会社", " co ltd "), ("주식회사", " co ltd "), ("(주)", " co ltd "), ("유한회사", " co ltd "),
    ("บริษัท", " "),
    ("จำกัด (มหาชน)", " pcl "), ("จำกัด(มหาชน)", " pcl "), ("จำกัด", " ltd "), ("ธนาคาร", " bank "),
    ('בע"מ', " ltd "), ("בע״מ", " ltd "), ("בעמ", " ltd "), ("ホールディングス", " holdings "),
    ("グループ", " group "),
    ("集团", " group "), ("集團", " group "), ("控股", " holdings "), ("銀行", " bank "), ("银行", " bank "),
    ("은행", " bank "),
    ("证券", " securities "), ("證券", " securities "), ("証券", " securities "), ("保险", " insurance "),
    ("保險", " insurance "), ("保険", " insurance "), ("基金管理", " fund management "),
    ("农村商业", " rural commercial "),
    ("農村商業", " rural commercial "), ("科技", " technology "), ("金融", " financial "), ("电子", " electronics "),
    ("電子", " electronics "), ("工业", " industry "), ("工業", " industry "), ("电力", " power "),
    ("投资", " investment "),
    ("投資", " investment "), ("贸易", " trading "), ("管理", " management "), ("汽车", " automobile "), ("省", " "),
    ("市", " "), ("县", " "), ("建设", " construction "), ("实业", " industrial "), ("技术", " technology "),
    ("技術", " technology "), ("能源", " energy "), ("食品", " food "), ("半导体", " semiconductor "),
    ("半導體", " semiconductor "), ("制造", " manufacturing "), ("製造", " manufacturing "), ("资产", " asset "),
    ("资本", " capital "), ("服务", " services "), ("物流", " logistics "), ("信托", " trust "), ("人寿", " life "),
    ("分行", " branch "), ("支店", " branch "), ("国际", " international "), ("國際", " international "),
    ("（", " ("),
    ("）", ") "), ("・", " "), ("·", " "), ("شركة", " "), ("ش.م.ك", " ksc "),
]  # fmt: skip
"""Legal forms and generic words of scripts that write no spaces, in the words that the rest of the world uses."""

ABBREVIATIONS = {
    "intl": "international", "intern": "international", "hldgs": "holdings", "hldg": "holding", "hlds": "holdings",
    "grp": "group", "svcs": "services", "svc": "service", "mgmt": "management", "mgt": "management",
    "finl": "financial", "fincl": "financial", "mfg": "manufacturing", "natl": "national", "assn": "association",
    "amer": "america", "bros": "brothers", "bk": "bank", "chem": "chemical", "ind": "industries",
    "inds": "industries", "invt": "investment", "inv": "investment", "invs": "investments", "pptys": "properties",
    "ppty": "property", "rlty": "realty", "ins": "insurance", "commun": "communications", "sys": "systems",
    "techs": "technologies", "govt": "government", "univ": "university", "hosp": "hospital",
    "bancorporation": "bancorp", "westn": "western", "elec": "electric", "labs": "laboratories",
    "pharm": "pharmaceuticals",
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
