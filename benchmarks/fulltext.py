"""How much of an article is found in its page, and how much of what is not the article comes with it.

Run as: python benchmarks/fulltext.py [--missed] [--folder DIR]

30 pages in eight common markups and nine languages, made here of templates: menus, sidebars, "read also"
insets, comments, tags and footers all name somebody whom the article does not. Recall is of whole paragraphs;
a leak is a page in whose text that name stands. "rules" are leaks at which a rule that looks for the name
fires, after what rules leave out of any text (rules/zones.py). --folder writes the pages, --missed names what
failed. The pages are ours, and what is cleared out of a page (feeds/extraction.py) was made with them in
view.
"""

# ruff: noqa: E501 - the lines of articles

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from trafilatura import extract

from monitor.feeds import page as plain
from monitor.feeds.extraction import Page, article
from monitor.feeds.workers import Parsers
from monitor.model import Entry
from monitor.rules.document import read
from monitor.rules.match import match
from monitor.rules.rulebook import compile_rulebook
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.rules.rulebook import Rulebook

ROUNDS = 5  # of timing


@dataclass(frozen=True)
class Tongue:
    """What an article in one language is made of. `name` is whom the article does not name."""

    name: str
    title: str
    paragraphs: tuple[str, ...]
    also: str  # "Read also"
    words: tuple[str, ...]  # of menus and boxes: home, politics, most read, comments, tags, follow us
    other: tuple[str, ...]  # other headlines, each with {name}
    direction: str = "ltr"


