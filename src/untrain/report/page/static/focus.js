// The same image in all charts of a figure: by hovering, and by arrow keys.
window.untrain.link = (figure, views) => {
  const linked = views.filter((view) => window.untrain.has(view, "focus"));
  if (!linked.length) return;
  const charts = figure.querySelector(".charts");
  const told = document.getElementById("told");
  const line = figure.querySelector(".told") ?? document.createElement("p");
  line.className = "note told"; // what is told aloud, for those who see
  line.setAttribute("aria-hidden", "true");
  charts.after(line);
  let focus = null;

  const key = (item) => item?.datum?.key ?? item?.datum?.datum?.key ?? null;
  const set = (to) => {
    if (to === focus) return;
    focus = to;
    charts.dataset.focus = to ?? "";
    line.textContent = "";
    linked.forEach((view) => view.signal("focus", to).runAsync());
  };
  for (const view of linked) {
    view.addEventListener("mouseover", (event, item) => key(item) !== null && set(key(item)));
    view.addEventListener("mouseout", (event, item) => key(item) !== null && set(null));
  }

  const step = (by) => {
    const rows = ordered(visible(linked[0]));
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.key === focus);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length];
    set(next.key);
    line.textContent = told.textContent = aloud(next);
  };
  charts.tabIndex = 0;
  charts.setAttribute("role", "group");
  charts.setAttribute(
    "aria-label", "Linked charts: arrow keys go from image to image, Escape lets go",
  );
  charts.onkeydown = (event) => { // once, however often the charts are drawn
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by) step(by);
    else if (event.key === "Escape") set(null);
    else return;
    event.preventDefault();
  };

  // Rows of the points that are drawn now, filters applied, in the order of the data.
  function visible(view) {
    const found = new Map();
    const visit = (item) => {
      if (item.marktype === "symbol" || item.items) (item.items ?? []).forEach(visit);
      else if (item.datum?.key !== undefined && (item.opacity ?? 1) > 0.15) {
        found.set(item.datum.key, item.datum);
      }
    };
    visit(view.scenegraph().root);
    return found;
  }

  function ordered(found) {
    const order = (row) => row.order ?? 0;
    return [...found.values()].sort((a, b) => order(a) - order(b));
  }

  const NAMES = { set: "", label: "class " };
  function aloud(row) {
    const own = Object.entries(NAMES).filter(([name]) => name in row).map(([name, word]) => word + row[name]);
    const panels = [...figure.querySelectorAll(".panel")];
    const predicted = linked.map((view, place) => {
      const there = visible(view).get(row.key)?.predicted;
      const who = panels[place]?.querySelector(".caption")?.textContent ?? `chart ${place + 1}`;
      return there === undefined ? "" : `predicted as ${there} by ${who}`;
    });
    return [`Image ${row.key}`, ...own, ...predicted.filter(Boolean)].join(", ");
  }
};
