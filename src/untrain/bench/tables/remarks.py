"""What stands above and below the main table: seeds, what is missing, what a column means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from untrain.bench.numbers.counterparts import scale
from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Pair, Row, Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.bench.tables.settings import told

if TYPE_CHECKING:
    from untrain.bench.numbers.paper import Printed
    from untrain.bench.tables.main import Look


def title(table: Table) -> str:
    """The block, and the seeds of all rows together."""
    if not table.pairs:
        return str(table.block)
    trains = sorted({train for _, train in table.pairs})
    splits = sorted({split for split, _ in table.pairs})
    seeds = f"{counted(len(trains), 'training seed')} ({numbers(trains)})"
    if len(splits) > 1:
        seeds += f", {counted(len(splits), 'split seed')} ({numbers(splits)})"
    return f"{table.block}: {seeds}"


def notes(table: Table, look: Look, printed: Mapping[str, Printed]) -> list[str]:
    """Sentences in the order in which a reader needs them; the first say what is missing."""
    found = [*look.notes, *missing(table, look.study), *unfinished(table)]
    if table.rows:
        found += [*seeds(table), *protocol(table), *surprising(table)]
        found += mixed(run for row in table.rows for run in (*row.runs, *row.oracle))
        found += beside_paper(table, look, printed)
        found += [*told(table, look.preset), *legend(table, look)]
    return found + ([f"Made by: {look.command}"] if look.command else [])


def surprising(table: Table) -> list[str]:
    """Rows that did nothing, not enough, or too much, with what their own runs had to say."""
    from untrain.metrics.remarks import cut_short, forgetting, utility

    original, lines = table.row("original"), []
    if table.retrain and (short := cut_short(table.retrain, original)):
        lines.append(f"retrain: {short}")
    for row in table.rows:
        if row.label in UNRANKED:
            continue
        run, retrain = row.runs[0].about, table.retrain
        images, why = forgotten(run), " ".join(run.get("notes", []))
        if not images:
            continue
        told = [forgetting(row, original, retrain, images, why), utility(row, retrain)]
        lines += [f"{row.label}: {' '.join(filter(None, told))}"] * any(told)
    return lines


def forgotten(run: Mapping[str, Any]) -> int:
    """How many images a run has forgotten in all its requests; 0 where its record does not say."""
    requests = sum(request["images"] for request in run.get("requests", []))
    return requests or int(run.get("split", {}).get("forget", {}).get("images", 0))


def missing(table: Table, study: str) -> list[str]:
    """Runs without a Retrain of their own, and the command that adds it."""
    if not table.unpaired:
        return []
    add = f"Add it: untrain bench run {study} --only retrain"
    if table.retrain is None:
        return [f"No Retrain for {table.block}: gaps cannot be computed. {add}"]
    pairs = sorted({pair for _, pair in table.unpaired})
    return [f"No Retrain for {paired(pairs)}: its gaps cannot be computed. {add}"]


def unfinished(table: Table, name: Callable[[str], str] = str) -> list[str]:
    """Cells that failed, each with its reason, and those that have not run."""
    lines = [
        f"Failed: {name(lack.cell.row)}, {paired([(lack.cell.split_seed, lack.cell.train_seed)])}: "
        f"{lack.reason}"
        for lack in table.lacks
        if lack.reason
    ]
    rest: dict[str, set[Pair]] = {}
    for lack in table.lacks:
        if not lack.reason:
            pair = (lack.cell.split_seed, lack.cell.train_seed)
            rest.setdefault(lack.cell.row, set()).add(pair)
    if rest:
        listed = "; ".join(f"{name(row)} ({paired(sorted(pairs))})" for row, pairs in rest.items())
        lines.append(f"Not finished yet: {listed}.")
    return lines


def seeds(table: Table, name: Callable[[str], str] = str) -> list[str]:
    """How many samples each row is, and what that allows. name: what a row is called."""
    lines = []
    few = [name(row.label) for row in table.rows if len(row.pairs) < ENOUGH]
    if few:
        who = "" if len(few) == len(table.rows) else f" of {', '.join(few)}"
        lines.append(f"Fewer than {ENOUGH} seeds{who}: no spread, no interval, no mark.")
    again = [row for row in table.rows if len(row.runs) > len(row.pairs)]
    if again:
        names = ", ".join(name(row.label) for row in again)
        lines.append(
            f"Several unlearning seeds per training seed ({names}): averaged first, as they share "
            "an Original and are no further samples; n counts training seeds."
        )
    if len({split for split, _ in table.pairs}) > 1:
        lines.append(
            "Several split seeds: n counts pairs of split and training seed, and rows are paired "
            "by both; spreads hold the difference between splits, floors do not where a split has "
            "several Retrains."
        )
    return lines


def protocol(table: Table) -> list[str]:
    """Where the test set stands in for unseen images, and whose cost is shown."""
    jobs = [run.cell.job for row in table.rows for run in row.runs]
    lines = []
    if any(job.data.holdout == 0 and not job.data.unseen for job in jobs):
        lines.append("Holdout 0: there is no unseen set, and the test set stands in for it.")
    if any(len(job.rules) > 1 for job in jobs):
        lines.append("Several requests: a model's cost is that of its last one.")
    return lines


def beside_paper(table: Table, look: Look, printed: Mapping[str, Printed]) -> list[str]:
    """Whose rows stand below ours, how ours differ in size, and which do not add up."""
    paper = look.paper
    if paper is None:
        return []
    if not printed:
        return [f"{paper.name} prints no row for {table.block}."]
    from untrain.bench.numbers.paper import PROTOCOL, TRIALS

    lines = [
        f"printed: rows of {paper.name}, means and deviations of {TRIALS[paper.name]} trials, gaps "
        f"recomputed from the printed means. {PROTOCOL[paper.name]} Ours: {scale(table)}. Where "
        "these differ, compare the order and the signs, not the numbers."
    ]
    flags = [paper.flag(row) for row in printed.values()]
    return [*lines, *(f"§ {flag[0].upper()}{flag[1:]}" for flag in flags if flag)]


def legend(table: Table, look: Look) -> list[str]:
    """Every column and mark of the table in a sentence."""
    from untrain.bench.tables.main import shown_metrics

    metrics = shown_metrics(table)
    lines = [f"{m.short}: {m.definition}. Goal: {m.goal}." for m in metrics]
    spread = "standard deviation" if look.spread == "std" else "half the 95 % Student interval"
    lines.append(
        f"±: {spread} over seeds. In brackets behind it: the mean less Retrain's. Rows stand in "
        "the order of the study, which is no ranking."
    )
    if any(row.gap for row in table.rows):
        over = ", ".join(m.short for m in metrics if m.name in table.over)
        lines += _gaps(over, table.rows)
    if any(row.oracle_gap for row in table.rows):
        lines.append(
            "gap (oracle epoch): of the epoch that lies closest to Retrain, which nobody without "
            "Retrain could choose; all other columns are of the epoch that the run ended with."
        )
    lines.append(
        "FLOPs, seconds: of making the model, training only, relative to Retrain's; those of the "
        "Original are not counted."
    )
    return lines


def _gaps(over: str, rows: Sequence[Row]) -> Iterable[str]:
    yield (
        f"gap: |mean - Retrain's mean|, averaged over {over}, in points; [95 % bootstrap over "
        "seeds, which is too narrow for a few of them: see ± of the paired gap]. floor: what two "
        "groups of Retrains of these sizes differ by."
    )
    yield (
        "paired gap: the mean over seeds of the gap to the Retrain of the same seed, ± half its "
        "95 % Student interval; it is never below gap. paired floor: between two Retrains."
    )
    if any(row.tie for row in rows):
        noise = ", or it is ‡" if any(row.noise for row in rows) else ""
        yield (
            "†: the smallest gap, or a tie with it: the paired difference to it is not above 0 "
            f"(95 % Student interval){noise}; these rows are not ranked."
        )
    ranked = [row for row in rows if row.label not in UNRANKED]
    if len(ranked) > 1 and all(row.tie for row in ranked):
        yield "With so many seeds no row can be told from the one of the smallest gap."
    if any(row.best for row in rows):
        yield "*: the smallest gap, above the noise of the paired difference to each other row."
    if any(row.noise for row in rows):
        yield "‡: the interval reaches the floor: not told from Retrain with so many seeds."
    if any(row.tie or row.best or row.noise for row in rows):
        count = len(ranked)
        yield f"Each interval is of one comparison; of {count} rows a few differ by chance."


def paired(pairs: Sequence[Pair]) -> str:
    """`seed 2`, `seeds 0, 1`, with the split seed where it is not 0."""
    splits: dict[int, list[int]] = {}
    for split, train in pairs:
        splits.setdefault(split, []).append(train)
    return "; ".join(
        f"seed{'s' * (len(trains) > 1)} {numbers(trains)}"
        + (f" of split seed {split}" if split or len(splits) > 1 else "")
        for split, trains in splits.items()
    )


def numbers(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