TONGUES = {
    "en": Tongue(
        "Zarbalev",
        "Old bridge over the river to be mended before the winter",
        (
            (
                "The city council voted late on Tuesday to mend the old bridge over the river before the winter, "
                "after engineers had found cracks in two of its seven piers during an inspection in the spring."
            ),
            (
                "Work is to begin on Monday and will close one lane at a time, said the head of the roads "
                "department, Marta Lindqvist, who has asked lorry drivers to take the northern bypass instead."
            ),
            "“Nobody wants a repeat of last year,” she told reporters on the steps of the town hall.",
            (
                "The repair will cost about four million, half of it from the state. The council had first hoped "
                "to pay for it with a toll, but dropped the plan when shopkeepers on both banks objected."
            ),
            (
                "Some residents doubt the timetable. The same firm needed fourteen months for a shorter bridge "
                "upstream, where frost damaged the fresh concrete and half of the work had to be done again."
            ),
            "The bridge was built in 1911 and carries nine thousand cars a day.",
            (
                "A second inspection is planned for April, when the water is low enough for divers to reach the "
                "foundations of the middle piers."
            ),
        ),
        "Read also",
        ("Home", "Politics", "Most read", "Comments", "Tags", "Follow us on Telegram"),
        (
            "{name} denies any part in the harbour deal",
            "Court sets date for the hearing of {name}",
            "{name} seen at the opening of the new port",
            "What we know of {name} and his partners",
            "Opinion: why {name} matters to all of us",
        ),
    ),
    "ru": Tongue(
        "Зарбалев",
        "Старый мост через реку отремонтируют до зимы",
        (
            (
                "Городской совет поздно вечером во вторник проголосовал за ремонт старого моста через реку до начала "
                "зимы, после того как весной инженеры нашли трещины в двух из семи его опор."
            ),
            (
                "Работы начнутся в понедельник, движение будут закрывать по одной полосе, сообщила глава дорожного "
                "управления Марта Линдквист, попросившая водителей грузовиков ехать по северному объезду."
            ),
            "«Никто не хочет повторения прошлого года», — сказала она журналистам у входа в ратушу.",
            (
                "Ремонт обойдётся примерно в четыре миллиона, половину даст государство. Сначала совет надеялся "
                "ввести плату за проезд, но отказался от этого, когда против выступили торговцы с обоих берегов."
            ),
            (
                "Некоторые жители сомневаются в сроках. Той же фирме понадобилось четырнадцать месяцев для более "
                "короткого моста выше по течению, где мороз испортил свежий бетон и половину пришлось переделать."
            ),
            "Мост построен в 1911 году, по нему проезжает девять тысяч машин в день.",
            (
                "Вторая проверка намечена на апрель, когда вода спадёт и водолазы смогут добраться до оснований "
                "средних опор."
            ),
        ),
        "Читайте также",
        ("Главная", "Политика", "Самое читаемое", "Комментарии", "Теги", "Подписывайтесь на наш канал"),
        (
            "{name} отрицает участие в сделке с портом",
            "Суд назначил дату слушаний по делу {name}",
            "{name} приехал на открытие нового порта",
            "Что известно о том, кто такой {name}",
            "Мнение: почему {name} важен для всех нас",
        ),
    ),
    "hy": Tongue(
        "Զարբալև",
        "Գետի վրայի հին կամուրջը կնորոգվի մինչև ձմեռ",
        (
            (
                "Քաղաքային խորհուրդը երեքշաբթի ուշ երեկոյան որոշեց մինչև ձմեռ նորոգել գետի վրայի հին կամուրջը, "
                "քանի որ գարնանը ինժեներները ճաքեր էին գտել նրա յոթ հենարաններից երկուսում։"
            ),
            (
                "Աշխատանքները կսկսվեն երկուշաբթի, և ամեն անգամ կփակվի մեկ գոտի, ասաց ճանապարհների վարչության պետ "
                "Մարթա Լինդքվիստը, որը բեռնատարների վարորդներին խնդրեց օգտվել հյուսիսային շրջանցիկ ճանապարհից։"
            ),
            "«Ոչ ոք չի ուզում անցյալ տարվա կրկնությունը», — ասաց նա լրագրողներին քաղաքապետարանի մուտքի մոտ։",
            (
                "Նորոգումը կարժենա մոտ չորս միլիոն, որի կեսը կտա պետությունը։ Խորհուրդը սկզբում ուզում էր վճարովի "
                "դարձնել կամուրջը, բայց հրաժարվեց, երբ երկու ափերի խանութպանները դեմ եղան։"
            ),
            (
                "Որոշ բնակիչներ կասկածում են ժամկետներին։ Նույն ընկերությանը տասնչորս ամիս էր պետք եղել ավելի կարճ "
                "կամրջի համար, որտեղ սառնամանիքը վնասել էր թարմ բետոնը։"
            ),
            "Կամուրջը կառուցվել է 1911 թվականին, օրական նրանով անցնում է ինը հազար մեքենա։",
        ),
        "Կարդացեք նաև",
        ("Գլխավոր", "Քաղաքականություն", "Ամենաընթերցված", "Մեկնաբանություններ", "Պիտակներ", "Հետևեք մեզ"),
        (
            "{name}ը հերքում է նավահանգստի գործարքին մասնակցելը",
            "Դատարանը նշանակեց {name}ի գործի լսման օրը",
            "{name}ը ներկա էր նոր նավահանգստի բացմանը",
            "Ինչ է հայտնի {name}ի մասին",
            "Կարծիք. ինչու է {name}ը կարևոր",
        ),
    ),
    "ka": Tongue(
        "ზარბალევი",
        "მდინარეზე ძველ ხიდს ზამთრამდე შეაკეთებენ",
        (
            (
                "საქალაქო საბჭომ სამშაბათს გვიან საღამოს გადაწყვიტა, რომ მდინარეზე ძველი ხიდი ზამთრამდე შეაკეთოს, "
                "მას შემდეგ რაც გაზაფხულზე ინჟინრებმა მისი შვიდი ბურჯიდან ორში ბზარები იპოვეს."
            ),
            (
                "სამუშაოები ორშაბათს დაიწყება და ყოველ ჯერზე ერთ ზოლს დაკეტავენ, განაცხადა საგზაო დეპარტამენტის "
                "უფროსმა მართა ლინდქვისტმა, რომელმაც სატვირთოების მძღოლებს ჩრდილოეთის შემოვლითი გზა ურჩია."
            ),
            "„არავის სურს შარშანდელის გამეორება“, — უთხრა მან ჟურნალისტებს მერიის შესასვლელთან.",
            (
                "შეკეთება დაახლოებით ოთხი მილიონი დაჯდება, ნახევარს სახელმწიფო გადაიხდის. საბჭოს თავიდან ხიდზე "
                "გადასახადის შემოღება სურდა, მაგრამ უარი თქვა, როცა მაღაზიების მფლობელები წინააღმდეგ წავიდნენ."
            ),
            (
                "ზოგიერთ მცხოვრებს ვადების არ სჯერა. იმავე ფირმას უფრო მოკლე ხიდისთვის თოთხმეტი თვე დასჭირდა, "
                "სადაც ყინვამ ახალი ბეტონი დააზიანა და სამუშაოს ნახევარი თავიდან გააკეთეს."
            ),
            "ხიდი 1911 წელს აშენდა და დღეში ცხრა ათასი მანქანა გადის.",
        ),
        "წაიკითხეთ ასევე",
        ("მთავარი", "პოლიტიკა", "ყველაზე კითხვადი", "კომენტარები", "თეგები", "გამოგვყევით"),
        (
            "{name} პორტის გარიგებაში მონაწილეობას უარყოფს",
            "სასამართლომ დანიშნა თარიღი: {name}",
            "{name} ახალი პორტის გახსნას დაესწრო",
            "რა ვიცით იმის შესახებ, ვინ არის {name}",
            "აზრი: რატომ არის {name} მნიშვნელოვანი",
        ),
    ),
    "az": Tongue(
        "Zərbalıyev",
        "Çayın üstündəki köhnə körpü qışa qədər təmir ediləcək",
        (
            (
                "Şəhər şurası çərşənbə axşamı gec saatlarda çayın üstündəki köhnə körpünün qışa qədər təmir edilməsinə "
                "səs verdi, çünki yazda mühəndislər onun yeddi dayağından ikisində çatlar tapmışdılar."
            ),
            (
                "İşlər bazar ertəsi başlayacaq və hər dəfə bir zolaq bağlanacaq, yollar idarəsinin rəhbəri Marta "
                "Lindkvist bildirib və yük maşınlarının sürücülərindən şimal yolundan istifadə etməyi xahiş edib."
            ),
            "“Heç kim keçən ilin təkrarını istəmir”, o, bələdiyyənin girişində jurnalistlərə deyib.",
            (
                "Təmir təxminən dörd milyona başa gələcək, yarısını dövlət verəcək. Şura əvvəlcə ödənişli keçid "
                "istəyirdi, amma hər iki sahilin mağaza sahibləri etiraz edəndə bu fikirdən daşındı."
            ),
            (
                "Bəzi sakinlər müddətə şübhə edir. Həmin şirkətə daha qısa körpü üçün on dörd ay lazım olmuşdu, orada "
                "şaxta təzə betonu korlamış və işin yarısı yenidən görülmüşdü."
            ),
            "Körpü 1911-ci ildə tikilib, gündə doqquz min maşın keçir.",
        ),
        "Həmçinin oxuyun",
        ("Ana səhifə", "Siyasət", "Ən çox oxunanlar", "Şərhlər", "Teqlər", "Bizi izləyin"),
        (
            "{name} liman sövdələşməsində iştirakını inkar edir",
            "Məhkəmə tarix təyin etdi: {name}",
            "{name} yeni limanın açılışında göründü",
            "{name} barədə nə bilirik",
            "Fikir: {name} niyə vacibdir",
        ),
    ),
    "tr": Tongue(
        "Zarbalıoğlu",
        "Nehir üzerindeki eski köprü kıştan önce onarılacak",
        (
            (
                "Belediye meclisi salı günü geç saatlerde, mühendislerin ilkbaharda yedi ayağından ikisinde çatlak "
                "bulmasının ardından nehir üzerindeki eski köprünün kıştan önce onarılması için oy kullandı."
            ),
            (
                "Çalışmalar pazartesi başlayacak ve her seferinde bir şerit kapatılacak, diyen yollar müdürü Marta "
                "Lindqvist kamyon sürücülerinden kuzeydeki çevre yolunu kullanmalarını istedi."
            ),
            "“Kimse geçen yılın tekrarını istemiyor” dedi belediye binasının önünde gazetecilere.",
            (
                "Onarım yaklaşık dört milyona mal olacak, yarısını devlet verecek. Meclis önce geçiş ücreti almayı "
                "düşünmüş, iki yakadaki esnaf karşı çıkınca bundan vazgeçmişti."
            ),
            (
                "Bazı sakinler takvimden kuşkulu. Aynı firma daha kısa bir köprü için on dört ay harcamış, don taze "
                "betona zarar verince işin yarısı yeniden yapılmıştı."
            ),
            "Köprü 1911 yılında yapıldı ve günde dokuz bin araç taşıyor.",
        ),
        "Ayrıca okuyun",
        ("Ana sayfa", "Siyaset", "Çok okunanlar", "Yorumlar", "Etiketler", "Bizi takip edin"),
        (
            "{name} liman anlaşmasındaki rolünü yalanladı",
            "Mahkeme gün verdi: {name}",
            "{name} yeni limanın açılışında görüldü",
            "{name} hakkında bildiklerimiz",
            "Görüş: {name} neden önemli",
        ),
    ),
    "ar": Tongue(
        "زربالوف",
        "ترميم الجسر القديم على النهر قبل الشتاء",
        (
            (
                "صوت مجلس المدينة في وقت متأخر من مساء الثلاثاء على ترميم الجسر القديم فوق النهر قبل حلول الشتاء، "
                "بعد أن وجد المهندسون في الربيع شقوقا في اثنتين من دعائمه السبع."
            ),
            (
                "وستبدأ الأعمال يوم الاثنين مع إغلاق مسار واحد في كل مرة، بحسب مديرة الطرق مارتا ليندكفيست التي "
                "طلبت من سائقي الشاحنات استخدام الطريق الالتفافي الشمالي."
            ),
            "وقالت للصحفيين أمام مبنى البلدية: لا أحد يريد تكرار ما جرى في العام الماضي.",
            (
                "وستبلغ كلفة الترميم نحو أربعة ملايين تدفع الدولة نصفها. وكان المجلس يأمل في فرض رسم عبور لكنه "
                "تراجع بعد اعتراض أصحاب المتاجر على الضفتين."
            ),
            (
                "ويشك بعض السكان في المواعيد، فالشركة نفسها احتاجت إلى أربعة عشر شهرا لإنجاز جسر أقصر، حيث أفسد "
                "الصقيع الخرسانة الجديدة وأعيد نصف العمل."
            ),
            "وقد بني الجسر عام 1911 وتعبره تسعة آلاف سيارة كل يوم.",
        ),
        "اقرأ أيضا",
        ("الرئيسية", "سياسة", "الأكثر قراءة", "التعليقات", "وسوم", "تابعنا على تلغرام"),
        (
            "{name} ينفي أي دور في صفقة الميناء",
            "المحكمة تحدد موعد جلسة {name}",
            "{name} يظهر في افتتاح الميناء الجديد",
            "ماذا نعرف عن {name} وشركائه",
            "رأي: لماذا {name} مهم لنا جميعا",
        ),
        "rtl",
    ),
    "he": Tongue(
        "זרבלוב",
        "הגשר הישן מעל הנהר ישופץ לפני החורף",
        (
            (
                "מועצת העיר החליטה ביום שלישי בשעת ערב מאוחרת לשפץ את הגשר הישן מעל הנהר לפני החורף, אחרי שמהנדסים "
                "מצאו באביב סדקים בשניים משבעת עמודיו."
            ),
            (
                "העבודות יתחילו ביום שני ובכל פעם ייסגר נתיב אחד, אמרה ראש אגף הדרכים מרתה לינדקוויסט, שביקשה מנהגי "
                "המשאיות לנסוע בכביש העוקף הצפוני."
            ),
            "איש אינו רוצה שהשנה שעברה תחזור, אמרה לעיתונאים על מדרגות העירייה.",
            (
                "השיפוץ יעלה כארבעה מיליונים, מחציתם מן המדינה. המועצה קיוותה תחילה לגבות אגרה, אך ויתרה על כך "
                "כשבעלי החנויות בשתי הגדות התנגדו."
            ),
            (
                "יש תושבים המפקפקים בלוח הזמנים. אותה חברה נזקקה לארבעה עשר חודשים לגשר קצר יותר, שם הכפור פגע בבטון "
                "הטרי ומחצית העבודה נעשתה שוב."
            ),
            "הגשר נבנה בשנת 1911 ותשעת אלפים מכוניות עוברות בו ביום.",
        ),
        "קראו גם",
        ("דף הבית", "פוליטיקה", "הנקראות ביותר", "תגובות", "תגיות", "עקבו אחרינו"),
        (
            "{name} מכחיש כל חלק בעסקת הנמל",
            "בית המשפט קבע מועד לדיון: {name}",
            "{name} נראה בפתיחת הנמל החדש",
            "מה ידוע על {name} ושותפיו",
            "דעה: למה {name} חשוב לכולנו",
        ),
        "rtl",
    ),
    "fa": Tongue(
        "زربالف",
        "پل قدیمی روی رودخانه پیش از زمستان تعمیر می‌شود",
        (
            (
                "شورای شهر دیروقت سه‌شنبه شب به تعمیر پل قدیمی روی رودخانه پیش از زمستان رأی داد، پس از آن که مهندسان در "
                "بهار در دو پایه از هفت پایه آن ترک پیدا کردند."
            ),
            (
                "کار از دوشنبه آغاز می‌شود و هر بار یک خط بسته خواهد شد، مارتا لیندکوئیست رئیس اداره راه‌ها گفت و از "
                "رانندگان کامیون خواست از کمربندی شمالی بروند."
            ),
            "او در برابر شهرداری به خبرنگاران گفت هیچ‌کس نمی‌خواهد سال گذشته تکرار شود.",
            (
                "هزینه تعمیر نزدیک به چهار میلیون است که نیمی از آن را دولت می‌پردازد. شورا نخست می‌خواست عوارض بگیرد، اما "
                "با مخالفت مغازه‌داران دو سوی رودخانه از آن گذشت."
            ),
            (
                "برخی از ساکنان به برنامه زمانی تردید دارند. همین شرکت برای پلی کوتاه‌تر چهارده ماه وقت گذاشت، جایی که "
                "یخبندان بتن تازه را خراب کرد و نیمی از کار دوباره انجام شد."
            ),
            "پل در سال ۱۹۱۱ ساخته شد و روزی نه هزار خودرو از آن می‌گذرد.",
        ),
        "بیشتر بخوانید",
        ("صفحه اصلی", "سیاست", "پربازدیدترین", "دیدگاه‌ها", "برچسب‌ها", "ما را دنبال کنید"),
        (
            "{name} هرگونه نقش در معامله بندر را رد کرد",
            "دادگاه زمان رسیدگی را تعیین کرد: {name}",
            "{name} در گشایش بندر تازه دیده شد",
            "از {name} و شریکانش چه می‌دانیم",
            "دیدگاه: چرا {name} برای همه ما مهم است",
        ),
        "rtl",
    ),
}


