"""The demo's own desk: the names, terms and rules it watches by, as the YAML that an editor would write."""

from __future__ import annotations

_NAMES = """\
# Who and where. Each word also counts with the endings of its language.
names:
  rzazade:
    name: Kamran Rzazade
    role: envoy of Azerbaijan (invented for the demo)
    full: [Kamran Rzazade, Kamran Rzazadə, Камран Рзазаде, Քամրան Ռզազադե, ქამრან რზაზადე]
    short: [Rzazade, Rzazadə, Рзазаде, Ռզազադե, რზაზადე]
    context: [Azerbaijan, Azerbaijani, Azərbaycan, Азербайджан, Ադրբեջան, აზერბაიჯანი, Baku, Bakı, Баку]
    except: [Murad Rzazade, Rzazade Airport]
  tsaturyants:
    name: Levon Tsaturyants
    role: envoy of Armenia (invented for the demo)
    full: [Levon Tsaturyants, Левон Цатурянц, Լևոն Ծատուրյանց, ლევონ წატურიანცი]
  armenia:
    name: Armenia
    full: [Armenia, Armenian, Yerevan, Ermənistan, Армения, Ереван, Հայաստան, Երևան, სომხეთი, ერევანი]
  azerbaijan:
    name: Azerbaijan
    full:
      - Azerbaijan
      - Azerbaijani
      - Azərbaycan
      - Азербайджан
      - Ադրբեջան
      - აზერბაიჯანი
      - (Baku|Bakı|Баку|Բաքու|ბაქო)
  georgia:
    name: Georgia
    full: [Georgia, Georgian, Грузия, Gürcüstan, Վրաստան, საქართველო]
    except: [US state of Georgia]
"""

_TERMS = """\
# Common words. Endings are written out or left open with a star.
terms:
  rail-accord:
    words:
      - (railway|rail) (agreement|accord|deal)
      - железнодорожн* соглашени*
      - dəmir yolu saziş*
      - երկաթուղային համաձայնագ*
      - სარკინიგზო შეთანხმებ*
  sanctions:
    words: [sanction, sanctions, sanctioned, санкци*, sanksiya*, պատժամիջոց*, სანქცი*]
    except: [(UEFA|FIFA|doping) sanctions, санкционированн*]
  casualties:
    words: [wounded, killed, injured, ранен*, yaralan*]
  border:
    words: [border, границ*, sərhəd*]
  sport:
    words: [UEFA, FIFA, doping, weightlifter, championship]
"""

_RULES = """\
# What the desk wants to be told, to whom, and how urgently.
rules:
  - id: railway-agreement
    title: Railway agreement between Armenia and Azerbaijan
    when: $rail-accord near/12 ($armenia or $azerbaijan)
    severity: high
    send: [slack-desk, email-duty]
    examples:
      match: [Armenia and Azerbaijan sign railway agreement in Tbilisi]
      ignore: [Railway museum in Tbilisi restores a mail carriage]

  - id: envoys-named
    title: One of the two envoys is named
    when: $rzazade or $tsaturyants
    severity: normal
    send: [slack-desk]
    examples:
      match: [Envoy Kamran Rzazade leaves for Tbilisi]
      ignore: [Fog closes Murad Rzazade Airport for three hours]

  - id: sanctions-caucasus
    title: Sanctions that touch the South Caucasus
    when: ($sanctions near/12 ($armenia or $azerbaijan or $georgia)) and not title:$sport
    severity: critical
    send: [slack-desk, email-duty]
    examples:
      match: [Georgia imposes sanctions on cargo firm Vesta Marine]
      ignore: [UEFA sanctions Azerbaijan side Kartal Ganja over crowd trouble]

  - id: border-casualties
    title: Casualties at the border
    when: $casualties near/10 $border
    severity: critical
    send: [email-duty]
    examples:
      match: [Two soldiers wounded in shooting near border village]
      ignore: [Border post opens a canteen]

  - id: grid-failure
    title: Power cuts
    any: [power grid failure, авария в энергосистеме]
    severity: low
    send: [slack-desk]
    examples:
      match: [Power grid failure leaves western Georgia dark for an hour]
      ignore: [Grid of the final race is drawn]
"""

DESK: dict[str, str] = {"names.yaml": _NAMES, "terms.yaml": _TERMS, "rules.yaml": _RULES}
