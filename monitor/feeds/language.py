"""Which language a short text is in: by its script, its letters and its commonest words. Pure.

A filter on languages keeps entries away, so a wrong answer may cost an alert, and none costs nothing: what is
declared stands, unless the text is plainly in another language. The lists were written by hand; what they
come to is measured by benchmarks/language.py. Detectors that were tried: docs/decisions/0136.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Weights are logarithms of odds, so that what speaks for a language and against it can be added up.
# | weight | the case that set it |
# |---|---|
# | SURE | odds of 20 to 1: "Libya To Co-Host Flintlock 26" holds one word that is Polish too |
# | WORD | less than its frequency would say: lists are short, and other languages have its words too |
# | STRANGE | "Erdoğan hosts Şimşek in Ankara" is English, with two names |
SURE = 3.0
WORD = 2.0  # a word of the language's commonest
STRANGE = 3.0  # a word with a letter that the language does not have
NAME = 0.3  # what a capitalised word's letters count of that: it may be a stranger's name
MISSED = 6.0  # the most that letters may count that should have been there
SHARE = 0.6  # of the letters are of one script
_LONGEST = 300  # characters that are looked at
_FEWEST = 3  # letters


@dataclass(frozen=True, slots=True)
class _Letters:
    """Of the letters that not all languages of a script have, those that one has.

    `often` are the ones that show it, and `share` how much of its texts they are; `words` is what each word
    that is none of its commonest speaks against it.
    """

    has: str
    often: str = ""
    share: float = 0.0
    words: float = 0.25


# Each script, the ranges of its letters, and the languages that are told apart in it.
_SCRIPTS = {
    "latin": ("A-Za-zÀ-ɏəƏḀ-ỿ", "en fr de es it pt nl pl ro cs hu sv da no fi tr az sq hr id"),
    "cyrillic": ("Ѐ-ԯ", "ru uk be bg sr mk kk ky tg mn"),
    "arabic": ("ء-ۿ", "ar fa ur ckb ps ug"),
    "armenian": ("Ա-և", "hy"),
    "georgian": ("Ⴀ-ჿᲐ-Ჿ", "ka"),
    "greek": ("Ͱ-Ͽ", "el"),
    "hebrew": ("א-ת", "he"),
    "thai": ("ก-๛", "th"),
    "hangul": ("가-힣", "ko"),
    "kana": ("ぁ-ヿ", "ja"),
    "han": ("一-鿿", "zh ja"),
    "devanagari": ("ऀ-ॿ", "hi mr ne"),
    "bengali": ("ঀ-৿", "bn"),
    "others": ("ހ-\u07bf\u0a00-\u0dff\u0e80-\u109fሀ-\u139f\u1400-\u167f\u1780-\u17ffꀀ-\ua4cf",
               "am bo cr dv dz gu ii iu km kn lo ml my oj or pa si ta te ti"),
}  # fmt: skip
_LETTERS = {
    "en": _Letters("qwxjk", words=0.22),
    "it": _Letters("qàèéìòù", words=0.35),
    "nl": _Letters("wxjkëé", words=0.35),
    "id": _Letters("jk", words=0.25),
    "fr": _Letters("qwxjkéèêàçùâîôœëïû", "éèêàçùâîôœ", 0.035, words=0.40),
    "de": _Letters("qwxjkäöüß", "äöüß", 0.017, words=0.30),
    "es": _Letters("qxjáéíóúñü", "áéíóúñ", 0.025, words=0.40),
    "pt": _Letters("qxjãáàâçéêíóõú", "ãáàâçéêíóõú", 0.04, words=0.40),
    "pl": _Letters("wjkąćęłńóśźż", "ąćęłńóśźż", 0.06, words=0.22),
    "ro": _Letters("xjăâîșțşţ", "ăâîșțşţ", 0.05, words=0.35),
    "cs": _Letters("jkáčďéěíňóřšťúůýž", "áčďéěíňóřšťúůýž", 0.11, words=0.22),
    "hr": _Letters("jkčćđšž", "čćđšž", 0.03, words=0.25),
    "hu": _Letters("jkáéíóöőúüű", "áéíóöőúüű", 0.1, words=0.30),
    "sq": _Letters("qxjkëç", "ëç", 0.07, words=0.40),
    "sv": _Letters("xjkåäöé", "åäö", 0.04, words=0.30),
    "fi": _Letters("jkäöå", "äö", 0.045, words=0.12),
    "da": _Letters("jkæøåé", "æøå", 0.02, words=0.30),
    "no": _Letters("jkæøåé", "æøå", 0.02, words=0.30),
    "tr": _Letters("jkğışçöüâî", "ğışçöü", 0.10, words=0.12),
    "az": _Letters("qxjkəğışçöü", "əxq", 0.105, words=0.12),
    "ru": _Letters("ищъыьэюяёй", "ыэё", 0.023, words=0.20),
    "uk": _Letters("ищьюяйіїєґ", "іїєґ", 0.070, words=0.20),
    "be": _Letters("ыьэюяёйіў", "іў", 0.08, words=0.20),
    "bg": _Letters("ищъюяй", "ъ", 0.016, words=0.35),
    "sr": _Letters("ијљњџђћ", "јљњџђћ", 0.05, words=0.25),
    "mk": _Letters("ијљњџѓќѕ", "јљњџѓќѕ", 0.03, words=0.35),
    "kk": _Letters("ищъыьэюяёйіәғқңөұүһ", "іәғқңөұүһ", 0.1, words=0.12),
    "ky": _Letters("ищъыьэюяёйңөү", "ңөү", 0.05, words=0.12),
    "tg": _Letters("иъэюяёйғқӣӯҳҷ", "ғқӣӯҳҷ", 0.04, words=0.20),
    "mn": _Letters("ищъыьэюяёйөү", "өү", 0.07, words=0.12),
    "ar": _Letters("ةكيىأإآ", "ةكيىأإ", 0.1, words=0.18),
    "fa": _Letters("پچژگکیآئ", "پچژگکی", 0.09, words=0.30),
    "ur": _Letters("پچژگکیآئٹڈڑےںہھ", "ٹڈڑےںہھ", 0.12, words=0.40),
    "ckb": _Letters("پچژگکیئۆێڕڵڤە", "ۆێڕڵڤە", 0.15, words=0.20),
    "ps": _Letters("پچژګکیيئښږځڅۍېډړټ", "ښږځڅۍې", 0.06, words=0.30),
    "ug": _Letters("پچژگكيىئۇۆۈېە", "ۇۆۈېە", 0.15, words=0.12),
}  # fmt: skip
_WORDS = {
    "en": "the of in on a is and to for with from after over says said will his her has have are been be "
          "by at as new how why what who when where this that its it not into amid against between about "
          "more than but out up their they you your was were an can could may would should first two three "
          "years year day week police killed dead court deal talks president government minister people "
          "world war wins report calls urges set takes gets makes back down off under before during near "
          "or if we our all no us s t re one he she him them there some just most top say warns hits make "
          "get time dies man woman home here still despite",
    "fr": "le la les des du de et en un une dans pour par sur avec est au aux qui que ce cette son sa ses "
          "plus pas ne se après contre sans entre mais il elle leur dont était sont été deux trois selon "
          "face vers ans pourquoi comment quoi chez l d qu n s à a an ont être fait où tout ou y on lui "
          "nous vous ces leurs gouvernement ministre président morts mort blessés guerre pays nouveau "
          "nouvelle accord lors près sous depuis aussi même encore premier première jour",
    "de": "der die das und den dem des ein eine einen einer zu von mit für auf im in ist nicht auch nach "
          "bei aus wie als an am sich über um vor wird werden sind hat haben war zum zur gegen bis was "
          "wegen nur noch mehr zwischen unter wieder zwei drei sie er es so ihr ihre sein seine neue neuer "
          "neuen jahr jahre jahren tote verletzte heute kann will soll ab dass doch durch keine kein man "
          "wenn oder sagt beim ohne seit immer weiter gibt geht bahn krieg land",
    "es": "el la los las de del y en un una que por para con se su al es no más tras lo como sin sobre "
          "entre pero ha han son sus fue desde contra hasta este esta dos tres años qué cómo a o ya hay "
          "ser está le muertos heridos gobierno presidente año nuevo nueva guerra país otro muy también "
          "porque cuando",
    "it": "il la lo gli le di del della dei delle dal dalla e è in un una che per con su si non al alla "
          "nel nella sono da più dopo anche come ma ha tra i due tre anni sul sulla dell all contro ecco "
          "cosa a o l d nell sull ai alle agli dai dalle nei se ho hanno stato governo ministro "
          "presidente morti feriti guerra anno nuovo nuova ora",
    "pt": "o a os as de do da dos das e em no na nos nas um uma que por para com se ao à é não mais após "
          "sobre são foi como mas sem entre seu sua pelo pela dois três anos diz até contra ou já ser está "
          "ano governo presidente ministro mortos guerra país novo nova",
    "nl": "de het een en a van in op te voor met is dat die niet aan bij naar om door over na uit ook zijn "
          "wordt worden heeft was als er nog tegen meer maar tot twee drie jaar af of hij ze we dit deze "
          "geen kan onder weer nieuwe hun doden gewonden oorlog land rechter laat vrij",
    "pl": "w i na z do się nie o że za po jest od dla przez ale jak to są był co przed czy roku nad ze ma "
          "będzie oraz tego już być przy ws",
    "ro": "și în de la cu un o pe din pentru nu care este au fost mai că al ale lui se după despre prin "
          "sunt către sau fi dar a l i s într ani an ai ce până fără președintele guvernul",
    "cs": "a v na se že je z do za o s pro po ve by jsou od k při jak nebo které která který podle ale už "
          "jako byl před proti roce",
    "hu": "a az és egy is nem hogy van volt már de ki meg lesz után szerint nincs majd között még miatt "
          "ellen",
    "sv": "och i att det som en på är av för med den till har inte om ett från efter var vid mot kan ska "
          "under säger",
    "da": "og i at det er en på for af med den til har ikke et fra efter som der ved mod kan vil skal "
          "siger blev",
    "no": "og i at det er en på for av med den til har ikke et fra etter som ved mot kan vil skal sier ble",
    "fi": "ja on ei että se oli ovat kun mutta myös jälkeen mukaan kanssa sekä tai vuoden vielä",
    "tr": "ve ile bir için bu da de ne en çok daha gibi olarak olan oldu değil sonra kadar karşı mi mı mu "
          "mü yeni göre ilk son dedi etti edildi iki üç nasıl neden ya ise var yok her yine bunu onun kez "
          "ki şu tüm artık böyle bile hem hiç diye üzere önce olduğu yer biri bazı bizim benim ben sen o "
          "kişi yaralı türkiye başkanı bakanı bakan açıkladı bugün yarın saat polis yıl yılda yılında ye "
          "nin nın dan den ta te milyon sürüyor gitti geldi öldü istiyor arasında",
    "az": "və ilə bir üçün bu da də ən çox daha kimi olan olub edib sonra qədər yeni görə ilk son dedi "
          "etdi edilib iki üç nə niyə necə bildirib keçirilib haqqında olacaq deyib edir olunub artıq həm "
          "heç hər bütün öz onun üzrə azərbaycan ildə nəfər var yox keçirib görüşüb açıldı açılıb o ki isə "
          "ya artıb ölüb sabah davam oldu",
    "sq": "dhe në të e i për me nga një së që është nuk si u por ka do kjo ky pas mes tek janë",
    "hr": "i u na je se da za od su s o ne iz koji koja koje do kako što nije bi po će ali nakon prema "
          "zbog već",
    "id": "yang di dan dari untuk dengan pada ini itu akan tidak ke dalam oleh telah karena sebagai bisa "
          "juga ada saat jadi usai warga",
    "ru": "и в на с не что как по за из о от к для это его он до после при об был были со уже под году "
          "между во будет она они или более нет где кто почему также заявил рассказал стало над ее их все "
          "без но против года лет у а же бы то если этом этого так только может чтобы мы вы я еще ещё "
          "новый новые стали сша россии который которые было есть двое трое завтра сегодня чем раз тем "
          "быть ли вот",
    "uk": "і в у на з не що як по за із про від до для це його він та після при був вже під році між во "
          "буде вона вони або більше де хто чому також заявив розповів над її їх без але проти року років "
          "зі й а ж є бо щодо через який які яка якщо так лише може щоб ми ви я ще новий було були двоє "
          "троє завтра сьогодні внаслідок біля ніж то бути чи",
    "be": "і ў на з не што як па за пра ад да для гэта яго ён пасля пры быў былі ужо пад паміж у яна або "
          "дзе хто таксама над без але супраць а ж які якія каб мы вы я яшчэ новы было ці",
    "bg": "и в на с не че как по за из от до към след при е са се да ще бе бяха във със между но или над "
          "без още вече срещу които който около през а ли му го ги си им това този тази само може ново нов "
          "нова един една две три",
    "sr": "и у на с не да како по за из од до је су се ће би али или након против због који која које "
          "после између без при није о а са што још овај ова ово само може шта ли га их му нови нова",
    "mk": "и во на со не дека како по за од до е се ќе беа но или над без против кој која кои меѓу го ја "
          "ги",
    "kk": "және мен үшін бір бұл да де жаңа туралы қалай болды болып екі бойынша кейін",
    "ar": "في من على إلى عن أن مع بعد هذا هذه التي الذي لا ما بين قبل قال خلال ضد أو كما منذ حول عبر جراء",
    "fa": "در از به را با و که این برای است شد آن بر تا یک می کرد کردند شود های پس درباره خود دو سه شدند",
    "ur": "میں کے کی کا سے نے کو پر اور ہے ہیں کہ بھی تھا گیا",
}  # fmt: skip
# Languages of these scripts that are not told apart here, but believed where they are declared: the rest of
# ISO 639-1, and `sh`, which is Serbian, Croatian and Bosnian. What is not here is a mistake ("us").
_UNTOLD = {
    "latin": "aa af ak an ay az bi bm br bs ca ch co cy ee eo et eu ff fj fo fy ga gd gl gn gv ha ho ht hz "
             "ia ie ig ik io is jv kg ki kj kk kl kr ku kw la lb lg li ln lt lu lv mg mh mi ms mt na nd ng "
             "nr nv ny oc om pl qu rm rn rw sc se sg sh sk sl sm sn so sr ss st su sw tk tl tn to ts tw ty "
             "uz ve vi vo wa wo xh yo za zu",
    "cyrillic": "ab av az ba bs ce cu cv kv ku os ro sh tk tt ug uz",
    "arabic": "az ha kk ks ku ky ms pa sd tg tk tt uz",
    "devanagari": "ks pi sa sd",
    "bengali": "as",
    "hebrew": "yi",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, (letters, _) in _SCRIPTS.items()))
_KANA = re.compile(f"[{_SCRIPTS['kana'][0]}]")
_NAMES = {script: frozenset(names.split()) for script, (_, names) in _SCRIPTS.items()}


def _having(signs: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """For each sign the names of those that have it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, said in signs.items():
        for sign in said:
            found[sign].add(name)
    return {sign: frozenset(names) for sign, names in found.items()}