# ---- the markups -------------------------------------------------------------------------------------------


def headlines(tongue: Tongue) -> list[str]:
    """Headlines of other stories, as links; each names whom the article does not."""
    return [
        f'<a href="/news/{number}">{escape(text.format(name=tongue.name))}</a>'
        for number, text in enumerate(tongue.other)
    ]


def listed(links: Iterable[str], kind: str = "") -> str:
    """A list of links."""
    return f'<ul class="{kind}">' + "".join(f"<li>{link}</li>" for link in links) + "</ul>"


def whole(tongue: Tongue, lang: str, inside: str, head: str = "") -> str:
    """A page round what stands in its body."""
    return (
        f'<!DOCTYPE html><html lang="{lang}" dir="{tongue.direction}"><head><meta charset="utf-8">'
        f"<title>{escape(tongue.title)} - The Post</title>"
        f'<meta property="og:title" content="{escape(tongue.title)}">{head}</head><body>{inside}</body></html>'
    )


def prose(tongue: Tongue, tag: str = "p", inset: str = "") -> str:
    """The paragraphs, with an inset after the second; some words of each are a link, as in any article."""
    made = [f"<{tag}>{linked(text)}</{tag}>" for text in tongue.paragraphs]
    return "".join([*made[:2], inset, *made[2:]])


