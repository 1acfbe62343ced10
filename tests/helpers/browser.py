"""Opens the report in a headless Chromium, clicks through it with its own functions, and tells what was seen."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    "--window-size=1400,900",
]
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND"  # whatever the page asks for, no other machine is found

LISTEN = """<script>window.seen = {errors: []};
addEventListener("error", event => seen.errors.push(String(event.message || event.target.src)), true);
addEventListener("unhandledrejection", event => seen.errors.push(String(event.reason)));</script>"""
WALK = """<pre id="seen" style="display:none"></pre><script>(async () => { try {
const pause = () => new Promise(done => setTimeout(done, 30));
const loaded = image => image.complete ? Promise.resolve() : new Promise(done => image.onload = image.onerror = done);
await pause();
seen.landing = document.body.innerText; seen.categories = {}; seen.results = {};
for (const category of Object.keys(categories)) {
  app.setView({navbarMode: "menu"}); await pause();  // a list keeps its rows while another takes its place
  app.showCategory(category); await pause();
  seen.categories[category] = document.querySelector("nav").innerText;
}
for (const [path, result] of Object.entries(results)) {
  app.showResultInfo(path); await pause();
  const told = {info: document.querySelector("nav").innerText, labels: result.labels};
  if (result.mime_type.startsWith("image/")) {
    app.setView({content: "img", contentPath: result.data_uri}); await pause();
    const image = document.querySelector("#app img[src^='data:image/']:not(nav img)");
    await loaded(image);
    told.width = image.naturalWidth;
  } else {
    const bytes = Uint8Array.from(atob(result.data_uri.split("base64,")[1]), letter => letter.charCodeAt(0));
    const text = new TextDecoder().decode(bytes);
    const page = new DOMParser().parseFromString(text, "text/html");
    told.title = page.querySelector("h1").textContent;
    told.rows = page.querySelectorAll("tbody tr").length; told.preformatted = page.querySelectorAll("pre").length;
  }
  seen.results[path] = told;
}
const fetched = performance.getEntriesByType("resource").map(entry => entry.name);
seen.fetched = fetched.filter(name => name.startsWith("http"));
} catch (error) { seen.errors.push(String(error)); }
document.querySelector("#seen").textContent = JSON.stringify(seen);
})();</script>"""


def chromium() -> str | None:
    """The browser's program, None where there is none."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


def chrome(page: Path, profile: Path, *arguments: str) -> str:
    """Run the browser on a page with a fresh profile and without a network; what it prints."""
    command = [str(chromium()), *FLAGS, NO_NETWORK, f"--user-data-dir={profile}", "--virtual-time-budget=60000"]
    done = subprocess.run([*command, *arguments, page.as_uri()], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def walked(report: Path, folder: Path) -> dict:
    """What a reader sees who opens every category and every result.

    Returns:
        landing: text of the first view; categories: name -> text beside it; results: path -> its text, labels, and
        width of the picture (pixels) or title and rows of the page; errors: of scripts; fetched: addresses asked for.
    """
    before, _, after = report.read_text(encoding="utf-8").rpartition("</body>")  # scripts in the page have others
    text = f"{before}{WALK}</body>{after}"
    probed = folder / "probed.html"
    probed.write_text(text.replace("<head>", f"<head>{LISTEN}", 1), encoding="utf-8")
    printed = chrome(probed, folder / "profile", "--dump-dom")
    found = re.search(r'<pre id="seen"[^>]*>([^<]+)</pre>', printed)
    assert found, f"the walk through the report didn't end: {printed[-2000:]}"
    return json.loads(unescape(found.group(1)))
