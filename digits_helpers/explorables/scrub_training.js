import {
  SIDE, addButton, addCanvas, addChart, addSlider, expectBytes, make, mountSafely, paint, prefersStill, signedColors,
  ticks, watchTheme,
} from "./shared.js";

/** Templates of all steps as int8: each step is stored as its difference from the step before it. */
export function accumulate(differences, steps) {
  const templates = Int8Array.from(differences);
  const size = templates.length / steps;
  for (let i = size; i < templates.length; i++) templates[i] += templates[i - size];
  return templates;
}

const STRONG = 76; // of 127: from here on the strongest color
const NAMES = { loss: "training", accuracy: "training", val_loss: "validation", val_accuracy: "validation" };

function render({ model, el }) {
  return mountSafely(el, "digits-scrub", "Templates along the training", (root) => {
    const steps = model.get("steps");
    const history = model.get("history");
    const scale = model.get("scale"); // the weight of which the integer is 127
    const templates = accumulate(expectBytes(model, "templates", 7840 * steps.length), steps.length);
    let shown = steps.length - 1;
    let timer = null;
    let colors;

    const status = make(root, "p", { className: "scrub-status" });
    const controls = make(root, "div", { className: "scrub-controls" });
    const play = addButton(controls, "Play", () => (timer === null ? start() : stop()));
    const show = (i) => `${steps[i]}`;
    const range = { min: 0, max: steps.length - 1, value: shown, show };
    const control = addSlider(controls, "Training step", range, (index) => {
      stop();
      go(index);
    });

    const list = make(root, "ul", { className: "scrub-templates", role: "list" });
    const canvases = Array.from({ length: 10 }, (_, digit) => {
      const canvas = addCanvas(null, SIDE, SIDE, `Template of the digit ${digit}`);
      make(list, "li", {}, canvas, make(null, "span", { textContent: digit }));
      return canvas;
    });
    const bar = make(root, "div", { className: "scrub-scale" });
    const limit = (scale * (STRONG / 127)).toFixed(2);
    make(bar, "span", { textContent: `−${limit}: ink counts against the digit` });
    const strip = addCanvas(bar, 101, 1);
    const ramp = Array.from({ length: 101 }, (_, i) => i - 50);
    make(bar, "span", { textContent: `+${limit}: ink counts for it` });

    const plots = make(root, "div", { className: "scrub-charts" });
    const toX = (step) => Math.log10(1 + step); // much happens in the first steps
    const last = toX(steps.at(-1)) || 1;
    const decades = [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
    const xTicks = decades.filter((step) => toX(step) <= last).map((step) => [toX(step), step]);
    const kinds = ["loss", "accuracy"].map((kind) => {
      const curves = Object.entries(history).filter(([key]) => key.endsWith(kind));
      const top = Math.max(...curves.flatMap(([, values]) => values));
      const percents = [0, 0.25, 0.5, 0.75, 1].map((value) => [value, `${100 * value} %`]);
      const yTicks = kind === "loss" ? ticks(top) : percents;
      const axes = addChart(plots, {
        label: `${kind} along the training steps`,
        title: kind === "loss" ? "Loss (cross-entropy)" : "Accuracy",
        xLabel: "training step (logarithmic)",
        x: [0, last],
        y: [0, yTicks.at(-1)[0]],
        xTicks,
        yTicks,
      });
      curves.forEach(([key, values], i) => {
        axes.line(values.map((value, j) => [toX(steps[j]), value]), i ? "is-second" : "");
      });
      const cursor = axes.mark();
      axes.root.addEventListener("pointerdown", (event) => {
        const x = axes.fromX(event);
        const distances = steps.map((step) => Math.abs(toX(step) - x));
        stop();
        control.value = distances.indexOf(Math.min(...distances));
        go(control.value);
      });
      return { axes, cursor, curves };
    });
    const names = kinds[0].curves.map(([key]) => NAMES[key]);
    if (names.length > 1) {
      const legend = make(root, "p", { className: "digits-legend" });
      names.forEach((name, i) => {
        make(legend, "span", { className: i ? "is-second" : "", textContent: name });
      });
    }

    function go(index) {
      shown = index;
      canvases.forEach((canvas, digit) => {
        const start = 7840 * index + 784 * digit;
        paint(canvas, templates.subarray(start, start + 784), STRONG, colors);
      });
      const texts = kinds.flatMap(({ axes, cursor, curves }) => {
        axes.move(cursor, toX(steps[index]), curves.map(([, values]) => values[index]));
        return curves.map(([key, values]) => {
          const value = values[index];
          const text = key.endsWith("loss") ? value.toFixed(3) : `${(100 * value).toFixed(1)} %`;
          return `${NAMES[key]} ${key.replace("val_", "")} ${text}`;
        });
      });
      status.textContent = `Step ${steps[index]}: ${texts.join(", ")}.`;
      control.input.setAttribute("aria-valuetext", status.textContent);
    }
    function start() {
      if (shown === steps.length - 1) shown = -1;
      play.textContent = "Pause";
      timer = setInterval(advance, prefersStill() ? 1000 : 160);
      advance();
    }
    function advance() {
      control.value = shown + 1;
      go(shown + 1);
      if (shown === steps.length - 1) stop();
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    const unwatch = watchTheme(() => {
      colors = signedColors();
      paint(strip, ramp, 50, colors);
      go(shown);
    });
    return () => {
      stop();
      unwatch();
    };
  });
}

export default { render };