def linked(paragraph: str) -> str:
    """Its third and fourth words lead to something."""
    words = paragraph.split(" ")
    return (
        escape(" ".join(words[:2]))
        + f' <a href="/x">{escape(" ".join(words[2:4]))}</a> '
        + escape(" ".join(words[4:]))
    )


def schema(tongue: Tongue, lang: str) -> str:
    """An article marked up by schema.org, as large outlets have it."""
    home, politics, most_read, comments, tags, follow = tongue.words
    links = headlines(tongue)
    inset = f'<aside class="inset"><h4>{tongue.also}</h4>{links[0]}</aside>'
    return whole(
        tongue,
        lang,
        f"<header><nav>{listed([home, politics, links[4]])}</nav></header><main><article itemscope "
        f'itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">{tongue.title}</h1>'
        f'<div class="byline">Ana Petrescu</div><div itemprop="articleBody">{prose(tongue, inset=inset)}</div>'
        f'<footer class="tags">{tags}: <a href="/t">{tongue.name}</a></footer></article>'
        f'<section class="related"><h3>{most_read}</h3>{listed(links)}</section>'
        f'<section id="comments"><h3>{comments}</h3><div class="comment"><p>{links[3]} - and who paid for '
        f"all of this, again, I should like to know before the winter comes?</p></div></section></main>"
        f"<footer><p>{follow}. {links[2]}</p></footer>",
    )


