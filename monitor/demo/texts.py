"""The demo's news, in five languages. Every event, person, firm and place name of note in it is invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """What an outlet prints: paragraphs are parted by a line feed, `lang` is the language's two letters."""

    title: str
    summary: str
    body: str
    lang: str = "en"


# ---- the event, as the agency sends it ---------------------------------------------------------------------

RAILWAY = Text(
    title="Armenia and Azerbaijan sign railway agreement in Tbilisi",
    summary=(
        "Armenia and Azerbaijan signed a railway agreement in Tbilisi, opening freight traffic through "
        "Meghri for the first time in three decades."
    ),
    body=(
        "Armenia and Azerbaijan signed a railway agreement in Tbilisi, opening freight traffic through "
        "Meghri for the first time in three decades. The document was signed by the Armenian envoy, Levon "
        "Tsaturyants, and the Azerbaijani envoy, Kamran Rzazade, after a night of talks in the old customs "
        "house.\n"
        "Under the accord each country keeps control of the track on its own soil, and a joint office in "
        "Tbilisi will publish the timetable. Engineers are to inspect forty-three kilometres of disused "
        "line before the winter. Georgian officials, who hosted the talks, said customs forms had been the "
        "last point in dispute.\n"
        "Freight companies welcomed the news but asked for clarity on tariffs. A first test train, without "
        "passengers, could run before the end of the year if the bridges pass inspection."
    ),
)
NIGHT_OF_TALKS = ("after a night of talks in", "after talks that lasted through the night in")
OFFICIALS = ("Georgian officials, who hosted the talks, said", "Georgian officials, hosts of the talks, said")
RETITLED = "Armenia and Azerbaijan sign railway agreement at ceremony in Tbilisi"

# ---- what follows from it ----------------------------------------------------------------------------------

FIRST_TRAIN = Text(
    title="Rzazade expects first freight wagons through Meghri in the spring",
    summary=(
        "The Azerbaijani envoy Kamran Rzazade told reporters that regular traffic would have to wait for "
        "the thaw."
    ),
    body=(
        "The Azerbaijani envoy Kamran Rzazade told reporters that regular traffic would have to wait for "
        "the thaw, because two viaducts need new bearings. Speaking on the steps of the customs house, "
        "Rzazade said crews from both sides would share a camp and a canteen, and that he hoped to ride "
        "the locomotive himself. Weather stations on the pass have recorded deep snow in each of the last "
        "four winters."
    ),
)
DEBATE = Text(
    title="Armenian parliament to debate railway agreement with Azerbaijan on Thursday",
    summary="Lawmakers in Yerevan will hold a single reading before the vote, the speaker's office said.",
    body=(
        "Lawmakers in Yerevan will hold a single reading before the vote, the speaker's office said. The "
        "ruling bloc has enough seats to pass the railway agreement with Azerbaijan by itself, but two of "
        "its deputies have asked for guarantees on farmland beside the line. The committee on transport "
        "published the full text with its annexes, and opened a telephone line for questions from villages "
        "along the route. A protest is planned on the square outside."
    ),
)
PREMIUMS = Text(
    title="Insurers cut cargo premiums after Armenia-Azerbaijan rail deal",
    summary="Underwriters lowered the price of transit cover across the South Caucasus within hours.",
    body=(
        "Underwriters lowered the price of transit cover across the South Caucasus within hours, brokers "
        "said. Cover for a container between the Caspian and the Black Sea fell by roughly a sixth. One "
        "broker described the rail deal between Armenia and Azerbaijan as the largest single change to "
        "regional risk tables in a decade, while warning that mudslides remain the costliest hazard on the "
        "mountain stretch."
    ),
)
COURT = Text(
    title="Opposition in Yerevan asks court to annul railway agreement with Azerbaijan",
    summary="Three parties filed a joint petition, arguing that the envoy had no mandate to sign.",
    body=(
        "Three parties filed a joint petition, arguing that the envoy had no mandate to sign the railway "
        "agreement with Azerbaijan without a prior vote. The constitutional judges have a month to answer. "
        "Legal scholars were divided: some pointed to a precedent on water rights, others said the "
        "petition confuses a treaty with an executive arrangement. The government's lawyers declined to "
        "comment before they had read the filing."
    ),
)

# ---- the event in other languages --------------------------------------------------------------------------

