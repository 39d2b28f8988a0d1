import {
  addAnnouncer, addButton, addChart, addNamedChoice, addSlider, color, make, mountSafely, paint, prefersStill, svg,
  watchTheme,
} from "./shared.js";

/** A polynomial of two weights: each term [i, j, c] adds c * w1 ** i * w2 ** j. */
export function evaluate(terms, [w1, w2]) {
  return terms.reduce((sum, [i, j, c]) => sum + c * w1 ** i * w2 ** j, 0);
}

/** Its gradient. */
export function differentiate(terms, [w1, w2]) {
  return [
    terms.reduce((sum, [i, j, c]) => (i ? sum + c * i * w1 ** (i - 1) * w2 ** j : sum), 0),
    terms.reduce((sum, [i, j, c]) => (j ? sum + c * j * w1 ** i * w2 ** (j - 1) : sum), 0),
  ];
}

const FAR = 1e3; // where a weight is beyond it, a path has diverged, and ends

/** The changes that Keras' optimizers make, as functions of the gradient and the step's number. */
const OPTIMIZERS = {
  SGD: ({ rate }) => (gradient) => gradient.map((g) => -rate * g),
  momentum({ rate, momentum }) {
    const velocity = [0, 0];
    return (gradient) => gradient.map((g, k) => (velocity[k] = momentum * velocity[k] - rate * g));
  },
  Adam({ adam_rate: rate, momentum }) {
    const [m, v] = [[0, 0], [0, 0]];
    return (gradient, t) => {
      const correction = Math.sqrt(1 - 0.999 ** t) / (1 - momentum ** t);
      return gradient.map((g, k) => {
        m[k] = momentum * m[k] + (1 - momentum) * g;
        v[k] = 0.999 * v[k] + 0.001 * g * g;
        return (-rate * correction * m[k]) / (Math.sqrt(v[k]) + 1e-7);
      });
    };
  },
};

/** The paths of all three from a start: after how many steps the weights were where. */
export function descend(terms, start, settings, steps) {
  const walk = (make) => {
    const change = make(settings);
    const path = [start];
    for (let t = 1; t <= steps && Math.max(...path.at(-1).map(Math.abs)) <= FAR; t++) {
      const changes = change(differentiate(terms, path.at(-1)), t);
      path.push(path.at(-1).map((w, k) => w + changes[k]));
    }
    return path;
  };
  return Object.fromEntries(Object.entries(OPTIMIZERS).map(([name, make]) => [name, walk(make)]));
}

const RANGE = 2; // the picture shows both weights from -RANGE to RANGE
const GRID = 161;
const BANDS = 16; // of equal brightness, narrow where the loss is low
const STEPS = 100;
const NAMES = Object.keys(OPTIMIZERS);
const MARKS = ["M-1.7 0a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0 -3.4 0z", "M-1.5 -1.5h3v3h-3z", "M0 -1.9l1.9 3.3h-3.8z"];

