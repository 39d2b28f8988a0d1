// What the interactive figures share: elements, colors, the drawing pad, bars of probabilities,
// from a drawing to MNIST's 28 x 28, and the forward pass of a network. Nothing here asks a server.

export const SIDE = 28; // of an image
export const PAD = 140; // of a drawing: five rows and columns for each of an image
const PEN = 0.08; // of the pad: MNIST's strokes are about as wide, relative to the digit

// ------------------------------------------------------------------------------ elements

/** Make an element; `data-...`, `aria-...`, role and for are attributes, all else properties. */
export function make(parent, tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/-|^role$|^for$/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  parent?.append(element);
  return element;
}

/** Begin a figure in `el`: an element with the colors and the style of all. */
export function mount(el, className, label) {
  el.replaceChildren();
  const properties = { className: `digits ${className}`, role: "group", "aria-label": label };
  const root = make(el, "div", properties);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // in JupyterLab, keys are ours
  return root;
}

/** Say something to screen readers, once nothing has changed for a moment. */
export function addAnnouncer(parent) {
  const region = make(parent, "div", { className: "digits-hidden", "aria-live": "polite" });
  let waiting;
  const say = (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (region.textContent = text), 700);
  };
  return Object.assign(say, { stop: () => clearTimeout(waiting) });
}

/** A row of buttons of which one is pressed; arrow keys move, as among radio buttons. */
export function addChoice(parent, label, names, onChange, chosen = 0) {
  const group = make(parent, "div", {
    className: "digits-choice",
    role: "radiogroup",
    "aria-label": label,
  });
  const buttons = names.map((name) => make(group, "button", { type: "button", role: "radio", textContent: name }));
  const choose = (index) => {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", `${i === index}`);
      button.tabIndex = i === index ? 0 : -1;
    });
    onChange(index);
  };
  buttons.forEach((button, i) => button.addEventListener("click", () => choose(i)));
  addRoving(group, buttons, (index) => choose(index));
  buttons.forEach((button, i) => {
    button.setAttribute("aria-checked", `${i === chosen}`);
    button.tabIndex = i === chosen ? 0 : -1;
  });
  return choose;
}

/** Let arrow keys, Home and End move the focus within a group that is one stop of the Tab key. */
export function addRoving(group, items, onMove = () => {}, columns = () => 1) {
  items.forEach((item, i) => (item.tabIndex = i === 0 ? 0 : -1));
  group.addEventListener("keydown", (event) => {
    const now = items.indexOf(document.activeElement);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() };
    const ends = { Home: 0, End: items.length - 1 };
    const next = ends[event.key] ?? now + steps[event.key];
    if (now < 0 || !items[next]) return;
    event.preventDefault();
    items[now].tabIndex = -1;
    items[next].tabIndex = 0;
    items[next].focus();
    onMove(next);
  });
}

// ------------------------------------------------------------------------------ colors

/** Call back now and whenever the page turns dark or light; return how to stop. */
export function watchTheme(callback) {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(callback);
  const attributes = ["data-theme", "data-mode", "data-jp-theme-light", "class", "theme"];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: attributes });
  }
  query.addEventListener("change", callback);
  callback();
  return () => {
    observer.disconnect();
    query.removeEventListener("change", callback);
  };
}

/** Return red, green and blue of a color of `shared.css`, as it is in this moment. */
export function color(name) {
  // not in the figure: Jupyter renders it before it stands in the page
  const probe = make(document.body, "span", { className: "digits", hidden: true });
  probe.style.color = `var(--digits-${name})`;
  const found = getComputedStyle(probe).color.match(/[\d.]+/g);
  probe.remove();
  return found.slice(0, 3).map(Number);
}

/** Return 511 colors from "negative" (blue) through the background (0) to "positive" (orange). */
export function signedColors() {
  const [low, middle, high] = ["negative", "zero", "positive"].map(color);
  return Array.from({ length: 511 }, (_, i) => {
    const amount = (Math.abs(i - 255) / 255) ** 0.7; // faint values show too
    return middle.map((c, k) => c + amount * ((i < 255 ? low : high)[k] - c));
  });
}

/** 511 grays, of which 0 is black: ink is bright, as in MNIST. */
export const GRAYS = Array.from({ length: 511 }, (_, i) => Array(3).fill(Math.max(0, i - 255)));

