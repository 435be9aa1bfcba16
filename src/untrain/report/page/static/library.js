"use strict";
// Vega stands packed in the page. It is unpacked at once, into a script that the page's policy knows
// by its hash; charts wait for it.
window.untrain = {
  library: (async () => {
    const packed = document.getElementById("vega");
    if (!packed || !window.DecompressionStream) return;
    const bytes = Uint8Array.from(atob(packed.textContent.trim()), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    packed.remove();
  })(),
};
