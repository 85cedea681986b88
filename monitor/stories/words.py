"""The words by which two headlines differ in what they say, per language: data and nothing else.

A word is written folded (text.fold); one that ends in * stands for every word that begins so. The lists were
written by hand and no native speaker has read those for az, hy, ka, ru and tr yet. Errors are not equal: a
word missing from NEGATIONS, OPPOSITES, QUALIFIERS or the numbers, and a word too many in STOPS, LIGHT, SAME,
AGENCIES, PRESS or the alerts, can let two stories pass for one; the reverse only costs a repeat.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.text import fold


@dataclass(frozen=True, slots=True)
class Language:
    """What one language calls numbers, days and contraries; see the module for how words are written.

    units:      words for whole numbers under a hundred (cardinal, ordinal, collective)
    magnitudes: words and signs for a thousand and more, with their power of ten
    weekdays:   Monday first; months: January first; every form of a day or month in one string
    negations:  words that turn a sentence into its contrary
    opposites:  pairs of contraries (forms of the one side, forms of the other)
    stops:      words that carry no news by themselves
    qualifiers: words that make of a person or body another one (former, deputy, wife)
    alerts:     labels put before a title ("breaking")
    recurring:  titles that return from day to day, each with other news under it: live pages, daily digests
    """

    units: dict[str, int]
    magnitudes: dict[str, int]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    negations: str
    opposites: tuple[tuple[str, str], ...]
    stops: str
    qualifiers: str
    alerts: str
    recurring: tuple[str, ...]


def _count(names: str, *, start: int = 1, step: int = 1) -> dict[str, int]:
    """The names with their numbers; forms of one number stand together with / between them."""
    return {
        form: start + step * place for place, forms in enumerate(names.split()) for form in forms.split("/")
    }


ENGLISH = Language(
    units=_count(
        "zero one/first two/second/twice/couple three/third four/fourth five/fifth six/sixth seven/seventh "
        "eight/eighth nine/ninth ten/tenth eleven/eleventh twelve/twelfth/dozen thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen",
        start=0,
    )
    | _count("twenty thirty forty fifty sixty seventy eighty ninety", start=20, step=10),
    magnitudes={
        "hundred": 2,
        "hundreds": 2,
        "thousand": 3,
        "thousands": 3,
        "k": 3,
        "million": 6,
        "millions": 6,
        "mln": 6,
        "mn": 6,
        "m": 6,
        "billion": 9,
        "billions": 9,
        "bln": 9,
        "bn": 9,
        "b": 9,
        "trillion": 12,
        "trillions": 12,
        "trln": 12,
        "tn": 12,
    },
    weekdays=(
        "monday mondays",
        "tuesday tuesdays",
        "wednesday wednesdays",
        "thursday thursdays",
        "friday fridays",
        "saturday saturdays",
        "sunday sundays",
    ),
    months=(
        "january jan",
        "february feb",
        "march",
        "april apr",
        "may",
        "june jun",
        "july jul",
        "august aug",
        "september sept sep",
        "october oct",
        "november nov",
        "december dec",
    ),
    negations="not no never none nobody nothing neither nor without cannot cant wont dont doesnt didnt isnt "
    "wasnt arent werent wouldnt couldnt shouldnt hasnt havent hadnt aint can't won't don't doesn't didn't "
    "isn't wasn't aren't weren't wouldn't couldn't shouldn't hasn't haven't hadn't ain't fail fails failed "
    "failing failure refuse refuses refused refusing deny denies denied denying false fake hoax halt halts "
    "halted cancel cancels canceled cancelled cancelling postpone postpones postponed delay delays delayed "
    "unlikely avoid avoids avoided averted averts near nearly almost dismiss dismisses dismissed stop stops "
    "stopped scrap scraps scrapped abandon abandons abandoned suspend suspends suspended decline declines "
    "declined unable against despite instead",
    opposites=(
        (
            (
                "rise rises rose risen rising gain gains gained gaining climb climbs climbed climbing jump "
                "jumps jumped surge surges surged soar soars soared rally rallies rallied increase "
                "increases increased increasing up higher raise raises raised raising hike hikes hiked grow "
                "grows grew growing growth firmer stronger widen widens widened expand expands expanded "
                "high"
            ),
            (
                "fall falls fell fallen falling drop drops dropped dropping slip slips slipped slide slides "
                "slid sink sinks sank tumble tumbles tumbled plunge plunges plunged decline declines "
                "declined decrease decreases decreased down lower lowers lowered cut cuts cutting reduce "
                "reduces reduced reducing shrink shrinks shrank dip dips dipped lose loses lost weaker "
                "narrow narrows narrowed slump slumps slumped crash crashes crashed ease eases eased low"
            ),
        ),
        (
            "impose imposes imposed imposing introduce introduces introduced reimpose reimposes",
            "lift lifts lifted lifting remove removes removed removing repeal repeals repealed",
        ),
        (
            (
                "accept accepts accepted agree agrees agreed approve approves approved approving back backs "
                "backed support supports supported pass passes passed ok oks allow allows allowed ratify "
                "ratifies ratified endorse endorses endorsed welcome welcomes welcomed"
            ),
            (
                "reject rejects rejected rejecting refuse refuses refused veto vetoes vetoed block blocks "
                "blocked oppose opposes opposed disagree disagrees ban bans banned forbid forbids condemn "
                "condemns condemned defeat defeats defeated"
            ),
        ),
        ("win wins won winning victory beat beats", "lose loses lost losing defeat loss"),
        ("profit profits net", "loss losses"),
        (
            (
                "start starts started begin begins began begun launch launches launched open opens opened "
                "opening reopen reopens resume resumes resumed restart restarts"
            ),
            (
                "end ends ended ending finish finishes finished stop stops stopped close closes closed "
                "closing shut shuts halt halts halted suspend suspends suspended"
            ),
        ),
        (
            (
                "arrest arrests arrested detain detains detained jail jails jailed convict convicts "
                "convicted convicted guilty charge charges charged"
            ),
            (
                "release releases released free frees freed acquit acquits acquitted clear clears cleared "
                "innocent pardon pardons pardoned"
            ),
        ),
        ("confirm confirms confirmed admit admits admitted", "deny denies denied refute refutes refuted"),
        (
            "enter enters entered join joins joined arrive arrives arrived return returns returned",
            "leave leaves left quit quits exit exits depart departs departed withdraw withdraws withdrew",
        ),
        (
            "buy buys bought buying import imports imported buyer",
            "sell sells sold selling export exports exported seller sale",
        ),
        (
            "appoint appoints appointed hire hires hired elect elects elected name names named",
            (
                "dismiss dismisses dismissed fire fires fired sack sacks sacked oust ousts ousted resign "
                "resigns resigned"
            ),
        ),
        (
            "survive survives survived alive save saves saved rescue rescues rescued",
            "die dies died dead death deaths kill kills killed",
        ),
        ("more above over most best maximum", "less below under fewer least worst minimum"),
        ("before ahead pre", "after following post"),
        ("north northern", "south southern"),
        ("east eastern", "west western"),
        (
            "male man men boy boys he his son brother father husband",
            "female woman women girl girls she her daughter sister mother wife",
        ),
        (
            "recognise recognises recognised recognize recognizes recognized",
            "derecognise derecognises derecognize",
        ),
        (
            "tighten tightens tightened strengthen strengthens strengthened",
            "loosen loosens loosened relax relaxes relaxed weaken weakens weakened ease eases eased",
        ),
        ("attack attacks attacked attacking", "defend defends defended repel repels repelled"),
        ("war", "peace ceasefire truce"),
        ("extend extends extended renew renews renewed", "end ends ended expire expires expired"),
        ("success succeed succeeds succeeded", "fail fails failed failure"),
        ("legal", "illegal"),
        ("likely", "unlikely"),
        ("able", "unable"),
    ),
    stops="a an the of in on at to for by with from as and or but is are was were be been being has have had "
    "do does did its it this that these those his her their he she they we i you my our your who which what "
    "when where how why than then so into out about amid via per s say says said saying tell tells told "
    "report reports reported reportedly reporting according sources source official officials news it's "
    "he's she's they're we're you're i'm that's there's who's let's i've we've they've",
    qualifiers="former ex late acting interim deputy vice assistant aide adviser advisor wife husband son "
    "daughter brother sister father mother widow spokesman spokeswoman spokesperson lawyer bodyguard driver "
    "predecessor successor rival ally supporters opponents critics alleged suspected would-be second anti "
    "pro non pre post mini fake false rumoured rumored unit subsidiary opposition shadow half nearly",
    alerts="breaking urgent exclusive update updated refile corrected correction rpt repeat wrapup live "
    "video watch photo photos flash bulletin newsalert alert just in developing factbox analysis",
    recurring=(
        "live",
        "live blog",
        "live coverage",
        "live update",
        "live updates",
        "liveblog",
        "as it happened",
        "minute by minute",
        "press review",
        "review of the press",
        "what the papers say",
        "morning briefing",
        "evening briefing",
        "daily briefing",
        "news briefing",
        "news digest",
        "daily digest",
        "news roundup",
        "news in brief",
        "day in review",
        "week in review",
    ),
)

RUSSIAN = Language(
    units=_count(
        "ноль один/одна/одно/одного/одной/одну/первый/первая/первое/первого/первой/первую "
        "два/две/двух/двум/двумя/двое/двоих/второй/вторая/второе/второго/вторую "
        "три/трех/трем/тремя/трое/троих/третий/третья/третье/третьего/третью/третьей "
        "четыре/четырех/четверо/четверых/четвертый/четвертая пять/пяти/пятью/пятеро/пятерых/пятый/пятая "
        "шесть/шести/шестеро/шестерых/шестой/шестая семь/семи/семеро/семерых/седьмой/седьмая "
        "восемь/восьми/восьмой/восьмая девять/девяти/девятый/девятая десять/десяти/десятый/десятая "
        "одиннадцать/одиннадцати двенадцать/двенадцати тринадцать/тринадцати четырнадцать/четырнадцати "
        "пятнадцать/пятнадцати шестнадцать/шестнадцати семнадцать/семнадцати восемнадцать/восемнадцати "
        "девятнадцать/девятнадцати",
        start=0,
    )
    | _count(
        "двадцать/двадцати тридцать/тридцати сорок/сорока пятьдесят/пятидесяти шестьдесят/шестидесяти "
        "семьдесят/семидесяти восемьдесят/восьмидесяти девяносто",
        start=20,
        step=10,
    ),
    magnitudes={
        "сто": 2,
        "ста": 2,
        "сотни": 2,
        "сотен": 2,
        "тысяча": 3,
        "тысячи": 3,
        "тысяч": 3,
        "тыс": 3,
        "миллион": 6,
        "миллиона": 6,
        "миллионов": 6,
        "млн": 6,
        "миллиард": 9,
        "миллиарда": 9,
        "миллиардов": 9,
        "млрд": 9,
        "триллион": 12,
        "триллиона": 12,
        "триллионов": 12,
        "трлн": 12,
    },
    weekdays=(
        "понедельник понедельника",
        "вторник вторника",
        "среда среду среды",
        "четверг четверга",
        "пятница пятницу пятницы",
        "суббота субботу субботы",
        "воскресенье воскресенья",
    ),
    months=(
        "январь января январе",
        "февраль февраля феврале",
        "март марта марте",
        "апрель апреля апреле",
        "май мая мае",
        "июнь июня июне",
        "июль июля июле",
        "август августа августе",
        "сентябрь сентября сентябре",
        "октябрь октября октябре",
        "ноябрь ноября ноябре",
        "декабрь декабря декабре",
    ),
    negations="не ни нет без никто ничего никогда нельзя отказ* опроверг* отверг* отриц* отмен* сорва* "
    "провал* против почти едва чуть вместо перенес* отложи* приостанов* прекра* ложн* фейк* невозможн*",
    opposites=(
        (
            (
                "вырос* рост роста ростом растет растут подорожа* повыс* повыш* увелич* поднял* подня* "
                "взлет* укреп* выше нараст* нарасти* прибав*"
            ),
            (
                "упал* падени* падает падают подешев* сниз* сниж* уменьш* сократ* сокращ* обвал* опуст* "
                "ослаб* ниже рухну* потеря*"
            ),
        ),
        ("ввел* вводит вводят введен* ввест* введ*", "снял* снима* снят* отмен* снимет*"),
        (
            "одобр* поддерж* согласил* соглас* приня* принима* утверд* ратифиц* разреш* приветств* принял*",
            "отклон* отверг* отказ* против* запрет* запрещ* осуд* заблокир* наложи*",
        ),
        ("выигра* победи* победа победу обыгра*", "проигра* поражени* уступи*"),
        ("прибыль прибыли", "убыток убытки убытка"),
        (
            "нача* открыл* открыв* откро* возобнов* запуст* запуск*",
            "заверш* законч* прекра* закры* закро* приостанов* остан* окончи*",
        ),
        ("арест* задерж* осужд* посад*", "освобо* отпуст* оправда* отпущ* помилов*"),
        ("подтверд* призна*", "опроверг* отриц* отверг*"),
        (
            "прибы* вошел вошла вошли вступ* верну*",
            "покин* вышел вышла вышли выход* уеха* отбы* вывод* вывел*",
        ),
        ("купи* покупа* импорт* закуп*", "прода* экспорт*"),
        ("назнач* избра*", "уволи* отстран* снят* уволен*"),
        ("спас* выжи*", "погиб* умер* убит* сконча* уби*"),
        ("более больше свыше выше", "менее меньше ниже"),
        ("до перед накануне", "после"),
        ("север* северн*", "юг юга юге южн*"),
        ("восток* восточн*", "запад* западн*"),
        ("ужесточ* усил*", "смягч* ослаб*"),
        ("напа* атак* наступ*", "отраз* отби* отступ* оборон*"),
        ("война войну войны", "мир мира перемири*"),
        ("продл*", "прекра* истек*"),
        ("легальн* законн*", "нелегальн* незаконн*"),
        ("мужчин* сын* брат* отец отца муж", "женщин* дочь дочер* сестр* мать матер* жена жену жены"),
    ),
    stops="и в во на с со к ко о об от до из у за по для при над под что как так это этот эта эти его ее их "
    "он она они мы я а но или же ли бы был была было были есть быть сообщил сообщила сообщили сообщает "
    "сообщают заявил заявила заявили сказал сказала рассказал рассказала источник источники сми новости",
    qualifiers="бывш* экс врио и.о заместитель заместителя зам замглавы вице помощник* советник* жена жены "
    "жену муж мужа сын сына дочь дочери брат брата сестра отец отца мать вдова адвокат* представител* пресс "
    "преемник* соперник* сторонник* противник* экс-* якобы предполагаем* оппозиц* покойн* охранник* "
    "водител*",
    alerts="срочно молния обновлено видео фото эксклюзив онлайн важно главное уточнение повтор трансляция",
    recurring=(
        "онлайн",
        "онлайн трансляция",
        "текстовая трансляция",
        "прямая трансляция",
        "прямой эфир",
        "хроника",
        "хроника дня",
        "хроника событий",
        "обзор прессы",
        "обзор сми",
        "дайджест",
        "дайджест новостей",
        "дайджест прессы",
        "главное за день",
        "главное за сутки",
        "главное за неделю",
        "главные новости дня",
        "главные события дня",
        "новости дня",
        "итоги дня",
        "итоги недели",
        "новости к этому часу",
    ),
)

AZERBAIJANI = Language(
    units=_count(
        "sifir bir/birinci iki/ikinci uc/ucuncu dord/dordd/dorduncu bes/besinci alti/altinci yeddi/yeddinci "
        "səkkiz/səkkizinci doqquz/doqquzuncu on/onuncu",
        start=0,
    )
    | _count("iyirmi otuz qirx əlli altmis yetmis səksən doxsan", start=20, step=10),
    magnitudes={"yuz": 2, "min": 3, "milyon": 6, "mln": 6, "milyard": 9, "mlrd": 9, "trilyon": 12},
    weekdays=("bazar ertəsi", "cərsənbə axsami", "cərsənbə", "cumə axsami", "cumə", "sənbə", "bazar gunu"),
    months=(
        "yanvar yanvarin yanvarda",
        "fevral fevralin fevralda",
        "mart martin martda",
        "aprel aprelin apreldə",
        "may mayin mayda",
        "iyun iyunun iyunda",
        "iyul iyulun iyulda",
        "avqust avqustun avqustda",
        "sentyabr sentyabrin sentyabrda",
        "oktyabr oktyabrin oktyabrda",
        "noyabr noyabrin noyabrda",
        "dekabr dekabrin dekabrda",
    ),
    negations="deyil yox yoxdur imtina təkzib rədd ləgv heç hec dayandir* təxirə qarsi əleyhin* olmadan "
    "yalan az qala uğursuz* ugursuz*",
    opposites=(
        (
            "artdi artir artib artirdi artirir bahalas* yuksəl* cox coxaldi artim* qaldird* boyud*",
            "azaldi azalir azalib azaltdi azaltdir ucuzlas* endi enir enib dusdu dusub dusur asagi* azaldir*",
        ),
        ("tətbiq qoyur qoydu qoyub", "goturur goturdu goturub ləgv"),
        ("qəbul təsdiq dəstəklə* razilas* icazə", "rədd imtina qadagan* pislə* veto"),
        ("qalib uddu", "məglub uduzdu uduzub"),
        (
            "basladi baslayir baslayib acildi acir acilir acdi bərpa",
            "bitdi basa dayand* baglandi baglanir bagladi baglayir",
        ),
        ("həbs saxlan* tutuldu", "azad buraxil* bəraət"),
        ("təsdiq təsdiqlədi", "təkzib inkar"),
        ("gəldi gəlir gəlib qayitdi daxil", "getdi gedir gedib tərk cixdi cixib ayrildi"),
        ("aldi alir idxal", "satdi satir ixrac"),
        ("təyin secildi", "azad qovuldu istefa"),
        ("xilas sag", "oldu olub oldurul* həlak vəfat"),
        ("əvvəl qabaq oncə", "sonra"),
        ("simal*", "cənub*"),
        ("sərq*", "qərb*"),
        ("hucum* hucumu", "mudafiə dəf"),
        ("muharibə*", "sulh* atəskəs"),
        ("yaxsilas*", "pislas*"),
    ),
    stops="və ilə bu o da də ki ucun kimi olan olub edib etdi edir ya amma bildirib bildirdi deyib dedi "
    "xəbər verir görə gore haqqinda barədə uzrə",
    qualifiers="kecmis sabiq mərhum muavin* vitse musavir* komekci* xanimi arvadi oglu qizi qardasi bacisi "
    "atasi anasi vəkil* muhafizə* iddia* guya əri sozcu*",
    alerts="son dəqiqə təcili video foto yenilənib eksklüziv eksklyuziv canli",
    recurring=(
        "canlı yayım",
        "günün xəbərləri",
        "günün əsas xəbərləri",
        "günün əsas hadisələri",
        "günün xülasəsi",
        "həftənin icmalı",
        "mətbuat icmalı",
        "mətbuat xülasəsi",
    ),
)

TURKISH = Language(
    units=_count(
        "sifir bir/birinci/ilk iki/ikinci uc/ucuncu dort/dorduncu bes/besinci alti/altinci yedi/yedinci "
        "sekiz/sekizinci dokuz/dokuzuncu on/onuncu",
        start=0,
    )
    | _count("yirmi otuz kirk elli altmis yetmis seksen doksan", start=20, step=10),
    magnitudes={"yuz": 2, "bin": 3, "milyon": 6, "mn": 6, "milyar": 9, "mr": 9, "trilyon": 12},
    weekdays=("pazartesi", "sali", "carsamba", "persembe", "cuma", "cumartesi", "pazar"),
    months=(
        "ocak ocakta",
        "subat subatta",
        "mart martta",
        "nisan nisanda",
        "mayis mayista",
        "haziran haziranda",
        "temmuz temmuzda",
        "agustos agustosta",
        "eylul eylulde",
        "ekim ekimde",
        "kasim kasimda",
        "aralik aralikta",
    ),
    negations="degil yok hayir olmadan yalan* reddet* iptal durdur* ertele* karsi vazgec* hic asla iddiasini "
    "neredeyse basarisiz* yalanla*",
    opposites=(
        (
            (
                "artti artiyor artirdi artiriyor yukseldi yukseliyor yukseltti zamlandi cikti artis* buyudu "
                "buyume*"
            ),
            "dustu dusuyor dusurdu azaldi azaliyor azaltti indi indirdi geriledi kuculdu dusus* kuculme*",
        ),
        ("uygula* getirdi koydu", "kaldir* kalkti"),
        ("kabul onayla* destekle* izin anlas*", "reddet* red veto yasakla* kina* karsi"),
        ("kazandi kazaniyor yendi galip", "kaybetti yenildi maglup"),
        ("basladi basliyor baslatti acildi aciliyor acti", "bitti sona kapandi kapatti kapaniyor durdu*"),
        ("tutuklan* gozalt* yakalan*", "serbest tahliye beraat*"),
        ("dogrula* dogrulad*", "yalanla* yalanlad*"),
        ("geldi geliyor dondu katildi girdi", "gitti ayrildi cikti terk cekildi"),
        ("aldi aliyor ithal*", "satti satiyor ihrac*"),
        ("atandi secildi", "gorevden istifa kovuldu"),
        ("kurtuldu kurtarildi sag", "oldu oldu oldurul* hayatini"),
        ("once oncesi", "sonra sonrasi"),
        ("kuzey*", "guney*"),
        ("dogu*", "bati*"),
        ("saldir*", "savun* puskurt*"),
        ("savas*", "baris* ateskes*"),
    ),
    stops="ve ile bu o da de ki icin gibi olan oldu ya ama dedi soyledi acikladi aciklama haber gore bir "
    "hakkinda uzere mi mu",
    qualifiers="eski merhum vekil* yardimci* danisman* esi karisi kocasi oglu kizi kardesi babasi annesi "
    "avukat* sozcu* sozde iddia* koruma* rakib*",
    alerts="son dakika flas acil video foto canli guncellendi ozel",
    recurring=(
        "canlı yayın",
        "canlı anlatım",
        "canlı blog",
        "dakika dakika",
        "günün haberleri",
        "günün gelişmeleri",
        "günün manşetleri",
        "günün özeti",
        "gündem özeti",
        "haftanın özeti",
        "basın özeti",
        "gazete manşetleri",
    ),
)

ARMENIAN = Language(
    units=_count(
        "զրո մեկ/առաջին երկու/երկրորդ երեք/երրորդ չորս/չորրորդ հինգ/հինգերորդ վեց/վեցերորդ յոթ/յոթերորդ "
        "ութ/ութերորդ ինը/իններորդ/ինն տաս/տասը/տասներորդ տասնմեկ տասներկու տասներեք տասնչորս տասնհինգ "
        "տասնվեց տասնյոթ տասնութ տասնինը",
        start=0,
    )
    | _count("քսան երեսուն քառասուն հիսուն վաթսուն յոթանասուն ութսուն իննսուն", start=20, step=10),
    magnitudes={"հարյուր": 2, "հազար": 3, "միլիոն": 6, "մլն": 6, "միլիարդ": 9, "մլրդ": 9, "տրիլիոն": 12},
    weekdays=("երկուշաբթի*", "երեքշաբթի*", "չորեքշաբթի*", "հինգշաբթի*", "ուրբաթ*", "շաբաթ օրը", "կիրակի*"),
    months=(
        "հունվար հունվարի հունվարին",
        "փետրվար փետրվարի փետրվարին",
        "մարտ մարտի մարտին",
        "ապրիլ ապրիլի ապրիլին",
        "մայիս մայիսի մայիսին",
        "հունիս հունիսի հունիսին",
        "հուլիս հուլիսի հուլիսին",
        "օգոստոս օգոստոսի օգոստոսին",
        "սեպտեմբեր սեպտեմբերի սեպտեմբերին",
        "հոկտեմբեր հոկտեմբերի հոկտեմբերին",
        "նոյեմբեր նոյեմբերի նոյեմբերին",
        "դեկտեմբեր դեկտեմբերի դեկտեմբերին",
    ),
    negations="չէ չի չեն ոչ առանց մի երբեք ոչինչ հերք* մերժ* չեղ* հրաժար* ձախող* դեմ կասեց* հետաձգ* կեղծ*",
    opposites=(
        ("աճ* բարձրա* թանկա* ավելա* մեծա* ուժեղա*", "նվազ* իջ* էժանա* պակաս* կրճատ* անկ* ընկ* թուլա*"),
        ("սահման* կիրառ* մտցն*", "վերաց* հան* չեղ*"),
        ("ընդուն* հավան* աջակց* համաձայն* վավերաց* թույլատր* ողջուն*", "մերժ* արգել* դատապարտ* դեմ"),
        ("հաղթ*", "պարտվ*"),
        ("սկս* բաց* վերսկս* մեկնարկ*", "ավարտ* փակ* դադար* կասեց*"),
        ("ձերբակալ* կալանավոր*", "ազատ* արդարաց*"),
        ("հաստատ*", "հերք*"),
        ("ժաման* վերադար* մտ* միաց*", "հեռաց* լք* մեկն* դուրս"),
        ("գն* ներմուծ*", "վաճառ* արտահան*"),
        ("նշանակ* ընտր*", "ազատ* պաշտոնանկ* հրաժարական"),
        ("փրկ*", "մահ* սպան* զոհ*"),
        ("առաջ նախքան", "հետո անց"),
        ("հյուսիս*", "հարավ*"),
        ("արևելք* արևելյան", "արևմուտք* արևմտյան"),
        ("հարձակ*", "պաշտպան* հետ մղ*"),
        ("պատերազմ*", "խաղաղ* հրադադար*"),
    ),
    stops="և եվ է են էր ու որ այս այդ այն իր նրա նրանք մեջ մասին համար հետ ից ին ում ասել ասաց հայտնել "
    "հայտնում հայտարարել հայտարարեց նաև ըստ",
    qualifiers="նախկին նախորդ հանգուցյալ փոխ* տեղակալ* խորհրդական* օգնական* կինը կնոջ ամուսին* որդի* որդու "
    "դուստր* դստեր եղբայր* քույր* հայր* մայր* փաստաբան* խոսնակ* ենթադրյալ պաշտոնակատար* թիկնապահ*",
    alerts="շտապ լրահոս տեսանյութ լուսանկար ուղիղ բացառիկ թարմացված",
    recurring=(
        "լրահոս",
        "օրվա լուրեր",
        "օրվա լուրերը",
        "օրվա գլխավոր լուրերը",
        "օրվա ամփոփում",
        "մամուլի տեսություն",
        "ուղիղ եթեր",
        "ուղիղ հեռարձակում",
    ),
)

GEORGIAN = Language(
    units=_count(
        "ნული ერთი/ერთმა/ერთის/პირველი/პირველმა ორი/ორმა/ორის/მეორე სამი/სამმა/სამის/მესამე "
        "ოთხი/ოთხმა/ოთხის/მეოთხე ხუთი/ხუთმა/ხუთის/მეხუთე ექვსი/ექვსმა/ექვსის/მეექვსე "
        "შვიდი/შვიდმა/შვიდის/მეშვიდე რვა/რვამ/რვის/მერვე ცხრა/ცხრამ/ცხრის/მეცხრე ათი/ათმა/ათის/მეათე "
        "თერთმეტი თორმეტი/თორმეტმა/თორმეტის ცამეტი თოთხმეტი თხუთმეტი თექვსმეტი ჩვიდმეტი თვრამეტი ცხრამეტი",
        start=0,
    )
    | _count("ოცი ოცდაათი ორმოცი ორმოცდაათი სამოცი სამოცდაათი ოთხმოცი ოთხმოცდაათი", start=20, step=10),
    magnitudes={
        "ასი": 2,
        "ათასი": 3,
        "ათასამდე": 3,
        "მილიონი": 6,
        "მილიონამდე": 6,
        "მლნ": 6,
        "მილიარდი": 9,
        "მლრდ": 9,
        "ტრილიონი": 12,
    },
    weekdays=(
        "ორშაბათი ორშაბათს",
        "სამშაბათი სამშაბათს",
        "ოთხშაბათი ოთხშაბათს",
        "ხუთშაბათი ხუთშაბათს",
        "პარასკევი პარასკევს",
        "შაბათი შაბათს",
        "კვირა კვირას",
    ),
    months=(
        "იანვარი იანვარს იანვრის",
        "თებერვალი თებერვალს თებერვლის",
        "მარტი მარტს მარტის",
        "აპრილი აპრილს აპრილის",
        "მაისი მაისს მაისის",
        "ივნისი ივნისს ივნისის",
        "ივლისი ივლისს ივლისის",
        "აგვისტო აგვისტოს",
        "სექტემბერი სექტემბერს სექტემბრის",
        "ოქტომბერი ოქტომბერს ოქტომბრის",
        "ნოემბერი ნოემბერს ნოემბრის",
        "დეკემბერი დეკემბერს დეკემბრის",
    ),
    negations="არ არა ვერ ნუ გარეშე აღარ ვეღარ არც არავინ არაფერი უარი უარყ* გააუქმ* გაუქმ* ჩაიშალ* ჩავარდ* "
    "შეაჩერ* შეჩერდ* გადაიდ* გადადო* წინააღმდეგ თითქმის კინაღამ ყალბ*",
    opposites=(
        (
            "გაიზარდ* გაზარდ* იზრდ* ზრდა გაძვირ* აიწ* მოიმატ* გაძლიერ* ასწი*",
            "შემცირ* მცირდ* დაეც* გაიაფ* დაიწ* იკლ* კლება ვარდნა შეამცირ* შესუსტ*",
        ),
        ("დააწეს* დაწეს* შემოიღ* აწესებს", "მოხსნ* გააუქმ* ხსნის"),
        ("მიიღ* დაამტკიც* მხარი დათანხმ* დაეთანხმ* მოიწონ* რატიფიც*", "უარყ* უარი აკრძალ* დაგმ* ვეტო"),
        ("მოიგ* გაიმარჯვ* დაამარცხა", "წააგ* დამარცხდ*"),
        ("დაიწყ* გაიხსნ* გახსნ* განაახლ* განახლ*", "დასრულ* დაასრულ* დაიხურ* დახურ* შეწყვიტ* შეაჩერ*"),
        ("დააკავ* დაკავ* დააპატიმრ*", "გაათავისუფლ* გათავისუფლ* გაამართლ*"),
        ("დაადასტურ* დაადასტურა", "უარყ*"),
        ("ჩავიდ* დაბრუნდ* შევიდ* შეუერთდ* ჩამოვიდ*", "დატოვ* წავიდ* გამოვიდ* გავიდ*"),
        ("იყიდ* იმპორტ*", "გაყიდ* ექსპორტ*"),
        ("დანიშნ* აირჩი*", "გაათავისუფლ* გადადგ*"),
        ("გადარჩ* გადაარჩინ*", "დაიღუპ* გარდაიცვალ* მოკლ*"),
        ("მანამდე წინ", "შემდეგ"),
        ("ჩრდილო*", "სამხრეთ*"),
        ("აღმოსავლეთ*", "დასავლეთ*"),
        ("თავს ესხმ* შეუტი*", "მოიგერი* დაიცვ*"),
        ("ომი ომის", "მშვიდობ* ზავი"),
    ),
    stops="და რომ ეს ის იმ ამ მისი მათი კი თუ ან მაგრამ შესახებ მიერ თანახმად განაცხადა თქვა აცხადებს "
    "ამბობს იყო არის უნდა როგორც",
    qualifiers="ყოფილი ყოფილმა ყოფილ განსვენებული მოადგილე* ვიცე მრჩეველ* თანაშემწე* მეუღლე* ცოლი ქმარი "
    "შვილი შვილმა ვაჟი ვაჟმა ქალიშვილ* ძმა ძმამ და დამ მამა მამამ დედა დედამ ადვოკატ* სპიკერ* სავარაუდო "
    "მოვალეობის",
    alerts="სასწრაფოდ ვიდეო ფოტო განახლებული ექსკლუზივი პირდაპირი ბოლო წუთი",
    recurring=(
        "დღის სიახლეები",
        "დღის ამბები",
        "დღის მთავარი ამბები",
        "დღის მთავარი სიახლეები",
        "დღის შეჯამება",
        "პრესის მიმოხილვა",
        "პირდაპირი ეთერი",
        "პირდაპირი ტრანსლაცია",
    ),
)

LANGUAGES = {
    "en": ENGLISH,
    "ru": RUSSIAN,
    "az": AZERBAIJANI,
    "tr": TURKISH,
    "hy": ARMENIAN,
    "ka": GEORGIAN,
}

# Those who sign titles and open reports; an entry's own outlet needs no row.
AGENCIES = (
    "reuters",
    "ap",
    "associated press",
    "afp",
    "agence france presse",
    "upi",
    "bloomberg",
    "dpa",
    "efe",
    "ansa",
    "pti",
    "ians",
    "ani",
    "xinhua",
    "kyodo",
    "yonhap",
    "anadolu",
    "anadolu agency",
    "aa",
    "dha",
    "iha",
    "trt",
    "trt haber",
    "interfax",
    "интерфакс",
    "tass",
    "тасс",
    "ria",
    "риа",
    "ria novosti",
    "риа новости",
    "sputnik",
    "спутник",
    "rbc",
    "рбк",
    "azertac",
    "azərtac",
    "азертадж",
    "apa",
    "апа",
    "trend",
    "тренд",
    "turan",
    "report",
    "report.az",
    "armenpress",
    "արմենպրես",
    "арменпресс",
    "арка",
    "arka",
    "news.am",
    "interpressnews",
    "ინტერპრესნიუსი",
    "civil.ge",
    "rfe/rl",
    "bbc",
    "bbc news",
    "cnn",
    "dw",
    "the guardian",
    "al jazeera",
    "euronews",
    "yahoo news",
    "msn",
    "google news",
    "the new york times",
    "fox news",
    "cnbc",
    "nbc news",
    "abc news",
    "cbs news",
    "sky news",
    "bne",
    "unian",
    "униан",
    "укринформ",
    "ukrinform",
)


def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


def _all(field: str) -> frozenset[str]:
    return _folded(" ".join(getattr(tongue, field) for tongue in LANGUAGES.values()))


STOPS = _all("stops")
# Each as its folded words. The bare words for "live" of az, tr, hy and ka are left out: they also say alive
# and straight ("canlı bomba"); before a colon they are labels (alerts).
RECURRING = frozenset(
    tuple(map(fold, title.split())) for tongue in LANGUAGES.values() for title in tongue.recurring
)
# A last part of a title that ends in one of these names a paper or a station, whoever it is.
PRESS = _folded(
    "news times herald tribune gazette post daily weekly journal chronicle observer telegraph guardian "
    "mirror press tv radio fm magazine newspaper online agency media wire report today express standard "
    "новости известия вести газета агентство радио тв haber haberler gazetesi ajansi xəbər xəbərlər լուրեր "
    "նյուզ ახალი ამბები"
)
NEGATIONS = _all("negations")
QUALIFIERS = _all("qualifiers")
OPPOSITES = tuple(
    (_folded(plus), _folded(minus)) for tongue in LANGUAGES.values() for plus, minus in tongue.opposites
)
# Words for numbers, in any language: what they say is judged as a number, not as a word.
NUMBER_WORDS = frozenset(
    fold(word) for tongue in LANGUAGES.values() for word in (*tongue.units, *tongue.magnitudes)
) - frozenset({"on", "min", "bin", "second", "couple"})
# Words for a single one and for an uncounted few or many: neither is the same as a count.
ONE = _folded("a an one один одна одно одного одной bir մեկ ერთი ერთმა")
SOME = _folded(
    "several some many dozens scores numerous multiple few hundreds thousands various несколько многие много "
    "десятки сотни тысячи ряд bəzi onlarla yuzlərlə minlərlə cox birkac bazi onlarca yuzlerce binlerce cok "
    "մի տասնյակ հարյուրավոր հազարավոր շատ բազմաթիվ რამდენიმე ათობით ასობით ათასობით ბევრი მრავალი"
)
# Words that a title needs to speak but that point at no event: they do not count where events are compared.
FAINT = _folded(
    "after before against amid over under during since until while least most more less all first last next "
    "other another no not but if when where who which whose says say tells announces set set's calls call "
    "warns amid between through down up off out only even ever can could get gets make makes takes take go "
    "goes come comes one two year years month months week weeks day days time people man woman men women "
    "live update updates watch video photos key list things know need latest report reports news review "
    "inc corp co ltd plc quarter half net profit loss earnings results sales revenue dividend payout mln dlr "
    "dollars pct best guide schedule release date season episode price prices share shares market markets "
    "stock stocks "
    "после до перед против над под во время более менее все первый первая следующий другой нет не если когда "
    "где кто который год года лет месяц неделя день дней человек человека людей мужчина женщина видео фото "
    "новости обзор цена цены sonra əvvəl qarsi arasinda yeni il gun nəfər kisi adam xəbərlər video once yil "
    "ay hafta haber haberler kisi հետո մինչև դեմ միջև տարի օր ամիս մարդ լուրեր შემდეგ წინააღმდეგ შორის წელი "
    "დღე თვე ადამიანი ახალი ამბები"
).union(*(_folded(" ".join((*tongue.weekdays, *tongue.months))) for tongue in LANGUAGES.values()))
# Of NEGATIONS, those that turn round the sentence they are put into.
DENIALS = _folded(
    "not no never cannot can't won't don't doesn't didn't isn't wasn't aren't weren't wouldn't couldn't "
    "hasn't haven't fail fails failed refuse refuses refused deny denies denied не нет никогда отказ* "
    "опроверг* deyil yox imtina təkzib degil yok hayir reddet* չէ չի չեն ոչ հերք* მერժ* არ არა ვერ უარი "
    "უარყ*"
)
# Of OPPOSITES, those that happen: told by one title only, they are the news ("dies in hospital").
EVENTS = frozenset().union(*(side for pair in OPPOSITES for side in pair)) - _folded(
    "up down more above over most best maximum less below under fewer least worst minimum high low higher "
    "lower before ahead pre after following post north northern south southern east eastern west western "
    "he she his her man men boy boys male woman women girl girls female son brother father husband "
    "daughter sister mother wife net war peace growth support name names named back начало более больше "
    "свыше выше менее меньше ниже до перед накануне после cox əvvəl qabaq sonra once oncesi sonrasi առաջ "
    "հետո անց შემდეგ წინ"
)
# Of OPPOSITES, those that turn one affair round; rises and falls come daily and are no affair.
TURNS = tuple(
    (_folded(plus) & EVENTS, _folded(minus) & EVENTS)
    for tongue in LANGUAGES.values()
    for plus, minus in tongue.opposites[1:]
)
# One thing said in two ways, or one verb in two forms: the first stands for all. No names, and nothing that
# changes degree or time.
SAME = {
    fold(other): row.split()[0]
    for row in (
        "percent pct procent процентов процента проц",
        "faiz yuzde",
        "premier pm",
        "premier премьер-министр",
        "panel committee",
        "ask urge",
        "approve allow permit authorise authorize ok okay oks okays oked okayed greenlight",
        "fall dip slip drop",
        "rise climb increase firmer",
        "month mth",
        "year yr",
        "week wk",
        "quarter qtr",
        "quarterly qtly qtrly",
        "teen teenager teenage",
        "weapon arms",
        "movie film",
        "us usa america american",
        "uk britain british",
        "forex fx",
        "merge merger",
        "set declare announce",
        "buy bought purchase acquire",
        "sell sold",
        "get got gotten",
        "leave left exit",
        "go went gone",
        "take took taken",
        "win won",
        "lose lost",
        "meet met",
        "hold held",
        "find found",
        "give gave given",
        "see saw seen",
        "rise rose risen",
        "shoot shot",
        "seek sought",
        "send sent",
        "bring brought",
        "strike struck stricken hit",
        "speak spoke spoken",
        "begin began begun start commence",
        "end finish conclude",
        "become became",
        "fight fought",
        "run ran",
        "lead led",
        "build built",
        "pay paid",
        "make made",
        "break broke broken",
        "choose chose chosen",
        "fall fell fallen",
        "grow grew grown",
        "steal stole stolen",
        "swear swore sworn",
        "throw threw thrown",
        "write wrote written",
        "wed wedding",
        "marry married",
        "say said",
        "tell told",
        "flee fled",
        "drive drove driven",
        "arise arose arisen",
        "teach taught",
        "catch caught",
        "kill dead die died slay slain",
        "injure hurt wound",
        "earthquake quake tremor",
        "landslide landslip",
        "crash collision",
        "explosion blast",
        "rattle rock jolt shake shook",
        "fire blaze",
        "hostage captive",
        "investigation probe inquiry enquiry investigate",
        "deal agreement accord pact",
        "corruption graft",
        "company firm",
        "country nation",
        "envoy ambassador",
        "soldier troop",
        "child children kid",
        "student pupil",
        "plane aircraft airplane",
        "police cop",
        "lawmaker legislator",
        "journalist reporter",
        "worker employee",
        "chief boss",
        "doctor dr physician",
        "dispute row",
        "lawsuit suit",
        "jail prison imprison incarcerate",
        "arrest detain",
        "oust depose topple",
        "appoint name",
        "resign quit",
        "vow pledge promise",
        "warn caution",
        "try attempt",
        "revoke rescind",
        "reveal unveil disclose",
        "release ship",
        "consider mull weigh",
        "criticise criticize slam lambast",
        "praise hail",
        "postpone delay",
        "stop halt",
        "ban prohibit outlaw",
        "raise hike",
        "cut slash reduce",
        "match game",
        "football soccer",
        "final finale",
        "photo picture image pic",
        "tv television",
        "marijuana pot cannabis",
        "after following",
        "former ex",
        "adviser advisor",
        "spokesman spokesperson spokeswoman",
        "government govt gov't gvt",
        "administration admin",
        "department dept",
        "international int'l intl",
        "national nat'l natl",
        "chapter ch",
        "senator sen",
        "governor gov",
        "attorney atty",
        "university univ",
        "company co",
        "headquarters hq",
        "operation op ops",
        "submarine sub",
        "intelligence intel",
        "nuclear nuke",
        "laboratory lab",
        "disinformation disinfo",
        "vice-president vp",
        "bangladesh b'desh",
        "pakistan pak",
        "turkey turkiye turkish",
        "china chinese",
        "japan japanese",
        "france french",
        "germany german",
        "israel israeli",
        "iraq iraqi",
        "pakistan pakistani",
        "afghanistan afghan",
        "thailand thai",
        "venezuela venezuelan",
        "ukraine ukrainian",
        "spain spanish",
        "egypt egyptian",
        "mexico mexican",
        "lebanon lebanese",
        "poland polish",
        "greece greek",
        "sweden swedish",
        "denmark danish",
        "ireland irish",
        "scotland scottish",
        "switzerland swiss",
        "myanmar burma",
        "kyiv kiev",
        "kharkiv kharkov",
        "odesa odessa",
        "lviv lvov",
        "chernobyl chornobyl",
        "gaddafi qaddafi gadhafi kadhafi",
        "hezbollah hizbullah hizbollah",
        "quran koran",
        "isis isil daesh",
        "zelensky zelenskiy zelenskyy",
        "mohammed muhammad mohamed mohammad",
        "defence defense",
        "offence offense",
        "licence license",
        "center centre",
        "theater theatre",
        "program programme",
        "gray grey",
        "экс бывший бывшего бывшая бывшей бывшему бывшим",
        "рф россия россии",
        "сша америка америки",
    )
    for other in row.split()[1:]
}
# Two words that say what one says; each is replaced where the titles do not agree without it.
PHRASES = {
    (first, second): tuple(instead.split())
    for row in (
        "more than: over",
        "ahead of: before",
        "go up, goes up, went up, going up, gone up: rise",
        "go down, goes down, went down, going down, gone down: fall",
        "step down, steps down, stepped down, stepping down: resign",
        "pass away, passes away, passed away: die",
        "call off, calls off, called off, calling off: cancel",
        "turn down, turns down, turned down, turning down: reject",
        "team up, teams up, teamed up, teaming up: team",
        "fire up, fires up, fired up: boost",
        "call for, calls for, called for, calling for: seek",
        "call on, calls on, called on, calling on: ask",
        "kick off, kicks off, kicked off, kicking off: begin",
        "set to, poised to, about to: to",
        "prime minister, prime minister's: premier",
        "vice president: vice-president",
        "united states: us",
        "united kingdom: uk",
        "great britain: uk",
        "pleads guilty, pleaded guilty: plead guilty",
        "премьер министр: premier",
    )
    for phrases, _, instead in [row.partition(": ")]
    for first, second in (phrase.split() for phrase in phrases.split(", "))
}
# Words of a headline that add no fact: what stands in one title only because of them is no difference.
LIGHT = _folded(
    "another massive huge big major special rare pointed controversial popular famous potential possible "
    "just also roughly about around finally now already still very really study studies expert experts why "
    "how what here's there some new top today yesterday tonight уже еще также теперь сегодня вчера сейчас "
    "снова эксперт эксперты bu artiq indi bugun dunən simdi artik dun bugunku արդեն այսօր երեկ հիմա կրկին "
    "უკვე დღეს გუშინ ახლა კვლავ"
)
# Days and months in English, but for those that are other words as well: they are judged as numbers are.
DAYS = _folded(" ".join((*ENGLISH.weekdays, *ENGLISH.months))) - _folded("march may mar sep")
# What English verbs stand behind, and how it makes them be meant.
MODALS = {
    "to": "future",
    "will": "future",
    "would": "maybe",
    "may": "maybe",
    "might": "maybe",
    "could": "maybe",
    "should": "should",
    "must": "should",
    "can": "can",
}
# Words that may stand between such a word and its verb, beside those in -ly.
ADVERBS = frozenset({"not", "also", "still", "never", "again", "soon", "now", "just", "even"})
AND = frozenset({"and", "и", "եվ", "və", "ve", "და"})
# Verbs (as stems) whose two sides may change places, and titles behind which a name stands ("Chairman Son").
MUTUAL = frozenset({"meet", "team", "merg", "partner", "wed", "mary", "reunit", "talk"})
NAMED = frozenset({"chairman", "mr", "ceo"})
# Prepositions whose noun may stand before another noun as well ("US bankruptcy", "bankruptcy in the US").
PLACED = frozenset({"in", "at", "for", "on"})
# What firms are called (as stems): a description that may stand before or behind the name.
FIRMS = _folded(
    "chain exchang bank lender company startup retailer airlin carrier broker insurer builder maker giant"
)
# The letters beside each on its row of a keyboard.
KEYBOARDS = {
    letter: frozenset(row[max(0, at - 1) : at + 2]) - {letter}
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
    for at, letter in enumerate(row)
}