/** 511 colors for what is 0 or more, from black through red to pale yellow (Matplotlib's inferno). */
export const HEAT = Array.from({ length: 511 }, (_, i) => {
  const stops = [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]];
  const place = (5 * Math.max(0, i - 255)) / 255;
  const [from, to] = [stops[Math.floor(place)], stops[Math.ceil(place)]];
  return from.map((value, k) => value + (place % 1) * (to[k] - value));
});

/**
 * Fill a canvas of as many pixels as there are values: `limit` gets the last of 511 colors,
 * 0 the middle one.
 */
export function paint(canvas, values, limit = 1, colors = GRAYS) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const value = Math.max(-1, Math.min(1, values[i] / limit || 0));
    const [r, g, b] = colors[Math.round(255 + 255 * value)];
    image.data[4 * i] = r;
    image.data[4 * i + 1] = g;
    image.data[4 * i + 2] = b;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Make a canvas that screen readers call by its label, or pass over where it has none. */
export function addCanvas(parent, width, height, label) {
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return make(parent, "canvas", { width, height, className: "digits-pixels", ...named });
}

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// ------------------------------------------------------------------------------ the drawing pad

/**
 * A pad for mouse, finger, pen and keyboard.
 *
 * `initial` is a drawing of 140 x 140 bytes to begin with: the first stroke clears it.
 * `onChange(picture, isDone)` gets 140 x 140 bytes, ink bright on 0; `isDone` at the end of a
 * stroke. Returns `{ picture, toolbar, load, element }`.
 */
