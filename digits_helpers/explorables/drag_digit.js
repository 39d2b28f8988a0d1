import {
  SIDE, addButton, addCanvas, addDigitChoice, addPrediction, addSlider, addToggle, cividis, describePrediction,
  expectBytes, loadNetwork, make, mountSafely, paint, runNetwork,
} from "./shared.js";

/**
 * Move, scale and rotate an image of 784 values from 0 to 1 about its middle, then invert it.
 * Bilinear interpolation; outside the image is 0.
 */
export function transform(image, { right, down, scale, angle, isInverted }) {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians) / scale, Math.sin(radians) / scale];
  const at = (row, column) =>
    row >= 0 && row < 28 && column >= 0 && column < 28 ? image[28 * row + column] : 0;
  return Float32Array.from({ length: 784 }, (_, i) => {
    const [x, y] = [(i % 28) - 13.5 - right, Math.floor(i / 28) - 13.5 - down];
    const [column, row] = [cos * x + sin * y + 13.5, cos * y - sin * x + 13.5];
    const [left, top] = [Math.floor(column), Math.floor(row)];
    const [h, v] = [column - left, row - top];
    const value =
      (1 - v) * ((1 - h) * at(top, left) + h * at(top, left + 1)) +
      v * ((1 - h) * at(top + 1, left) + h * at(top + 1, left + 1));
    return isInverted ? 1 - value : value;
  });
}

/** Row and column of the center of mass of an image; the middle where nothing is in it. */
export function centerOfMass(image) {
  let [sum, rows, columns] = [0, 0, 0];
  image.forEach((value, i) => {
    sum += value;
    rows += value * Math.floor(i / 28);
    columns += value * (i % 28);
  });
  return sum ? [rows / sum, columns / sum] : [14, 14];
}

const REACH = 12; // pixels of a shift
const MAP = 8; // the map shows shifts from -MAP to MAP
const ROW = 2 * MAP + 1;
const UNKNOWN = [128, 128, 128];
// for `paint`: 0 to 1 in cividis, less than 0 where nothing is computed yet
const COLORS = Array.from({ length: 511 }, (_, i) => (i < 255 ? UNKNOWN : cividis((i - 255) / 255)));
// shifts in the order in which the map is computed: from the middle to the corners
const distance = (i) => Math.hypot((i % ROW) - MAP, Math.floor(i / ROW) - MAP);
const ORDER = Array.from({ length: ROW * ROW }, (_, i) => i).sort((a, b) => distance(a) - distance(b));
const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value));

