"""What each address answers: the list, reports, two runs side by side, and files to keep."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from untrain.dash.frames import JSON, Reply, framed, listing
from untrain.dash.pick import beside, picked
from untrain.dash.results import Results
from untrain.dash.seen import DONE
from untrain.errors import MISSING, UserError
from untrain.report.data import Report, shown
from untrain.report.page import render
from untrain.report.sections import sections

AGAIN = "It may have gone meanwhile; the list of runs shows what is there."
KEPT = 4
"""Reports that are kept as they were rendered."""


class Pages:
    """Answers from the results below a folder."""

    def __init__(self, root: Path) -> None:
        self.results = Results(root)
        self.rendered: OrderedDict[tuple[str, ...], tuple[Report, str]] = OrderedDict()
        self.rendering = threading.Lock()

    def answer(self, path: str, query: dict[str, list[str]]) -> Reply:
        """path: decoded. Raises UserError where there is nothing at this address."""
        if path == "/":
            return self.runs()
        if path == "/api/runs":
            return Reply(json.dumps(self.listed(), ensure_ascii=False).encode(), JSON)
        if path == "/report" or path.startswith("/report/"):
            return self.report(path.removeprefix("/report").strip("/"))
        if path == "/pair":
            return self.pair(_one(query, "a"), _one(query, "b"))
        if path == "/freeze":
            return self.freeze(query)
        raise missing(f"There is no page {path}.")

    def listed(self) -> dict[str, Any]:
        """What the list of runs is drawn from."""
        now = self.results.now()
        states: dict[str, list[str]] = {key: [] for key in now.sets}
        for run in now.runs.values():
            states[run.set].append(run.seen.state)
        return {
            "schema": 1,
            "sets": [
                {
                    "key": key,
                    "title": one.title,
                    "href": report_of(key),
                    "runs": len(states[key]),
                    "done": states[key].count(DONE),
                }
                for key, one in now.sets.items()
            ],
            "runs": [run.told for run in now.runs.values()],
            "notes": now.notes,
        }

    def runs(self) -> Reply:
        return listing(self.results.root.resolve().name, self.listed()["sets"])

    def report(self, key: str) -> Reply:
        """A set's report; without a key that of the only set."""
        sets = self.results.now().sets
        if not key and len(sets) != 1:
            return Reply(b"", status=303, place="/")
        key = key or next(iter(sets))
        if key not in sets:
            raise missing(f"There is no set of results {key}.")
        report = self.results.report(key)
        return framed(self._html(report, report), [], f"/freeze?{urlencode({'set': key})}")

    def pair(self, a: str, b: str) -> Reply:
        """Two runs of one set; without b, beside Retrain."""
        report, home, addresses = self._runs([a, b] if b else [a])
        theirs = None if b else beside(report, addresses[0])
        addresses += [theirs] if theirs else []
        links = [(report.title, report_of(home))]
        if b:
            links.append(("Beside Retrain", f"/pair?{urlencode({'a': a})}"))
            links.append(("Swap", f"/pair?{urlencode({'a': b, 'b': a})}"))
        chosen = [("run", key) for key in (a, b) if key]
        html = self._html(picked(report, addresses), report, *addresses)
        return framed(html, links, f"/freeze?{urlencode(chosen)}")

    def freeze(self, query: dict[str, list[str]]) -> Reply:
        """The same as a file to keep: a whole set, or the runs that were chosen."""
        key = _one(query, "set")
        if key:
            if key not in self.results.now().sets:
                raise missing(f"There is no set of results {key}.")
            report = whole = self.results.report(key)
            addresses: list[str] = []
        else:
            whole, _, addresses = self._runs(query.get("run", []))
            theirs = beside(whole, addresses[0]) if len(addresses) == 1 else None
            addresses += [theirs] if theirs else []
            report = picked(whole, addresses)
        name = re.sub(r"[^a-z0-9]+", "-", report.title.lower()).strip("-")[:60] or "report"
        return Reply(self._html(report, whole, *addresses).encode(), name=f"untrain-{name}.html")

    def _runs(self, keys: Sequence[str]) -> tuple[Report, str, list[str]]:
        """The report of the set that these runs are of, the set's key, and their addresses in it.

        Raises UserError if they are of no common set, or not in its report.
        """
        now = self.results.now()
        keys = list(dict.fromkeys(keys))
        unknown = [key for key in keys if key not in now.runs]
        if unknown or not keys:
            raise missing(f"There is no run {', '.join(unknown) or 'named'}.")
        folders = [now.runs[key].folder for key in keys]
        sets = [one for one in now.sets.values() if {*folders} <= {*one.runs}]
        if not sets:
            what = "These runs are of different sets of results, which have no common page."
            raise UserError(what, "", "Choose runs of one set.")
        home = now.sets[now.runs[keys[0]].set]
        home = home if home in sets else sets[0]
        runs = [now.runs[f"{home.key}:{folder.name}"] for folder in folders]
        report = self.results.report(runs[0].set)
        known = {
            one.about["checkpoints"]["child"]: one.address
            for table in report.tables
            for row in table.rows
            for one in (*row.runs, *row.oracle)
        }
        for run in runs:
            if run.seen.weights not in known:
                what = f"{shown(run.seen.label) or run.folder.name} is {run.seen.state}, "
                what += "or it was not measured yet: nothing can be shown of it."
                raise missing(run.seen.reason or what, "untrain report measures what is missing.")
        return report, home.key, [known[run.seen.weights] for run in runs]

    def _html(self, report: Report, whole: Report, *part: str) -> str:
        """The page of a part of a report, rendered again once that was read again."""
        with self.rendering:
            before = self.rendered.get((whole.source, *part))
            if before is None or before[0] is not whole:
                before = whole, render(report, sections())
                self.rendered[whole.source, *part] = before
            while len(self.rendered) > KEPT:
                self.rendered.popitem(last=False)
            return before[1]


def missing(what: str, fix: str = AGAIN) -> UserError:
    return UserError(what, "", fix, MISSING)


def report_of(key: str) -> str:
    """The address of a set's report."""
    return f"/report/{quote(key)}"


def _one(query: dict[str, list[str]], name: str) -> str:
    return (query.get(name) or [""])[0]