def wordpress(tongue: Tongue, lang: str) -> str:
    """A theme of WordPress, with a related-posts plugin inside the content."""
    home, politics, most_read, comments, tags, follow = tongue.words
    links = headlines(tongue)
    inset = f"<p><strong>{tongue.also}:</strong> {links[0]}</p>"
    return whole(
        tongue,
        lang,
        f'<div id="page" class="site"><header id="masthead"><ul id="menu-main" class="menu"><li>{home}</li>'
        f'<li>{politics}</li><li>{links[4]}</li></ul></header><div id="primary" class="content-area">'
        f'<main id="main"><article class="post type-post hentry"><header class="entry-header"><h1 '
        f'class="entry-title">{tongue.title}</h1></header><div class="entry-content">'
        f'{prose(tongue, inset=inset)}<div class="sharedaddy"><h3>{follow}</h3></div><div id="jp-relatedposts" '
        f'class="jp-relatedposts"><h3>{most_read}</h3>{listed(links, "jp-relatedposts-items")}</div></div>'
        f'<footer class="entry-footer"><span class="tags-links">{tags} {links[2]}</span></footer></article>'
        f'<div id="comments" class="comments-area"><h2>{comments}</h2><ol class="comment-list"><li '
        f'class="comment"><div class="comment-content"><p>{links[1]}?! {links[3]}</p></div></li></ol></div>'
        f'</main></div><aside id="secondary" class="widget-area"><section class="widget widget_recent_entries">'
        f"{listed(links)}</section></aside></div>",
    )