function render({ model, el }) {
  return mountSafely(el, "digits-boundary digits-optimizers", "Optimizers on a loss surface", (root) => {
    const surfaces = model.get("surfaces");
    const defaults = model.get("defaults");
    const keys = Object.keys(surfaces);
    const state = { ...defaults, surface: model.get("surface"), step: STEPS };
    let terms = surfaces[state.surface].terms;
    let start = [...surfaces[state.surface].start];
    let paths, losses, request;
    let isRunning = false;
    const toPlot = ([w1, w2]) => [w1, -w2].map((w) => (50 * (w + RANGE)) / RANGE);
    const capital = (text) => text[0].toUpperCase() + text.slice(1);
    const written = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00").replace("-", "−");

    const controls = make(root, "div", { className: "boundary-controls" });
    addNamedChoice(controls, "Surface", keys.map((key) => [key, capital(key)]), state.surface, (key) => {
      state.surface = key;
      terms = surfaces[key].terms;
      start = [...surfaces[key].start];
      paintSurface();
      compute();
    });
    const asRate = (power) => `${+(10 ** power).toPrecision(2)}`;
    const power = (key) => ({ min: -3, max: 0.3, step: 0.05, value: Math.log10(defaults[key]), show: asRate });
    const rated = (key) => (value) => {
      state[key] = +asRate(value);
      compute();
    };
    const sliders = {
      rate: addSlider(controls, "Learning rate of SGD and momentum", power("rate"), rated("rate")),
      adam_rate: addSlider(controls, "Learning rate of Adam", power("adam_rate"), rated("adam_rate")),
      momentum: addSlider(
        controls,
        "Momentum β (Adam's β₁)",
        { min: 0, max: 0.99, step: 0.01, value: defaults.momentum, show: (value) => value.toFixed(2) },
        (value) => {
          state.momentum = value;
          compute();
        },
      ),
      step: addSlider(controls, "Step", { min: 0, max: STEPS, value: STEPS }, (value) => {
        pause();
        go(value);
      }),
    };
    const buttons = make(controls, "div", { className: "digits-buttons" });
    const ready = prefersStill() ? "Next step" : "Play";
    const play = addButton(buttons, ready, () => (isRunning ? pause() : run()));
    play.classList.add("is-primary");
    addButton(buttons, "Reset", () => {
      pause();
      Object.assign(state, defaults);
      for (const key of ["rate", "adam_rate"]) sliders[key].value = Math.log10(defaults[key]);
      sliders.momentum.value = defaults.momentum;
      start = [...surfaces[state.surface].start];
      state.step = sliders.step.value = STEPS;
      compute();
    });

    const middle = make(root, "div", { className: "boundary-plot optimizers-plot" });
    const field = make(middle, "canvas", { width: GRID, height: GRID, "aria-hidden": "true" });
    const overlay = svg(middle, "svg", { viewBox: "0 0 100 100", tabindex: 0, role: "application" });
    overlay.setAttribute("aria-roledescription", "start to be moved");
    const lowest = svg(overlay, "path", { d: "M-2 0h4M0 -2v4", class: "optimizers-lowest" });
    const lines = NAMES.map((name, k) => ({
      halo: svg(overlay, "path", { class: "optimizers-halo" }),
      line: svg(overlay, "path", { class: `optimizers-path is-${k}` }),
      dots: svg(overlay, "path", { class: `optimizers-dots is-${k}` }),
    }));
    const ends = NAMES.map((name, k) => svg(overlay, "path", { d: MARKS[k], class: `optimizers-end is-${k}` }));
    const knob = svg(overlay, "circle", { r: 2.6, class: "optimizers-start" });
    svg(overlay, "text", { x: 98, y: 97, "text-anchor": "end" }, "w₁ →");
    svg(overlay, "text", { x: 2, y: 6 }, "↑ w₂");

    const right = make(root, "div", { className: "boundary-side" });
    const table = make(right, "table", { className: "optimizers-table" });
    const caption = make(table, "caption");
    const head = make(make(table, "thead"), "tr");
    for (const text of ["Optimizer", "Loss", "w₁", "w₂"]) make(head, "th", { textContent: text, scope: "col" });
    const body = make(table, "tbody");
    const rows = NAMES.map((name, k) => {
      const row = make(body, "tr");
      const swatch = svg(null, "svg", { viewBox: "0 0 24 8", "aria-hidden": "true" });
      svg(swatch, "path", { d: "M0 4h24", class: `optimizers-path is-${k}` });
      svg(swatch, "path", { d: MARKS[k], class: `optimizers-end is-${k}`, transform: "translate(12 4) scale(1.6)" });
      make(row, "th", { scope: "row" }, swatch, capital(name));
      return [0, 1, 2].map(() => make(row, "td"));
    });
    const chart = make(right, "div", { className: "optimizers-chart" });
    const note = make(root, "p", { className: "digits-small boundary-note" });
    const say = addAnnouncer(root);
    let axes, curves, cursor;

    function paintSurface() {
      const values = Float64Array.from({ length: GRID * GRID }, (_, i) => {
        const at = [i % GRID, GRID - 1 - Math.floor(i / GRID)];
        return evaluate(terms, at.map((k) => (k / (GRID - 1)) * 2 * RANGE - RANGE));
      });
      const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
      const bands = values.map((v) => Math.floor(BANDS * ((v - low) / (high - low)) ** 0.4) / BANDS);
      const where = values.indexOf(low);
      const [x, y] = [where % GRID, Math.floor(where / GRID)].map((k) => (100 * k) / (GRID - 1));
      lowest.setAttribute("transform", `translate(${x} ${y})`);
      const [light, dark] = ["zero", "faint"].map(color);
      const shades = Array.from({ length: 511 }, (_, i) => {
        const part = 0.75 * Math.max(0, (i - 255) / 255);
        return light.map((c, k) => c + part * (dark[k] - c));
      });
      paint(field, bands, 1, shades);
    }
    function compute() {
      paths = descend(terms, start, state, STEPS);
      losses = NAMES.map((name) => paths[name].map((at) => evaluate(terms, at)));
      chart.replaceChildren();
      axes = addChart(chart, {
        label: "Loss of SGD, momentum and Adam along the steps",
        title: "Loss (logarithmic)",
        xLabel: "step",
        x: [0, STEPS],
        y: [-4, 1],
        xTicks: [0, 25, 50, 75, 100].map((value) => [value, value]),
        yTicks: [[-4, "0.0001"], [-3, "0.001"], [-2, "0.01"], [-1, "0.1"], [0, "1"], [1, "10"]],
        height: 150,
      });
      curves = losses.map((values, k) => {
        const points = values.map((value, t) => [t, Math.max(-4, Math.min(1.2, Math.log10(value)))]);
        return axes.line(points, `optimizers-path is-${k}`);
      });
      cursor = axes.mark();
      go(state.step);
      explain();
    }
    const at = (k) => Math.min(state.step, losses[k].length - 1);
    const isGone = (k) => Math.max(...paths[NAMES[k]][at(k)].map(Math.abs)) > FAR;
    const spoken = () =>
      NAMES.map((name, k) => `${name} ${isGone(k) ? "has diverged" : losses[k][at(k)].toFixed(3)}`).join(", ");
    function go(step) {
      state.step = step;
      NAMES.forEach((name, k) => {
        const points = paths[name].slice(0, step + 1).map((w) => toPlot(w).map((c) => Math.max(-900, Math.min(1000, c))));
        const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
        lines[k].halo.setAttribute("d", path);
        lines[k].line.setAttribute("d", path);
        lines[k].dots.setAttribute("d", points.map(([x, y]) => `M${x.toFixed(2)} ${y.toFixed(2)}h0`).join(""));
        ends[k].setAttribute("transform", `translate(${points.at(-1).map((c) => c.toFixed(2)).join(" ")})`);
        const [w1, w2] = paths[name][at(k)];
        const cells = isGone(k) ? ["diverged", "", ""] : [losses[k][at(k)].toFixed(4), written(w1), written(w2)];
        rows[k].forEach((cell, i) => (cell.textContent = cells[i]));
      });
      caption.textContent = `After ${step} ${step === 1 ? "step" : "steps"}`;
      axes.move(cursor, step, []);
      const [x, y] = toPlot(start);
      knob.setAttribute("cx", x);
      knob.setAttribute("cy", y);
      const where = `w1 = ${written(start[0])}, w2 = ${written(start[1])}`;
      overlay.setAttribute("aria-label", `Start of the three paths: ${where}. Drag it, or move it with the arrow keys.`);
    }
    /** Say what is to be seen, when nothing moves. */
    function explain() {
      const gone = NAMES.filter((_, k) => Math.max(...paths[NAMES[k]].at(-1).map(Math.abs)) > FAR);
      const still = state.momentum === 0 ? " With a momentum of 0, the path of momentum is that of SGD." : "";
      note.textContent = gone.length
        ? `${capital(gone.join(" and "))} diverged: each step overshoots by more than the one before.${still}`
        : `Gray: high loss; the cross marks the lowest. Drag the circle, the start of all three paths.${still}`;
      say(`After ${state.step} steps: ${spoken()}.`);
    }
    function moveTo(place) {
      pause();
      start = place.map((w) => Math.round(100 * Math.max(-RANGE, Math.min(RANGE, w))) / 100);
      compute();
    }
    let pointer = null;
    function follow(event) {
      const box = overlay.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      moveTo([2 * RANGE * x - RANGE, RANGE - 2 * RANGE * y]);
    }
    overlay.addEventListener("pointerdown", (event) => {
      if (pointer !== null || event.button !== 0) return;
      pointer = event.pointerId;
      overlay.setPointerCapture(pointer);
      follow(event);
    });
    overlay.addEventListener("pointermove", (event) => event.pointerId === pointer && follow(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      overlay.addEventListener(end, (event) => event.pointerId === pointer && (pointer = null));
    }
    overlay.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (!moves[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      const size = event.shiftKey ? 0.02 : 0.1;
      moveTo(start.map((w, k) => w + size * moves[event.key][k]));
    });

    function run() {
      if (state.step >= STEPS) sliders.step.value = state.step = 0;
      if (prefersStill()) {
        forward();
        explain();
        return;
      }
      isRunning = true;
      play.textContent = "Pause";
      request = requestAnimationFrame(tick);
    }
    function forward() {
      go(state.step + 1);
      sliders.step.value = state.step;
    }
    let last = 0;
    function tick(time) {
      if (time - last > 60) {
        last = time;
        forward();
      }
      if (state.step >= STEPS) pause();
      else request = requestAnimationFrame(tick);
    }
    function pause() {
      if (isRunning) explain();
      isRunning = false;
      cancelAnimationFrame(request);
      play.textContent = ready;
    }
    compute();
    const unwatch = watchTheme(paintSurface);
    return () => {
      unwatch();
      say.stop();
      cancelAnimationFrame(request);
    };
  });
}

export default { render };
