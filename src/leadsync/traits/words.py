"""The words that job titles, industries and throw-away entries are recognised by.

All patterns but `OTHER_SCRIPTS` look at folded text (`fold`): lower-case ASCII words with single blanks.
"""

from __future__ import annotations

import re
from typing import Final


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + re.sub(r"\s*\n\s*", "", pattern) + r")\b")


STUDENT_DOMAINS: Final = re.compile(r"\.edu$|\.edu\.[a-z]{2}$|\.ac\.[a-z]{2}$|@(?:[^@]*\.)?(?:uni|tu|fh|hs)-[^@]+$")
TEST_DOMAINS: Final = frozenset(("test.com", "test.test", "asdf.com", "mailinator.com", "example.test"))
TEST_WORDS: Final = frozenset("test tester testing asdf asdfasdf qwerty qwertz xxx aaa abc foo bar dummy fake".split())

_I: Final = re.IGNORECASE
OTHER_SCRIPTS: Final = (
    ("vp", re.compile(r"副总裁|副總裁|副社長|부사장|вице-президент", _I)),
    ("c_level", re.compile(r"总经理|總經理|首席|社長|代表取締役|董事长|董事長|대표|генеральный директор", _I)),
    ("director", re.compile(r"总监|總監|部長|部长|이사|директор|начальник", _I)),
    ("manager", re.compile(r"经理|經理|課長|과장|팀장|менеджер", _I)),
    ("student", re.compile(r"学生|學生|实习|實習|インターン|학생|인턴|студент|стажер", _I)),
)

ASSISTANTS: Final = _words(r"""(?:executive |personal |team |management )?assistant (?:to|of)(?: the)?|
    (?:executive|personal|administrative|team|management) assistant|assistent\w*|assistante (?:de|du|d)|pa to|
    secretary(?: to)?|sekretaer\w*|office of the""")
"""Who works for somebody of rank, and would otherwise be taken for them."""

NO_MANAGERS: Final = _words(r"""(?:account|office|community|case|social media|content|event) manager\w*|
    (?:product|process|system|data|risk|scrum|business process) owners?|project lead\w*""")
"""Titles with a word of rank that name no rank."""

SENIORITIES: Final = (
    (
        "student",
        _words(r"""student\w*|studierende\w*|etudiante?|estudiante|internship|interns?|trainee|praktikant\w*|
        werkstudent\w*|stagiaire|stagista|becari[oa]|apprentice|azubi|auszubildende\w*|pupil|
        (?:phd|doctoral) candidate"""),
    ),
    ("manager", _words(r"avp|(?:assistant|associate) vice president")),
    ("vp", _words(r"[esg]?vp|vice president\w*|vicepresidente?|vice presidente?")),
    ("director", _words(r"chief of staff")),
    (
        "c_level",
        _words(r"""chief|c[efmtirpdsaxolh]o|chro|ciso|president|presidente|presidenta|(?:co ?)?founder\w*|
        (?:co ?)?owner|managing (?:director|partner|member)|geschaeftsfuehr\w*|geschaeftsleit\w*|vorst(?:and|aend)\w*|
        inhaber\w*|gruender\w*|directeur general|directrice generale|pdg|gerant|fondateur|fondatrice|
        amministratore delegato|amministratore unico|titolare|fondatore|director general|directora general|
        consejer[oa] delegad[oa]|gerente general|fundador\w*|chair(?:man|woman|person)|
        (?:board member|member of the (?:management |executive |supervisory )?board)|algemeen directeur|bestuurder|
        oprichter|eigenaar|verkstaellande direktoer|verkstallande direktor|toimitusjohtaja|prezes"""),
    ),
    ("manager", _words(r"teamleit\w*|projektleit\w*|schichtleit\w*|gruppenleit\w*|channel partner manager")),
    (
        "director",
        _words(r"""director\w*|directeur|directrice|direttore|direttrice|direktor\w*|diretora?|dyrektor|dir|
        (?:global |group )?head|\w*leiter(?:in)?|\w*leitung|general manager|gerente|prokurist\w*|partner|principal|
        hoofd|sous directeur|responsable national\w*"""),
    ),
    (
        "manager",
        _words(r"""manager\w*|mgr|team lead\w*|lead|leader|supervisor\w*|superintendent|responsable|
        responsabile|jef[ea]|chef|chef de \w+|teamlead|foreman|sachgebiet\w*"""),
    ),
)
"""(rank, words), tried in this order: "Vice President" must not pass for a president, nor a team leader for a head."""