def amp(tongue: Tongue, lang: str) -> str:
    """A page for telephones."""
    home, politics, most_read, _, _, follow = tongue.words
    links = headlines(tongue)
    return whole(
        tongue,
        lang,
        f'<amp-sidebar id="side" layout="nodisplay">{listed([home, politics, links[4]])}</amp-sidebar>'
        f'<article class="amp-wp-article"><header class="amp-wp-article-header"><h1>{tongue.title}</h1></header>'
        f'<div class="amp-wp-article-content">{prose(tongue)}<amp-ad width="300" height="250"></amp-ad></div>'
        f'</article><amp-list class="recommended" src="/more.json"><h3>{most_read}</h3>{listed(links)}</amp-list>'
        f'<footer class="amp-wp-footer"><p>{follow}: {links[1]}</p></footer>',
        '<script async src="https://cdn.ampproject.example/v0.js"></script>',
    )


def divs(tongue: Tongue, lang: str) -> str:
    """Nothing but divs, with classes that say little."""
    home, politics, most_read, comments, _, follow = tongue.words
    links = headlines(tongue)
    box = "".join(f'<div class="item"><div class="ttl">{link}</div></div>' for link in links)
    inset = f'<div class="b-also"><div>{tongue.also}</div>{links[0]}</div>'
    return whole(
        tongue,
        lang,
        f'<div class="top"><div class="m">{home}</div><div class="m">{politics}</div><div class="m">{links[4]}'
        f'</div></div><div class="wrap"><div class="left"><h1>{tongue.title}</h1><div class="txt">'
        f'{prose(tongue, inset=inset)}</div><div class="soc">{follow}</div><div class="comm"><div>{comments}'
        f"</div><div>{links[3]}</div></div></div>"
        f'<div class="right"><div class="hdr">{most_read}</div>{box}</div></div><div class="bot">{links[2]}</div>',
    )