RAILWAY_RU = Text(
    title="Армения и Азербайджан подписали в Тбилиси железнодорожное соглашение",
    summary=(
        "Армения и Азербайджан подписали в Тбилиси железнодорожное соглашение, которое впервые за три "
        "десятилетия открывает грузовое движение через Мегри."
    ),
    body=(
        "Армения и Азербайджан подписали в Тбилиси железнодорожное соглашение, которое впервые за три "
        "десятилетия открывает грузовое движение через Мегри. Подписи поставили посланник Еревана Левон "
        "Цатурянц и посланник Баку Камран Рзазаде.\n"
        "Каждая из сторон сохраняет контроль над путями на своей земле, а расписание будет составлять "
        "общее бюро. До зимы инженеры осмотрят заброшенный участок и мосты. Грузинские чиновники, "
        "принимавшие переговоры, рассказали, что дольше всего спорили о таможенных бланках. Перевозчики "
        "новость одобрили, но просят скорее назвать тарифы."
    ),
    lang="ru",
)
RAILWAY_AZ = Text(
    title="Azərbaycan və Ermənistan Tbilisidə dəmir yolu sazişi imzaladı",
    summary="Saziş otuz ildə ilk dəfə Mehri üzərindən yük qatarlarının hərəkətinə yol açır.",
    body=(
        "Azərbaycan və Ermənistan Tbilisidə dəmir yolu sazişi imzaladı. Sənədə Bakının elçisi Kamran "
        "Rzazadənin və İrəvanın elçisi Levon Tsaturyantsın imzası qoyuldu. Saziş otuz ildə ilk dəfə Mehri "
        "üzərindən yük qatarlarının hərəkətinə yol açır. Tərəflər öz torpaqlarındakı yollara özləri "
        "nəzarət edəcək, cədvəli isə Tbilisidə ortaq büro hazırlayacaq. Mühəndislər qışa qədər körpüləri "
        "yoxlamalıdır."
    ),
    lang="az",
)
RAILWAY_HY = Text(
    title="Հայաստանն ու Ադրբեջանը Թբիլիսիում երկաթուղային համաձայնագիր ստորագրեցին",
    summary="Երեսուն տարվա մեջ առաջին անգամ բեռնատար գնացքները կանցնեն Մեղրիով։",
    body=(
        "Հայաստանն ու Ադրբեջանը Թբիլիսիում երկաթուղային համաձայնագիր ստորագրեցին։ Փաստաթղթի տակ ստորագրել "
        "են Երևանի բանագնաց Լևոն Ծատուրյանցը և Բաքվի բանագնաց Քամրան Ռզազադեն։ Երեսուն տարվա մեջ առաջին "
        "անգամ բեռնատար գնացքները կանցնեն Մեղրիով։ Յուրաքանչյուր կողմ վերահսկելու է գիծը իր հողում, իսկ "
        "չվացուցակը կազմելու է Թբիլիսիի համատեղ գրասենյակը։ Մինչև ձմեռ ինժեներները պետք է ստուգեն "
        "կամուրջները։"
    ),
    lang="hy",
)
RAILWAY_KA = Text(
    title="სომხეთმა და აზერბაიჯანმა თბილისში სარკინიგზო შეთანხმებას მოაწერეს ხელი",
    summary="სატვირთო მატარებლები მეღრის გავლით ოცდაათი წლის შემდეგ პირველად ივლიან.",
    body=(
        "სომხეთმა და აზერბაიჯანმა თბილისში სარკინიგზო შეთანხმებას მოაწერეს ხელი. დოკუმენტს ხელი მოაწერეს "
        "ერევნის წარგზავნილმა ლევონ წატურიანცმა და ბაქოს წარგზავნილმა ქამრან რზაზადემ. სატვირთო "
        "მატარებლები მეღრის გავლით ოცდაათი წლის შემდეგ პირველად ივლიან. თითოეული მხარე ლიანდაგს საკუთარ "
        "მიწაზე თავად გააკონტროლებს, განრიგს კი თბილისის საერთო ბიურო გამოაქვეყნებს. ზამთრამდე ინჟინრები "
        "ხიდებს შეამოწმებენ."
    ),
    lang="ka",
)

# ---- equal words, other news -------------------------------------------------------------------------------