export function addPad(parent, { initial, onChange }) {
  const area = make(parent, "div", { className: "digits-pad" });
  const frame = make(area, "div", { className: "digits-frame" });
  const canvas = make(frame, "canvas", {
    width: 4 * PAD,
    height: 4 * PAD,
    tabIndex: 0,
    role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label":
      "Draw a digit here. With the keyboard: arrow keys move the pen, Space lowers and lifts it, " +
      "Backspace takes back the last stroke, Delete clears all.",
  });
  const hint = make(frame, "div", { className: "digits-hint" });
  const keys = make(frame, "div", { className: "digits-keys" });
  const cursor = make(frame, "div", { className: "digits-cursor", hidden: true });
  const toolbar = make(area, "div", { className: "digits-toolbar" });
  const undo = make(toolbar, "button", { type: "button", textContent: "Undo" });
  const clear = make(toolbar, "button", { type: "button", textContent: "Clear" });
  undo.setAttribute("aria-label", "Undo the last stroke");
  clear.setAttribute("aria-label", "Clear the drawing");
  const say = addAnnouncer(area);

  const visible = canvas.getContext("2d");
  const small = new OffscreenCanvas(PAD, PAD).getContext("2d", { willReadFrequently: true });
  const background = new OffscreenCanvas(PAD, PAD);
  let hasBackground = false;
  let isExample = false;
  let strokes = [];
  let pointer = null;
  let pen = [0.5, 0.3]; // of the keyboard
  let penIsDown = false;
  const held = new Set();

  function load(picture, example = false) {
    strokes = [];
    hasBackground = picture?.byteLength === PAD * PAD && picture.some((gray) => gray > 0);
    isExample = hasBackground && example;
    if (hasBackground) paint(background, picture, 255);
    show();
  }
  function draw(context, side) {
    context.fillStyle = "black";
    context.fillRect(0, 0, side, side);
    context.imageSmoothingQuality = "high";
    if (hasBackground) context.drawImage(background, 0, 0, side, side);
    context.strokeStyle = "white";
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = PEN * side;
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      for (const [x, y] of stroke) context.lineTo(x * side, y * side);
      context.stroke();
    }
  }
  function picture() {
    draw(small, PAD);
    const { data } = small.getImageData(0, 0, PAD, PAD);
    return Uint8Array.from({ length: PAD * PAD }, (_, i) => data[4 * i]);
  }
  function show() {
    draw(visible, canvas.width);
    const isEmpty = !strokes.length && !hasBackground;
    hint.textContent = isEmpty ? "Draw a digit here" : isExample ? "Draw your own digit here" : "";
    undo.disabled = !strokes.length;
    clear.disabled = isEmpty;
  }
  let isWaiting = false;
  function change(isDone) {
    show();
    if (isDone) onChange(picture(), true);
    else if (!isWaiting) {
      isWaiting = true; // strokes bring many points: answer once for each frame
      requestAnimationFrame(() => {
        isWaiting = false;
        onChange(picture(), false);
      });
    }
  }
  function begin() {
    if (isExample) hasBackground = isExample = false;
    strokes.push([]);
  }
  function takeBack() {
    strokes.pop();
    penIsDown = false;
    change(true);
  }
  function clearAll() {
    strokes = [];
    hasBackground = isExample = penIsDown = false;
    showPen();
    change(true);
  }

  // mouse, finger and pen
  function extend(event) {
    const box = canvas.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of events.length ? events : [event]) {
      strokes.at(-1).push([(clientX - box.left) / box.width, (clientY - box.top) / box.height]);
    }
    change(false);
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault(); // no focus ring, no selection
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer); // a stroke may leave the pad and come back
    if (penIsDown) penIsDown = false;
    cursor.hidden = true;
    keys.textContent = "";
    begin();
    extend(event);
  });
  canvas.addEventListener("pointermove", (event) => event.pointerId === pointer && extend(event));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      change(true);
    });
  }

  // keyboard: arrows that are held together move diagonally
  function showPen() {
    cursor.style.left = `${100 * pen[0]}%`;
    cursor.style.top = `${100 * pen[1]}%`;
    cursor.classList.toggle("is-down", penIsDown);
    keys.textContent = penIsDown ? "arrows draw · Space lifts the pen" : "arrows move · Space lowers the pen";
  }
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    if (moves[key]) {
      held.add(key);
      const step = shiftKey ? 0.01 : 0.03;
      for (const name of held) {
        pen = pen.map((value, i) => Math.max(0, Math.min(1, value + step * moves[name][i])));
      }
      if (penIsDown) {
        strokes.at(-1).push(pen);
        change(false);
      }
    } else if (key === " " || key === "Enter") {
      penIsDown = !penIsDown;
      if (penIsDown) {
        begin();
        strokes.at(-1).push(pen);
      }
      change(!penIsDown);
      say(penIsDown ? "pen down" : "pen up");
    } else if (key === "Backspace" || (key === "z" && (event.ctrlKey || event.metaKey))) {
      takeBack();
    } else if (key === "Delete") clearAll();
    else return;
    event.preventDefault();
    event.stopPropagation();
    cursor.hidden = false;
    showPen();
  });
  canvas.addEventListener("keyup", ({ key }) => held.delete(key));
  canvas.addEventListener("focus", () => {
    cursor.hidden = !canvas.matches(":focus-visible");
    if (!cursor.hidden) showPen();
  });
  canvas.addEventListener("blur", () => {
    held.clear();
    cursor.hidden = true;
    keys.textContent = "";
    if (penIsDown) {
      penIsDown = false;
      change(true);
    }
  });
  undo.addEventListener("click", takeBack);
  clear.addEventListener("click", clearAll);
  load(initial, true);
  return { area, toolbar, picture, load, stop: () => say.stop() };
}

// ------------------------------------------------------------------------------ the prediction

/** Ten columns, a digit each: how probable it is. */
export function addBars(parent) {
  const list = make(parent, "ol", {
    className: "digits-bars",
    role: "list",
    "aria-label": "Probability of each digit",
  });
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const text = make(null, "span", { className: "digits-percent" });
    const fill = make(null, "span");
    const track = make(null, "span", { className: "digits-track", "aria-hidden": "true" }, fill);
    const name = make(null, "span", { className: "digits-name", textContent: digit });
    return { item: make(list, "li", {}, text, track, name), fill, text };
  });
  return (probabilities) => {
    const largest = probabilities ? Math.max(...probabilities) : 2;
    bars.forEach(({ item, fill, text }, digit) => {
      const probability = probabilities?.[digit] ?? 0;
      item.classList.toggle("is-largest", probability === largest);
      fill.style.height = `${100 * probability}%`;
      text.textContent = probability >= 0.005 ? `${Math.round(100 * probability)} %` : "";
    });
  };
}

