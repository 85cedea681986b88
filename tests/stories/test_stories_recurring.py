"""Titles that return from day to day: live pages and daily digests, whose title alone says nothing.

All are invented. Each row: language, first title and text, second title and text, why.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import Candidate, Entry, Kind
from monitor.stories.fingerprint import fingerprint
from monitor.stories.guards import recurring
from monitor.stories.judge import judge, place
from monitor.stories.words import LANGUAGES
from tests.stories.test_stories_pairs import entry

WHY = "a recurring title: its text must agree"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

HARVEST = (
    "Papers write about the harvest, the new school law and a long dispute over the price of bread in "
    "mountain villages, while one interviews a chess champion."
)
BRIDGE = (
    "Most front pages show the bridge that opened over the gorge; two dailies ask who is to pay for the "
    "night trains, and a weekly remembers its founder."
)
HARVEST_RU = (
    "Газеты пишут об урожае винограда, новом школьном законе и долгом споре о цене хлеба в горных селах, "
    "а одна из них беседует с чемпионом по шахматам."
)
BRIDGE_RU = (
    "На первых полосах мост, открытый над ущельем; две газеты спрашивают, кто заплатит за ночные поезда, "
    "а еженедельник вспоминает своего основателя."
)
HARVEST_AZ = (
    "Qəzetlər üzüm məhsulundan, yeni məktəb qanunundan və dağ kəndlərində çörəyin qiyməti barədə uzun "
    "mübahisədən yazır, biri isə şahmat çempionu ilə söhbət edir."
)
BRIDGE_TR = (
    "Gazetelerin ilk sayfasında vadiye açılan köprü var; iki gazete gece trenlerinin parasını kimin "
    "ödeyeceğini soruyor, bir dergi de kurucusunu anıyor."
)
HARVEST_TR = (
    "Gazeteler üzüm hasadını, yeni okul yasasını ve dağ köylerinde ekmek fiyatı üzerine uzun tartışmayı "
    "yazıyor, biri de satranç şampiyonu ile konuşuyor."
)
HARVEST_HY = (
    "Թերթերը գրում են խաղողի բերքի, դպրոցական նոր օրենքի և լեռնային գյուղերում հացի գնի շուրջ երկար վեճի "
    "մասին, իսկ մեկը զրուցում է շախմատի չեմպիոնի հետ։"
)
BRIDGE_HY = (
    "Առաջին էջերում ձորի վրա բացված կամուրջն է, թերթերը հարցնում են, թե ով է վճարելու գիշերային "
    "գնացքների համար, իսկ շաբաթաթերթը հիշում է իր հիմնադրին։"
)
HARVEST_KA = (
    "გაზეთები წერენ ყურძნის მოსავალზე, სკოლის ახალ კანონზე და მთის სოფლებში პურის ფასის გამო გაჭიანურებულ "
    "დავაზე, ერთი კი ჭადრაკის ჩემპიონს ესაუბრება."
)
BRIDGE_KA = (
    "პირველ გვერდებზე ხეობაზე გახსნილი ხიდია, გაზეთები კითხულობენ ვინ გადაიხდის ღამის მატარებლების ფულს, "
    "ყოველკვირეული გამოცემა კი დამფუძნებელს იხსენებს."
)

DIFFERENT = [
    ("en", "Armenian press review", "", "Armenian press review", "", "no text: today's may be other news"),
    ("en", "Armenian press review", HARVEST, "Armenian press review", BRIDGE, "other texts under one title"),
    (
        "en",
        "Gori protests live updates",
        "",
        "Gori protests: live updates",
        "",
        "a live page, any of its days",
    ),
    (
        "en",
        "Business day as it happened",
        HARVEST,
        "Business day – as it happened",
        "",
        "only one has a text",
    ),
    ("en", "Morning briefing from Tbilisi", "", "Morning briefing: from Tbilisi", "", "nearly equal titles"),
    ("ru", "Обзор прессы Армении", "", "Обзор прессы Армении", "", "no text"),
    ("ru", "Обзор прессы Армении", HARVEST_RU, "Обзор прессы Армении", BRIDGE_RU, "other texts"),
    ("ru", "Главное за день в Грузии", "", "Главное за день в Грузии", "", "a digest of any day"),
    ("ru", "Выборы в Гори. Текстовая трансляция", "", "Выборы в Гори: текстовая трансляция", "", "live page"),
    ("az", "Günün əsas xəbərləri", "", "Günün əsas xəbərləri", "", "a digest of any day"),
    ("az", "Həftəlik mətbuat icmalı", "", "Həftəlik mətbuat icmalı", "", "no text"),
    ("tr", "Ankara'da günün özeti", "", "Ankara'da günün özeti", "", "a digest of any day"),
    ("tr", "Yerel basın özeti", BRIDGE_TR, "Yerel basın özeti", HARVEST_TR, "other texts"),
    ("hy", "Հայկական մամուլի տեսություն", "", "Հայկական մամուլի տեսություն", "", "no text"),
    (
        "hy",
        "Հայկական մամուլի տեսություն",
        HARVEST_HY,
        "Հայկական մամուլի տեսություն",
        BRIDGE_HY,
        "other texts",
    ),
    ("ka", "ქართული პრესის მიმოხილვა", "", "ქართული პრესის მიმოხილვა", "", "no text"),
    ("ka", "დღის მთავარი ამბები", HARVEST_KA, "დღის მთავარი ამბები", BRIDGE_KA, "other texts"),
]

COPIES = [
    ("en", "Armenian press review", HARVEST, "Armenian press review", HARVEST, "one text"),
    (
        "en",
        "Armenian press review",
        HARVEST,
        "Armenian press review",
        f"{HARVEST} {BRIDGE}",
        "the one holds the other",
    ),
    (
        "en",
        "Press review: envoy, minister and banker meet in Gabala",
        "",
        "Press review: envoy, minister and banker meet in Gabala",
        "",
        "it names its news",
    ),
    ("en", "Firm opens live music hall in Gori", "", "Firm opens live music hall in Gori", "", "live music"),
    ("ru", "Утренний обзор прессы", HARVEST_RU, "Обзор прессы", HARVEST_RU, "one text, nearly equal titles"),
    ("ru", "Онлайн-продажи билетов выросли в Гори", "", "Онлайн-продажи билетов выросли в Гори", "", "sales"),
    ("az", "Həftəlik mətbuat icmalı", HARVEST_AZ, "Həftəlik mətbuat icmalı", HARVEST_AZ, "one text"),
    ("tr", "Yerel basın özeti", BRIDGE_TR, "Yerel basın özeti", BRIDGE_TR, "one text"),
    (
        "tr",
        "Canlı bomba Ankara'da yakalandı",
        "",
        "Canlı bomba Ankara'da yakalandı",
        "",
        "canlı is alive here: one was caught",
    ),
    ("hy", "Հայկական մամուլի տեսություն", HARVEST_HY, "Հայկական մամուլի տեսություն", HARVEST_HY, "one text"),
    ("ka", "დღის მთავარი ამბები", HARVEST_KA, "დღის მთავარი ამბები", HARVEST_KA, "one text"),
]


@pytest.mark.parametrize("same_outlet", [True, False], ids=["one outlet", "two"])
@pytest.mark.parametrize(("lang", "first", "text", "second", "other_text", "why"), DIFFERENT)
def test_a_recurring_title_is_no_evidence_without_its_text(
    lang: str, first: str, text: str, second: str, other_text: str, why: str, *, same_outlet: bool
) -> None:
    one = fingerprint(entry(first, lang, text=text))
    other = fingerprint(entry(second, lang, text=other_text))
    for verdict in (judge(one, other, same_outlet=same_outlet), judge(other, one, same_outlet=same_outlet)):
        assert verdict.kind is not Kind.COPY, why
        assert verdict.why == WHY or (text and other_text), why


@pytest.mark.parametrize("same_outlet", [True, False], ids=["one outlet", "two"])
@pytest.mark.parametrize(("lang", "first", "text", "second", "other_text", "why"), COPIES)
def test_a_recurring_title_with_its_text_or_with_news_in_it_is_a_copy_like_any(
    lang: str, first: str, text: str, second: str, other_text: str, why: str, *, same_outlet: bool
) -> None:
    one = fingerprint(entry(first, lang, text=text))
    other = fingerprint(entry(second, lang, text=other_text))
    assert judge(one, other, same_outlet=same_outlet).kind is Kind.COPY, why
    assert judge(other, one, same_outlet=same_outlet).kind is Kind.COPY, why


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_listed_title_recurs_as_it_is_printed(lang: str) -> None:
    for title in LANGUAGES[lang].recurring:
        assert recurring(fingerprint(entry(title.capitalize(), lang)).title), title


# ---- one page ------------------------------------------------------------------------------------------


def live(number: int, *, link: str = "https://courier.example/gori-live") -> Entry:
    return replace(entry("Gori protests live updates", "en"), id=number, link=link)


@pytest.mark.parametrize(
    ("hours", "link", "copy", "why"),
    [
        (3, "https://courier.example/gori-live", True, "one page, the same day"),
        (30, "https://courier.example/gori-live", False, "a day later the page has other news"),
        (3, "https://courier.example/gori-live-2", False, "another page"),
        (3, "https://courier.example/", False, "the home page is no page of its own"),
    ],
)
def test_a_live_page_is_one_for_a_day(hours: int, link: str, why: str, *, copy: bool) -> None:
    known = Candidate(1, 1, 1, "a", "Courier", MORNING, fingerprint(live(1)))
    found = place(
        2,
        fingerprint(live(2, link=link)),
        [known],
        outlet="Courier",
        now=MORNING + timedelta(hours=hours),
    )
    assert (found.verdict.kind is Kind.COPY) is copy, why
