"""Company names, legal forms, countries and domains as people and registers write them."""

import pytest

from leadsync.normalize.company import (
    core_name,
    country_code,
    domain_label,
    domain_of,
    head_office,
    is_shared,
    legal_form,
    plain_words,
    related,
)

NAMES = [
    ("MÜLLER Maschinenbau G.m.b.H.", "DE", "muller maschinenbau", "gmbh"),
    ("Mueller Maschinenbau Gesellschaft mit beschränkter Haftung", "DE", "muller maschinenbau", "gmbh"),
    ("Siemens Aktiengesellschaft", "DE", "siemens", "ag"),
    ("Kratzer GmbH & Co.KG", "DE", "kratzer", "gmbhcokg"),
    ("PT Bank Central Asia Tbk.", "ID", "bank central asia", "tbk"),
    ("AMERICA MOVIL S A B DE C V", "MX", "america movil", "sab"),
    ("AMERICA MOVIL S.A.B. DE C.V.", "MX", "america movil", "sab"),
    ('публичное акционерное общество "Нефтяная компания "Роснефть"', "RU", "neftyanaya company rosneft", "pjsc"),
    ("中国电信股份有限公司", "CN", "china telecom", "ltd"),
    ("บริษัท ธนาคารกรุงเทพ จำกัด (มหาชน)", "TH", "bank bangkok", "plc"),
    ("A. P. Møller - Mærsk A/S", "DK", "ap moller marsk", "as"),
    ("L'Oréal S.A.", "FR", "loreal", "sa"),
    ("J.P. Morgan & Co. Inc.", "US", "jp morgan", "inc"),
    ("futura s r l", "IT", "futura", "srl"),
    ("Futura S.r.l.", "IT", "futura", "srl"),
    ("The Walt Disney Company", "US", "walt disney", "co"),
    ("ALIOR BANK SPÓŁKA AKCYJNA", "PL", "alior bank", "sa"),
    ("Essity Aktiebolag (publ)", "SE", "essity", "ab"),
    ("Sberbank CZ, a.s. v likvidaci", "CZ", "sberbank cz", "as"),
    ('AS "PRIVATBANK"', "LV", "privatbank", "as"),
    ("S.C. Dacia S.R.L.", "RO", "dacia", "srl"),
    ("BlackSea Sp. z o.o.", "PL", "blacksea", "zoo"),
    ("Foo S.à r.l.", "LU", "foo", "sarl"),
    ("AT&T Inc.", "US", "at t", "inc"),
    ("Sparkasse Celle-Gifhorn-Wolfsburg", "DE", "sparkasse celle gifhorn wolfsburg", ""),
    ('בנק הפועלים בע"מ', "IL", "bank hfvlym", "ltd"),
    ("GmbH", "DE", "gmbh", ""),
    ("", "", "", ""),
]


@pytest.mark.parametrize(("name", "country", "core", "form"), NAMES, ids=[n[0] or "an empty name" for n in NAMES])
def test_a_name_is_taken_apart_into_core_and_legal_form(name, country, core, form):
    assert core_name(name, country) == core
    assert legal_form(name, country) == form


def test_a_short_form_counts_only_where_it_is_one():
    assert core_name("Delta DD", "HR") == "delta"
    assert core_name("Delta DD", "US") == "delta dd"
    assert core_name("Delta DD") == "delta"


def test_forms_that_translate_each_other_are_related_and_siblings_are_not():
    assert related("ag", "sa")
    assert related("inc", "corp")
    assert not related("gmbh", "gmbhcokg")
    assert not related("ag", "kg")


