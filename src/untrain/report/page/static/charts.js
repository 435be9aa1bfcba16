"use strict";
// Charts are drawn when they come near the screen, and all of them before the page is printed.
window.untrain = (() => {
  const figures = new Map(); // element -> {views, drawing}

  const json = (id) => {
    const found = document.getElementById(id);
    return found ? JSON.parse(found.textContent) : null;
  };

  function spec(figure, box) {
    const chart = json(`${box.id}-spec`);
    const shared = json(`${figure.id}-datasets`);
    if (shared) chart.datasets = { ...shared, ...chart.datasets };
    return chart;
  }

  const has = (view, signal) => signal in view.getState({ signals: () => true }).signals;

  function draw(figure) {
    const known = figures.get(figure);
    if (known) return known.drawing;
    const entry = { views: [], drawing: null };
    figures.set(figure, entry);
    const boxes = [...figure.querySelectorAll(".chart")];
    entry.drawing = Promise.all(boxes.map((box) => drawn(figure, box))).then((views) => {
      entry.views = views.filter(Boolean);
      figure.querySelectorAll("[data-signal]").forEach((input) => {
        if (input.type !== "radio" || input.checked) set(figure, input.dataset.signal, input.value);
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
    try {
      const result = await window.vegaEmbed(box, spec(figure, box), options);
      if ("canvas" in figure.dataset) {
        const canvas = box.querySelector("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", box.dataset.label);
      }
      return result.view;
    } catch (error) {
      box.textContent = "This chart could not be drawn here; its numbers stand below.";
      console.error(error);
      return null;
    }
  }

  function set(figure, signal, value) {
    for (const view of figures.get(figure)?.views ?? []) {
      if (!has(view, signal)) continue;
      if (view.signal(signal) !== value) view.signal(signal, value).runAsync();
    }
  }

  function again() { // canvases keep the colours that they were drawn with
    for (const [figure, entry] of figures) {
      if ("canvas" in figure.dataset) entry.views.forEach((view) => view.resize().runAsync());
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
        const { signal } = event.target.dataset;
        if (signal) set(figure, signal, event.target.value);
      });
      figure.addEventListener("click", (event) => {
        const { save: kind } = event.target.dataset;
        if (kind) save(figure, kind);
      });
    });
  }

  window.addEventListener("beforeprint", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return { all, draw, has, start };
})();
