// Tables: sorted by a column, opened to single runs, hints by hovering and by keyboard.
(() => {
  const value = (row, column) => {
    const { sort } = row.children[column].dataset;
    const text = sort ?? row.children[column].textContent.trim();
    const number = Number(text);
    return text === "" || text === "-" || text === "nan" ? null : Number.isNaN(number) ? text : number;
  };

  function compare(a, b) { // what has no value stands last, whichever way
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  function groups(body) { // a row and its single runs stay together
    const found = [];
    for (const row of body.rows) {
      if (row.classList.contains("run")) found.at(-1).push(row);
      else found.push([row]);
    }
    return found;
  }

  function sort(table, head) {
    const column = head.cellIndex;
    const way = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    table.querySelectorAll("thead th").forEach((one) => one.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", way);
    const body = table.tBodies[0];
    const first = Number(table.dataset.first);
    const all = (table.untrainRows ??= groups(body));
    const rest = all.slice(first);
    const known = rest.filter(([row]) => value(row, column) !== null);
    const lacking = rest.filter(([row]) => value(row, column) === null);
    const sign = way === "ascending" ? 1 : -1;
    known.sort(([a], [b]) => sign * compare(value(a, column), value(b, column)));
    body.append(...[...all.slice(0, first), ...known, ...lacking].flat());
    document.getElementById("told").textContent = `Sorted by ${head.textContent.trim()}, ${way}`;
  }

  function open(button) {
    const opened = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(opened));
    button.getAttribute("aria-controls").trim().split(/\s+/).forEach((id) => {
      document.getElementById(id).hidden = !opened;
    });
  }

  const hint = document.getElementById("hint");
  let owner = null;
  function tell(cell) {
    owner?.removeAttribute("aria-describedby");
    owner = cell;
    hint.hidden = !cell;
    if (!cell) return;
    hint.textContent = cell.dataset.hint;
    cell.setAttribute("aria-describedby", "hint");
    const box = cell.getBoundingClientRect();
    const own = hint.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left), document.documentElement.clientWidth - own.width - 8);
    const above = box.top - own.height - 6;
    hint.style.left = `${left}px`;
    hint.style.top = `${above > 8 ? above : box.bottom + 6}px`;
  }

  // One stop of the tab key per table; arrow keys go from hint to hint.
  function walk(table, event) {
    const cell = event.target.closest("td[data-hint]");
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!cell || !by) return;
    event.preventDefault();
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    let down = rows.indexOf(cell.parentElement);
    let right = cell.cellIndex;
    for (;;) {
      down += by[0];
      right += by[1];
      const next = rows[down]?.children[right];
      if (!next) return;
      if (!next.matches("td[data-hint]")) continue;
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      return;
    }
  }

  // A table that goes on to the right fades there.
  const fits = new ResizeObserver((all) => all.forEach(({ target }) => edge(target.closest(".scroll"))));
  function edge(box) {
    box.classList.toggle("cut", box.scrollWidth - box.clientWidth - box.scrollLeft > 2);
  }

  function start(root = document) {
    for (const box of root.querySelectorAll(".scroll")) {
      fits.observe(box);
      if (box.firstElementChild) fits.observe(box.firstElementChild);
      box.addEventListener("scroll", () => edge(box), { passive: true });
    }
    for (const table of root.querySelectorAll("table.sorted")) {
      const hints = [...table.querySelectorAll("td[data-hint]")];
      hints.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
      if (hints.length) table.setAttribute("aria-description", "Arrow keys go from cell to cell; each tells more of its number.");
      table.addEventListener("click", (event) => {
        const sorter = event.target.closest(".sorter");
        if (sorter) sort(table, sorter.closest("th"));
        const opener = event.target.closest(".opener");
        if (opener) open(opener);
      });
      table.addEventListener("keydown", (event) => walk(table, event));
    }
    root.querySelectorAll("[data-hint]").forEach((cell) => {
      cell.removeAttribute("title");
      cell.addEventListener("mouseenter", () => tell(cell));
      cell.addEventListener("mouseleave", () => tell(null));
      cell.addEventListener("focusin", () => tell(cell));
      cell.addEventListener("focusout", () => tell(null));
    });
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && tell(null));
  document.addEventListener("scroll", () => tell(null), { passive: true, capture: true });
  window.untrain.sheets = start;
})();
