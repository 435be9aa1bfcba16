"""The page as a parser sees it: sound, named, escaped, and without any address outside."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import made_results
import page_example
import pytest

from untrain.bench.numbers.statistics import Table
from untrain.report.content import Answer, Control, Missing, Section
from untrain.report.data import Report
from untrain.report.page import render
from untrain.report.page.figures import embedded, filled, living
from untrain.report.page.header import blocks, facts, last, parted, short, told
from untrain.report.page.render import Names, together, worded

VOID = {"meta", "link", "img", "input", "br", "hr"}


class Read(HTMLParser):
    """Elements in order as (tag, attributes), texts of scripts, and which elements stay open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.found.append((tag, named))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((named, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def read(example: str) -> Read:
    return Read(example)


def test_every_element_is_closed_and_every_id_is_one_of_a_kind(read: Read) -> None:
    assert read.open == []
    ids = [attributes["id"] for _, attributes in read.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.found:
        for name in ("aria-labelledby", "aria-controls", "for"):
            assert set(attributes.get(name, "").split()) <= set(ids)
    links = [one["href"] for one in read.all("a") if one["href"].startswith("#")]
    assert links
    assert {link[1:] for link in links} <= set(ids)


def test_headings_go_down_one_by_one(read: Read) -> None:
    levels = [int(tag[1]) for tag, _ in read.found if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_fetched(read: Read, example: str) -> None:
    for _, attributes in read.found:
        for name in ("src", "href", "action", "srcset", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "url(http" not in example
    assert "@import" not in example


def test_only_the_scripts_of_the_page_may_run(read: Read) -> None:
    policy = next(one["content"] for one in read.all("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    own = [text for attributes, text in read.scripts if "type" not in attributes]
    packed = [text for attributes, text in read.scripts if attributes.get("id") == "vega"]
    assert len(own) == len(packed) == 1
    for text in (*own, gzip.decompress(base64.b64decode(packed[0])).decode()):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_markup_in_names_is_text(read: Read) -> None:
    assert sum(page_example.EVIL in text for text in read.texts) >= 5
    assert not any("onerror" in attributes for _, attributes in read.found)
    specs = [json.loads(text) for at, text in read.scripts if at.get("type") == "application/json"]
    assert any(page_example.EVIL in spec.get("description", "") for spec in specs)


def test_charts_and_tables_have_names_and_a_table_stands_below_each_chart(read: Read) -> None:
    figures = read.all("figure")
    assert len(figures) == 2
    assert all(one["aria-labelledby"] for one in figures)
    specs = [json.loads(text) for at, text in read.scripts if at.get("id", "").endswith("-spec")]
    assert all(spec["description"] and spec["config"]["axis"] for spec in specs)
    assert all(one["alt"] for one in read.all("img"))
    assert all(one["scope"] in ("col", "row") for one in read.all("th"))
    boxes = [one for one in read.all("div") if one.get("class") == "scroll"]
    assert all(
        one["tabindex"] == "0" and one.keys() & {"aria-label", "aria-labelledby"} for one in boxes
    )
    links = [one for one in read.all("a") if "download" in one]
    assert len(links) == 2
    assert unquote(links[0]["href"]).startswith("data:text/csv;charset=utf-8,name,x\n")


def test_without_a_script_the_main_figures_are_drawings(read: Read) -> None:
    drawn = [one for one in read.all("div") if one.get("class") == "drawing"]
    assert [one["role"] for one in drawn] == ["img"]
    assert any("viewbox" in one and one.get("width") for one in read.all("svg"))


def test_the_three_answers_lead_to_their_sections(read: Read) -> None:
    start = next(k for k, (_, at) in enumerate(read.found) if at.get("class") == "answers")
    links = [at["href"] for tag, at in read.found[start:] if tag == "a"][:3]
    assert links == ["#closest", "#cost", "#gone"]


def test_the_same_report_gives_the_same_bytes(example: str) -> None:
    again = render(
        page_example.report(thumbnails={page_example.EVIL: page_example.PNG}),
        page_example.sections(),
    )
    assert again == example


def test_pictures_are_shown_only_with_a_warning(example: str) -> None:
    assert "whoever has the file has them" in example
    assert "<img" not in render(page_example.report(), page_example.sections()[:1])


def test_blocks_have_answers_of_their_own() -> None:
    read = Read(render(page_example.report(blocks=2), page_example.sections()[:1]))
    ids = [at["id"] for _, at in read.found if "id" in at]
    assert {"closest", "closest-1", "closest-2", "part-main", "part-main-2"} <= set(ids)
    assert len(ids) == len(set(ids))
    levels = [tag for tag, _ in read.found if re.fullmatch("h[1-6]", tag)]
    assert levels == ["h1", "h2", "h2", "h2", "h3", "h3"]


def test_of_requests_in_a_row_the_last_is_told_and_what_is_told_once_stands_there() -> None:
    report = made_results.report(requests=3, methods=["ft"], seeds=1, audits=("accuracy",))
    assert len(report.tables) == 3

    def answer(known: Report, table: Table) -> Answer:
        first = table is known.tables[0]
        return Answer(sentence=f"{table.block.forget} {first}.", parts=())

    one = Section(key="closest", question="?", reading="", answer=answer)
    ((_, name, said),) = told(report, [one])[0].answers
    assert (name, said.sentence) == ("", f"{last(report)[0].block.forget} True.")
    assert last(report)[0].rows[-1].runs[0].cell.rules == ("random:0.1",) * 3
    (block,) = blocks(report, told(report, [one]))
    assert dict(block.facts)["Request"] == "random 10 %, 3 times in a row"


def test_an_empty_report_says_so() -> None:
    page = render(Report(title="Nothing"), page_example.sections())
    assert "no run has finished" in page
    assert len(page) < 60_000  # no library for charts that are not there


def test_no_id_is_given_twice_where_a_figure_has_several_charts() -> None:
    page = render(page_example.report(blocks=2), page_example.sections())
    ids = [at["id"] for _, at in Read(page).found if "id" in at]
    assert {"part-map", "part-map-2", "part-map-chart-2", "part-map-2-chart-1"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_how_to_read_stands_below_the_first_answer_that_shows_anything() -> None:
    page = render(page_example.report(blocks=2), page_example.sections()[:1])
    assert page.count("How to read this") == 1
    assert page.index("How to read this") < page.index("part-main")
    lacking = Answer(sentence="Not known.", parts=[Missing("Layers", "Not measured.")])
    one = Section(key="a", question="?", reading="Lines.", answer=lambda *_: lacking)
    assert "How to read this" not in render(page_example.report(), [one])


def test_the_choice_of_a_control_fills_captions_and_titles() -> None:
    who = [Control("method", "Method", {"ft": "F<T>", "coun": "{other}"})]
    assert filled("{method} beside {other}", who) == "F<T> beside {other}"
    assert living("{method} & {x}", who) == (
        '<span data-chosen="method">F&lt;T&gt;</span> &amp; {x}'
    )
    assert living("plain", []) == "plain"


def test_the_header_says_data_network_request_and_versions_in_words() -> None:
    report = page_example.report()
    first = report.runs[0].about["environment"]
    first["commit"] = ""
    found = dict(facts(report.tables[0]))
    assert found["Data"] == "CIFAR-10"
    assert found["Model"] == "ResNet-18"
    assert found["Request"] == "random 10 %"
    assert found["Version"] == "0.1.0 (0000000 and others)"


def test_the_first_sentence_stands_apart() -> None:
    assert parted("It is 3.05 away. Next") == ("It is 3.05 away.", "Next")
    assert short("One. Two of it. Three.") == ("One.", "Two of it.")
    assert parted("A is 0.5 away. B is near!  C") == ("A is 0.5 away.", "B is near!  C")
    assert parted("None passes. ft fails.") == ("None passes.", "ft fails.")
    assert parted("Only one, e.g. this") == ("Only one, e.g. this", "")


def test_other_sections_lead_with_the_first() -> None:
    answer = Answer(sentence="Both agree.", parts=())
    one = Section(key="agree", question="Do they agree?", reading="", answer=lambda *_: answer)
    page = render(page_example.report(), [one])
    assert page.index("Both agree.") < page.index('id="agree"')


def test_json_never_ends_its_element() -> None:
    text = embedded({"a": "</script><!-- \u2028 &"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!-- \u2028 &"}
    with pytest.raises(ValueError, match="JSON compliant"):
        embedded([float("nan")])


def test_numbers_stay_with_their_signs_and_break_before_brackets() -> None:
    parts = ('<span class="whole">3.05 &lt;</span>', '<span class="whole">[2.96, 3.22]</span>')
    assert together("3.05 < [2.96, 3.22]") == " ".join(parts)
    assert together("a text that is much longer than numbers are") == (
        "a text that is much longer than numbers are"
    )


def test_columns_of_words_are_told_from_numbers() -> None:
    assert worded([["CoUn", "-0.5", "passes", "-"], ["l1", "-", "fails", "±3"]]) == [0, 2]


def test_a_name_is_given_once() -> None:
    name = Names()
    assert [name("a"), name("a"), name("b"), name("a")] == ["a", "a-2", "b", "a-3"]
