// What the pages need beside the theme; interactive figures have explorables/runtime.js.

function prepare() {
  // A browser loads no module from a file: say what to do instead of showing a dead control.
  if (location.protocol === "file:") {
    for (const figure of document.querySelectorAll(".explorable")) {
      const note = document.createElement("p");
      note.className = "explorable-note";
      const command = document.createElement("code");
      command.textContent = "python -m http.server";
      note.append(
        "This is a picture, since a browser runs no figures from a file. To use it, run ",
        command,
        " in the site's folder and open http://localhost:8000.",
      );
      figure.prepend(note);
    }
  }
  // What scrolls sideways can be reached with the keyboard.
  const boxes = document.querySelectorAll(".scroller, div.formula, .pst-scrollable-table-container, pre");
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of boxes) watcher.observe(box);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", prepare);
else prepare();