COUNTRIES = [
    ("Germany", "DE"), ("deutschland", "DE"), ("DEU", "DE"), ("de", "DE"), ("UK", "GB"), ("U.K.", "GB"), ("USA", "US"),
    ("United States of America", "US"), ("The Netherlands", "NL"), ("Holland", "NL"), ("日本", "JP"), ("EL", "GR"),
    ("Ελλάδα", "GR"), ("Россия", "RU"), ("Österreich", "AT"), ("Türkiye", "TR"), ("Côte d'Ivoire", "CI"),
    ("Korea, Republic of", "KR"), ("NA", "NA"), ("US-DE", "US"), ("Iran, Islamic Republic of", "IR"), ("Norge", "NO"),
    ("Tanzania, United Republic of", "TZ"), ("Venezuela, Bolivarian Republic of", "VE"), ("Syrian Arab Republic", "SY"),
    ("Lao People's Democratic Republic", "LA"), ("Holy See (Vatican City State)", "VA"), ("Virgin Islands, U.S.", "VI"),
    ("Korea, Democratic People's Republic of", "KP"), ("Korea (Democratic People's Republic of)", "KP"),
    ("Congo (Democratic Republic of the)", "CD"), ("Falkland Islands (Malvinas)", "FK"), ("China (Taiwan)", "TW"),
    ("United States of America (USA)", "US"), ("Virgin Islands (British)", "VG"), ("DE-BY", "DE"), ("In-house", ""),
    ("Co-operative Republic of Guyana", "GY"), ("Hong Kong SAR China", "HK"), ("Myanmar (Burma)", "MM"),
    ("Atlantis", ""), ("", ""), ("-", ""), ("Hong Kong SAR", "HK"), ("Czechia", "CZ"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), COUNTRIES, ids=[f"{t or 'blank'} is {c or 'none'}" for t, c in COUNTRIES])
def test_countries_are_understood_as_people_write_them(text, code):
    assert country_code(text) == code


def test_no_country_is_blank_not_an_error():
    assert country_code(None) == ""


DOMAINS = [
    ("https://www.shop.acme.co.uk/x?y", "acme.co.uk"),
    ("jan@mail.acme.com", "acme.com"),
    ("Acme.COM:8080", "acme.com"),
    ("acme.github.io", "acme.github.io"),
    ("www.müller.example", "xn--mller-kva.example"),
    ("bbc.co.uk", "bbc.co.uk"),
    ("http://10.0.0.1/", ""),
    ("n/a", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "domain"), DOMAINS, ids=[f"{t or 'blank'} → {d or 'none'}" for t, d in DOMAINS])
def test_the_registrable_domain_is_taken_out_of_urls_and_addresses(text, domain):
    assert domain_of(text) == domain


def test_an_address_within_an_address_is_not_the_companys():
    assert domain_of("www.acme.co.uk/?from=https://www.facebook.com/acme") == "acme.co.uk"
    assert domain_of("https://acme.com/login?next=http://other.com") == "acme.com"
    assert domain_of("HTTPS://Acme.com") == "acme.com"


def test_shared_hosts_and_free_mail_belong_to_nobody():
    assert is_shared("linkedin.com")
    assert is_shared("acme.wordpress.com")
    assert is_shared("gmail.com", {"gmail.com"})
    assert not is_shared("acme.com", {"gmail.com"})
    assert domain_label("acme.co.uk") == "acme"
    assert domain_label("linkedin.com") == ""


OFFICES = [
    ("Nordbank AG, London Branch", "nordbank", "ag"),
    ("Bank of Ostland Limited Singapore Branch", "bank of ostland", "ltd"),
    ("Ostland National Bank (New York Branch)", "ostland national bank", ""),
]


@pytest.mark.parametrize(("name", "core", "form"), OFFICES, ids=[o[0] for o in OFFICES])
def test_a_branchs_name_tells_the_head_office(name, core, form):
    office = head_office(plain_words(name), {"london", "new", "york", "singapore"})
    assert office == (core.split(), form)


@pytest.mark.parametrize("name", ["Branch Banking and Trust Company", "Nordbank AG"])
def test_a_name_without_a_branch_behind_it_tells_no_head_office(name):
    assert head_office(plain_words(name), frozenset()) is None
