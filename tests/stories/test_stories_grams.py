"""Scripts without spaces between words: runs of letters stand for words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Entry, Kind
from monitor.stories.fingerprint import fingerprint
from monitor.stories.grams import words_or_grams
from monitor.stories.judge import judge
from monitor.text import folded_words


def entry(title: str, *, text: str = "", outlet: str = "Kura Post") -> Entry:
    return Entry(1, "f", outlet, "", "", title, text, "", None, None, "")


COPIES = [
    ("Thai", "นายกรัฐมนตรีเดินทางถึงเชียงใหม่เพื่อหารือเรื่องน้ำท่วม"),
    ("Lao", "ນາຍົກລັດຖະມົນຕີເດີນທາງຮອດຫຼວງພະບາງ"),
    ("Khmer", "នាយករដ្ឋមន្ត្រីទៅដល់ខេត្តសៀមរាប"),
    ("Burmese", "ဝန်ကြီးချုပ်သည်မန္တလေးသို့ရောက်ရှိခဲ့သည်"),
    ("Chinese", "总理抵达第比利斯商谈铁路项目"),
    ("Japanese", "首相がトビリシに到着し鉄道について協議"),
]
DIFFERENT = [
    ("who whom, Chinese", "日本批评中国军演", "中国批评日本军演"),
    ("not, Chinese", "总理将访问第比利斯商谈铁路", "总理将不访问第比利斯商谈铁路"),
    ("an addition at the end, Chinese", "几内亚军官发动政变", "几内亚军官发动政变未遂"),
    ("a place for a place, Thai", "เกิดไฟไหม้โรงเรียนในเชียงใหม่เมื่อคืน", "เกิดไฟไหม้โรงเรียนในเชียงรายเมื่อคืน"),
    ("not, Thai", "นายกรัฐมนตรีจะลาออกเดือนหน้า", "นายกรัฐมนตรีจะไม่ลาออกเดือนหน้า"),
    ("a number, Thai", "รถชนที่เชียงใหม่มีผู้เสียชีวิต 3 ราย", "รถชนที่เชียงใหม่มีผู้เสียชีวิต 13 ราย"),
    ("a place for a place, Khmer", "ភ្លើងឆេះផ្សារនៅខេត្តសៀមរាប", "ភ្លើងឆេះផ្សារនៅខេត្តកំពត"),
    ("a place for a place, Burmese", "မန္တလေးတွင်မီးလောင်မှုဖြစ်ပွား", "ရန်ကုန်တွင်မီးလောင်မှုဖြစ်ပွား"),
]


@pytest.mark.parametrize(("script", "title"), COPIES)
def test_a_title_without_spaces_is_a_copy_under_another_outlets_name(script: str, title: str) -> None:
    one, other = fingerprint(entry(title)), fingerprint(entry(f"{title} - Kura Post"))
    assert judge(other, one, same_outlet=False).kind is Kind.COPY, script


@pytest.mark.parametrize(("why", "first", "second"), DIFFERENT)
def test_other_news_without_spaces_is_no_copy(why: str, first: str, second: str) -> None:
    one, other = fingerprint(entry(first)), fingerprint(entry(second))
    assert judge(other, one, same_outlet=False).kind is not Kind.COPY, why
    assert judge(one, other, same_outlet=True).kind is not Kind.COPY, why


def test_a_text_without_spaces_makes_a_copy_of_a_reworded_headline() -> None:
    text = (
        "นายกรัฐมนตรีเดินทางถึงเชียงใหม่เมื่อเช้านี้เพื่อหารือกับผู้ว่าราชการจังหวัดเรื่องน้ำท่วมที่สร้างความเสียหายแก่หมู่บ้านหลายสิบแห่ง"
        "ริมแม่น้ำปิงและจะเยี่ยมผู้ประสบภัยในช่วงบ่าย"
    )
    one = fingerprint(entry("นายกฯถึงเชียงใหม่หารือเรื่องน้ำท่วม", text=text))
    other = fingerprint(entry("นายกฯถึงเชียงใหม่หารือเรื่องน้ำท่วมหนัก", text=text))
    assert judge(other, one, same_outlet=False).kind is Kind.COPY


def test_latin_words_between_stretches_stay_words() -> None:
    assert words_or_grams("Apple发布iPhone 17") == ("apple", "|发", "发布", "布|", "iphone", "17")


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_a_text_with_spaces_gives_its_folded_words(text: str) -> None:
    assert words_or_grams(text) == tuple(part for word in folded_words(text) for part in word.split())