/** Say the prediction and its confidence, in a few words each. */
export function describePrediction(probabilities, threshold = 0) {
  const confidence = Math.max(...probabilities);
  const label = probabilities.indexOf(confidence);
  const percent = confidence < 0.9995 ? `${(100 * confidence).toFixed(1)} %` : "over 99.9 %";
  if (confidence >= threshold) return { title: `Predicted: ${label}`, note: `Confidence ${percent}.` };
  const wanted = +(100 * threshold).toFixed(2);
  return { title: "Not confident", note: `Perhaps a ${label}: confidence ${percent}, required ${wanted} %.` };
}

/** Title, note and bars; `show(reading)` with `{ title, note, probabilities }`. */
export function addPrediction(parent) {
  const area = make(parent, "div", { className: "digits-prediction" });
  const title = make(area, "div", { className: "digits-title" });
  const note = make(area, "div", { className: "digits-note" });
  const update = addBars(area);
  const say = addAnnouncer(area);
  const show = (reading) => {
    title.textContent = reading.title;
    note.textContent = reading.note;
    update(reading.probabilities);
    say(`${reading.title}. ${reading.note}`);
  };
  return Object.assign(show, { stop: say.stop });
}

// ------------------------------------------------------------------------------ from a drawing to 28 x 28

/** Return the values below which a fraction of all lies, between two of them as NumPy does. */
function percentile(values, fraction) {
  const sorted = Float32Array.from(values).sort();
  const place = fraction * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** Return the bounding box of what is above a value: top, left, bottom, right; null without any. */
function boundingBox({ values, width, height }, above) {
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] > above) {
        [top, left] = [Math.min(top, y), Math.min(left, x)];
        [bottom, right] = [Math.max(bottom, y + 1), Math.max(right, x + 1)];
      }
    }
  }
  return bottom ? [top, left, bottom, right] : null;
}

/** Cut out a box; what lies outside of the image is 0. */
function cut({ values, width, height }, [top, left, bottom, right]) {
  const result = { values: new Float32Array((bottom - top) * (right - left)), width: right - left, height: bottom - top };
  for (let y = Math.max(top, 0); y < Math.min(bottom, height); y++) {
    for (let x = Math.max(left, 0); x < Math.min(right, width); x++) {
      result.values[(y - top) * result.width + x - left] = values[y * width + x];
    }
  }
  return result;
}