TWO_WOUNDED = Text(
    title="Two soldiers wounded in shooting near border village of Akhtala Pass",
    summary="Two soldiers were wounded when shots were fired near the border village, the ministry said.",
    body=(
        "Two soldiers were wounded when shots were fired near the border village, the ministry said. They "
        "were taken to a district hospital and doctors described their condition as stable. Neighbouring "
        "posts reported no movement. The ministry said an inquiry had been opened and that the hotline "
        "between the commands was in use within minutes. Residents were asked to stay away from the upper "
        "pastures until further notice."
    ),
)
TWELVE_WOUNDED = Text(
    title=TWO_WOUNDED.title.replace("Two", "Twelve"),
    summary=TWO_WOUNDED.summary.replace("Two", "Twelve"),
    body=TWO_WOUNDED.body.replace("Two", "Twelve"),
)
IMPOSES = Text(
    title="Georgia imposes sanctions on cargo firm Vesta Marine",
    summary="Georgia imposes sanctions on the cargo firm Vesta Marine, a notice in the gazette says.",
    body=(
        "Georgia imposes sanctions on the cargo firm Vesta Marine, a notice in the gazette says. "
        "The measure concerns the firm's accounts and its berth in the port of Batumi. Vesta Marine, which "
        "runs a fleet of small coasters, said it had been told nothing beforehand and would read the "
        "notice with its lawyers. Port workers said that loading went on as usual through the morning."
    ),
)
LIFTS = Text(
    title=IMPOSES.title.replace("imposes", "lifts"),
    summary=IMPOSES.summary.replace("imposes", "lifts"),
    body=IMPOSES.body.replace("imposes", "lifts"),
)

# ---- edits and late reasons --------------------------------------------------------------------------------

MEETING_RU = Text(
    title="Правительство Грузии собралось на внеочередное заседание",
    summary="Министры съехались в канцелярию к девяти утра, повестка пока не объявлена.",
    body=(
        "Министры съехались в канцелярию к девяти утра, повестка пока не объявлена. Журналистов попросили "
        "подождать во дворе. В канцелярии обещают выступить с заявлением, как только закончится "
        "обсуждение."
    ),
    lang="ru",
)
MEETING_RU_DECIDED = Text(
    title="Правительство Грузии на внеочередном заседании одобрило санкции против контрабандистов",
    summary="Министры согласились, что Грузия вводит санкции против владельцев подпольных складов.",
    body=(
        "Министры согласились, что Грузия вводит санкции против владельцев подпольных складов. Журналистов "
        "попросили подождать во дворе, а к полудню им раздали текст решения. Список лиц опубликуют позже."
    ),
    lang="ru",
)
DOCKERS = Text(
    title="Dockers at Poti end strike after new roster is agreed",
    summary="Dockers at Poti went back to work after the harbour company agreed to a new roster.",
    body=(
        "Dockers at Poti went back to work after the harbour company agreed to a new roster. Nine ships "
        "had been waiting in the roads, two of them with fruit. The union said night shifts would be "
        "shorter and that nobody would lose pay for the stoppage. Cranes started at seven, and the harbour "
        "master expects the queue to be cleared by the end of the week."
    ),
)
DOCKERS_WITH_ENVOY = (
    "The first ship to be unloaded carries rails. The Azerbaijani envoy Kamran Rzazade watched from the quay."
)
GRID = Text(
    title="Power grid failure leaves western Georgia dark for an hour",
    summary="A fault at a mountain substation cut electricity to three regions before dawn.",
    body=(
        "A fault at a mountain substation cut electricity to three regions before dawn. The operator "
        "restored the lines within an hour and said that a falling tree, not an overload, had tripped the "
        "breakers. Hospitals ran on generators. It was the second power grid failure of the season, and "
        "the regulator has asked for a report on tree felling along the lines."
    ),
)
HOSTILE = Text(
    title="<!channel> @everyone Azerbaijan sanctions list leaked, hacked page claims",
    summary="A hacked hobby page carried the headline for ten minutes before its owners took it down.",
    body=(
        "A hacked hobby page carried the headline for ten minutes before its owners took it down. The "
        "list, which names forty firms under supposed sanctions in Azerbaijan, is a forgery, the page's "
        "editor said, and bad grammar gives it away. Visitors were greeted by <@here> and a request to "
        "click on a link, which nobody should do."
    ),
)

# ---- what must stay silent ---------------------------------------------------------------------------------

