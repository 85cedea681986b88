"""More pairs of headlines meant to mislead: numbers, dates, roles, denials, names, to do and done.

All are invented. Each row: language, first, second, why. DIFFERENT ones are never copies, whether
the feed says its language or not.
"""

from __future__ import annotations

import pytest

from monitor.model import Entry, Kind
from monitor.stories.fingerprint import fingerprint
from monitor.stories.judge import judge


def entry(title: str, lang: str | None) -> Entry:
    return Entry(1, "f", "Kura Post", "", "", title, "", "", None, lang, "")


DIFFERENT = [
    # ---- English: numbers
    (
        "en",
        "Several killed in blast at Rustavi plant",
        "Three killed in blast at Rustavi plant",
        "several, 3",
    ),
    ("en", "Four workers injured at Gori mill", "A worker injured at Gori mill", "four, a"),
    ("en", "Terrorist killed in raid near Pankisi", "8 terrorists killed in raid near Pankisi", "one, 8"),
    ("en", "Dozens of miners trapped in Tkibuli", "Nine miners trapped in Tkibuli", "dozens, nine"),
    ("en", "Ferry with 40 aboard sinks off Poti", "Ferry with 400 aboard sinks off Poti", "40, 400"),
    ("en", "Quake of magnitude 4.1 felt in Yerevan", "Quake of magnitude 5.1 felt in Yerevan", "4.1, 5.1"),
    ("en", "Bank keeps key rate at 8.25 percent", "Bank keeps key rate at 8.5 percent", "8.25, 8.5"),
    ("en", "Court jails editor for 3 years in Baku", "Court jails editor for 13 years in Baku", "3, 13"),
    ("en", "Second blast hits Gyumri depot", "Third blast hits Gyumri depot", "ordinals"),
    ("en", "Team wins 2-1 in Batumi derby", "Team wins 3-1 in Batumi derby", "a result"),
    (
        "en",
        "Loan of $20 million agreed for Lori road",
        "Loan of $20 billion agreed for Lori road",
        "magnitude",
    ),
    ("en", "Half of villages lose power in Shirak", "Two villages lose power in Shirak", "half, two"),
    # ---- English: dates
    ("en", "Talks set for March 3 in Gabala", "Talks set for March 13 in Gabala", "date"),
    ("en", "Trains stop on Monday in Imereti", "Trains stop on Tuesday in Imereti", "weekday"),
    ("en", "Inflation report for January published", "Inflation report for February published", "month"),
    ("en", "What to know on Friday, 6 March", "What to know on Saturday, 7 March", "a daily digest"),
    ("en", "Budget for 2026 passes first reading", "Budget for 2027 passes first reading", "year"),
    ("en", "Live: war in the valley, day 112", "Live: war in the valley, day 113", "a live page's days"),
    # ---- English: roles
    ("en", "Georgia beaten by Spain in Tbilisi final", "Georgia beat Spain in Tbilisi final", "by whom"),
    ("en", "Miners attacked by police in Gori", "Miners attacked police in Gori", "by police"),
    ("en", "Farmer sues mayor over Kakheti well", "Mayor sues farmer over Kakheti well", "who sues whom"),
    ("en", "Union thanks minister after strike", "Minister thanks union after strike", "who thanks whom"),
    ("en", "Baku warns Yerevan over border post", "Yerevan warns Baku over border post", "who warns whom"),
    ("en", "Dog bites postman in Kutaisi yard", "Postman bites dog in Kutaisi yard", "who bites whom"),
    (
        "en",
        "Zurabian: Karapetian lied about gas",
        "Karapetian: Zurabian lied about gas",
        "who says it of whom",
    ),
    # ---- English: denials
    ("en", "Minister confirms talks with rebels", "Minister denies talks with rebels", "confirms, denies"),
    ("en", "Airline will fly to Gyumri", "Airline will not fly to Gyumri", "not"),
    ("en", "Parties agree on election date", "Parties fail to agree on election date", "fail to"),
    ("en", "Court finds editor guilty of libel", "Court finds editor not guilty of libel", "not guilty"),
    ("en", "Rescuers find climber alive on Kazbek", "Rescuers find climber dead on Kazbek", "alive, dead"),
    ("en", "Strike goes ahead at Chiatura mine", "Strike called off at Chiatura mine", "called off"),
    ("en", "Envoy never met oligarch, office says", "Envoy met oligarch, office says", "never"),
    ("en", "Power restored in Batumi after storm", "Power cut in Batumi after storm", "restored, cut"),
    # ---- English: names
    ("en", "Fire at school in Gori", "Fire at school in Poti", "a place for a place"),
    (
        "en",
        "Petrosyan appointed head of customs",
        "Poghosyan appointed head of customs",
        "a person for a person",
    ),
    ("en", "Wizz to fly from Kutaisi to Rome", "Wizz to fly from Kutaisi to Milan", "a goal for a goal"),
    ("en", "Iran protests over drone flight", "Iraq protests over drone flight", "one letter"),
    ("en", "Austria opens trade office in Baku", "Australia opens trade office in Baku", "two letters"),
    ("en", "Niger expels ambassador over remarks", "Nigeria expels ambassador over remarks", "a longer name"),
    ("en", "North Ossetia closes its tunnel", "South Ossetia closes its tunnel", "north, south"),
    ("en", "Deputy speaker visits Lachin", "Speaker visits Lachin", "deputy"),
    ("en", "Widow of general buried in Ganja", "General buried in Ganja", "widow of"),
    # ---- English: to do and done
    ("en", "Pope to visit Armenia", "Pope visits Armenia", "to visit, visits"),
    ("en", "Parliament to vote on dam project", "Parliament votes on dam project", "to vote, votes"),
    ("en", "Georgia may sign pipeline deal", "Georgia signs pipeline deal", "may sign, signs"),
    ("en", "Ship could leave Poti port tonight", "Ship leaves Poti port tonight", "could leave, leaves"),
    ("en", "Bank plans to raise rates", "Bank raises rates", "plans, raises"),
    ("en", "Rebels threaten to seize bridge", "Rebels seize bridge", "threaten, seize"),
    # ---- Russian
    ("ru", "Несколько человек погибли на шахте в Ткибули", "Три человека погибли на шахте в Ткибули", "3"),
    ("ru", "На шахте в Ткибули погиб один человек", "На шахте в Ткибули погибли пять человек", "1, 5"),
    ("ru", "Землетрясение магнитудой 4,1 в Ереване", "Землетрясение магнитудой 5,1 в Ереване", "4,1, 5,1"),
    ("ru", "Ставка сохранена на уровне 8,25 процента", "Ставка сохранена на уровне 8,5 процента", "ставка"),
    ("ru", "Суд дал редактору 3 года в Баку", "Суд дал редактору 13 лет в Баку", "3, 13"),
    (
        "ru",
        "Кредит в 20 млн долларов на дорогу в Лори",
        "Кредит в 20 млрд долларов на дорогу в Лори",
        "млн, млрд",
    ),
    ("ru", "Переговоры в Габале пройдут 3 марта", "Переговоры в Габале пройдут 13 марта", "date"),
    ("ru", "Поезда остановят в среду в Имерети", "Поезда остановят в четверг в Имерети", "weekday"),
    ("ru", "Бюджет на 2026 год принят в первом чтении", "Бюджет на 2027 год принят в первом чтении", "year"),
    ("ru", "Баку предупредил Ереван из-за поста", "Ереван предупредил Баку из-за поста", "roles"),
    ("ru", "Фермер подал в суд на мэра Телави", "Мэр Телави подал в суд на фермера", "who sues whom"),
    (
        "ru",
        "Министр подтвердил переговоры с рудокопами",
        "Министр опроверг переговоры с рудокопами",
        "denies",
    ),
    ("ru", "Стороны договорились о дате выборов", "Стороны не договорились о дате выборов", "не"),
    ("ru", "Альпиниста на Казбеке нашли живым", "Альпиниста на Казбеке нашли мертвым", "alive, dead"),
    ("ru", "Посол встретился с олигархом", "Посол никогда не встречался с олигархом", "никогда"),
    ("ru", "Пожар в школе в Гори", "Пожар в школе в Поти", "a place for a place"),
    ("ru", "Петросян назначен главой таможни", "Погосян назначен главой таможни", "a person for a person"),
    ("ru", "Австрия открыла представительство в Баку", "Австралия открыла представительство в Баку", "names"),
    ("ru", "Спикер посетил Лачин", "Вице-спикер посетил Лачин", "deputy"),
    ("ru", "Парламент примет закон о воде", "Парламент принял закон о воде", "to come, done"),
    ("ru", "Папа посетит Армению", "Папа посетил Армению", "to come, done"),
    ("ru", "Власти разрешили митинг в Зугдиди", "Власти запретили митинг в Зугдиди", "contraries"),
    ("ru", "Северная Осетия закрыла туннель", "Южная Осетия закрыла туннель", "north, south"),
    ("ru", "Цены на хлеб в Гюмри выросли", "Цены на хлеб в Гюмри снизились", "contraries"),
    # ---- Azerbaijani
    ("az", "Zəlzələdə üç nəfər xəsarət alıb", "Zəlzələdə otuz nəfər xəsarət alıb", "3, 30"),
    ("az", "Şamaxıda 4,1 bal zəlzələ", "Şamaxıda 5,1 bal zəlzələ", "4,1, 5,1"),
    ("az", "Yol üçün 20 milyon dollar kredit", "Yol üçün 20 milyard dollar kredit", "magnitude"),
    ("az", "Danışıqlar martın 3-də Qəbələdə olacaq", "Danışıqlar martın 13-də Qəbələdə olacaq", "date"),
    ("az", "Bazar ertəsi qatarlar dayanacaq", "Cümə günü qatarlar dayanacaq", "weekday"),
    ("az", "Bakı İrəvanı xəbərdar etdi", "İrəvan Bakını xəbərdar etdi", "roles"),
    ("az", "Nazir danışıqları təsdiqlədi", "Nazir danışıqları təkzib etdi", "confirms, denies"),
    ("az", "Məclis qanunu qəbul etdi", "Məclis qanunu rədd etdi", "passes, rejects"),
    ("az", "Qubada məktəb yandı", "Qaxda məktəb yandı", "a place for a place"),
    ("az", "Spiker Laçına getdi", "Vitse-spiker Laçına getdi", "deputy"),
    ("az", "Səfir Gəncəyə gələcək", "Səfir Gəncəyə gəldi", "to come, done"),
    ("az", "Şimalda yollar bağlandı", "Cənubda yollar bağlandı", "north, south"),
    # ---- Turkish
    ("tr", "Depremde üç kişi yaralandı", "Depremde otuz kişi yaralandı", "3, 30"),
    ("tr", "Birkaç kişi Muş'taki kazada öldü", "Beş kişi Muş'taki kazada öldü", "some, five"),
    ("tr", "Yol için 20 milyon dolar kredi", "Yol için 20 milyar dolar kredi", "magnitude"),
    ("tr", "Görüşmeler 3 Mart'ta Gebele'de", "Görüşmeler 13 Mart'ta Gebele'de", "date"),
    ("tr", "Trenler salı günü duracak", "Trenler cuma günü duracak", "weekday"),
    ("tr", "Bakü Erivan'ı uyardı", "Erivan Bakü'yü uyardı", "roles"),
    ("tr", "Bakan görüşmeleri doğruladı", "Bakan görüşmeleri yalanladı", "confirms, denies"),
    ("tr", "Meclis tasarıyı kabul etti", "Meclis tasarıyı kabul etmedi", "within the word"),
    ("tr", "Bursa'da okul yandı", "Kars'ta okul yandı", "a place for a place"),
    ("tr", "Başkan Laçin'e gitti", "Başkan yardımcısı Laçin'e gitti", "deputy"),
    ("tr", "Büyükelçi Gence'ye gelecek", "Büyükelçi Gence'ye geldi", "to come, done"),
    ("tr", "Kuzeyde yollar kapandı", "Güneyde yollar kapandı", "north, south"),
    # ---- Armenian
    ("hy", "Մի քանի մարդ է զոհվել հանքում", "Հինգ մարդ է զոհվել հանքում", "some, five"),
    ("hy", "Երկրաշարժ 4.1 ուժգնությամբ Շիրակում", "Երկրաշարժ 5.1 ուժգնությամբ Շիրակում", "4.1, 5.1"),
    ("hy", "20 միլիոն դոլար վարկ ճանապարհի համար", "20 միլիարդ դոլար վարկ ճանապարհի համար", "magnitude"),
    ("hy", "Բանակցությունները մարտի 3-ին են", "Բանակցությունները մարտի 13-ին են", "date"),
    ("hy", "Գնացքները կանգ կառնեն երկուշաբթի", "Գնացքները կանգ կառնեն ուրբաթ", "weekday"),
    ("hy", "Բաքուն զգուշացրեց Երևանին", "Երևանը զգուշացրեց Բաքվին", "roles"),
    ("hy", "Նախարարը հաստատեց բանակցությունները", "Նախարարը հերքեց բանակցությունները", "denies"),
    ("hy", "Խորհրդարանն ընդունեց օրենքը", "Խորհրդարանը մերժեց օրենքը", "passes, rejects"),
    ("hy", "Հրդեհ Գորիսի դպրոցում", "Հրդեհ Կապանի դպրոցում", "a place for a place"),
    ("hy", "Դեսպանը կժամանի Գյումրի", "Դեսպանը ժամանեց Գյումրի", "to come, done"),
    ("hy", "Հյուսիսում ճանապարհները փակ են", "Հարավում ճանապարհները փակ են", "north, south"),
    # ---- Georgian
    ("ka", "რამდენიმე ადამიანი დაიღუპა მაღაროში", "ხუთი ადამიანი დაიღუპა მაღაროში", "some, five"),
    ("ka", "მიწისძვრა 4.1 მაგნიტუდით ახალქალაქში", "მიწისძვრა 5.1 მაგნიტუდით ახალქალაქში", "4.1, 5.1"),
    ("ka", "20 მილიონი დოლარის სესხი გზისთვის", "20 მილიარდი დოლარის სესხი გზისთვის", "magnitude"),
    ("ka", "მოლაპარაკება 3 მარტს გაიმართება", "მოლაპარაკება 13 მარტს გაიმართება", "date"),
    ("ka", "მატარებლები ორშაბათს გაჩერდება", "მატარებლები პარასკევს გაჩერდება", "weekday"),
    ("ka", "ბაქომ ერევანი გააფრთხილა", "ერევანმა ბაქო გააფრთხილა", "roles"),
    ("ka", "მინისტრმა მოლაპარაკება დაადასტურა", "მინისტრმა მოლაპარაკება უარყო", "confirms, denies"),
    ("ka", "სკოლაში ხანძარია გორში", "სკოლაში ხანძარია ფოთში", "a place for a place"),
    ("ka", "ელჩი ბათუმში ჩამოვა", "ელჩი ბათუმში ჩამოვიდა", "to come, done"),
    ("ka", "ჩრდილოეთში გზები ჩაიკეტა", "სამხრეთში გზები ჩაიკეტა", "north, south"),
]

