import {
  GRAYS, SIDE, addAnnouncer, addCanvas, addNamedChoice, addPad, addToggle, expectBytes, make, mountSafely,
  paddingBefore, paint, readDrawing, runNetwork, signedColors, watchTheme,
} from "./shared.js";

/** The layers that the settings describe: a convolution, and max pooling of 2 × 2 where wanted. */
function build(kernel, { padding, stride, relu, pool }) {
  const side = Math.ceil((padding === "same" ? SIDE : SIDE - 2) / stride);
  const convolution = {
    type: "conv",
    size: [3, 3],
    strides: [stride, stride],
    padding,
    input: [SIDE, SIDE, 1],
    output: [side, side, 1],
    activation: relu ? "relu" : "linear",
    kernel: Float32Array.from(kernel),
    bias: new Float32Array(1),
  };
  if (!pool) return [convolution];
  const half = Math.floor(side / 2);
  const pooling = { type: "pool", size: [2, 2], strides: [2, 2], padding: "valid", activation: "linear" };
  return [convolution, { ...pooling, input: convolution.output, output: [half, half, 1] }];
}

/** The feature map of 784 values from 0 to 1, as Keras' Conv2D and MaxPooling2D compute it. */
export function respond(image, kernel, settings) {
  return runNetwork(build(kernel, settings), Float32Array.from(image)).outputs.at(-1);
}

const number = (value) => `${+value.toFixed(2)}`.replace("-", "−");
const largest = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;

