"""Who comes in at the page's door, and what its answers tell the browser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import admission as ways
from monitor.admission import ON_THIS_MACHINE, Admission, is_known_host, user_of
from monitor.config import load_admission, load_desk
from monitor.errors import ConfigError
from monitor.store.store import Store
from tests.fakes import START, FakeClock
from tests.web.server import served
from tests.web.visitor import Visitor

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token-of-more-than-twenty-letters"
WITH_TOKEN = Admission(token=TOKEN)
BEHIND_PROXY = Admission(user_header="x-forwarded-user", proxies=("127.0.0.1",))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with Store(tmp_path):
        return tmp_path


# ---- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8650", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8650", True),
        ("desk.example.org", True),
        ("evil.example", False),
        ("desk.example.org.evil.example", False),
        ("127.0.0.1.evil.example:8650", False),
        ("", False),
    ],
)
def test_only_names_of_ours_are_answered(host: str, known: bool) -> None:  # noqa: FBT001
    assert is_known_host(Admission(hosts=("desk.example.org",)), host) is known


def test_a_page_elsewhere_that_points_its_name_at_us_gets_nothing(state: Path) -> None:
    with served(state, clock=FakeClock()) as address:
        answer = Visitor(address).get("/", Host="evil.example")
        assert answer.status == 421
        assert "media-monitor" not in answer.text


# ---- who asks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admission", "given", "user"),
    [
        (ON_THIS_MACHINE, {}, ""),
        (WITH_TOKEN, {}, None),
        (WITH_TOKEN, {"bearer": TOKEN}, ""),
        (WITH_TOKEN, {"bearer": TOKEN[:-1]}, None),
        (WITH_TOKEN, {"session": ways.session(WITH_TOKEN, now=START)}, ""),
        (WITH_TOKEN, {"session": ways.session(WITH_TOKEN, now=START - timedelta(days=31))}, None),
        (WITH_TOKEN, {"session": ways.session(Admission(token=TOKEN + "2"), now=START)}, None),
        (WITH_TOKEN, {"session": "9999999999."}, None),
        (WITH_TOKEN, {"session": "nonsense"}, None),
        (WITH_TOKEN, {"header": "ani"}, None),
        (BEHIND_PROXY, {"header": "ani"}, "ani"),
        (BEHIND_PROXY, {"header": "ani", "peer": "192.0.2.7"}, None),
        (BEHIND_PROXY, {}, None),
        (BEHIND_PROXY, {"bearer": ""}, None),
    ],
)
def test_who_asks_is_known_by_a_proof_that_holds(
    admission: Admission, given: dict[str, str], user: str | None
) -> None:
    proofs = {"peer": "127.0.0.1", "header": "", "bearer": "", "session": "", **given}
    assert user_of(admission, **proofs, now=START) == user


def test_a_token_lets_a_person_in_until_they_leave(state: Path) -> None:
    with served(state, clock=FakeClock(), admission=WITH_TOKEN) as address:
        visitor = Visitor(address)
        asked = visitor.get("/feeds")
        assert (asked.status, asked.headers["location"]) == (303, "/login?to=/feeds")
        wrong = visitor.send("/login?to=/feeds", "/login", token="no", to="/feeds")
        assert wrong.status == 403
        assert "This is not the token" in wrong.text
        right = visitor.send("/login?to=/feeds", "/login", token=TOKEN, to="/feeds")
        assert (right.status, right.headers["location"]) == (303, "/feeds")
        assert "HttpOnly; SameSite=Lax" in right.headers["set-cookie"]
        inside = visitor.get("/feeds")
        assert inside.status == 200
        assert "Log out" in inside.text
        assert visitor.send("/feeds", "/logout").status == 303
        assert visitor.get("/feeds").status == 303


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_logging_in_leads_to_no_other_place(state: Path, to: str) -> None:
    with served(state, clock=FakeClock(), admission=WITH_TOKEN) as address:
        answer = Visitor(address).send("/login", "/login", token=TOKEN, to=to)
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("ages", "seconds"),
    [
        ([], 0),
        ([0] * 20, 0),
        ([61, *[0] * 20], 0),
        ([0] * 21, 60),
        ([50, 40.5, *[0] * 19], 20),
        ([59.9] * 21, 1),
        ([-1, *[0] * 20], 0),  # of a clock that was set back
    ],
)
def test_beyond_twenty_wrong_tokens_in_a_minute_the_next_has_to_wait(ages: list[float], seconds: int) -> None:
    assert ways.wait([START - timedelta(seconds=age) for age in ages], now=START) == seconds


def test_who_guesses_is_put_off_and_who_has_the_token_never(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    with served(state, clock=clock, admission=WITH_TOKEN) as address:
        guesser = Visitor(address)
        guessed = [guesser.get("/", Authorization=f"Bearer guess-{number}").status for number in range(15)]
        guessed += [guesser.send("/login", "/login", token=f"guess-{number}").status for number in range(5)]
        assert guessed == [303] * 15 + [403] * 5
        assert caplog.text == ""
        put_off = guesser.get("/", Authorization="Bearer guess-20")
        assert (put_off.status, put_off.headers["retry-after"]) == (429, "60")
        put_off = guesser.send("/login", "/login", token="guess-21")
        assert (put_off.status, put_off.headers["retry-after"]) == (429, "60")
        assert caplog.text.count("outcome=guessing") == 1
        assert guesser.send("/login", "/login", token=TOKEN).status == 303
        assert Visitor(address).get("/", Authorization=f"bearer {TOKEN}").status == 200
        assert Visitor(address).get("/", Authorization="Basic Z3Vlc3M6Z3Vlc3M=").status == 303
        clock.advance(timedelta(minutes=1))
        assert Visitor(address).get("/", Authorization="Bearer guess-22").status == 303


def test_a_bearer_of_somebody_elses_is_no_guess_where_everybody_may_look(state: Path) -> None:
    """Of a proxy's single sign-on, for one: it stands in every request of people who come to log in."""
    theirs = {"Authorization": "Bearer of-another-proxy"}
    with served(state, clock=FakeClock(), admission=WITH_TOKEN) as address:
        visitor = Visitor(address)
        seen = [visitor.get(path, **theirs).status for path in ("/login", "/static/page.css") * 11]
        assert seen == [200] * 22
        assert visitor.get("/", **theirs).status == 303
        assert visitor.send("/login", "/login", token="no").status == 403


