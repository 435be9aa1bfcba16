// The page: copying, contents, printing; then everything starts.
(() => {
  const root = document.documentElement;
  root.classList.replace("no-js", "js");

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch { // a file opened by a double click may not use the clipboard
      const field = document.createElement("textarea");
      field.value = button.dataset.copy;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    document.getElementById("told").textContent = "Copied";
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));

  const contents = document.querySelector(".contents");
  const wide = matchMedia("(min-width: 72rem)");
  const fold = () => { if (contents) contents.querySelector("details").open = wide.matches; };
  fold();
  wide.addEventListener("change", fold);

  const links = new Map([...document.querySelectorAll(".contents a")].map(
    (link) => [link.getAttribute("href").slice(1), link],
  ));
  const reached = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.getAttribute("aria-labelledby"))?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  document.querySelectorAll("section[aria-labelledby]").forEach((one) => reached.observe(one));
  addEventListener("scroll", () => { // above the first section none is marked
    if (scrollY < 50) links.forEach((link) => link.removeAttribute("aria-current"));
  }, { passive: true });

  window.untrain.sheets();
  window.untrain.start();
  if (new URLSearchParams(location.search).has("all")) window.untrain.all();
})();
