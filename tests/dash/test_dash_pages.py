"""Every page of the dashboard, asked as a browser asks."""

from __future__ import annotations

import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from served import Site

from untrain.dash.pick import picked


def keys(site: Site, label: str) -> list[str]:
    return [key for key, run in site.runs().items() if run["label"] == label and "loose" not in key]


def done(site: Site, label: str) -> str:
    return next(key for key in keys(site, label) if site.runs()[key]["state"] == "done")


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


def test_the_list_of_runs(site: Site) -> None:
    page = site.ask("/")
    assert page.status == 200
    assert heading(page.text) == "Runs"
    assert "<b>loose" not in page.text
    assert "&lt;b&gt;loose" in page.text
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert "https:" not in page.text


def test_states_of_runs(site: Site) -> None:
    runs = site.runs().values()
    states = {(run["label"], run["state"]) for run in runs}
    assert {("Retrain", "done"), ("FT", "failed"), ("CoUn", "waiting")} <= states
    failed = next(run for run in runs if run["state"] == "failed")
    assert "diverged" in failed["reason"]
    waiting = next(run for run in runs if run["state"] == "waiting")
    assert (waiting["data"], waiting["forget"], waiting["seed"]) == ("cifar10", "class 5", 0)
    sets = {one["key"]: one for one in site.ask("/api/runs").json()["sets"]}
    assert sets["store/synthetic-laptop"]["done"] == sets["store/synthetic-laptop"]["runs"] - 2


def test_a_list_that_has_not_changed_is_not_sent_again(site: Site) -> None:
    first = site.ask("/api/runs")
    again = site.ask("/api/runs", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    other = site.ask("/api/runs", If_None_Match='"another"')
    assert other.body == first.body


def test_the_report_of_a_set(site: Site) -> None:
    sets = {one["key"]: one for one in site.ask("/api/runs").json()["sets"]}
    page = site.ask(sets["store/synthetic-laptop"]["href"])
    assert page.status == 200
    assert heading(page.text) == "Synthetic study"
    assert "vegaEmbed" in page.text
    assert 'href="/"' in page.text
    assert site.server.pages.results.report("<b>loose</b>").tables
    moved = site.ask("/report")
    assert (moved.status, moved.headers["Location"]) == (303, "/")


def test_two_runs_side_by_side(site: Site) -> None:
    a, b = done(site, "CoUn"), done(site, "FT")
    page = site.ask(f"/pair?a={quote(a)}&b={quote(b)}")
    assert heading(page.text) == "CoUn beside FT"
    assert "Retrain" in page.text  # what says how near each is
    assert f"a={quote(b, safe='')}" in page.text  # the other way round
    assert heading(site.ask(f"/pair?a={quote(a)}").text) == "CoUn beside Retrain"


def test_runs_of_one_row_are_told_apart_by_their_seeds(site: Site) -> None:
    twins = [key.rpartition(":")[2] for key in keys(site, "Retrain")]
    report = picked(site.server.pages.results.report("store/synthetic-laptop"), twins)
    assert report.title == "Retrain (seed 0) beside Retrain"
    rows = {row.label for row in report.tables[0].rows}
    assert rows == {"original", "retrain", "retrain (seed 0)"}


def test_two_runs_have_the_gaps_that_the_report_of_their_set_gives(site: Site) -> None:
    whole = site.server.pages.results.report("store/synthetic-laptop")
    wanted = [done(site, label).rpartition(":")[2] for label in ("CoUn", "FT")]
    (table,) = picked(whole, wanted).tables
    rows, known = table.rows, {row.label: row for row in whole.tables[0].rows}
    assert [row.label for row in rows] == ["original", "retrain", "coun", "ft"]
    assert len(known["retrain"].runs) > 1
    for row in rows:
        mine = known[row.label]
        if len(row.runs) == len(mine.runs):
            assert (row.gap and row.gap.average) == (mine.gap and mine.gap.average)


def test_a_selection_is_saved_as_one_file(site: Site) -> None:
    a, b = done(site, "CoUn"), done(site, "FT")
    before = sorted(site.root.rglob("*"))
    file = site.ask(f"/freeze?run={quote(a)}&run={quote(b)}")
    assert file.headers["Content-Disposition"] == (
        'attachment; filename="untrain-coun-beside-ft.html"'
    )
    assert 'href="/"' not in file.text  # it stands alone
    whole = site.ask("/freeze?set=store/synthetic-laptop")
    assert heading(whole.text) == "Synthetic study"
    assert sorted(site.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nothing", "There is no page /nothing."),
        ("/report/other", "There is no set of results other."),
        ("/report/../../etc/passwd", "There is no set of results"),
        ("/report/%2e%2e/%2e%2e/etc/passwd", "There is no set of results"),
        ("/../../etc/passwd", "There is no page"),
        ("/pair?a=<script>", "There is no run <script>."),
        ("/pair", "There is no run named."),
        ("/freeze", "There is no run named."),
        ("/freeze?set=../..", "There is no set of results ../..."),
        (f"/freeze?{'&'.join(['run=a'] * 300)}", "more than 200 runs"),
    ],
)
def test_what_is_not_there(site: Site, path: str, told: str) -> None:
    page = site.ask(path)
    assert page.status == 404
    assert told in html.unescape(page.text)
    assert "<script>" not in page.text
    assert "root:" not in page.text


def test_runs_that_cannot_be_shown(site: Site) -> None:
    failed = next(key for key, run in site.runs().items() if run["state"] == "failed")
    assert "diverged" in site.ask(f"/pair?a={quote(failed)}").text
    loose = next(key for key in site.runs() if "loose" in key)
    page = site.ask(f"/pair?a={quote(done(site, 'CoUn'))}&b={quote(loose)}")
    assert "different sets of results" in page.text


def test_only_this_machine_by_its_own_name(site: Site) -> None:
    port = site.server.server_port
    assert site.ask("/", Host=f"localhost:{port}").status == 200
    for name in (f"evil.example:{port}", "127.0.0.1", "", f"127.0.0.1:{port + 1}"):
        refused = site.ask("/api/runs", Host=name)
        assert refused.status == 403
        assert b"coun" not in refused.body
    assert site.server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_it_only_reads(site: Site, method: str) -> None:
    assert site.ask("/api/runs", method).status == 405


def test_headers_and_head(site: Site) -> None:
    whole, head = site.ask("/api/runs"), site.ask("/api/runs", "HEAD")
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(whole.body))
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in whole.headers


def test_several_clients_at_once(site: Site) -> None:
    paths = ["/", "/api/runs", "/report/store/synthetic-laptop"] * 3
    with ThreadPoolExecutor(len(paths)) as pool:
        found = list(pool.map(site.ask, paths))
    assert [reply.status for reply in found] == [200] * len(paths)


def test_a_bug_is_a_page_and_the_others_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(site.server.pages, "listed", lambda: 1 / 0)
        page = site.ask("/api/runs")
    assert page.status == 500
    assert "ZeroDivisionError" in page.text
    assert "Traceback" in capsys.readouterr().err
    assert site.ask("/api/runs").status == 200


def test_the_page_answers_within_the_lists_own_schema(site: Site) -> None:
    content = json.loads(site.ask("/api/runs").text)
    assert content.keys() == {"schema", "sets", "runs", "notes"}
    states = {"done", "running", "failed", "stopped", "waiting", "unreadable"}
    for run in content["runs"]:
        assert run.keys() >= {"key", "set", "state", "label", "done", "passes", "values"}
        assert run["state"] in states
    assert str(site.root) not in json.dumps(content)
