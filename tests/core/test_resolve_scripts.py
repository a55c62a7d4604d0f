"""Names in other scripts than Latin: how they are written out, how they sound, and that they resolve as typed."""

from __future__ import annotations

import pytest

from leadsync.normalize.company import core_name, parse_name
from leadsync.normalize.scripts import OTHER_SCRIPTS, is_foreign, kana, latin, sound
from leadsync.records import CompanyQuery, LegalEntity
from leadsync.resolve import ResolveSettings, resolve
from leadsync.resolve.names import overlap

WRITTEN_OUT = [
    ("青葉重工業株式会社", "JP", "aoba heavy industries"),
    ("株式会社青葉製作所", "JP", "aoba"),
    ("青葉銀行", "JP", "aoba bank"),
    ("あおば信用金庫", "JP", "aoba shinkin bank"),
    ("长沙银行股份有限公司", "CN", "changsha bank"),
    ("現代工程有限公司", "HK", "xiandai engineering"),
    ("한국전자 주식회사", "KR", "korea electronics"),
    ("엘지솔루션(주)", "KR", "lg solution"),
    ("ธนาคารสยาม จำกัด (มหาชน)", "TH", "bank siam"),
    ("Коммерческий банк «Пример»", "RU", "bank primer"),
    ("ΤΡΑΠΕΖΑ ΑΘΗΝΩΝ Α.Ε.", "GR", "bank athens"),
    ("ΝΗΡΕΑΣ ΑΝΩΝΥΜΗ ΕΤΑΙΡΙΑ ΠΑΡΟΧΗΣ ΕΠΕΝΔΥΤΙΚΩΝ ΥΠΗΡΕΣΙΩΝ", "GR", "nireas anonymi etairia investment services"),
    ("บริษัท สยามมอเตอร์ จำกัด", "TH", "siam motor"),
    ("بنك الخليج الدولي", "BH", "bank gulf international"),
    ('בנק לישראל בע"מ', "IL", "bank isral"),
]


@pytest.mark.parametrize(("name", "country", "core"), WRITTEN_OUT, ids=[w[0] for w in WRITTEN_OUT])
def test_a_name_is_written_out_in_the_worlds_words(name, country, core):
    assert core_name(name, country) == core


def test_japanese_is_told_from_chinese_by_its_forms_or_its_country():
    assert "aoba" in latin("株式会社青葉")
    assert "aoba" in latin("青葉", "JP")
    assert "aoba" not in latin("青葉", "CN")


def test_latin_letters_with_accents_are_not_another_script():
    assert not is_foreign("Łódź Müller Çelik Ørsted Ș")
    assert is_foreign("Αθήνα")
    assert is_foreign("東京 Tower")


def test_katakana_is_read_with_short_vowels():
    assert kana("トウシバ") == "toshiba"
    assert kana("シャープ") == "shapu"
    assert kana("フィナンシャル") == "finansharu"


SAME_SOUND = [
    ("advantest", "adobantesuto"),
    ("sharp", "shapu"),
    ("capital", "kepital"),
    ("cargo", "kargo"),
    ("innotek", "inoteg"),
    ("yahav", "yhv"),
]


@pytest.mark.parametrize(("typed", "romanised"), SAME_SOUND, ids=[s[0] for s in SAME_SOUND])
def test_a_word_sounds_as_its_romanisation(typed, romanised):
    assert sound(typed) == sound(romanised)


def test_words_of_different_consonants_do_not_sound_alike():
    assert sound("toyota") != sound("honda")
    assert sound("kawasaki") != sound("kansai")


def test_sound_counts_only_where_a_name_was_transliterated():
    assert overlap(("advantest",), ("adobantesuto",)).coverage == 0.0
    heard = overlap(("advantest",), ("adobantesuto",), foreign=True)
    assert heard.coverage == heard.precision == 1.0
    assert not heard.equal


TYPED = [
    ("Aoba Heavy Industries, Ltd.", "青葉重工業株式会社", "JP"),
    ("Bank of Changsha", "长沙银行股份有限公司", "CN"),
    ("Korea Electronics Co., Ltd.", "한국전자 주식회사", "KR"),
    ("Kalinor Ltd", "КАЛИНОР ЕООД", "BG"),
]


@pytest.mark.parametrize(("typed", "registered", "country"), TYPED, ids=[f"{t[0]} in {t[2]}" for t in TYPED])
def test_a_name_typed_in_latin_letters_is_found_first_among_namesakes_abroad(typed, registered, country):
    entities = [LegalEntity("X", registered, country), LegalEntity("Y", f"{typed.split()[0]} Foods GmbH", "DE")]
    match = resolve(CompanyQuery(typed, country), entities, ResolveSettings(threshold=0.0))
    assert match.candidates[0][0] == "X"
    assert any(said.startswith("name") for said in match.evidence)


def test_the_forms_of_other_scripts_are_known():
    assert parse_name("青葉株式会社", "JP").form == "kk"
    assert parse_name("ООО Пример", "RU").form == "ooo"
    assert "JP" in OTHER_SCRIPTS