def test_programs_come_in_with_the_token_as_bearer(state: Path) -> None:
    with served(state, clock=FakeClock(), admission=WITH_TOKEN) as address:
        assert Visitor(address).get("/rules/x.atom").status == 401
        assert Visitor(address).get("/rules", Authorization=f"Bearer {TOKEN}").status == 200
        assert Visitor(address).get("/static/page.css").status == 200


def test_a_proxy_says_who_asks_and_that_it_speaks_tls(state: Path) -> None:
    with served(state, clock=FakeClock(), admission=BEHIND_PROXY) as address:
        assert Visitor(address).get("/").status == 401
        answer = Visitor(address).get("/", X_Forwarded_User="ani", X_Forwarded_Proto="https")
        assert answer.status == 200
        assert '<p class="user">ani</p>' in answer.text
        assert "; Secure" in answer.headers["set-cookie"]


# ---- changes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec_Fetch_Site": "same-origin"}, 303),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "none"}, 403),
    ],
)
def test_a_change_must_start_on_this_page(state: Path, headers: dict[str, str], status: int) -> None:
    with served(state, clock=FakeClock(), admission=WITH_TOKEN) as address:
        visitor = Visitor(address)
        token = visitor.get("/login").text.partition('name="form_token" value="')[2].partition('"')[0]
        assert visitor.post("/login", {"form_token": token, "token": TOKEN}, **headers).status == status