_WRITTEN = _having(
    {script: [*names, *_UNTOLD.get(script, "").split()] for script, names in _NAMES.items()}
)  # the scripts of a language
_OF_WORD = _having({name: words.split() for name, words in _WORDS.items()})
_OF_LETTER = _having({name: list(letters.has) for name, letters in _LETTERS.items()})
_PEERS = {
    letter: next(names for names in _NAMES.values() if names & having)
    for letter, having in _OF_LETTER.items()
}  # the languages of a letter's script
_RARE = re.compile(f"[{''.join(_OF_LETTER)}]")


def spoken(title: str, report: str, declared: str | None) -> str | None:
    """The language of an entry: its words' where they are plain, else what is declared, if it can be.

    None where nothing is declared and nothing plain, or where what is declared is not written so. A language
    that is not told apart here is believed.
    """
    found = heard(title, report)
    script = _script(title[:_LONGEST])
    scripts = _WRITTEN.get(declared or "")
    if script is None or scripts is None:
        return found or declared
    if script not in scripts:
        return found
    return found or declared if declared in _NAMES[script] else declared


def heard(title: str, report: str) -> str | None:
    """The language that an entry is plainly in: by its title or, where that is not plain, with its text."""
    found = told(title)
    return told(f"{title[:_LONGEST]}\n{report[:_LONGEST]}") if found is None and report else found