def tables(tongue: Tongue, lang: str) -> str:
    """A page of the 2000s: tables in tables, and breaks for paragraphs."""
    home, politics, most_read, comments, _, _ = tongue.words
    links = headlines(tongue)
    text = "<br><br>".join(escape(paragraph) for paragraph in tongue.paragraphs)
    return whole(
        tongue,
        lang,
        f'<table width="980"><tr><td colspan="3"><b>{home}</b> | {politics} | {links[4]}</td></tr><tr><td '
        f'width="180" class="menu"><b>{most_read}</b><br>{"<br>".join(links[:3])}</td><td width="600"><table>'
        f'<tr><td><font size="4"><b>{tongue.title}</b></font></td></tr><tr><td class="text">{text}</td></tr>'
        f'<tr><td><b>{tongue.also}:</b><br>{"<br>".join(links)}</td></tr></table></td><td width="200" '
        f'class="right">{comments}<br>{"<br>".join(links[2:])}</td></tr></table>',
    )


def live(tongue: Tongue, lang: str) -> str:
    """A live blog: posts with times, each a paragraph or two, and other live blogs beside it."""
    home, politics, most_read, comments, _, follow = tongue.words
    links = headlines(tongue)
    posts = "".join(
        f'<article class="live-post" id="p{number}"><time>1{number}:05</time><div class="post-body"><p>'
        f"{escape(text)}</p></div></article>"
        for number, text in enumerate(tongue.paragraphs)
    )
    return whole(
        tongue,
        lang,
        f"<header><nav>{listed([home, politics, links[4]])}</nav></header><main><h1>{tongue.title}</h1>"
        f'<div class="liveblog" itemscope itemtype="https://schema.org/LiveBlogPosting">{posts}</div>'
        f'<div class="live-sidebar sidebar"><h3>{most_read}</h3>{listed(links)}</div></main>'
        f'<div class="comments"><h3>{comments}</h3><p>{links[3]}</p></div><footer>{follow} {links[1]}</footer>',
    )


def right_to_left(tongue: Tongue, lang: str) -> str:
    """A portal whose sidebar comes first in the source."""
    home, politics, most_read, _, tags, follow = tongue.words
    links = headlines(tongue)
    inset = f'<div class="related-inline"><span>{tongue.also}</span>{listed(links[:2])}</div>'
    return whole(
        tongue,
        lang,
        f'<div class="navbar"><ul><li>{home}</li><li>{politics}</li><li>{links[4]}</li></ul></div><div '
        f'class="container"><div class="sidebar"><h3>{most_read}</h3>{listed(links)}</div><div class="main">'
        f'<div class="article-title"><h1>{tongue.title}</h1></div><div class="article-body" id="article-body">'
        f'{prose(tongue, inset=inset)}</div><div class="article-tags">{tags}: {tongue.name}</div></div></div>'
        f'<div class="footer"><p>{follow} {links[2]}</p></div>',
    )


def agency(tongue: Tongue, lang: str) -> str:
    """A regional agency's own system: spans, a feed of news before the article, dates in it, a banner."""
    home, politics, most_read, _, _, follow = tongue.words
    links = headlines(tongue)
    ticker = "".join(
        f'<div class="line"><span class="t">12:0{n}</span> {link}</div>' for n, link in enumerate(links)
    )
    return whole(
        tongue,
        lang,
        f'<div id="header">{home} {politics}</div><div id="newsline"><h3>{most_read}</h3>{ticker}</div>'
        f'<div id="content"><div class="date">21.11.2026 12:00</div><h1>{tongue.title}</h1><div id="news-text">'
        f'{prose(tongue)}<p><a href="/tg">{follow}</a></p></div><div class="also-block"><p>{tongue.also}</p>'
        f'{listed(links[:4])}</div></div><div id="footer"><span>© The Post</span> {links[2]}</div>',
    )


MARKUPS: dict[str, tuple[Callable[[Tongue, str], str], str]] = {
    "schema.org article": (schema, "en ru az tr"),
    "WordPress": (wordpress, "en ru hy ka"),
    "AMP": (amp, "en ru tr"),
    "plain divs": (divs, "en az hy ka"),
    "tables of the 2000s": (tables, "en ru hy ka"),
    "live blog": (live, "en ru az tr"),
    "right to left": (right_to_left, "ar he fa"),
    "regional agency": (agency, "ru hy ka az"),
}


# ---- the measurement ---------------------------------------------------------------------------------------


def of_ours(source: str) -> str:
    """As `full_text` reads it."""
    return article(Page(source.encode(), "text/html; charset=utf-8")).text


def of_default(source: str) -> str:
    """Trafilatura without a wish."""
    return extract(source) or ""