def test_a_change_without_its_pages_token_is_refused(state: Path) -> None:
    with served(state, clock=FakeClock()) as address:
        visitor, other = Visitor(address), Visitor(address)
        path = f"/stories/{1:016x}/merge"
        assert visitor.post(path, {"other": "1"}).status == 403
        visitor.get("/")
        assert visitor.post(path, {"other": "1", "form_token": "0" * 64}).status == 403
        other.get("/search")
        stolen = other.get("/stories/0").text
        assert "form_token" not in stolen
        assert visitor.post(path, {"x": "y" * 70_000}).status == 413
        assert visitor.get(path).status == 405


# ---- what answers say --------------------------------------------------------------------------------------


def test_every_answer_forbids_what_the_page_does_not_need(state: Path) -> None:
    with served(state, clock=FakeClock()) as address:
        for path in ("/", "/nowhere", "/static/page.css"):
            headers = Visitor(address).get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["x-frame-options"] == "DENY"
            assert "server" not in headers
        assert Visitor(address).get("/").headers["cache-control"] == "no-store"
        assert "no-store" not in Visitor(address).get("/static/page.css").headers.get("cache-control", "")


def test_cookies_that_cannot_be_read_are_none(state: Path) -> None:
    with served(state, clock=FakeClock()) as address:
        assert Visitor(address).get("/", Cookie='a="\\x; b=[]{}').status == 200


# ---- settings ----------------------------------------------------------------------------------------------

DESK = """
feeds: [{name: a, url: "https://a.example/feed"}]
receivers: {mail: "json://127.0.0.1:9/"}
rules: [{id: r, any: [peace], send: [mail], examples: {match: [peace], ignore: [war]}}]
settings:
  web: %s
"""


def written(tmp_path: Path, web: str) -> Path:
    (tmp_path / "desk.yaml").write_text(DESK % web)
    return tmp_path


def test_settings_say_where_and_to_whom(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        "{bind: 0.0.0.0, port: 9000, hosts: [Desk.Example.org], token: '${env:T}', zone: Asia/Tbilisi,"
        " user-header: X-User, proxies: [192.0.2.1]}",
    )
    assert load_admission(folder, env={"T": TOKEN}) == Admission(
        "0.0.0.0",  # noqa: S104 - a setting, not a socket
        9000,
        ("desk.example.org",),
        TOKEN,
        "x-user",
        ("192.0.2.1",),
        "Asia/Tbilisi",
    )
    assert TOKEN not in repr(load_admission(folder, env={"T": TOKEN}))
    desk = load_desk(folder, env={}, secrets_required=True)  # the daemon needs no token
    assert desk.admission.token == ""


@pytest.mark.parametrize(
    ("web", "what"),
    [
        ("{bind: 0.0.0.0}", "6:15: the page would be open to everybody who reaches this machine"),
        ("{bind: localhost}", '"localhost" is no IP address'),
        ("{port: 70000}", '"70000" is no port'),
        ("{port: http}", '"http" is no port'),
        ("{hosts: ['https://desk.example.org']}", '"https://desk.example.org" is no host name'),
        ("{token: abcdefghijklmnopqrstuvwxyz}", "the token stands in the file"),
        ("{token: '${env:SHORT}'}", "the token is shorter than 20 characters"),
        ("{token: '${env:NONE}'}", "$NONE is not set"),
        ("{user-header: 'X User'}", '"X User" is no name of a header'),
        ("{proxies: [proxy]}", '"proxy" is no IP address'),
        ("{zone: Mars/Base}", 'there is no time zone "Mars/Base"'),
        ("{zone: ../etc}", 'there is no time zone "../etc"'),
        ("{prot: 1}", 'unknown key "prot" - did you mean "port"?'),
        ("[1]", "web must be keys and values"),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_place(tmp_path: Path, web: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_admission(written(tmp_path, web), env={"SHORT": "abc"})
    assert what in str(refused.value)


def test_mistakes_elsewhere_do_not_take_the_page_away(tmp_path: Path) -> None:
    folder = written(tmp_path, "{port: 9000}")
    (folder / "rules.yaml").write_text("rules: [{id: broken}]\nfeedz: []")
    assert load_admission(folder, env={}).port == 9000
    (folder / "desk.yaml").write_text("rules: []")
    assert load_admission(folder, env={}) == ON_THIS_MACHINE
