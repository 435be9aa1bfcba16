"""The page in a browser: it draws, sorts, links, filters, and is readable in any form."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import page_example

UNDRAWN = "[data-figure]:not([data-drawn])"
Show = Callable[..., Any]


def drawn(page: Any) -> Any:
    """The page, with all of its charts."""
    page.evaluate("untrain.all()")
    assert page.locator(UNDRAWN).count() == 0
    return page


def names(page: Any) -> list[str]:
    """First cells of the sorted table, without single runs."""
    cells = page.locator(".sorted tbody tr.row > th").all_inner_texts()
    return [text.removeprefix("Single runs of").strip() for text in cells]


def test_charts_are_drawn_and_markup_stays_text(lasting: Any) -> None:
    page = drawn(lasting)
    assert page.locator("#part-cost-dots svg .mark-symbol path").count() == 5
    assert (
        page.locator("#part-cost-dots .chart").get_attribute("aria-label").startswith("Cost from 0")
    )
    painted = """canvas => { const {data} = canvas.getContext('2d')
      .getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length }"""
    for canvas in page.locator("#part-map canvas").all():
        assert canvas.evaluate(painted) > 500
    assert page.locator("h1").inner_text() == f"Forgetting {page_example.EVIL}"
    assert page.locator("img[src=x]").count() == 0
    page.locator("#part-cost-dots svg .mark-symbol path").nth(2).hover()
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert page_example.EVIL in page.locator("#vg-tooltip-element").inner_text()


def test_sorting_by_mouse_and_keyboard(show: Show, example: str) -> None:
    page = show(example)
    evil = page_example.EVIL
    head = page.locator(".sorted thead th").nth(1)
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page) == ["Original", "Retrain", "CoUn", "FT", evil]
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert names(page) == ["Original", "Retrain", evil, "FT", "CoUn"]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "none"
    assert names(page)[2:] == [evil, "CoUn", "FT"]


def test_a_row_opens_to_its_runs_and_they_follow_it(show: Show, example: str) -> None:
    page = show(example)
    runs = page.locator("tr.run")
    assert not runs.first.is_visible()
    opener = page.locator(".opener")
    opener.focus()
    page.keyboard.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    assert runs.nth(1).is_visible()
    page.locator(".sorter").nth(2).click()
    assert page.locator("#told").inner_text() == "Sorted by time, ascending"
    after = page.locator("tr.row", has=opener).evaluate("row => row.nextElementSibling.innerText")
    assert after.startswith("seed 0")


def test_hints_by_mouse_and_keyboard(lasting: Any) -> None:
    page = lasting
    cells = page.locator(".sorted td[data-hint]")
    hint = page.locator("#hint")
    cells.nth(2).hover()
    assert hint.inner_text() == "3.35 points from Retrain"
    page.mouse.move(0, 0)
    assert not hint.is_visible()
    cells.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert hint.inner_text() == "3.35 points from Retrain"
    assert cells.nth(2).get_attribute("aria-describedby") == "hint"
    page.keyboard.press("Escape")
    assert not hint.is_visible()


def test_one_image_in_all_charts(lasting: Any) -> None:
    page = lasting
    charts = page.locator("#part-map .charts")
    pictures = page.locator("#part-map canvas")
    before = [one.screenshot() for one in pictures.all()]
    charts.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert charts.get_attribute("data-focus") == "i1"
    assert page.locator("#told").inner_text() == page.locator("#part-map .told").inner_text()
    assert page.locator("#told").inner_text() == "Image i1, forget"
    page.wait_for_timeout(60)
    assert all(one.screenshot() != old for one, old in zip(pictures.all(), before, strict=True))
    page.keyboard.press("Escape")
    assert charts.get_attribute("data-focus") == ""
    x, y = pictures.first.evaluate(POINT)
    page.keyboard.press("Escape")
    page.mouse.move(x, y)
    assert charts.get_attribute("data-focus").startswith("i")
    page.mouse.move(0, 0)
    assert charts.get_attribute("data-focus") == ""


def test_filters_act_on_all_charts_and_on_the_keyboard(show: Show, example: str) -> None:
    page = drawn(show(example))
    caption = page.locator("#part-map .caption").nth(1)
    assert caption.inner_text() == f"{page_example.EVIL}, all"
    page.locator("#part-map .choices span", has_text="forgotten").click()
    assert caption.inner_text() == f"{page_example.EVIL}, forgotten"
    label = page.locator("#part-map canvas").nth(1).get_attribute("aria-label")
    assert label.startswith(f"{page_example.EVIL}, forgotten: Twenty images")
    page.wait_for_timeout(60)
    charts = page.locator("#part-map .charts")
    charts.focus()
    seen = []
    for _ in range(11):
        page.keyboard.press("ArrowRight")
        seen.append(charts.get_attribute("data-focus"))
    assert seen == [f"i{n}" for n in (*range(1, 20, 2), 1)]
    page.locator("#part-map input[value=forget]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#part-map input[value=retain]").is_checked()


def test_dark_is_readable(show: Show, example: str) -> None:
    page = drawn(show(example, color_scheme="dark"))
    texts = "p, li, td, th, dt, dd, summary, button, a, h1, h2, label, code, .asked, .said"
    low = page.evaluate(CONTRAST, texts)
    assert low == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light == "rgb(20, 23, 26)"
    axis = page.locator("#part-cost-dots svg .role-axis-label text").first
    assert axis.evaluate("text => getComputedStyle(text).fill") == "rgb(231, 233, 235)"


def test_canvases_take_the_colours_of_the_page_again_when_it_turns_dark(
    show: Show, example: str
) -> None:
    page = drawn(show(example))
    brightest = """canvas => { const {data} = canvas.getContext('2d')
      .getImageData(0, 0, canvas.width, canvas.height);
      let most = 0;
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 180) most = Math.max(most, Math.min(...data.slice(at, at + 3)));
      return most }"""
    first = page.locator("#part-map canvas").first
    assert first.evaluate(brightest) < 100
    page.locator("#part-map input[value=retain]").check(force=True)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    assert page.locator("#part-map canvas").count() == 2
    assert first.evaluate(brightest) > 200
    page.locator("#part-map .charts").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#part-map .charts").get_attribute("data-focus") == "i0"


def test_a_table_that_goes_on_to_the_right_fades_there(lasting: Any) -> None:
    page = lasting
    box, table = page.locator(".sheet .scroll"), page.locator(".sheet table")
    assert "cut" not in box.get_attribute("class")
    table.evaluate("one => { one.style.width = '3000px' }")
    page.locator(".sheet .scroll.cut").wait_for()
    box.evaluate("one => { one.scrollLeft = 3000 }")
    page.locator(".sheet .scroll:not(.cut)").wait_for()
    table.evaluate("one => { one.style.width = '' }")


def test_an_old_browser_gets_drawings_and_tables(show: Show, example: str) -> None:
    old = "<script>delete window.DecompressionStream</script>"
    digest = base64.b64encode(hashlib.sha256(old[8:-9].encode()).digest()).decode()
    allowed = example.replace("script-src", f"script-src 'sha256-{digest}'", 1)
    page = show(allowed.replace("</head>", f"{old}</head>", 1))
    page.evaluate("untrain.all()")
    assert page.locator("#part-cost-dots .drawing svg").is_visible()
    assert "cannot unpack" in page.locator("#part-map .chart").first.inner_text()


def test_light_is_readable(lasting: Any) -> None:
    assert lasting.evaluate(CONTRAST, "p, li, td, th, dt, dd, summary, button, a, label") == []


def test_narrow_pages_do_not_scroll_sideways(show: Show, example: str) -> None:
    warned = example.replace("its loss was no number", "its.loss_was." + "no_number." * 9)
    page = drawn(show(warned, width=360))
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not page.locator(".contents li").first.is_visible()
    page.locator(".contents summary").click()
    assert page.locator(".contents li").first.is_visible()
    charts = page.locator(".chart svg, .chart canvas").all()
    assert all(one.bounding_box()["width"] <= 330 for one in charts)


def test_in_print_everything_is_open_and_drawn(show: Show, example: str) -> None:
    page = show(example, color_scheme="dark", width=700)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.locator(UNDRAWN).first.wait_for(state="detached")
    assert page.locator("details:not([open])").count() == 0
    chosen = page.locator("#part-map .choices label")
    assert [one.inner_text() for one in chosen.all() if one.is_visible()] == ["all"]
    assert (
        page.locator("#part-map select").evaluate("one => getComputedStyle(one).border")
        == "0px none rgb(29, 33, 37)"
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.data[open]").count() == 0


def test_without_scripts_texts_tables_and_drawings_stay(show: Show, example: str) -> None:
    page = show(example, java_script_enabled=False)
    assert page.locator(".drawing svg").is_visible()
    assert page.locator("tr.run").first.is_visible()
    assert page.locator(".said").first.inner_text() == "CoUn is closest: 0.9 points."
    assert not page.locator(".copy").first.is_visible()


def test_what_is_shown_can_be_kept(lasting: Any) -> None:
    page = lasting
    page.locator("#part-cost-dots summary").click()
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("", b"name,x\n")):
        button = page.locator(
            f"#part-cost-dots [data-save={kind}]" if kind else "#part-cost-dots a"
        )
        with page.expect_download() as waiting:
            button.click()
        assert waiting.value.suggested_filename == f"cost-dots.{kind or 'csv'}"
        assert waiting.value.path().read_bytes().startswith(start)
    page.locator("#part-cost-dots summary").click()
    page.locator(".copy").first.click()
    page.locator(".copy.done").first.wait_for()
    assert page.locator("#told").inner_text() == "Copied"


def test_the_first_tab_leads_to_the_answers(show: Show, example: str) -> None:
    page = show(example)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#closest"


POINT = """canvas => {
  canvas.scrollIntoView({ block: "center" });
  const box = canvas.getBoundingClientRect();
  const charts = canvas.closest(".charts");
  for (let x = box.left; x < box.right; x += 3) {
    for (let y = box.top; y < box.bottom; y += 3) {
      const options = { clientX: x, clientY: y, bubbles: true };
      canvas.dispatchEvent(new PointerEvent("pointermove", options));
      canvas.dispatchEvent(new MouseEvent("mousemove", options));
      if (charts.dataset.focus) return [x, y];
    }
  }
}"""
"""Where on a canvas a point answers."""
CONTRAST = """selector => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (text) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], alpha: a / 255 };
  };
  const ground = (element) => {
    const above = element ? ground(element.parentElement) : [255, 255, 255];
    if (!element) return above;
    const own = rgb(getComputedStyle(element).backgroundColor);
    return above.map((value, at) => own.alpha * own.rgb[at] + (1 - own.alpha) * value);
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const low = [];
  for (const element of document.querySelectorAll(selector)) {
    if (!element.checkVisibility() || !element.innerText?.trim()) continue;
    const text = light(rgb(getComputedStyle(element).color).rgb);
    const behind = light(ground(element));
    const ratio = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    if (ratio < 4.5) low.push(`${element.className} ${element.innerText.slice(0, 30)} ${ratio}`);
  }
  return low;
}"""
"""What of the page has less than 4.5 : 1 between text and what is behind it (WCAG 2.2, AA)."""