/** Weights of the source pixels for each of `count` result pixels: a triangle, as Pillow does. */
function triangles(length, start, step, count) {
  const support = Math.max(step, 1);
  return Array.from({ length: count }, (_, i) => {
    const center = start + (i + 0.5) * step;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const last = Math.min(length, Math.trunc(center + support + 0.5));
    const weights = [];
    for (let k = first; k < last; k++) {
      weights.push(Math.max(0, 1 - Math.abs((k - center + 0.5) / support)));
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Crop to the ink and scale the longer side to `size`, keeping the aspect: `_scale` in Python. */
function scale(image, size) {
  image = cut(image, boundingBox(image, 0.1 * Math.max(...image.values)));
  const step = Math.max(image.width, image.height) / size;
  const [rows, columns] = [image.height, image.width].map((side) => Math.ceil(side / step - 1e-6));
  const pad = Math.ceil(step);
  const { values, width, height } = cut(image, [-pad, -pad, image.height + pad, image.width + pad]);
  const across = triangles(width, pad - (columns * step - image.width) / 2, step, columns);
  const down = triangles(height, pad - (rows * step - image.height) / 2, step, rows);
  const narrow = new Float32Array(height * columns);
  for (let y = 0; y < height; y++) {
    across.forEach(({ first, weights }, x) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * values[y * width + first + k];
      narrow[y * columns + x] = sum;
    });
  }
  const result = { values: new Float32Array(rows * columns), width: columns, height: rows };
  down.forEach(({ first, weights }, y) => {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * narrow[(first + k) * columns + x];
      result.values[y * columns + x] = sum;
    }
  });
  return result;
}

/** Scale the contrast so that a percentile of the ink is 1. */
function stretch(image, above, fraction) {
  const largest = Math.max(...image.values);
  const level = percentile(image.values.filter((value) => value > above * largest), fraction);
  return { ...image, values: image.values.map((value) => Math.max(0, Math.min(1, value / level))) };
}

/** Return the distance of each pixel of a mask to the nearest pixel outside (Felzenszwalb). */
function distances(mask, width, height) {
  const far = 1e9;
  const squared = Float64Array.from(mask, (inside) => (inside ? far : 0));
  const [f, borders] = [0, 1].map(() => new Float64Array(Math.max(width, height) + 1));
  const parabolas = new Int32Array(f.length); // the lowest ones, and where each begins to be it
  const pass = (start, stride, length) => {
    for (let q = 0; q < length; q++) f[q] = squared[start + q * stride];
    let k = 0;
    parabolas[0] = 0;
    borders[0] = -Infinity;
    for (let q = 1; q < length; q++) {
      let border;
      while ((border = (f[q] + q * q - f[parabolas[k]] - parabolas[k] ** 2) / (2 * (q - parabolas[k]))) <= borders[k]) k--;
      k++;
      parabolas[k] = q;
      borders[k] = border;
    }
    borders[k + 1] = Infinity;
    for (let q = 0, i = 0; q < length; q++) {
      while (borders[i + 1] < q) i++;
      squared[start + q * stride] = (q - parabolas[i]) ** 2 + f[parabolas[i]];
    }
  };
  for (let x = 0; x < width; x++) pass(x, width, height);
  for (let y = 0; y < height; y++) pass(y * width, 1, width);
  return squared.map(Math.sqrt);
}

/** Scale to MNIST's 20 x 20 box, with MNIST's stroke width and contrast: `scale_to_box` in Python. */
function scaleToBox(digit, size = 20) {
  let fine = stretch(scale(digit, 4 * size), 0.1, 0.8);
  fine = cut(fine, [-size, -size, fine.height + size, fine.width + size]);
  const { width, height } = fine;
  const inside = distances(fine.values.map((value) => value > 0.5), width, height);
  const outside = distances(fine.values.map((value) => value <= 0.5), width, height);
  const depths = inside.filter((depth) => depth > 0);
  const strokeWidth = depths.reduce((a, b) => a + b, 0) / depths.length - 0.5;
  if (!(strokeWidth >= 1.8 && strokeWidth <= 4.5)) {
    const grow = 2 * (Math.max(2.3, Math.min(4, strokeWidth)) - strokeWidth);
    const values = fine.values.map((_, i) => Math.max(0, Math.min(1, grow + 0.5 - outside[i] + inside[i])));
    digit = { values, width, height };
  }
  return stretch(scale(digit, size), 0.2, 0.85);
}

/** Put the center of mass into the middle of the frame: `center_by_mass` in Python. */
function centerByMass({ values, width, height }) {
  let [mass, row, column] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    row += value * Math.floor(i / width);
    column += value * (i % width);
  });
  const place = (center, side) => Math.max(0, Math.min(SIDE - side, Math.round(SIDE / 2 - center)));
  const [top, left] = [place(row / mass, height), place(column / mass, width)];
  return cut({ values, width, height }, [-top, -left, SIDE - top, SIDE - left]).values;
}

/** Leave out specks: parts (connected pixels) that are small and far from the largest one. */
function cropDigit(image) {
  const { values, width, height } = image;
  const labels = new Int32Array(values.length);
  const parts = [];
  values.forEach((value, start) => {
    if (value <= 0.25 || labels[start]) return;
    const part = { label: parts.length + 1, mass: 0, box: [height, width, 0, 0] };
    parts.push(part);
    labels[start] = part.label;
    for (const stack = [start]; stack.length; ) {
      const i = stack.pop();
      const [y, x] = [Math.floor(i / width), i % width];
      const [top, left, bottom, right] = part.box;
      part.box = [Math.min(top, y), Math.min(left, x), Math.max(bottom, y + 1), Math.max(right, x + 1)];
      part.mass += values[i];
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const j = i + dy * width + dx;
          const isNear = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width;
          if (isNear && values[j] > 0.25 && !labels[j]) {
            labels[j] = part.label;
            stack.push(j);
          }
        }
      }
    }
  });
  if (!parts.length) return null;
  parts.sort((a, b) => b.mass - a.mass);
  const chosen = new Set([parts[0].label]);
  let box = parts[0].box;
  for (let grown = true; grown; ) { // parts near what is chosen belong to it, and so on
    grown = false;
    const size = Math.max(box[2] - box[0], box[3] - box[1]);
    for (const part of parts) {
      const [top, left, bottom, right] = part.box;
      const apart = Math.max(top - box[2], box[0] - bottom, left - box[3], box[1] - right);
      if (chosen.has(part.label) || apart >= 0.25 * size || part.mass < 0.03 * parts[0].mass) continue;
      chosen.add(part.label);
      box = [Math.min(box[0], top), Math.min(box[1], left), Math.max(box[2], bottom), Math.max(box[3], right)];
      grown = true;
    }
  }
  const own = values.map((value, i) => {
    for (let y = -1; y <= 1; y++) {
      for (let x = -1; x <= 1; x++) if (chosen.has(labels[i + y * width + x])) return value;
    }
    return 0;
  });
  return { values: own, width, height };
}

