// Charts are drawn when they come near the screen, and all of them before the page is printed.
window.untrain = (() => {
  const { library } = window.untrain;
  const figures = new Map(); // element -> {views, drawing}

  const json = (id) => {
    const found = document.getElementById(id);
    return found ? JSON.parse(found.textContent) : null;
  };

  function spec(figure, box) {
    const text = document.getElementById(`${box.id}-spec`).textContent;
    const chart = JSON.parse("canvas" in figure.dataset ? coloured(text) : text);
    const shared = json(`${figure.id}-datasets`);
    if (shared) chart.datasets = { ...shared, ...chart.datasets };
    return chart;
  }

  function coloured(text) { // a canvas knows no style: the colours of the page as they are now
    return text.replaceAll("currentColor", now("--ink")).replaceAll("#0b6e4f", now("--accent"))
      .replaceAll("#0072b2", now("--blue"));
  }

  const now = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const has = (view, signal) => signal in view.getState({ signals: () => true }).signals;

  function draw(figure) {
    const known = figures.get(figure);
    if (known) return known.drawing;
    const entry = { views: [], drawing: null, ink: now("--ink") };
    figures.set(figure, entry);
    const boxes = [...figure.querySelectorAll(".chart")];
    entry.drawing = library.then(() => Promise.all(boxes.map((box) => drawn(figure, box)))).then((views) => {
      entry.views = views.filter(Boolean);
      figure.querySelectorAll("[data-signal]").forEach((input) => {
        if (input.type !== "radio" || input.checked) set(figure, input);
      });
      if (window.untrain.link) window.untrain.link(figure, entry.views);
      figure.dataset.drawn = "";
    });
    return entry.drawing;
  }

  async function drawn(figure, box) {
    const options = {
      actions: false,
      ast: true,
      renderer: "canvas" in figure.dataset ? "canvas" : "svg",
      tooltip: { theme: "custom", disableDefaultStyle: true },
    };
    if (!window.vegaEmbed) return instead(figure, box);
    try {
      const result = await window.vegaEmbed(box, spec(figure, box), options);
      box.querySelector("canvas")?.setAttribute("role", "img");
      aloud(figure, box);
      return result.view;
    } catch (error) {
      box.textContent = "This chart could not be drawn here; its numbers stand below.";
      console.error(error);
      return null;
    }
  }

  function instead(figure, box) { // an old browser: the drawing of the page, or its table
    const drawing = figure.querySelector("noscript");
    if (drawing) box.innerHTML = drawing.textContent;
    else box.textContent = "This browser cannot unpack the charts; the numbers stand below.";
    return null;
  }

  function set(figure, input) {
    const { signal } = input.dataset;
    const { value } = input;
    const text = input.options ? input.selectedOptions[0].text : input.labels[0].textContent.trim();
    named(figure, signal, text);
    for (const view of figures.get(figure)?.views ?? []) {
      if (!has(view, signal)) continue;
      if (view.signal(signal) !== value) view.signal(signal, value).runAsync();
    }
  }

  function named(figure, signal, text) { // what is chosen, in captions and in what is read aloud
    figure.querySelectorAll(`[data-chosen="${signal}"]`).forEach((span) => { span.textContent = text; });
    figure.chosen = { ...figure.chosen, [signal]: text };
    figure.querySelectorAll(".chart").forEach((box) => aloud(figure, box));
  }

  function aloud(figure, box) {
    const label = box.dataset.label.replace(/\{(\w+)\}/g, (all, name) => figure.chosen?.[name] ?? all);
    (box.querySelector("canvas") ?? box).setAttribute("aria-label", label);
  }

  function again() { // canvases keep the colours that they were drawn with
    for (const [figure, entry] of figures) {
      if (!("canvas" in figure.dataset) || entry.ink === now("--ink")) continue;
      entry.views.forEach((view) => view.finalize());
      figures.delete(figure);
      draw(figure);
    }
  }

  async function save(figure, kind) {
    await draw(figure);
    const views = figures.get(figure).views;
    for (const [place, view] of views.entries()) {
      const name = figure.dataset.figure + (views.length > 1 ? `-${place + 1}` : "");
      if (kind === "svg") {
        const text = (await view.toSVG()).replaceAll("currentColor", "#22252a");
        download(`${name}.svg`, URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })));
      } else {
        download(`${name}.png`, onWhite(await view.toCanvas(2)));
      }
    }
  }

  function onWhite(drawing) {
    const sheet = document.createElement("canvas");
    sheet.width = drawing.width;
    sheet.height = drawing.height;
    const pen = sheet.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(drawing, 0, 0);
    return sheet.toDataURL("image/png");
  }

  function download(name, href) {
    const link = document.createElement("a");
    link.download = name;
    link.href = href;
    link.click();
  }

  const all = () => Promise.all([...document.querySelectorAll("[data-figure]")].map(draw));

  function start(root = document) {
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        near.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "800px" });
    root.querySelectorAll("[data-figure]").forEach((figure) => {
      near.observe(figure);
      figure.addEventListener("change", (event) => {
        if (event.target.dataset.signal) set(figure, event.target);
      });
      figure.addEventListener("click", (event) => {
        const { save: kind } = event.target.dataset;
        if (kind) save(figure, kind);
      });
    });
  }

  window.addEventListener("beforeprint", all);
  matchMedia("print").addEventListener("change", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return { ...window.untrain, all, draw, has, start };
})();