COPIES = [
    # ---- English
    ("en", "MtGox exchange files for bankruptcy", "Mt. Gox exchange files for bankruptcy", "one word or two"),
    ("en", "Firm will launch ferry to Poti in May", "Firm to launch ferry to Poti in May", "will, to"),
    ("en", "EXCLUSIVE: Envoy leaves Baku for Gabala", "Envoy leaves Baku for Gabala", "exclusive"),
    ("en", "WRAPUP 3-Miners strike in Chiatura over pay", "Miners strike in Chiatura over pay", "wrap-up"),
    ("en", "CORRECTED-Bank of Georgia cuts staff", "Bank of Georgia cuts staff", "corrected"),
    ("en", "Envoy leaves Baku for Gabala talks - Kura Post", "Envoy leaves Baku for Gabala talks", "outlet"),
    ("en", "Envoy leaves Baku for Gabala talks | AFP", "Envoy leaves Baku for Gabala talks", "agency"),
    ("en", "Envoy leaves Baku for Gabala talks (VIDEO)", "Envoy leaves Baku for Gabala talks", "a label"),
    ("en", "Five hurt as bus overturns near Mtskheta", "5 hurt as bus overturns near Mtskheta", "five, 5"),
    ("en", "Rates held at 8.0 percent in Tbilisi", "Rates held at 8 percent in Tbilisi", "8.0, 8"),
    ("en", "Grain deal worth $2.5 billion signed", "Grain deal worth $2.5bn signed", "billion, bn"),
    ("en", "Premier meets envoys in Tsakhkadzor", "PM meets envoys in Tsakhkadzor", "premier, PM"),
    (
        "en",
        "Goverment announces tender for Lori road",
        "Government announces tender for Lori road",
        "a misprint",
    ),
    ("en", "Talks on Zangezur road resume: officials", "Officials: talks on Zangezur road resume", "moved"),
    ("en", "“Road of peace” opens in Syunik", "'Road of peace' opens in Syunik", "quotation marks"),
    ("en", "Two-day summit opens in Dilijan", "Two day summit opens in Dilijan", "a hyphen"),
    ("en", "U.K. minister arrives in Yerevan", "UK minister arrives in Yerevan", "initials"),
    ("en", "Tbilisi’s mayor reopens Rike bridge", "Tbilisi's mayor re-opens Rike bridge", "re-opens"),
    (
        "en",
        "Suspect radicalised abroad, mayor of Gori says",
        "Suspect radicalized abroad, mayor of Gori says",
        "s, z",
    ),
    # ---- Russian
    ("ru", "МОЛНИЯ: Посол покинул Баку после встречи", "Посол покинул Баку после встречи", "label"),
    ("ru", "Посол покинул Баку после встречи - ТАСС", "Посол покинул Баку после встречи", "agency"),
    ("ru", "Посол покинул Баку после встречи | Kura Post", "Посол покинул Баку после встречи", "outlet"),
    ("ru", "Пять человек пострадали в Мцхете", "5 человек пострадали в Мцхете", "пять, 5"),
    ("ru", "Сделку на 2,5 млрд долларов подписали", "Сделку на 2,5 миллиарда долларов подписали", "млрд"),
    ("ru", "«Дорога мира» открыта в Сюнике", "„Дорога мира“ открыта в Сюнике", "quotation marks"),
    ("ru", "Ещё один поезд прошёл через Мегри", "Еще один поезд прошел через Мегри", "ё, е"),
    ("ru", "ПОСОЛ ПОКИНУЛ БАКУ ПОСЛЕ ВСТРЕЧИ", "Посол покинул Баку после встречи", "case"),
    # ---- Azerbaijani
    ("az", "TƏCİLİ: Səfir görüşdən sonra Bakıdan getdi", "Səfir görüşdən sonra Bakıdan getdi", "label"),
    ("az", "Səfir görüşdən sonra Bakıdan getdi - Trend", "Səfir görüşdən sonra Bakıdan getdi", "agency"),
    ("az", "Beş nəfər Şəkidə xəsarət aldı", "5 nəfər Şəkidə xəsarət aldı", "beş, 5"),
    ("az", "2,5 mlrd dollarlıq saziş imzalandı", "2,5 milyard dollarlıq saziş imzalandı", "mlrd"),
    ("az", "SƏFİR GÖRÜŞDƏN SONRA BAKIDAN GETDİ", "Səfir görüşdən sonra Bakıdan getdi", "case"),
    # ---- Turkish
    (
        "tr",
        "FLAŞ: Büyükelçi görüşmeden sonra Bakü'den ayrıldı",
        "Büyükelçi görüşmeden sonra Bakü'den ayrıldı",
        "label",
    ),
    ("tr", "Büyükelçi Bakü'den ayrıldı bu sabah - DHA", "Büyükelçi Bakü'den ayrıldı bu sabah", "agency"),
    ("tr", "Beş kişi Kars'ta yaralandı", "5 kişi Kars'ta yaralandı", "beş, 5"),
    ("tr", "2,5 milyar dolarlık anlaşma imzalandı", "2.5 milyar dolarlık anlaşma imzalandı", "comma, point"),
    ("tr", "Kars’ta yeni istasyon açıldı", "KARS'TA YENİ İSTASYON AÇILDI", "case, İ"),
    # ---- Armenian
    ("hy", "ՇՏԱՊ: Դեսպանը հանդիպումից հետո մեկնեց Բաքվից", "Դեսպանը հանդիպումից հետո մեկնեց Բաքվից", "label"),
    ("hy", "Դեսպանը մեկնեց Բաքվից - News.am", "Դեսպանը մեկնեց Բաքվից", "agency"),
    ("hy", "Հինգ մարդ վնասվել է Գորիսում", "5 մարդ վնասվել է Գորիսում", "հինգ, 5"),
    ("hy", "ԴԵՍՊԱՆԸ ՄԵԿՆԵՑ ԲԱՔՎԻՑ ԵՐԵԿՈՅԱՆ", "Դեսպանը մեկնեց Բաքվից երեկոյան", "case"),
    (
        "hy",
        "Ստորագրվել է 2,5 մլրդ դոլարի համաձայնագիր",
        "Ստորագրվել է 2.5 միլիարդ դոլարի համաձայնագիր",
        "մլրդ",
    ),
    # ---- Georgian
    ("ka", "სასწრაფოდ: ელჩმა ბაქო დატოვა შეხვედრის შემდეგ", "ელჩმა ბაქო დატოვა შეხვედრის შემდეგ", "label"),
    ("ka", "ელჩმა ბაქო დატოვა დილით - Civil.ge", "ელჩმა ბაქო დატოვა დილით", "agency"),
    ("ka", "ხუთი ადამიანი დაშავდა მცხეთაში", "5 ადამიანი დაშავდა მცხეთაში", "ხუთი, 5"),
    ("ka", "„მშვიდობის გზა“ გაიხსნა სიუნიქში", "«მშვიდობის გზა» გაიხსნა სიუნიქში", "quotation marks"),
    (
        "ka",
        "ხელი მოეწერა 2,5 მლრდ დოლარის შეთანხმებას",
        "ხელი მოეწერა 2.5 მილიარდი დოლარის შეთანხმებას",
        "მლრდ",
    ),
]


@pytest.mark.parametrize(("lang", "first", "second", "why"), DIFFERENT)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "no language"])
def test_different_news_are_never_copies(
    lang: str, first: str, second: str, why: str, *, declared: bool
) -> None:
    one, other = (fingerprint(entry(title, lang if declared else None)) for title in (first, second))
    assert judge(one, other, same_outlet=False).kind is not Kind.COPY, why
    assert judge(other, one, same_outlet=True).kind is not Kind.COPY, why


@pytest.mark.parametrize(("lang", "first", "second", "why"), COPIES)
def test_copies_are_copies(lang: str, first: str, second: str, why: str) -> None:
    one, other = (fingerprint(entry(title, lang)) for title in (first, second))
    assert judge(one, other, same_outlet=False).kind is Kind.COPY, why
    assert judge(other, one, same_outlet=True).kind is Kind.COPY, why
