from monitor.feeds.discover import feeds_of

URL = "https://outlet.example/news/"
USUAL = ["https://outlet.example/feed/", "https://outlet.example/rss"]


def found(page: str) -> list[str]:
    return list(feeds_of(page.encode(), url=URL))


def test_what_a_page_names_comes_first_then_what_it_links_to_then_the_usual_places() -> None:
    page = """<a href="/about">About</a> <a class=x href='/export/rss2.xml?lang=en&amp;v=2'>RSS</a>
      <LINK REL="alternate" TYPE="application/atom+xml" href="atom"> <link rel=stylesheet href=/feed.css>
      <link rel="alternate" type="text/html" href="/m/"> <link rel="alternate" hreflang="hy" href="/hy/">"""
    assert found(page)[:4] == [
        "https://outlet.example/news/atom",
        "https://outlet.example/export/rss2.xml?lang=en&v=2",
        *USUAL,
    ]


def test_a_page_that_says_nothing_is_tried_at_the_usual_places() -> None:
    assert found("<html>")[:2] == USUAL


def test_addresses_that_may_not_be_polled_are_left_out() -> None:
    page = "".join(
        f"<link rel=alternate type='application/rss+xml' href='{href}'>"
        for href in (
            "javascript:alert(1)",
            "ftp://o.example/rss",
            "http://[1/rss",
            "https://u:p@o.example/",
            URL,
            "/rss/${section}",
        )
    )
    assert found(page)[:2] == USUAL


def test_a_page_with_a_thousand_feeds_has_twenty_tried() -> None:
    page = "".join(f"<a href='/{number}/rss'>" for number in range(1000))
    assert len(found(page)) == 20


def test_a_hostile_page_costs_linear_time() -> None:
    for page in ("<link " * 200_000, "<a " + "a=" * 500_000, "<a href='" * 100_000):
        assert found(page)[:2] == USUAL