FESTIVAL = Text(
    title="Wine festival fills the squares of Telavi",
    summary="Some ninety cellars opened their doors, and the brass band played until the rain came.",
    body=(
        "Some ninety cellars opened their doors, and the brass band played until the rain came. Visitors "
        "tasted amber wine from clay jars and bought walnuts on strings.\n"
        "Hotels in the valley were full for the third weekend in a row, the mayor said.\n"
        "You may also like\n"
        "Armenia and Azerbaijan sign railway agreement in Tbilisi\n"
        "Georgia imposes sanctions on cargo firm Vesta Marine"
    ),
)
GARDENS = Text(
    title="Botanic garden opens its glasshouse of mountain orchids",
    summary="The glasshouse was built by volunteers and is heated by the springs below the old town.",
    body=(
        "The glasshouse was built by volunteers and is heated by the springs below the old town. Forty "
        "kinds of orchid flower there at once, the curator said, and school classes come in free of "
        "charge.\n"
        "Read also\n"
        "Rzazade: Azerbaijani envoy speaks of a long night\n"
        "Two soldiers wounded in shooting near border village"
    ),
)
THEATRE_RU = Text(
    title="Кукольный театр открывает сезон сказкой о медведе",
    summary="Премьеру сыграют в субботу, кукол для неё резали из липы всё лето.",
    body=(
        "Премьеру сыграют в субботу, кукол для неё резали из липы всё лето. Художник признаётся, что "
        "медведь получился похожим на директора, но директор не обиделся.\n"
        "Читайте также\n"
        "Армения и Азербайджан подписали железнодорожное соглашение\n"
        "Грузия вводит санкции против контрабандистов"
    ),
    lang="ru",
)
AIRPORT = Text(
    title="Fog closes Murad Rzazade Airport for three hours",
    summary="Seven flights were sent to Baku while Murad Rzazade Airport waited for the fog to lift.",
    body=(
        "Seven flights were sent to Baku while Murad Rzazade Airport waited for the fog to lift. "
        "Passengers were given tea and blankets. The airport bears the name of a pioneer of aviation who "
        "flew the mail over the mountains. Flights resumed before noon."
    ),
)
UEFA = Text(
    title="UEFA sanctions Azerbaijan side Kartal Ganja over crowd trouble",
    summary="The club will play one match behind closed doors and pay for broken seats.",
    body=(
        "The club will play one match behind closed doors and pay for broken seats. The UEFA sanctions "
        "against the Azerbaijan side take effect in the next round. The coach said the team would play for "
        "the children who had saved for their tickets."
    ),
)
DOPING = Text(
    title="Doping sanctions end the season of a Georgian weightlifter",
    summary="The lifter accepted the ban and blamed a cough syrup.",
    body=(
        "The lifter accepted the ban and blamed a cough syrup. Doping sanctions in Georgia are rare: the "
        "last was six years ago. The federation will send a junior to the championship instead."
    ),
)
RALLY_RU = Text(
    title="Санкционированный митинг в Баку прошёл спокойно",
    summary="На площадь пришли велосипедисты, которые просят выделенных дорожек.",
    body=(
        "На площадь пришли велосипедисты, которые просят выделенных дорожек. Санкционированный мэрией "
        "митинг занял полчаса, после чего его участники проехали по набережной. Полиция Баку нарушений не "
        "отметила."
    ),
    lang="ru",
)
LAW_FIRM = Text(
    title="Judge sanctions law firm in US state of Georgia over lost files",
    summary="The firm must pay for new copies and apologise to the widow who had sued.",
    body=(
        "The firm must pay for new copies and apologise to the widow who had sued. Such sanctions are "
        "seldom seen in the US state of Georgia, where clerks keep copies of their own. The files were "
        "later found in a van."
    ),
)
MUSEUM = Text(
    title="Railway museum in Tbilisi restores a mail carriage",
    summary="Retired fitters spent two years on the oak panels and the brass lamps.",
    body=(
        "Retired fitters spent two years on the oak panels and the brass lamps. The carriage once ran "
        "between Tbilisi and Batumi, and still smells of sealing wax. An agreement with the railway lets "
        "the museum use a siding on summer evenings."
    ),
)
FOOTBALL_AZ = Text(
    title="Kartal Gəncə növbəti oyunu tamaşaçısız keçirəcək",
    summary="Klub qırılan oturacaqların pulunu ödəyəcək.",
    body="Klub qırılan oturacaqların pulunu ödəyəcək. Məşqçi deyir ki, komanda azarkeşlərdən üzr istəyir.",
    lang="az",
)
WEATHER_HY = Text(
    title="Շաբաթավերջին լեռնային շրջաններում ձյուն է սպասվում",
    summary="Օդերևութաբանները վարորդներին խորհուրդ են տալիս ձմեռային անվադողեր օգտագործել։",
    body=(
        "Օդերևութաբանները վարորդներին խորհուրդ են տալիս ձմեռային անվադողեր օգտագործել։ Հովիտներում անձրև "
        "կտեղա, գիշերը ջերմաստիճանը կնվազի։"
    ),
    lang="hy",
)
BOOKS_KA = Text(
    title="წიგნის ბაზრობაზე ორმოცი გამომცემლობა ჩამოვიდა",
    summary="ბაზრობა კვირის ბოლომდე გაგრძელდება, შესვლა უფასოა.",
    body="ბაზრობა კვირის ბოლომდე გაგრძელდება, შესვლა უფასოა. ბავშვებისთვის ცალკე დარბაზია მოწყობილი.",
    lang="ka",
)

