"""The site as a reader meets it: built by the README's command, opened in a real Chromium."""

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from chromium import WCAG, expect

pytest.importorskip("sphinx", reason="needs Sphinx: pip install -e '.[docs]'")
axe_playwright_python = pytest.importorskip("axe_playwright_python")

ROOT = Path(__file__).resolve().parents[2]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
LARGEST = 1_500_000  # bytes of the landing page, nothing compressed
IS_WIDE = """() => document.documentElement.scrollWidth > innerWidth ||
    [...document.querySelectorAll("article :is(p, li, h1, h2, h3, summary, figure)")]
    .filter((element) => !element.closest(".scroller, table"))
    .some((element) => element.getBoundingClientRect().right > innerWidth)"""


def build(folder):
    """Build the site, with warnings as errors and no link to a place outside."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "docs", folder]
    variables = {k: v for k, v in os.environ.items() if k != "DIGITS_REPOSITORY"}
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]


@contextmanager
def serve(folder):
    """Serve a folder on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def weigh(tab):
    """Return a dictionary that fills with the bytes of all that a tab loads."""
    sizes = {}

    def note(response):
        sizes[response.url] = len(response.body())

    tab.on("response", note)
    return sizes


def draw_first_digit(tab, address):
    """Open the landing page, draw a 7 on its pad, and wait for the prediction."""
    tab.goto(address)
    tab.wait_for_selector(".explorable.is-live canvas")
    tab.get_by_role("button", name="Clear").click()
    pad = tab.locator(".explorable canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    points = [(0.25, 0.2), (0.75, 0.2), (0.6, 0.5), (0.45, 0.85)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    tab.mouse.move(*points[0])
    tab.mouse.down()
    for point in points[1:]:
        tab.mouse.move(*point, steps=5)
    tab.mouse.up()
    expect(tab.locator(".explorable .digits-title").first).to_contain_text("7")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Return the addresses of all pages, relative to the site."""
    paths = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    paths = sorted(path for path in paths if not path.startswith("_"))
    assert len(paths) >= 15
    return paths


@pytest.fixture(scope="module")
def soups(site, pages):
    """Return the pages, parsed."""
    return {page: BeautifulSoup((site / page).read_text("utf-8"), "html.parser") for page in pages}


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as address:
        yield address


@pytest.fixture(scope="module")
def tab(browser):
    """Return a tab that takes down, in ``tab.troubles``, what goes wrong in it."""
    tab = browser.new_page(has_touch=True)
    tab.troubles = []
    tab.on("pageerror", lambda error: tab.troubles.append(f"{tab.url}: {error}"))
    tab.on("requestfailed", lambda request: tab.troubles.append(f"{tab.url}: no {request.url}"))
    tab.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and tab.troubles.append(f"{tab.url}: {message.text}")
        ),
    )
    tab.on(
        "request",
        lambda request: (
            urlsplit(request.url).hostname not in (None, "127.0.0.1")
            and tab.troubles.append(f"{tab.url} asks {request.url}")
        ),
    )
    return tab


def test_no_page_scrolls_sideways_has_a_wcag_finding_or_asks_another_site(tab, address, pages):
    findings = []
    for page in pages:
        tab.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.goto(address + page)
        tab.evaluate(AXE)
        for width in (1440, 768, 320):
            tab.set_viewport_size({"width": width, "height": 900})
            findings += [f"{page} is wider than {width} pixels"] * tab.evaluate(IS_WIDE)
        tab.set_viewport_size({"width": 1440, "height": 900})
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(tab.locator("html")).to_have_attribute("data-theme", scheme)
            # code is colored alike everywhere: thousands of words, checked in one notebook
            where = {"include": ["html"], "exclude": [] if "/02" in page else [".highlight"]}
            result = tab.evaluate(
                "([where, rules]) => axe.run(where, {runOnly: rules, resultTypes: ['violations'],"
                " preload: false})",  # else axe looks for style sheets where no page names them
                [where, WCAG],
            )
            findings += [
                f"{page}, {scheme}, {rule['id']}: {node['failureSummary']} {node['html'][:150]}"
                for rule in result["violations"]
                for node in rule["nodes"][:3]
            ]
    assert not findings + tab.troubles, "\n".join(findings + tab.troubles)


def test_every_link_and_every_file_that_a_page_names_is_there(site, soups):
    anchors = {
        page: {tag["id"] for tag in soup.find_all(id=True)} | {""} for page, soup in soups.items()
    }
    missing = []
    for page, soup in soups.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            link = tag.get("href") or tag.get("src")
            if link is None or re.match(r"[a-z]+:", link):
                continue
            there = urlsplit(urljoin(page, link))
            target = unquote(there.path)
            if not (site / target).is_file():
                missing.append(f"{page}: {link}")
            elif target in anchors and unquote(there.fragment) not in anchors[target]:
                missing.append(f"{page}: {link} names no heading")
    assert not missing, "\n".join(missing)


def test_no_formula_is_left_raw_and_every_picture_has_its_alternative_text(soups):
    formulas = 0
    for page, soup in soups.items():
        article = soup.find("article") or soup
        formulas += len(article.select(".formula svg"))
        assert all(image.get("alt") for image in article.find_all("img")), page
        texts = article.find_all(string=re.compile(r"\$"))
        assert all(text.find_parent(["pre", "code", "script"]) for text in texts), page
    assert formulas > 50


def test_without_the_setting_no_page_links_to_colab_binder_or_the_source(site, pages):
    for page in pages:
        text = (site / page).read_text("utf-8")
        assert not re.search(r'href="[^"]*(colab\.|mybinder|/digits/(blob|tree))', text), page
        assert "btn-source" not in text, page


def test_the_setting_makes_links_to_colab_binder_and_the_source():
    program = (
        "import runpy, json; settings = runpy.run_path('docs/conf.py');"
        "print(json.dumps(settings['html_theme_options']))"
    )
    variables = os.environ | {"DIGITS_REPOSITORY": "somebody/digits"}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    options = json.loads(run.stdout)
    assert options["repository_url"] == "https://github.com/somebody/digits"
    assert {"binderhub_url", "colab_url"} <= set(options["launch_buttons"])


def test_the_landing_page_reads_what_is_drawn_on_it_from_a_small_download(browser, address):
    tab = browser.new_page()
    sizes = weigh(tab)
    draw_first_digit(tab, address)
    tab.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < LARGEST, sorted(sizes.items(), key=lambda item: -item[1])[:5]
    tab.close()


def test_a_page_opened_as_a_file_shows_the_picture_and_says_what_to_do(browser, site):
    tab = browser.new_page()
    tab.goto((site / "index.html").as_uri())
    figure = tab.locator(".explorable")
    expect(figure).to_contain_text("python -m http.server")
    expect(figure.locator("img")).to_be_visible()
    assert figure.locator("button, canvas").count() == 0
    tab.close()


def test_damaged_state_leaves_the_picture_and_a_sentence(browser, address, site):
    tab = browser.new_page()
    damaged = re.sub(r'\{"bytes":"[^"]{9}', '{"bytes":"', (site / "index.html").read_text("utf-8"))
    damaged = re.sub(r'"weights":\{"file":"[^"]*"', '"weights":{"file":"lost.bin"', damaged)
    tab.route(f"{address}", lambda route: route.fulfill(body=damaged, content_type="text/html"))
    tab.goto(address)
    expect(tab.locator(".explorable-note")).to_contain_text("could not be made interactive")
    expect(tab.locator(".explorable img")).to_be_visible()
    tab.close()


def test_answers_are_folded_and_open_with_the_keyboard(tab, address, pages):
    notebook = next(page for page in pages if page.startswith("notebooks/02"))
    tab.goto(address + notebook)
    details = tab.locator("details").first
    answer = details.locator("p").last
    expect(answer).to_be_hidden()
    details.locator("summary").focus()
    tab.keyboard.press("Enter")
    expect(answer).to_be_visible()


def test_what_scrolls_in_a_phone_can_be_reached_by_the_keyboard(tab, address, pages):
    notebook = next(page for page in pages if page.startswith("notebooks/02"))
    tab.set_viewport_size({"width": 320, "height": 800})
    tab.goto(address + notebook)
    summary = tab.locator(".scroller:has-text('Layer (type)')").first
    expect(summary).to_have_attribute("tabindex", "0")
    assert summary.evaluate("box => box.querySelector('pre').scrollWidth <= box.scrollWidth")
    tab.set_viewport_size({"width": 1440, "height": 900})


def test_code_has_a_copy_button_and_the_search_finds_a_term(tab, address, pages):
    notebook = next(page for page in pages if page.startswith("notebooks/02"))
    tab.goto(address + notebook)
    assert tab.locator(".cell_input button.copybtn").count() > 10
    assert tab.locator(".cell_output button.copybtn").count() == 0
    tab.goto(f"{address}search.html?q=softmax")
    expect(tab.locator("#search-results li").first).to_be_visible(timeout=15_000)