function render({ model, el }) {
  return mountSafely(el, "digits-kernel", "A kernel to edit", (root) => {
    const kernels = model.get("kernels");
    const names = Object.keys(kernels);
    let kernel = [...model.get("weights_now")];
    const settings = { padding: "valid", stride: 1, relu: false, pool: false };
    let [colors, image, maps, at] = [null, new Float32Array(SIDE * SIDE), null, null];

    const pad = addPad(root, {
      initial: expectBytes(model, "drawing", 140 * 140),
      onChange(picture, isDone) {
        if (isDone) {
          model.set("drawing", new DataView(picture.buffer));
          model.save_changes();
        }
        read(picture);
      },
    });
    const right = make(root, "div", { className: "kernel-right" });
    const matches = names.find((name) => kernels[name].flat().every((w, i) => w === kernel[i]));
    const presets = addNamedChoice(right, "Kernel", names.map((name) => [name, name]), matches, (name) => {
      kernel = kernels[name].flat();
      inputs.forEach((input, i) => (input.value = kernel[i]));
      keep();
    });
    const row = make(right, "div", { className: "kernel-row" });
    const [source, sourceBox, sourceText] = addPicture("input");
    make(row, "span", { className: "kernel-sign", textContent: "∗", "aria-hidden": "true" });
    const grid = make(row, "div", { className: "kernel-grid", role: "group", "aria-label": "Weights of the kernel" });
    const inputs = kernel.map((weight, i) => {
      const label = `Weight in row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}`;
      const input = make(grid, "input", { type: "number", step: "0.5", "aria-label": label, value: weight });
      input.addEventListener("input", () => {
        kernel[i] = Math.max(-99, Math.min(99, +input.value || 0));
        presets.querySelectorAll("button").forEach((button) => button.setAttribute("aria-checked", "false"));
        keep();
      });
      return input;
    });
    make(row, "span", { className: "kernel-sign", textContent: "=", "aria-hidden": "true" });
    const [target, targetBox, targetText] = addPicture("feature map");
    target.tabIndex = 0;
    target.setAttribute("role", "application");
    target.setAttribute("aria-roledescription", "feature map");

    const controls = make(right, "div", { className: "digits-controls" });
    const set = (key) => (value) => {
      settings[key] = value;
      compute();
    };
    addNamedChoice(controls, "Padding", [["valid", "valid"], ["same", "same"]], "valid", set("padding"));
    addNamedChoice(controls, "Stride", [[1, "1"], [2, "2"]], 1, set("stride"));
    addToggle(controls, "ReLU", false, set("relu"));
    addToggle(controls, "Max pooling 2 × 2", false, set("pool"));
    const card = make(right, "div", { className: "digits-card" });
    const title = make(card, "div", { className: "digits-card-title" });
    const equation = make(card, "div", { className: "digits-equation" });
    const text = make(card, "p");
    const say = addAnnouncer(root);

    function addPicture(name) {
      const figure = make(row, "figure", { className: "kernel-picture" });
      const frame = make(figure, "div", { className: "digits-window" });
      const canvas = addCanvas(frame, SIDE, SIDE, name);
      const box = make(frame, "div", { className: "digits-box" });
      return [canvas, box, make(figure, "figcaption")];
    }
    function keep() {
      model.set("weights_now", [...kernel]);
      model.save_changes();
      compute();
    }
    function read(picture) {
      image = readDrawing(picture).image ?? new Float32Array(SIDE * SIDE);
      compute();
    }
    function compute() {
      const layers = build(kernel, settings);
      maps = { layers, outputs: runNetwork(layers, image).outputs };
      const values = maps.outputs.at(-1);
      const side = layers.at(-1).output[0];
      target.width = target.height = side;
      paint(source, image);
      paint(target, values, largest(values), colors);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      sourceText.textContent = `input, ${SIDE} × ${SIDE}`;
      targetText.textContent = `feature map, ${side} × ${side}`;
      if (!at || at.some((k) => k >= side)) at = null;
      explain();
      say(`Feature map of ${side} by ${side} values from ${number(low)} to ${number(high)}.`);
    }
    /** Show how the value at a position comes about: by default the largest in size. */
    function explain() {
      const { layers, outputs } = maps;
      const side = layers.at(-1).output[0];
      const values = outputs.at(-1);
      const strongest = values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
      const [r, c] = at ?? [Math.floor(strongest / side), strongest % side];
      const [inner, response] = [layers[0].output[0], outputs[0]];
      let [row, column] = [r, c];
      if (settings.pool) {
        const four = [0, 1, 2, 3].map((k) => [2 * r + (k >> 1), 2 * c + (k & 1)]);
        [row, column] = four.reduce((a, b) => (response[b[0] * inner + b[1]] > response[a[0] * inner + a[1]] ? b : a));
      }
      const [above, before] = paddingBefore(layers[0]);
      const [top, left] = [row * settings.stride - above, column * settings.stride - before];
      const patch = Float32Array.from({ length: 9 }, (_, i) => {
        const [y, x] = [top + Math.floor(i / 3), left + (i % 3)];
        return y >= 0 && y < SIDE && x >= 0 && x < SIDE ? image[y * SIDE + x] : 0;
      });
      const products = patch.map((value, i) => value * kernel[i]);
      const total = products.reduce((a, b) => a + b, 0);
      place(sourceBox, left, top, 3, SIDE);
      place(targetBox, c, r, 1, side);
      title.textContent = `Row ${r + 1}, column ${c + 1} of the feature map`;
      equation.replaceChildren();
      tile(patch, 1, GRAYS, "pixels");
      tile(kernel, largest(kernel), colors, "kernel", "×");
      tile(products, largest(kernel), colors, "products", "=");
      const sum = `The nine products sum to ${number(total)}.`;
      const relu = settings.relu ? ` ReLU gives ${number(Math.max(0, total))}.` : "";
      const pool = settings.pool ? " Max pooling keeps it, the largest of four neighbors." : "";
      text.textContent = sum + relu + pool;
      target.setAttribute(
        "aria-label",
        `Feature map. Row ${r + 1}, column ${c + 1}: ${number(values[r * side + c])}. Arrow keys move.`,
      );
    }
    function tile(values, limit, palette, caption, sign) {
      if (sign) make(equation, "span", { className: "digits-sign", textContent: sign, "aria-hidden": "true" });
      const figure = make(equation, "figure");
      paint(addCanvas(make(figure, "div", { className: "digits-window" }), 3, 3), values, limit, palette);
      make(figure, "figcaption", { textContent: caption });
    }
    /** Put a frame around so many pixels of a picture of `side` pixels, cut at its border. */
    function place(box, left, top, size, side) {
      const [x1, y1] = [left, top].map((k) => (100 * Math.max(0, k)) / side);
      const [x2, y2] = [left, top].map((k) => (100 * Math.min(side, k + size)) / side);
      box.style.cssText = `left: ${x1}%; top: ${y1}%; width: ${x2 - x1}%; height: ${y2 - y1}%`;
    }
    function point(event) {
      const box = target.getBoundingClientRect();
      const part = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      at = part.map((k) => Math.max(0, Math.min(target.width - 1, Math.floor(k * target.width))));
      explain();
    }
    target.addEventListener("pointerdown", point);
    target.addEventListener("pointermove", (event) => (event.pointerType === "mouse" || event.buttons) && point(event));
    target.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      const middle = Math.floor(target.width / 2);
      const from = at ?? [middle, middle];
      at = from.map((k, i) => Math.max(0, Math.min(target.width - 1, k + move[i])));
      explain();
    });

    const start = () => {
      colors = signedColors();
      read(pad.picture());
    };
    const unwatch = watchTheme(start);
    return () => {
      unwatch();
      pad.stop();
      say.stop();
    };
  });
}

export default { render };
