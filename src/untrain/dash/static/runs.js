// The list of runs: asked for every two seconds, drawn where it has changed, filtered and sorted.
(() => {
  const EVERY = 2000;
  const MARKS = { done: "✓", running: "▸", failed: "✕", stopped: "‖", waiting: "·", unreadable: "?" };
  const BAD = ["failed", "unreadable"];
  const NUMBERS = ["retain_accuracy", "unlearn_accuracy", "test_accuracy"];
  const $ = (id) => document.getElementById(id);
  const body = document.querySelector("#runs tbody");
  const rows = new Map();
  const chosen = new Set();
  let data = { runs: [], sets: [], notes: [] };
  let etag = "";
  let order = { by: "", sign: 1 };

  const value = (run, by) => (NUMBERS.includes(by) ? run.values?.[by] : run[by]) ?? null;
  const make = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const duration = (s) => {
    if (s < 90) return `${Math.round(s)} s`;
    return s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;
  };

  function state(run) {
    const cell = make("td", undefined, `words${BAD.includes(run.state) ? " bad" : ""}`);
    if (run.state === "running" && run.passes) {
      const bar = make("progress");
      bar.max = run.passes;
      bar.value = run.done;
      bar.setAttribute("aria-label", `${run.label}: passes`);
      cell.append(bar);
    } else {
      cell.append(make("span", MARKS[run.state] ?? "?", "mark"));
      cell.firstChild.setAttribute("aria-hidden", "true");
    }
    cell.append(run.state);
    if (run.state === "running" || run.state === "stopped") {
      const of = run.passes ? ` of ${run.passes}` : "";
      const left = run.left === undefined ? "" : `, about ${duration(run.left)} left`;
      if (run.done || of) cell.append(make("span", `pass ${Math.floor(run.done)}${of}${left}`, "why"));
    }
    if (run.reason) cell.append(make("span", run.reason, "why"));
    return cell;
  }

  function draw(run) {
    const row = make("tr");
    const box = make("input");
    box.type = "checkbox";
    box.checked = chosen.has(run.key);
    box.disabled = run.state !== "done";
    box.setAttribute("aria-label", `Choose ${run.label}, seed ${run.seed ?? "unknown"}`);
    box.addEventListener("change", () => pick(run.key, box.checked));
    const head = make("th", run.label || "–");
    head.scope = "row";
    row.append(make("td"), head, state(run));
    row.firstChild.append(box);
    const request = make("td", run.forget || "none", "words");
    request.append(make("span", [run.data, run.model].filter(Boolean).join(", "), "why"));
    row.append(request, make("td", run.seed ?? "–"));
    for (const name of NUMBERS) row.append(make("td", run.values?.[name]?.toFixed(2) ?? "–"));
    row.append(make("td", run.seconds === undefined ? "–" : duration(run.seconds)));
    row.append(make("td", run.ended ? run.ended.slice(0, 16).replace("T", " ") : "–"));
    return row;
  }

  function pick(key, on) {
    if (on) chosen.add(key);
    else chosen.delete(key);
    bar();
  }

  function bar() {
    const keys = [...chosen];
    $("chosen").hidden = !keys.length;
    const names = keys.map((key) => {
      const run = data.runs.find((one) => one.key === key);
      return run ? `${run.label} (seed ${run.seed ?? "unknown"})` : key;
    });
    $("names").textContent = keys.length === 1 ? `${names[0]}: beside its Retrain, or choose another` : names.join(", ");
    const two = new URLSearchParams(keys.slice(0, 2).map((key, place) => ["ab"[place], key]));
    $("pair").href = `/pair?${two}`;
    $("pair").hidden = keys.length > 2;
    $("freeze").href = `/freeze?${new URLSearchParams(keys.map((key) => ["run", key]))}`;
  }

  function wanted(run) {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [run.label, run.state, run.data, run.model, run.forget, run.reason, `seed ${run.seed}`].join(" ").toLowerCase();
    const own = !$("state").value || run.state === $("state").value;
    return own && (!$("set").value || run.set === $("set").value) && words.every((word) => text.includes(word));
  }

  function compare(a, b) {
    const [x, y] = [value(a, order.by), value(b, order.by)];
    if (x === null || y === null) return (x === null) - (y === null); // unknown ones stand last
    return order.sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true }));
  }

  function show() {
    const found = data.runs.filter(wanted);
    if (order.by) found.sort(compare);
    const drawn = found.map((run) => {
      const text = JSON.stringify(run);
      let kept = rows.get(run.key);
      if (kept?.text !== text) {
        const row = draw(run);
        const focused = kept?.row.contains(document.activeElement);
        kept?.row.replaceWith(row);
        if (focused) row.querySelector("input").focus();
        kept = { text, row };
        rows.set(run.key, kept);
      }
      kept.row.querySelector("input").checked = chosen.has(run.key);
      return kept.row;
    });
    const same = drawn.length === body.rows.length && drawn.every((row, place) => row === body.rows[place]);
    if (!same) body.replaceChildren(...drawn);
    const running = data.runs.filter((run) => run.state === "running").length;
    const told = `${found.length} of ${data.runs.length} runs shown${running ? `, ${running} running` : ""}`;
    if ($("count").textContent !== told) $("count").textContent = told;
  }

  function options(select, pairs) {
    const kept = select.value;
    const first = select.options[0];
    select.replaceChildren(first, ...pairs.map(([key, text]) => new Option(text, key)));
    select.value = pairs.some(([key]) => key === kept) ? kept : "";
  }

  function update() {
    options($("state"), [...new Set(data.runs.map((run) => run.state))].sort().map((one) => [one, one]));
    options($("set"), data.sets.map((one) => [one.key, one.title]));
    $("sets").replaceChildren(...data.sets.map((one) => {
      const line = make("li");
      const link = make("a", one.title);
      link.href = one.href;
      line.append(link, " ", make("span", `${one.done} of ${one.runs} runs done`, "quiet"));
      return line;
    }));
    $("notes").hidden = !data.notes.length;
    $("notes").firstElementChild.replaceChildren(...data.notes.map((note) => make("li", note)));
    const keys = new Set(data.runs.map((run) => run.key));
    for (const key of chosen) if (!keys.has(key)) chosen.delete(key);
    for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key);
    bar();
    show();
  }

  async function ask() {
    try {
      const reply = await fetch("/api/runs", { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
      if (reply.status === 200) {
        etag = reply.headers.get("ETag") ?? "";
        data = await reply.json();
        update();
      } else if (reply.status === 304 && $("count").textContent.startsWith("The")) {
        show();
      }
    } catch {
      $("count").textContent = "The server has stopped; this is what it said last.";
    }
    setTimeout(ask, EVERY);
  }

  document.querySelectorAll("#runs thead [data-by]").forEach((head) => {
    head.setAttribute("aria-sort", "none");
    head.firstElementChild.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      document.querySelectorAll("#runs thead [data-by]").forEach((one) => one.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      order = { by: head.dataset.by, sign };
      show();
    });
  });
  $("find").addEventListener("input", show);
  $("state").addEventListener("change", show);
  $("set").addEventListener("change", show);
  $("clear").addEventListener("click", () => {
    chosen.clear();
    bar();
    show();
  });
  ask();
})();