/**
 * Turn a drawing (140 x 140 bytes, ink bright on 0) into an image like MNIST's: what
 * `load_digit_image` does with a clean drawing. Returns `{ image }`, 784 values in [0, 1], or
 * `{ title, note }`: why there is none.
 */
export function readDrawing(picture) {
  if (!picture.some((gray) => gray > 63)) {
    return { title: "Draw a digit", note: "The prediction changes as you draw." };
  }
  if (picture.reduce((sum, gray) => sum + gray, 0) > 0.55 * 255 * picture.length) {
    return { title: "Too much ink", note: "Press Clear, and draw one digit with a few strokes." };
  }
  const values = Float32Array.from(picture, (gray) => gray / 255);
  const digit = cropDigit({ values, width: PAD, height: PAD });
  return { image: centerByMass(scaleToBox(digit)) };
}

// ------------------------------------------------------------------------------ the forward pass

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** Return the numbers in a DataView: float32, or float16 where there are only two bytes for each. */
export function readFloats(view, count) {
  const size = view.byteLength / count;
  if (size === 4) return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + 4 * count));
  if (size !== 2) throw new Error("the stored weights do not fit the layers");
  return Float32Array.from({ length: count }, (_, i) => {
    const bits = view.getUint16(2 * i, true);
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const value = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024);
    return bits >> 15 ? -value : value;
  });
}

/** Bytes of a trait, whichever kind of view the host gives. */
export function bytesOf(view) {
  return view?.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array();
}

const kernelSize = ({ type, size, input, output }) => {
  if (type === "dense") return input[0] * output[0];
  return { conv: product(size ?? []) * input.at(-1) * output.at(-1), scale: output.at(-1), pool: 0 }[type];
};

/** Count the parameters of packed layers. */
export function countParameters(layers) {
  return layers.reduce((sum, l) => sum + kernelSize(l) + (l.type === "pool" ? 0 : l.output.at(-1)), 0);
}

/** Read what `pack_model` packed: each layer with its `kernel` and `bias`. */
export function loadNetwork(layers, view) {
  const count = layers?.length ? countParameters(layers) : 0;
  if (!count || !view) throw new Error("there is no network");
  const weights = readFloats(view, count);
  if (!weights.every(Number.isFinite)) throw new Error("the stored weights are not numbers");
  let start = 0;
  const take = (length) => weights.subarray(start, (start += length));
  return layers.map((layer) => ({
    ...layer,
    kernel: take(kernelSize(layer)),
    bias: take(layer.type === "pool" ? 0 : layer.output.at(-1)),
  }));
}

/** Return how many rows and columns of zeros padding puts above and to the left. */
export function paddingBefore({ padding, size, strides, input, output }) {
  if (padding !== "same") return [0, 0];
  return [0, 1].map((k) => Math.max(0, Math.floor(((output[k] - 1) * strides[k] + size[k] - input[k]) / 2)));
}

function convolve(layer, values) {
  const { size, strides, kernel, bias } = layer;
  const [rows, columns, channels] = layer.input;
  const [outRows, outColumns, filters] = layer.output;
  const [above, before] = paddingBefore(layer);
  const result = new Float32Array(product(layer.output));
  const sums = new Float64Array(filters);
  for (let r = 0; r < outRows; r++) {
    for (let c = 0; c < outColumns; c++) {
      sums.set(bias);
      for (let i = 0; i < size[0]; i++) {
        const row = r * strides[0] - above + i;
        if (row < 0 || row >= rows) continue;
        for (let j = 0; j < size[1]; j++) {
          const column = c * strides[1] - before + j;
          if (column < 0 || column >= columns) continue;
          for (let k = 0; k < channels; k++) {
            const value = values[(row * columns + column) * channels + k];
            if (value === 0) continue; // most are, behind a ReLU
            const at = ((i * size[1] + j) * channels + k) * filters;
            for (let f = 0; f < filters; f++) sums[f] += value * kernel[at + f];
          }
        }
      }
      result.set(sums, (r * outColumns + c) * filters);
    }
  }
  return result;
}

