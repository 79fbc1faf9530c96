"""The page in a real browser: what its script does, and how it fits a phone and a desktop."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finfuzz.report.page import live as live_module
from finfuzz.report.page.live import Live
from finfuzz.report.page.render import Renderer, render_page
from finfuzz.report.page.server import PageServer
from finfuzz.triage.findings.finding import update
from helpers.campaign_example import fill, journal_in, plan, state_with
from helpers.finding_example import crashes_with, finding
from helpers.hostile_example import BUCKET, hostile_finding
from helpers.patience import PATIENCE
from helpers.places import CRASHES

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium and chromedriver on PATH"),
]
selenium = pytest.importorskip("selenium")
ROWS = "return [...document.querySelector('#table').tBodies].filter(r => !r.hidden).map(r => r.id)"
TITLES = "return [...document.querySelectorAll('#table td.what a')].map(a => a.textContent[0])"
SORTED = "return [...document.querySelectorAll('#table > thead th')].map(h => h.ariaSort)"


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    from selenium import webdriver  # noqa: PLC0415 (not everywhere)
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or ""
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(opened: Any) -> Iterator[Any]:
    """Fail if the page writes anything to the console, whatever a test does."""
    opened.get_log("browser")
    yield opened
    assert opened.get_log("browser") == []
    opened.get("about:blank")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    fill(journal_in(made), 300, buckets=({"bucket": finding().bucket},))
    shutil.copytree(CRASHES, tmp_path / "crashes")
    crashes_with(tmp_path / "crashes", finding(), finding(bucket="b" * 12, sightings=5))
    hostile_finding(tmp_path / "crashes")
    return made


@pytest.fixture
def file(state: Path, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    path.write_text(render_page(Renderer(state).render_parts(), made="now"), encoding="utf-8")
    return path.as_uri()


def set_viewport(browser: Any, width: int, mode: str) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": mode}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


CONTRAST = """
const light = (colour) => {
  const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => {
    const c = v / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const page = light(getComputedStyle(document.body).backgroundColor);
const poor = [];
for (const one of document.querySelectorAll("p, td, th, dt, dd, a, summary, li, label, .status")) {
  const style = getComputedStyle(one);
  const ink = light(style.color);
  const ratio = (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
  if (ratio < 4.5) poor.push([one.className || one.tagName, ratio]);
}
return [page, poor];
"""


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, file: str, width: int, mode: str) -> None:
    set_viewport(browser, width, mode)
    browser.get(file)
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    root = "document.documentElement"
    wide, there = browser.execute_script(f"return [{root}.scrollWidth, {root}.clientWidth]")
    assert wide == there
    page_light, poor = browser.execute_script(CONTRAST)
    assert (page_light > 0.5) == (mode == "light")
    assert poor == []


def test_findings_are_the_first_thing_on_a_phone(browser: Any, file: str) -> None:
    """No column of theirs is off the screen, and nothing scrolls but code and pictures."""
    set_viewport(browser, 390, "light")
    browser.get(file)
    top = "return document.querySelector('#table .what').getBoundingClientRect().top"
    assert browser.execute_script(top) < 900
    wide = "d => d.offsetLeft + d.offsetWidth > 390"
    wide = f"return [...document.querySelectorAll('.row td')].some({wide})"
    assert browser.execute_script(wide) is False
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    hidden = (
        "return [...document.querySelectorAll('*')].filter(one => one.scrollHeight > "
        "one.clientHeight + 2 && getComputedStyle(one).overflowY.match(/auto|scroll/))"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert browser.execute_script(hidden) == []


def test_sorting(browser: Any, file: str) -> None:
    set_viewport(browser, 1440, "light")
    browser.get(file)
    given = browser.execute_script(ROWS)
    click = "document.querySelectorAll('#table > thead button')[arguments[0]].click()"
    browser.execute_script(click, 6)
    seen = browser.execute_script(
        "return [...document.querySelector('#table').tBodies]"
        ".map(r => +r.rows[0].cells[6].dataset.value)"
    )
    assert seen == sorted(seen, reverse=True)
    assert browser.execute_script(SORTED)[6] == "descending"
    browser.execute_script(click, 6)
    assert browser.execute_script(SORTED)[6] == "ascending"
    browser.execute_script(click, 6)
    assert browser.execute_script(SORTED) == ["none"] * 9
    assert browser.execute_script(ROWS) == given
    browser.execute_script(click, 0)
    titles = browser.execute_script(TITLES)
    assert titles == sorted(titles, key=str.casefold)


def test_sorting_by_the_keyboard(browser: Any, file: str) -> None:
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415

    browser.get(file)
    button = browser.find_elements("css selector", "#table > thead button")[1]
    button.send_keys(Keys.ENTER)
    assert browser.execute_script(SORTED)[1] == "ascending"
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.execute_script(SORTED)[1] == "descending"


def shipped(pattern: str) -> set[str]:
    """The rows of the repository's own findings in such places."""
    return {f"f-{folder.name}" for folder in CRASHES.glob(pattern)}


def test_filtering(browser: Any, file: str) -> None:
    browser.get(file)
    every = browser.execute_script(ROWS)
    search = browser.find_element("id", "filter-text")
    search.send_keys("internals-recreated  REENTRANT")
    assert set(browser.execute_script(ROWS)) == {f"f-{finding().bucket}", "f-" + "b" * 12}
    assert browser.find_element("id", "shown").text == f"2 of {len(every)}"
    search.send_keys("nothing like that")
    assert browser.find_element("id", "none").is_displayed()
    browser.find_element("css selector", "#filters button").click()
    browser.execute_async_script("setTimeout(arguments[0], 20)")
    assert browser.execute_script(ROWS) == every
    browser.find_element("css selector", "#filter-signal option[value=NONE]").click()
    assert set(browser.execute_script(ROWS)) == shipped("NONE/*/*")
    cell = browser.find_element("css selector", ".matrix a[data-diagnostic=framework-failure]")
    cell.click()
    assert set(browser.execute_script(ROWS)) == shipped("*/framework-failure/*")


def test_a_link_opens_its_finding(browser: Any, file: str) -> None:
    browser.get(file + "#f-8ee1ef0dfe84")
    opened = "return [...document.querySelectorAll('.story[open]')].map(d => d.dataset.keep)"
    assert browser.execute_script(opened) == ["f-8ee1ef0dfe84"]


def test_hostile_text_does_nothing(browser: Any, file: str) -> None:
    browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": "window.alerted = []; window.alert = (x) => window.alerted.push(x);"},
    )
    browser.get(file + f"#f-{BUCKET}")
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    assert browser.execute_script("return window.alerted") == []
    assert browser.execute_script("return document.querySelectorAll('img, script').length") == 1


def test_a_live_page_keeps_what_its_reader_did(
    browser: Any, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415

    monkeypatch.setattr(live_module, "_LEAST_SECONDS", 0.0)
    folder = tmp_path / "crashes" / finding().folder
    set_viewport(browser, 1440, "light")
    with PageServer(Live(state, None), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            browser.get(f"{server.address}#f-{finding().bucket}")
            browser.find_element("id", "filter-text").send_keys("internals")
            browser.execute_script("document.querySelectorAll('#table > thead button')[0].click()")
            before = browser.execute_script(ROWS)
            place = f"document.querySelector('#f-{finding().bucket}').getBoundingClientRect().top"
            at = f"return {place}"
            browser.execute_script(f"scrollBy(0, {place} - 100)")
            top = browser.execute_script(at)
            update(folder, finding(sightings=77_777))
            crashes_with(tmp_path / "crashes", finding(bucket="0" * 12))
            WebDriverWait(browser, PATIENCE).until(
                lambda driver: "77,777" in driver.find_element("id", f"f-{finding().bucket}").text
            )
            assert set(browser.execute_script(ROWS)) == {*before, "f-" + "0" * 12}
            assert browser.execute_script(SORTED)[0] == "ascending"
            assert browser.find_element("id", "filter-text").get_attribute("value") == "internals"
            story = browser.find_element("css selector", f"#f-{finding().bucket} .story")
            assert story.get_attribute("open") is not None
            assert abs(browser.execute_script(at) - top) < 2
        finally:
            server.shutdown()
            thread.join()
        # The page says that it is no longer served; the browser logs the refused connection, too.
        server.server_close()
        WebDriverWait(browser, PATIENCE).until(
            lambda driver: "no longer served" in driver.find_element("id", "live").text
        )
        assert all("ERR_CONNECTION" in one["message"] for one in browser.get_log("browser"))
        browser.get("about:blank")