function render({ model, el }) {
  return mountSafely(el, "digits-drag", "A digit to drag under a network", (root) => {
    const network = loadNetwork(model.get("layers"), model.get("weights"));
    const pixels = expectBytes(model, "images");
    const count = pixels.length / 784;
    const images = Array.from({ length: count }, (_, i) => pixels.slice(784 * i, 784 * (i + 1)));
    const labels = [...expectBytes(model, "labels", count)];
    const start = { right: 0, down: 0, scale: 1, angle: 0, isInverted: false };
    const state = { chosen: 0, ...start };
    const predict = (image) => runNetwork(network, image).probabilities;
    const source = () => Float32Array.from(images[state.chosen], (value) => value / 255);
    let timer, hold;

    const figure = make(root, "div", { className: "drag-figure" });
    const left = make(figure, "div", { className: "drag-left" });
    const area = make(left, "div", { className: "drag-area" });
    const canvas = make(area, "canvas", {
      width: SIDE,
      height: SIDE,
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "movable digit",
      "aria-label": "The digit: arrow keys move it by one pixel, with Shift by four.",
    });
    make(area, "div", { className: "drag-cross" });
    const mass = make(area, "div", { className: "drag-mass" });
    const buttons = make(left, "div", { className: "digits-buttons" });
    addButton(buttons, "Center by mass", center);
    addButton(buttons, "Reset", () => {
      Object.assign(state, start);
      scaling.value = 1;
      rotation.value = 0;
      inverted.checked = false;
      change();
    });
    const position = make(left, "p", { className: "digits-small" });

    const middle = make(figure, "div", { className: "drag-middle" });
    const showPrediction = addPrediction(middle);
    const controls = make(middle, "div", { className: "drag-controls" });
    const set = (key) => (value) => {
      state[key] = value;
      change();
    };
    addDigitChoice(controls, "Digit", images, labels, 0, set("chosen"));
    const sizes = { min: 0.5, max: 1.5, step: 0.05, value: 1, show: (value) => `× ${value.toFixed(2)}` };
    const scaling = addSlider(controls, "Scale", sizes, set("scale"));
    const angles = { min: -90, max: 90, step: 5, value: 0, show: (value) => `${value}°` };
    const rotation = addSlider(controls, "Rotate", angles, set("angle"));
    const inverted = addToggle(controls, "Invert (dark ink on a bright background)", false, set("isInverted"));

    const right = make(figure, "div", { className: "drag-right" });
    const heading = make(right, "div", { className: "digits-heading" });
    const frame = make(right, "div", { className: "drag-map" });
    const map = addCanvas(frame, ROW, ROW, "Map of shifts");
    const here = make(frame, "div", { className: "drag-here" });
    const summary = make(right, "p", { className: "digits-small" });

    function move(right, down) {
      state.right = clamp(right, REACH);
      state.down = clamp(down, REACH);
      show();
    }
    function center() {
      const [row, column] = centerOfMass(transform(source(), { ...state, isInverted: false }));
      move(state.right + Math.round(14 - column), state.down + Math.round(14 - row));
    }
    function show() {
      const image = transform(source(), state);
      const [row, column] = centerOfMass(state.isInverted ? image.map((value) => 1 - value) : image);
      const probabilities = predict(image);
      paint(canvas, image);
      mass.style.cssText = `left: ${(100 * (column + 0.5)) / SIDE}%; top: ${(100 * (row + 0.5)) / SIDE}%`;
      const { title, note } = describePrediction(probabilities);
      const label = labels[state.chosen];
      const isRight = probabilities.indexOf(Math.max(...probabilities)) === label;
      showPrediction({ title, probabilities, note: `${note} ${isRight ? "Right" : "Wrong"}: it is a ${label}.` });
      const horizontal = `${Math.abs(state.right)} px ${state.right < 0 ? "left" : "right"}`;
      const vertical = `${Math.abs(state.down)} px ${state.down < 0 ? "up" : "down"}`;
      position.textContent = `Moved ${horizontal}, ${vertical}. The dot is the center of mass.`;
      here.hidden = Math.max(Math.abs(state.right), Math.abs(state.down)) > MAP;
      here.style.cssText = `left: ${(100 * (state.right + MAP)) / ROW}%; top: ${(100 * (state.down + MAP)) / ROW}%`;
    }
    /** After a change of anything but the shift, compute the map anew, a little at a time. */
    function change() {
      show();
      clearTimeout(timer);
      const label = labels[state.chosen];
      heading.textContent = `Confidence in ${label} at each shift`;
      const image = source();
      const values = new Float32Array(ROW * ROW).fill(-1);
      let [next, correct] = [0, 0];
      const work = () => {
        const end = performance.now() + 12;
        for (; next < values.length && performance.now() < end; next++) {
          const i = ORDER[next];
          const shift = { right: (i % ROW) - MAP, down: Math.floor(i / ROW) - MAP };
          const probabilities = predict(transform(image, { ...state, ...shift }));
          values[i] = probabilities[label];
          correct += probabilities.indexOf(Math.max(...probabilities)) === label;
        }
        paint(map, values, 1, COLORS);
        if (next < values.length) timer = setTimeout(work, 4);
        else {
          summary.textContent =
            `Dark 0 %, bright 100 %. Predicted as ${label} at ${correct} of ${ROW * ROW} shifts ` +
            `of up to ${MAP} pixels. Click into the map to move the digit there.`;
          map.setAttribute("aria-label", `Map of shifts: predicted as ${label} at ${correct} of ${ROW * ROW}`);
        }
      };
      timer = setTimeout(work, 150);
    }

    canvas.addEventListener("pointerdown", (event) => {
      if (hold || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      hold = { id: event.pointerId, x: event.clientX, y: event.clientY, from: [state.right, state.down] };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== hold?.id) return;
      const pixel = canvas.getBoundingClientRect().width / SIDE;
      const [across, along] = [event.clientX - hold.x, event.clientY - hold.y];
      move(hold.from[0] + Math.round(across / pixel), hold.from[1] + Math.round(along / pixel));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, () => (hold = undefined));
    }
    canvas.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 4 : 1;
      const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const direction = directions[event.key];
      if (!direction) return;
      event.preventDefault();
      move(state.right + step * direction[0], state.down + step * direction[1]);
    });
    map.addEventListener("click", (event) => {
      const box = map.getBoundingClientRect();
      const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      move(...place.map((part) => Math.floor(part * ROW) - MAP));
    });
    change();
    return () => {
      clearTimeout(timer);
      showPrediction.stop();
    };
  });
}

export default { render };