function pool(layer, values) {
  const { size, strides } = layer;
  const [rows, columns, channels] = layer.input;
  const [outRows, outColumns] = layer.output;
  const [above, before] = paddingBefore(layer);
  const result = new Float32Array(product(layer.output)).fill(-Infinity);
  for (let r = 0; r < outRows; r++) {
    for (let c = 0; c < outColumns; c++) {
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          const [row, column] = [r * strides[0] - above + i, c * strides[1] - before + j];
          if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
          for (let k = 0; k < channels; k++) {
            const at = (r * outColumns + c) * channels + k;
            result[at] = Math.max(result[at], values[(row * columns + column) * channels + k]);
          }
        }
      }
    }
  }
  return result;
}

function dense({ kernel, bias }, values) {
  const sums = Float64Array.from(bias);
  const units = sums.length;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === 0) continue;
    for (let u = 0; u < units; u++) sums[u] += value * kernel[i * units + u];
  }
  return Float32Array.from(sums);
}

const rescale = ({ kernel, bias }, values) =>
  values.map((value, i) => value * kernel[i % kernel.length] + bias[i % bias.length]);

export function softmax(logits) {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

const FORWARD = { conv: convolve, pool, dense, scale: rescale };
const ACTIVATIONS = {
  linear: (values) => values,
  relu: (values) => values.map((value) => Math.max(0, value)),
  sigmoid: (values) => values.map((value) => 1 / (1 + Math.exp(-value))),
  tanh: (values) => values.map(Math.tanh),
  softmax,
};

/**
 * Run an image through a network. Returns what each layer gives, behind its activation
 * (`outputs`) and before it (`sums`), the `logits` and the `probabilities`.
 */
export function runNetwork(network, image) {
  const [sums, outputs] = [[], []];
  let values = image;
  for (const layer of network) {
    sums.push(FORWARD[layer.type](layer, values));
    values = ACTIVATIONS[layer.activation](sums.at(-1));
    outputs.push(values);
  }
  return { sums, outputs, logits: sums.at(-1), probabilities: outputs.at(-1) };
}

// ------------------------------------------------------------------------------ controls and charts

/**
 * Begin a figure and let `build` fill it; it may return a cleanup. Where it throws, because the
 * state is missing or damaged, a sentence stands in its place.
 */
export function mountSafely(el, className, label, build) {
  try {
    return build(mount(el, className, label));
  } catch (error) {
    const textContent =
      "This figure cannot be shown: its data are missing or damaged. In a notebook, run its cell " +
      `again; on a page, reload it. (${error.message})`;
    make(mount(el, className, label), "p", { role: "alert", textContent });
  }
}

/** The bytes of a trait, `length` of them: otherwise an error that says so. */
export function expectBytes(model, name, length) {
  const bytes = bytesOf(model.get(name)).slice(); // aligned, so that numbers can be read
  if (!bytes.length || bytes.length !== (length ?? bytes.length)) {
    throw new Error(`${name}: expected ${length ?? "some"} bytes, got ${bytes.length}`);
  }
  return bytes;
}

/** A named slider that shows its value; `change` is called with the number while it moves. */
export function addSlider(parent, text, { show = String, ...range }, change) {
  const output = make(null, "span", { className: "digits-value", "aria-hidden": "true" });
  const input = make(null, "input", { type: "range", "aria-label": text });
  for (const key of ["min", "max", "step", "value"]) input[key] = range[key] ?? 1;
  const label = make(null, "span", { textContent: text, "aria-hidden": "true" });
  make(parent, "div", { className: "digits-slider" }, label, output, input);
  const refresh = () => {
    output.textContent = show(+input.value);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    refresh();
    change(+input.value);
  });
  refresh();
  return {
    input,
    get value() {
      return +input.value;
    },
    set value(number) {
      input.value = number;
      refresh();
    },
  };
}

