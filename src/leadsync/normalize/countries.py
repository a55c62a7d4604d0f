"""Countries as people write them, brought to ISO 3166-1 alpha-2."""

from __future__ import annotations

import re
from functools import cache

from anyascii import anyascii

_NAMES = """
AD andorra; AE united arab emirates, uae, emirates, u a e, abu dhabi, dubai, alimarat; AF afghanistan
AG antigua and barbuda; AI anguilla; AL albania, shqiperia; AM armenia, hayastan; AO angola; AQ antarctica
AR argentina; AS american samoa; AT austria, osterreich, oesterreich, autriche; AU australia; AW aruba
AX aland islands, aland; AZ azerbaijan, azarbaycan; BA bosnia and herzegovina, bosnia, bosna i hercegovina
BB barbados; BD bangladesh; BE belgium, belgie, belgique, belgien; BF burkina faso
BG bulgaria, balgariya, bulgariya, b lgariya; BH bahrain; BI burundi; BJ benin; BL saint barthelemy; BM bermuda
BN brunei, brunei darussalam; BO bolivia, plurinational state of bolivia
BQ bonaire sint eustatius and saba, caribbean netherlands; BR brazil, brasil; BS bahamas; BT bhutan; BV bouvet island
BW botswana; BY belarus; BZ belize; CA canada; CC cocos islands
CD democratic republic of the congo, dr congo, congo kinshasa, drc; CF central african republic
CG congo, republic of the congo, congo brazzaville; CH switzerland, schweiz, suisse, svizzera, suiza, swiss
CI cote d ivoire, ivory coast; CK cook islands; CL chile; CM cameroon, cameroun
CN china, peoples republic of china, p r china, pr china, prc, mainland china, zhongguo, zhonghuarenmingongheguo
CO colombia; CR costa rica; CU cuba; CV cape verde, cabo verde; CW curacao; CX christmas island; CY cyprus, kypros
CZ czech republic, czechia, ceska republika, cesko; DE germany, deutschland, allemagne, alemania; DJ djibouti
DK denmark, danmark; DM dominica; DO dominican republic, republica dominicana; DZ algeria, algerie; EC ecuador
EE estonia, eesti; EG egypt, misr; EH western sahara; ER eritrea; ES spain, espana, espagne, spanien; ET ethiopia
FI finland, suomi; FJ fiji; FK falkland islands; FM micronesia; FO faroe islands, faroes, foroyar
FR france, frankreich, francia; GA gabon
GB united kingdom, uk, great britain, britain, england, scotland, wales, northern ireland, u k, gbr; GD grenada
GE georgia, sakartvelo; GF french guiana; GG guernsey; GH ghana; GI gibraltar; GL greenland; GM gambia; GN guinea
GP guadeloupe; GQ equatorial guinea; GR greece, hellas, ellada, ellas, el, hellenic republic
GS south georgia and the south sandwich islands; GT guatemala; GU guam; GW guinea bissau; GY guyana
HK hong kong, hongkong, hong kong sar, xianggang; HM heard island; HN honduras; HR croatia, hrvatska; HT haiti
HU hungary, magyarorszag; ID indonesia; IE ireland, republic of ireland, eire; IL israel, yshr l, ysr l
IM isle of man; IN india, bharat; IO british indian ocean territory; IQ iraq; IR iran, islamic republic of iran
IS iceland, island; IT italy, italia, italien, italie; JE jersey; JM jamaica; JO jordan
JP japan, nippon, nihon, riben; KE kenya; KG kyrgyzstan; KH cambodia; KI kiribati; KM comoros
KN saint kitts and nevis; KP north korea, democratic peoples republic of korea
KR south korea, korea, republic of korea, hanguk, hangug, daehanminguk, daehanmingug; KW kuwait
KY cayman islands, cayman; KZ kazakhstan, qazaqstan, kazakstan; LA laos; LB lebanon, liban; LC saint lucia, st lucia
LI liechtenstein; LK sri lanka; LR liberia; LS lesotho; LT lithuania, lietuva
LU luxembourg, luxemburg, letzebuerg, grand duchy of luxembourg; LV latvia, latvija; LY libya; MA morocco, maroc
MC monaco; MD moldova, republic of moldova; ME montenegro, crna gora; MF saint martin; MG madagascar
MH marshall islands
MK north macedonia, macedonia; ML mali; MM myanmar, burma; MN mongolia; MO macao, macau, aomen
MP northern mariana islands; MQ martinique; MR mauritania; MS montserrat; MT malta; MU mauritius, maurice; MV maldives
MW malawi; MX mexico; MY malaysia; MZ mozambique; NA namibia; NC new caledonia; NE niger; NF norfolk island
NG nigeria; NI nicaragua; NL netherlands, nederland, holland, pays bas, niederlande, paises bajos
NO norway, norge, noreg; NP nepal; NR nauru; NU niue; NZ new zealand, aotearoa; OM oman; PA panama; PE peru
PF french polynesia, tahiti; PG papua new guinea; PH philippines, pilipinas; PK pakistan
PL poland, polska, polen, pologne; PM saint pierre and miquelon; PN pitcairn; PR puerto rico
PS palestine, state of palestine; PT portugal; PW palau; PY paraguay; QA qatar; RE reunion, la reunion; RO romania
RS serbia, srbija; RU russia, russian federation, rossiya, rossiyskaya federatsiya; RW rwanda
SA saudi arabia, ksa, kingdom of saudi arabia, alsaudia; SB solomon islands; SC seychelles; SD sudan
SE sweden, sverige, schweden; SG singapore, singapur, xinjiapo; SH saint helena; SI slovenia, slovenija
SJ svalbard and jan mayen; SK slovakia, slovensko, slovak republic, slovenska republika; SL sierra leone
SM san marino; SN senegal; SO somalia; SR suriname; SS south sudan; ST sao tome and principe; SV el salvador
SX sint maarten; SY syria; SZ eswatini, swaziland; TC turks and caicos islands; TD chad
TF french southern territories; TG togo; TH thailand, prathet thai; TJ tajikistan; TK tokelau
TL timor leste, east timor; TM turkmenistan; TN tunisia, tunisie; TO tonga; TR turkey, turkiye, tuerkei, turkei
TT trinidad and tobago, trinidad; TV tuvalu; TW taiwan, chinese taipei, taiwan roc, republic of china; TZ tanzania
UA ukraine, ukraina, ukrayina; UG uganda; UM united states minor outlying islands; US vereinigte staaten
US united states, united states of america, usa, u s a, u s, america, the states, estados unidos, etats unis
UY uruguay; UZ uzbekistan; VA vatican, holy see, vatican city; VC saint vincent and the grenadines; VE venezuela
VG british virgin islands, bvi; VI us virgin islands, virgin islands; VN vietnam, viet nam; VU vanuatu
WF wallis and futuna; WS samoa; XK kosovo; YE yemen; YT mayotte; ZA south africa, suid afrika, rsa; ZM zambia
ZW zimbabwe
"""