def told(text: str) -> str | None:
    """The language that the text is plainly in; None where that is not plain."""
    text = text[: 2 * _LONGEST]
    script = _script(text)
    if script is None:
        return None
    names = _NAMES[script]
    if len(names) == 1:
        return next(iter(names))
    if not names <= _LETTERS.keys():
        return "ja" if _KANA.search(text) else None
    words = _WORD.findall(text.replace("İ", "i"))
    whole = "".join(words).lower()
    odds = {name: -_LETTERS[name].words * len(words) - _missed(_LETTERS[name], whole) for name in names}
    for word in words:
        for name, weight in _speaks(word.lower(), capital=word[0].isupper()).items():
            if name in odds:
                odds[name] += weight
    (best, most), (_, second) = sorted(odds.items(), key=lambda one: -one[1])[:2]
    return best if most - second >= SURE else None


def _speaks(word: str, *, capital: bool) -> dict[str, float]:
    """What a word adds for each language that it says anything of, beside what every word takes off."""
    said = {name: WORD + _LETTERS[name].words for name in _OF_WORD.get(word, _NOBODY)}
    rare = _RARE.findall(word)
    if rare:
        having = frozenset.intersection(*(_OF_LETTER[letter] for letter in rare))
        strange = STRANGE * (NAME if capital else 1.0)
        said |= {name: -strange for name in _PEERS[rare[0]] - having if name not in said}
    return said


def _missed(letters: _Letters, text: str) -> float:
    """How much it speaks against a language that none of its own letters are there."""
    expected = letters.share * len(text)
    return min(expected, MISSED) if expected and not any(one in text for one in letters.often) else 0.0


_NOBODY: frozenset[str] = frozenset()


def _script(text: str) -> str | None:
    """The script of most letters; None where there is hardly any letter, or no such script."""
    counts: dict[str, int] = {}
    for run in _RUN.finditer(text):
        name = str(run.lastgroup)
        counts[name] = counts.get(name, 0) + run.end() - run.start()
    whole = sum(counts.values())
    name = max(counts, key=lambda script: counts[script], default="")
    return name if whole >= _FEWEST and counts[name] >= SHARE * whole else None