# ---- what stands in the feeds before the morning begins ----------------------------------------------------

BEFORE: dict[str, Text] = {
    "halden-wire": Text(
        "Grain harvest in Kakheti ahead of last year, growers say",
        "Growers credit a dry August and new combines.",
        "Growers credit a dry August and new combines. The co-operative has rented a second silo.",
    ),
    "lorikeet-press": Text(
        "Astronomers on Mount Aragats photograph a returning comet",
        "The comet can be seen with field glasses before sunrise.",
        "The comet can be seen with field glasses before sunrise. It was last here eighty years ago.",
    ),
    "riverside-courier": Text(
        "Ferry across the Kura runs again after repairs",
        "The ferry had been out of service since a flood.",
        "The ferry had been out of service since a flood. Its bell was stolen and has been replaced.",
    ),
    "caspian-ledger": Text(
        "Georgia weighs sanctions on river smugglers, minister says",
        "The minister spoke of frozen accounts and impounded boats.",
        "The minister spoke of frozen accounts and impounded boats. Georgia last used sanctions of this "
        "kind"
        "against poachers.",
    ),
    "northgate-times": Text(
        "Archive of a forgotten photographer comes to light in Gyumri",
        "Glass plates were found behind a bakery's oven.",
        "Glass plates were found behind a bakery's oven. Most show weddings, and a few an elephant.",
    ),
    "harbour-post": Text(
        "Lighthouse keeper retires after forty years",
        "His daughter takes over the lamp.",
        "His daughter takes over the lamp. The harbour gave him a barometer.",
    ),
    "tidewater-business": Text(
        "Tea growers in Guria look for buyers abroad",
        "A fair in the spring brought first orders.",
        "A fair in the spring brought first orders. Pickers are still hard to find.",
    ),
    "sidewalk-gazette": Text(
        "Ten walks under an hour from the old town",
        "Our readers chose their favourite paths.",
        "Our readers chose their favourite paths. Take water, and a stick for the dogs.",
    ),
    "touchline-daily": Text(
        "Goalkeeper scores from his own half in the rain",
        "Wind carried the ball over everybody.",
        "Wind carried the ball over everybody. The referee asked to see it again.",
    ),
    "vestnik-zari": Text(
        "На озере Севан открылась школа парусного спорта",
        "Первые занятия прошли при полном штиле.",
        "Первые занятия прошли при полном штиле. Учеников это не смутило.",
        "ru",
    ),
    "perekrestok": Text(
        "В горах Аджарии нашли старинный винный погреб",
        "Кувшины стояли на местах и были закрыты глиной.",
        "Кувшины стояли на местах и были закрыты глиной. Вино пробовать не стали.",
        "ru",
    ),
    "seyyare-xeber": Text(
        "Şəkidə ipək ustaları yeni emalatxana açdı",
        "Emalatxanada gənclər üçün dərslər keçiriləcək.",
        "Emalatxanada gənclər üçün dərslər keçiriləcək. Dəzgahlar yüz ildən qədimdir.",
        "az",
    ),
    "aragil-lur": Text(
        "Դիլիջանում վերաբացվել է հին կամուրջը",
        "Կամուրջը վերականգնել են տեղի վարպետները։",
        "Կամուրջը վերականգնել են տեղի վարպետները։ Բացմանը նվագում էր դպրոցական նվագախումբը։",
        "hy",
    ),
    "mertskhali": Text(
        "სვანეთში ახალი საფეხმავლო ბილიკი გაიხსნა",
        "ბილიკი სამ სოფელს აერთებს.",
        "ბილიკი სამ სოფელს აერთებს. მას მოხალისეები უვლიან.",
        "ka",
    ),
}