_OFFICIAL = """
FK malvinas; GB united kingdom of great britain and northern ireland; HK hong kong s a r, hong kong sar china
HK hong kong china; KP democratic people s republic of korea, democratic peoples republic of korea
LA lao people s democratic republic, lao pdr; LY libyan arab jamahiriya; MK former yugoslav republic of macedonia
FM federated states of micronesia; MO macao sar china, macau sar china, macao china; PS occupied palestinian territory
SH saint helena ascension and tristan da cunha; SY syrian arab republic; TW taiwan province of china, taiwan china
TZ united republic of tanzania; VE bolivarian republic of venezuela; VI u s virgin islands; CD kinshasa congo
GY co operative republic of guyana, cooperative republic of guyana
"""
"""Names as ISO 3166 and the pick lists of CRMs have them ("Tanzania, United Republic of" is Salesforce's)."""
_SUBDIVISION = re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]{1,3}")

_ALPHA3 = """
AND AD ARE AE AFG AF ATG AG AIA AI ALB AL ARM AM AGO AO ARG AR ASM AS AUT AT AUS AU ABW AW ALA AX AZE AZ BIH BA BRB BB
BGD BD BEL BE BFA BF BGR BG BHR BH BDI BI BEN BJ BLM BL BMU BM BRN BN BOL BO BES BQ BRA BR BHS BS BTN BT BWA BW BLR BY
BLZ BZ CAN CA COD CD CAF CF COG CG CHE CH CIV CI COK CK CHL CL CMR CM CHN CN COL CO CRI CR CUB CU CPV CV CUW CW CYP CY
CZE CZ DEU DE DJI DJ DNK DK DMA DM DOM DO DZA DZ ECU EC EST EE EGY EG ERI ER ESP ES ETH ET FIN FI FJI FJ FLK FK FSM FM
FRO FO FRA FR GAB GA GBR GB GRD GD GEO GE GUF GF GGY GG GHA GH GIB GI GRL GL GMB GM GIN GN GLP GP GNQ GQ GRC GR GTM GT
GUM GU GNB GW GUY GY HKG HK HND HN HRV HR HTI HT HUN HU IDN ID IRL IE ISR IL IMN IM IND IN IRQ IQ IRN IR ISL IS ITA IT
JEY JE JAM JM JOR JO JPN JP KEN KE KGZ KG KHM KH KIR KI COM KM KNA KN PRK KP KOR KR KWT KW CYM KY KAZ KZ LAO LA LBN LB
LCA LC LIE LI LKA LK LBR LR LSO LS LTU LT LUX LU LVA LV LBY LY MAR MA MCO MC MDA MD MNE ME MAF MF MDG MG MHL MH MKD MK
MLI ML MMR MM MNG MN MAC MO MNP MP MTQ MQ MRT MR MSR MS MLT MT MUS MU MDV MV MWI MW MEX MX MYS MY MOZ MZ NAM NA NCL NC
NER NE NFK NF NGA NG NIC NI NLD NL NOR NO NPL NP NRU NR NIU NU NZL NZ OMN OM PAN PA PER PE PYF PF PNG PG PHL PH PAK PK
POL PL SPM PM PCN PN PRI PR PSE PS PRT PT PLW PW PRY PY QAT QA REU RE ROU RO SRB RS RUS RU RWA RW SAU SA SLB SB SYC SC
SDN SD SWE SE SGP SG SHN SH SVN SI SJM SJ SVK SK SLE SL SMR SM SEN SN SOM SO SUR SR SSD SS STP ST SLV SV SXM SX SYR SY
SWZ SZ TCA TC TCD TD TGO TG THA TH TJK TJ TKL TK TLS TL TKM TM TUN TN TON TO TUR TR TTO TT TUV TV TWN TW TZA TZ UKR UA
UGA UG USA US URY UY UZB UZ VAT VA VCT VC VEN VE VGB VG VIR VI VNM VN VUT VU WLF WF WSM WS YEM YE MYT YT ZAF ZA ZMB ZM
ZWE ZW
"""