/** A visible name and a row of buttons of which one is pressed; options are [key, text] pairs. */
export function addNamedChoice(parent, name, options, value, change) {
  const area = make(parent, "div", { className: "digits-named" });
  make(area, "span", { textContent: name, "aria-hidden": "true" });
  const [keys, texts] = [0, 1].map((i) => options.map((option) => option[i]));
  addChoice(area, name, texts, (index) => change(keys[index]), keys.indexOf(value));
  return area;
}

/** Buttons with pictures of digits, one of them pressed. */
export function addDigitChoice(parent, name, images, texts, value, change) {
  const options = images.map((_, i) => [i, texts[i]]);
  const area = addNamedChoice(parent, name, options, value, change);
  area.querySelectorAll("button").forEach((button, i) => {
    const canvas = addCanvas(null, SIDE, SIDE);
    paint(canvas, images[i], 255);
    button.classList.add("digits-thumbnail");
    button.prepend(canvas);
  });
}

/** A checkbox with its text. */
export function addToggle(parent, text, checked, change) {
  const input = make(null, "input", { type: "checkbox", checked });
  input.addEventListener("change", () => change(input.checked));
  make(parent, "label", { className: "digits-toggle" }, input, text);
  return input;
}

export function addButton(parent, text, press) {
  const button = make(parent, "button", { type: "button", textContent: text });
  button.addEventListener("click", press);
  return button;
}

/** An SVG element. */
export function svg(parent, tag, attributes = {}, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

/** A color scale from equally spaced hexadecimal colors: t from 0 to 1 gives [red, green, blue]. */
function colorScale(...colors) {
  const stops = colors.map((color) => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)));
  return (t) => {
    const at = Math.max(0, Math.min(1, t)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((from, i) => Math.round(from + (at - low) * (stops[low + 1][i] - from)));
  };
}
// Matplotlib's cividis, sampled
export const cividis = colorScale(
  "#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78",
  "#9b9476", "#bcae6c", "#dec958", "#fee838",
);

/** Ticks from 0 in steps of 1, 2 or 5 times a power of ten; the last one is not below `top`. */
export function ticks(top) {
  const power = 10 ** Math.floor(Math.log10(top / 3));
  const step = power * [1, 2, 5, 10].find((factor) => 4 * factor * power >= top);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const count = Math.ceil(top / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => [i * step, (i * step).toFixed(digits)]);
}

/** Axes of a small chart in SVG; the two ranges are in data units, ticks are [value, text] pairs. */
export function addChart(parent, { label, title, x, y, xTicks, yTicks, xLabel, height = 170, below = 0 }) {
  const [width, left, right, top, bottom] = [320, 40, 18, 30, 36 + below];
  const root = svg(parent, "svg", { viewBox: `0 0 ${width} ${height}`, class: "digits-chart" });
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", label);
  const toX = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (width - left - right);
  const toY = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0])) * (height - top - bottom);
  svg(root, "text", { x: 0, y: 12, class: "digits-chart-title" }, title);
  for (const [value, text] of yTicks) {
    svg(root, "line", { x1: left, x2: width - right, y1: toY(value), y2: toY(value) });
    svg(root, "text", { x: left - 6, y: toY(value) + 4, "text-anchor": "end" }, text);
  }
  for (const [value, text] of xTicks) {
    const place = { x: toX(value), y: height - bottom + 15, "text-anchor": "middle" };
    svg(root, "text", place, text);
  }
  const middle = { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" };
  svg(root, "text", middle, xLabel);
  const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${toX(a)} ${toY(b)}`).join("");
  return {
    root,
    toX,
    toY,
    path,
    line: (points, name = "") => svg(root, "path", { d: path(points), class: `digits-curve ${name}` }),
    /** A vertical line with dots that `move` places. */
    mark: () => svg(root, "g", { class: "digits-mark" }),
    move(cursor, x, ys) {
      cursor.replaceChildren();
      svg(cursor, "line", { x1: toX(x), x2: toX(x), y1: top, y2: height - bottom });
      for (const y of ys) svg(cursor, "circle", { cx: toX(x), cy: toY(y), r: 4.5 });
    },
    /** The value of x under a pointer. */
    fromX(event) {
      const box = root.getBoundingClientRect();
      const place = ((event.clientX - box.left) / box.width) * width;
      return x[0] + ((place - left) / (width - left - right)) * (x[1] - x[0]);
    },
  };
}
