// The site's host for interactive figures: what anywidget is to them in Jupyter, but without a kernel.

const inflate = async (text) => {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
};

const load = async (name) => {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return new DataView(await response.arrayBuffer());
};

/** Bring a stored value back: bytes as a DataView, as in Jupyter; all else is JSON. */
function revive(value) {
  if (typeof value?.bytes === "string") return inflate(value.bytes);
  if (typeof value?.file === "string") return load(value.file);
  return value;
}

/** The part of anywidget's model that needs no kernel. */
class Model {
  #values;
  #listeners = new Map();

  constructor(values) {
    this.#values = values;
  }

  get(name) {
    return this.#values[name];
  }

  set(name, value) {
    const changes = typeof name === "object" ? name : { [name]: value };
    const changed = Object.keys(changes).filter((key) => this.#values[key] !== changes[key]);
    Object.assign(this.#values, changes);
    for (const key of changed) this.#tell(`change:${key}`, changes[key]);
    if (changed.length) this.#tell("change");
  }

  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event, listener) {
    if (listener) this.#listeners.get(event)?.delete(listener);
    else this.#listeners.delete(event);
  }

  #tell(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(this, value);
  }

  save_changes() {} // there is nobody to tell

  send() {}
}

/** Replace a still picture by the live figure; if that fails, say so above it. */
async function start(figure) {
  const live = document.createElement("div");
  try {
    const stored = JSON.parse(figure.querySelector("script").textContent);
    const module = import(new URL(`${figure.dataset.module}.js`, import.meta.url));
    const values = Object.entries(stored).map(async ([name, value]) => [name, await revive(value)]);
    const model = new Model(Object.fromEntries(await Promise.all(values)));
    const { default: explorable } = await module;
    figure.append(live);
    await explorable.render({ model, el: live });
    figure.replaceChildren(live);
    figure.classList.add("is-live");
  } catch (error) {
    live.remove();
    const note = document.createElement("p");
    note.className = "explorable-note";
    note.textContent = `This figure could not be made interactive (${error.message}). Reload the page to try again.`;
    figure.prepend(note);
  }
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      start(target);
    }
  },
  { rootMargin: "1000px" },
);
for (const figure of document.querySelectorAll(".explorable")) seen.observe(figure);