def _plain(text: str) -> str:
    """ASCII lower-case words: "Côte d'Ivoire" → "cote d ivoire"."""
    letters = (text if text.isascii() else anyascii(text)).lower().replace("&", " and ")
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for entry in (_NAMES + _OFFICIAL).replace("\n", ";").split(";"):
        code, _, names = entry.strip().partition(" ")
        if code:
            table[code.lower()] = code
            table.update((name.strip(), code) for name in names.split(","))
    alpha3 = _ALPHA3.split()
    table.update((three.lower(), two) for three, two in zip(alpha3[::2], alpha3[1::2], strict=True))
    return table


_TABLE = _table()
COUNTRIES = frozenset(_TABLE.values())
"""All alpha-2 codes known, with XK for Kosovo."""


def country_code(text: str | None) -> str:
    """The ISO 3166-1 alpha-2 code of a country given as code, English or native name; "" when it is none we know.

    "Germany", "deutschland", "DEU", "日本", "Korea, Republic of" are understood; "EL" is Greece and "UK" Britain,
    as the European Union writes them. Of "US-DE" or "DE-BY" (ISO 3166-2) the front part counts.
    """
    if text is None:
        return ""
    plain = _plain(text)
    found = _TABLE.get(plain)
    if found is None and ("," in text or "(" in text):
        name, _, rest = text.replace("(", ",", 1).replace(")", " ", 1).partition(",")
        found = _TABLE.get(_plain(f"{rest} {name}")) or (_TABLE.get(_plain(name)) if "(" in text else None)
    if found is None and _SUBDIVISION.fullmatch(text.strip()):
        found = _TABLE.get(plain[:2])
    return found or ""


@cache
def country_names(code: str) -> frozenset[str]:
    """The one-word names of a country in ASCII, English and native: "DE" → germany, deutschland, allemagne ..."""
    return frozenset(name for name, known in _TABLE.items() if known == code and len(name) > 3 and " " not in name)


NATIVE = {
    "中国": "CN", "日本": "JP", "대한민국": "KR", "한국": "KR", "香港": "HK", "台灣": "TW", "台湾": "TW", "臺灣": "TW",
    "ประเทศไทย": "TH", "ไทย": "TH", "ישראל": "IL", "مصر": "EG", "السعودية": "SA", "المملكة العربية السعودية": "SA",
    "الإمارات": "AE", "الإمارات العربية المتحدة": "AE", "საქართველო": "GE", "Հայաստան": "AM", "भारत": "IN",
    "中华人民共和国": "CN", "新加坡": "SG", "澳門": "MO", "المغرب": "MA", "الكويت": "KW", "قطر": "QA", "الأردن": "JO",
}  # fmt: skip
"""Names in scripts whose transliteration nobody would type."""

_TABLE.update((_plain(name), code) for name, code in NATIVE.items())
