import {
  SIDE, addAnnouncer, addButton, addDigitChoice, addSlider, addToggle, expectBytes, make, mountSafely, paint,
} from "./shared.js";

/** Shift an image to the right and down; what leaves it is lost, what enters it is 0. */
export function shift(image, right, down) {
  return Uint8Array.from(image, (_, i) => {
    const [row, column] = [Math.floor(i / 28) - down, (i % 28) - right];
    return row >= 0 && row < 28 && column >= 0 && column < 28 ? image[28 * row + column] : 0;
  });
}

/** Blend two images, `amount` of the second one, rounded to integers. */
export function blend(first, second, amount) {
  return Uint8Array.from(first, (value, i) =>
    Math.floor((1 - amount) * value + amount * second[i] + 0.5),
  );
}

const LOUPE = 5; // rows and columns of pixel values around the pointer

function render({ model, el }) {
  return mountSafely(el, "digits-mix", "Two digits to blend", (root) => {
    const labels = [...expectBytes(model, "labels")];
    const pixels = expectBytes(model, "images", 784 * labels.length);
    const images = labels.map( (_, i) => pixels.subarray(784 * i, 784 * (i + 1)));
    const start = { first: 0, second: labels.length > 1 ? 1 : 0, amount: 0.5 };
    const state = { ...start, right: 0, down: 0, isInverted: false };
    const both = images[state.first].map((value, i) => Math.min(value, images[state.second][i]));
    const inked = both.indexOf(Math.max(...both));
    let at = [Math.floor(inked / 28), inked % 28]; // row and column of the pixel that is looked at
    let changed, mixed;

    const left = make(root, "div", { className: "mix-picture" });
    const canvas = make(left, "canvas", {
      width: SIDE,
      height: SIDE,
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "image of 28 by 28 pixels",
      "aria-label": "The blended image. The arrow keys move from pixel to pixel.",
    });
    const cursor = make(left, "div", { className: "mix-cursor" });
    const middle = make(root, "div", { className: "mix-values" });
    make(middle, "div", { className: "digits-heading", textContent: "Pixel values" });
    const loupe = make(make(middle, "table", { "aria-hidden": "true" }), "tbody");
    const cells = Array.from({ length: LOUPE }, () => {
      const row = make(loupe, "tr");
      return Array.from({ length: LOUPE }, () => make(row, "td"));
    }).flat();
    const formula = make(middle, "p", { className: "mix-formula" });
    const say = addAnnouncer(middle);

    const controls = make(root, "div", { className: "mix-controls" });
    const update = (key) => (value) => {
      state[key] = value;
      mix();
    };
    addDigitChoice(controls, "First digit", images, labels, state.first, update("first"));
    addDigitChoice(controls, "Second digit", images, labels, state.second, update("second"));
    const asPercent = (value) => `${Math.round(100 * value)} % of the second`;
    const blending = { min: 0, max: 1, step: 0.01, value: state.amount, show: asPercent };
    const moving = { min: -14, max: 14, value: 0, show: (value) => `${value} px` };
    const sliders = {
      amount: addSlider(controls, "Blend", blending, update("amount")),
      right: addSlider(controls, "Shift the second right", moving, update("right")),
      down: addSlider(controls, "Shift the second down", moving, update("down")),
    };
    const inverted = addToggle(controls, "Invert the second (255 − value)", false, update("isInverted"));
    addButton(controls, "Reset", () => {
      Object.assign(state, { amount: 0.5, right: 0, down: 0, isInverted: false });
      for (const [key, control] of Object.entries(sliders)) control.value = state[key];
      inverted.checked = false;
      mix();
    });

    function mix() {
      changed = shift(images[state.second], state.right, state.down);
      if (state.isInverted) changed = changed.map((value) => 255 - value);
      mixed = blend(images[state.first], changed, state.amount);
      paint(canvas, mixed, 255);
      look();
    }
    function look() {
      const [row, column] = at;
      const half = (LOUPE - 1) / 2;
      const corner = at.map((index) => Math.max(0, Math.min(28 - LOUPE, index - half)));
      cells.forEach((cell, i) => {
        const [r, c] = [corner[0] + Math.floor(i / LOUPE), corner[1] + (i % LOUPE)];
        const value = mixed[28 * r + c];
        cell.textContent = value;
        cell.style.background = `rgb(${value} ${value} ${value})`;
        cell.style.color = value > 117 ? "black" : "white";
        cell.className = r === row && c === column ? "is-current" : "";
      });
      const share = 100 / 28;
      cursor.style.cssText = `left: ${share * corner[1]}%; top: ${share * corner[0]}%`;
      const i = 28 * row + column;
      const [a, b] = [images[state.first][i], changed[i]];
      const amounts = [1 - state.amount, state.amount].map((amount) => amount.toFixed(2));
      formula.replaceChildren(
        make(null, "b", { textContent: `Row ${row}, column ${column}: ${mixed[i]}` }),
        ` ≈ ${amounts[0]} × ${a} + ${amounts[1]} × ${b}`,
      );
      say(formula.textContent);
    }
    function point(event) {
      const box = canvas.getBoundingClientRect();
      const place = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      at = place.map((part) => Math.max(0, Math.min(27, Math.floor(28 * part))));
      look();
    }
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (!step[event.key]) return;
      event.preventDefault();
      at = at.map((index, i) => Math.max(0, Math.min(27, index + step[event.key][i])));
      look();
    });
    mix();
    return say.stop;
  });
}

export default { render };