DEPARTMENTS: Final = (
    ("procurement", _words(r"procurement|purchas\w*|buyer|einkauf\w*|achats?|compras|acquisti|inkoop|sourcing")),
    (
        "marketing",
        _words(r"""marketing|brand|growth|demand generation|communications?|kommunikation|content|
        seo|cmo|social media|pr"""),
    ),
    (
        "sales",
        _words(r"""sales|account (?:manager|executive)|vertrieb\w*|ventes?|commercial\w*|ventas|vendite|verkoop|
        business development|cro|revenue|partnerships?|presales"""),
    ),
    (
        "finance",
        _words(r"""financ\w*|finanz\w*|cfo|chief financial|controller|controlling|accountant|accounting|
        treasur\w*|
        buchhalt\w*|comptab\w*|audit\w*|tax"""),
    ),
    ("hr", _words(r"hr|human resources?|people|talent|recruit\w*|personal\w*|chro|rh|payroll")),
    ("legal", _words(r"legal|counsel|lawyer|jurist\w*|compliance|recht\w*|juridique|attorney|privacy|dpo")),
    (
        "it",
        _words(r"""it|information (?:technology|systems?|security)|cio|chief information|ciso|cto|security|
        infrastructure|sysadmin|
        system\w* administrator|devops|cloud|informatik\w*|informatique|edv|dsi|crm|salesforce|data|analytics|
        digital\w*|business intelligence"""),
    ),
    (
        "engineering",
        _words(r"""engineer\w*|ingenieur\w*|ingenier\w*|developer|entwickl\w*|software|technology|
        technical|technik\w*|architect|r&d|research|forschung\w*|scientist|r d"""),
    ),
    ("product", _words(r"product|produkt\w*|produits?|ux|design\w*")),
    ("support", _words(r"support|customer (?:success|service|care)|kundenservice|service desk|helpdesk")),
    (
        "operations",
        _words(r"""operations?|ops|operational|coo|chief operating|supply chain|logisti\w*|production|
        produktion\w*|
        manufacturing|plant|quality|facilit\w*|warehouse|betrieb\w*|procedures?|transport\w*"""),
    ),
    (
        "management",
        _words(r"""ceo|chief executive|president|founder|co founder|owner|chairman|
        managing (?:director|partner)|
        geschaeftsfuehr\w*|vorst(?:and|aend)\w*|general manager|directeur general|inhaber\w*|strategy|pdg"""),
    ),
)
"""(department, words), tried in this order."""

INDUSTRIES: Final = (
    ("software", _words(r"""computer software|software|saas|internet|information technology.*|technology|
        computer \w+( \w+)?|it services|electronics|semiconductors?""")),
    ("finance", _words(r"bank\w*|insurance|financ\w*|capital markets|investment \w+|venture capital.*|accounting")),
    ("healthcare", _words(r"health\w*|hospital.*|pharma\w*|biotech\w*|medical.*|mental health.*|life sciences?")),
    ("manufacturing", _words(r"""manufactur\w*|machinery|automotive|aviation.*|aerospace|defen[cs]e.*|chemicals?|
        industrial.*|mechanical.*|engineering|building materials|plastics|steel|textiles|shipbuilding|
        electrical.*|packaging.*|paper.*|glass.*""")),
    ("energy", _words(r"energy|oil.*|utilities|renewables.*|mining.*")),
    ("retail", _words(r"retail|consumer.*|apparel.*|wholesale|luxury.*|supermarkets|e ?commerce|sporting goods")),
    ("food", _words(r"food.*|beverages?|restaurants?|dairy|agriculture|farming|wine.*|tobacco")),
    ("telecom", _words(r"telecom\w*|wireless|communications|media|entertainment|broadcast.*|publishing")),
    ("logistics", _words(r"logistics.*|transport\w*.*|shipping|maritime|airlines.*|package freight.*|warehousing")),
    ("real_estate", _words(r"real estate|commercial real estate|construction|architecture.*|civil engineering")),
    ("services", _words(r"consult\w*|professional services|legal services|law practice|staffing.*|marketing.*|"
                        r"business supplies.*|management consulting|human resources|research|design|advertising")),
    ("public", _words(r"government.*|public.*|education.*|higher education|non ?profit.*|not for profit|military|"
                      r"university|e learning|libraries|museums.*")),
    ("hospitality", _words(r"hospitality|hotels?|leisure.*|travel|recreation.*|gambling.*|tourism")),
)  # fmt: skip
"""(group, words) for HubSpot's and Salesforce's industry options."""