def of_precision(source: str) -> str:
    """Trafilatura, asked for precision."""
    return extract(source, favor_precision=True, include_comments=False) or ""


def of_plain(source: str) -> str:
    """What `monitor rules try` does without the extra."""
    return plain.article(source.encode(), "text/html; charset=utf-8")[1]


WAYS: dict[str, Callable[[str], str]] = {
    "full_text": of_ours,
    "favor_precision alone": of_precision,
    "trafilatura, default": of_default,
    "longest <article>": of_plain,
}


def main() -> None:
    """Prints a table for each way of reading, a line a markup."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--missed", action="store_true", help="name the paragraphs and leaks of full_text")
    parser.add_argument("--folder", type=Path, help="write the pages into this folder")
    options = parser.parse_args()
    pages = [
        (kind, lang, made(TONGUES[lang], lang))
        for kind, (made, langs) in MARKUPS.items()
        for lang in langs.split()
    ]
    for number, (kind, lang, source) in enumerate(pages if options.folder else ()):
        name = f"{number:02d}-{kind.replace(' ', '-')}-{lang}.html"
        (options.folder / name).write_text(source, encoding="utf-8")
    print(f"{len(pages)} pages, {sum(len(TONGUES[lang].paragraphs) for _, lang, _ in pages)} paragraphs")
    for way, reads in WAYS.items():
        table(way, reads, pages, missed=options.missed and way == "full_text")
    print(f"\nA parser process that has read them all holds {memory(pages) / 1e6:.0f} MB.")


def memory(pages: list[tuple[str, str, str]]) -> int:
    """Bytes that a parser process holds after these pages (Linux)."""
    parsers = Parsers(1)
    try:
        for _, _, source in pages:
            parsers.tell(Page(source.encode(), "text/html; charset=utf-8"))
        process = parsers._free.queue[0]._process  # noqa: SLF001 - it has no accessor
        assert process is not None, "it has just answered"
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    finally:
        parsers.close()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def table(way: str, reads: Callable[[str], str], pages: list[tuple[str, str, str]], *, missed: bool) -> None:
    """What one way of reading gives."""
    wanted, found, leaks, fired, times = Counter[str](), Counter[str](), Counter[str](), Counter[str](), []
    for kind, lang, source in pages:
        tongue = TONGUES[lang]
        text = reads(source)
        times.append(statistics.median(timed(reads, source) for _ in range(ROUNDS)))
        said = " ".join(clean(text).split())
        gone = [paragraph for paragraph in tongue.paragraphs if clean(paragraph) not in said]
        wanted[kind] += len(tongue.paragraphs)
        found[kind] += len(tongue.paragraphs) - len(gone)
        leaks[kind] += tongue.name in said
        fired[kind] += fires(tongue, text)
        if missed and (gone or tongue.name in said):
            leaked = [line for line in text.split("\n") if tongue.name in line]
            print(f"  {kind}, {lang}: without {[one[:40] for one in gone]}, with {leaked}")
    print(f"\n{way:24}{'paragraphs':>14}{'leaks':>8}{'rules':>8}")
    for kind in MARKUPS:
        print(f"  {kind:22}{f'{found[kind]}/{wanted[kind]}':>14}{leaks[kind]:>8}{fired[kind]:>8}")
    recall = f"{found.total()}/{wanted.total()}"
    print(f"  {'all':22}{recall:>14}{leaks.total():>8}{fired.total():>8}")
    print(f"  CPU a page: median {statistics.median(times):.1f} ms, longest {max(times):.1f} ms")


def timed(reads: Callable[[str], str], source: str) -> float:
    """Milliseconds of CPU."""
    began = time.process_time()
    reads(source)
    return 1000 * (time.process_time() - began)


def fires(tongue: Tongue, text: str) -> bool:
    """Whether a rule that looks for the name fires at the text."""
    entry = Entry(1, "f", "o", "g", "", tongue.title, "", "", None, None, "", text=text)
    return bool(match(rulebook(tongue.name), entry))


def rulebook(name: str) -> Rulebook:
    """One rule that looks for a name."""
    root = read("rules.yaml", f"rules: [{{id: who, title: t, any: [{name}*], send: [mail]}}]", [])
    assert root is not None
    return compile_rulebook([root], receivers=("mail",), sources=(), read_article=lambda _: "", faults=[])


if __name__ == "__main__":
    main()
