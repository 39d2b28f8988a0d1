import {
  SIDE, addButton, addCanvas, addNamedChoice, color, expectBytes, make, mountSafely, paint,
  prefersStill, watchTheme,
} from "./shared.js";

const COLORS = [
  "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9",
  "#D55E00", "#F0E442", "#999999", "#332288", "#882255",
]; // of the digits 0 to 9; they are those in embedding.py
const INK = ["white", "black", "black", "black", "black", "black", "black", "black", "white", "white"];
const NEIGHBORS = 5;
const WORDS = ["none", "one", "two", "three", "four", "five"];

/** The squared distance of point i of `points` (x, y, x, y, ...) from a position. */
const distance = (points, i, x, y) => (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;

/** The point that is nearest to a position. */
export function nearest(points, x, y) {
  let best = 0;
  for (let i = 1; i < points.length / 2; i++) {
    if (distance(points, i, x, y) < distance(points, best, x, y)) best = i;
  }
  return best;
}

/** The `count` points that are nearest to point i, nearest first. */
export function neighbors(points, i, count) {
  const [x, y] = [points[2 * i], points[2 * i + 1]];
  const others = Array.from({ length: points.length / 2 }, (_, k) => k).filter((k) => k !== i);
  const far = others.map((k) => distance(points, k, x, y));
  const order = [...far.keys()].sort((a, b) => far[a] - far[b]);
  return order.slice(0, count).map((k) => others[k]);
}

/** The nearest point of those that lie within 45 degrees of a direction, or i if there is none. */
export function towards(points, i, right, up) {
  let best = i;
  let least = Infinity;
  for (let k = 0; k < points.length / 2; k++) {
    const [x, y] = [points[2 * k] - points[2 * i], points[2 * k + 1] - points[2 * i + 1]];
    const along = x * right + y * up;
    const aside = Math.abs(x * up - y * right);
    if (along <= 0 || aside > along || along ** 2 + aside ** 2 >= least) continue;
    [best, least] = [k, along ** 2 + aside ** 2];
  }
  return best;
}

/** The fraction of points whose nearest neighbor has the same label. */
export function agreement(points, labels) {
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = -1;
    let least = Infinity;
    for (let k = 0; k < labels.length; k++) {
      const far = distance(points, k, points[2 * i], points[2 * i + 1]);
      if (k !== i && far < least) [best, least] = [k, far];
    }
    count += labels[best] === labels[i];
  }
  return count / labels.length;
}

function render({ model, el }) {
  return mountSafely(el, "digits-embedding", "Images as points of a plane", (root) => {
    const labels = expectBytes(model, "labels");
    const predictions = expectBytes(model, "predictions", labels.length);
    const pixels = expectBytes(model, "images", SIDE * SIDE * labels.length);
    const names = model.get("names");
    const size = 8 * labels.length;
    const all = new Float32Array(expectBytes(model, "points", size * names.length).buffer);
    const planes = names.map((_, i) => all.subarray((i * size) / 4, ((i + 1) * size) / 4));
    const isWrong = (i) => labels[i] !== predictions[i];
    const wrong = [...labels.keys()].filter(isWrong);

    let points = planes[0].slice(); // where they are drawn, also on their way to another plane
    let plane = 0;
    let selected = wrong[0] ?? 0;
    let near = [];
    let [background, text] = [];
    let frame;

    const controls = make(root, "div", { className: "digits-controls embedding-controls" });
    const options = names.map((name, i) => [i, name]);
    if (names.length > 1) addNamedChoice(controls, "Plane", options, 0, changePlane);
    const step = (by) => {
      const next = wrong.filter((i) => (by > 0 ? i > selected : i < selected));
      select((by > 0 ? next[0] : next.at(-1)) ?? wrong.at(by > 0 ? 0 : -1));
    };
    if (wrong.length) addButton(controls, "Next misclassified", () => step(1));

    const left = make(root, "div", { className: "embedding-plane" });
    const canvas = make(left, "canvas", {
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "plane of images",
      "aria-label":
        `${labels.length} images of digits. Arrow keys move to the next image in that direction, ` +
        "Home to the first, End to the last.",
    });
    const summary = make(left, "p", { className: "digits-small" });
    const detail = make(root, "div", { className: "embedding-detail" });
    const image = addCanvas(detail, SIDE, SIDE, "The image");
    image.classList.add("embedding-image");
    const sentence = make(detail, "p", { role: "status" });
    const list = make(detail, "ul", { className: "embedding-neighbors", role: "list" });

    /** Where a point is drawn, in pixels of the style sheet. */
    const side = () => canvas.clientWidth || 300;
    const margin = 14;
    const toX = (value) => margin + value * (side() - 2 * margin);
    const toY = (value) => margin + (1 - value) * (side() - 2 * margin);

    function draw() {
      const scale = window.devicePixelRatio || 1;
      const pixelSide = Math.round(side() * scale);
      if (canvas.width !== pixelSide) canvas.width = canvas.height = pixelSide;
      const context = canvas.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.fillStyle = background;
      context.fillRect(0, 0, side(), side());
      const radius = side() < 420 ? 5 : 7;
      const disc = (i, r) => {
        const [x, y] = [toX(points[2 * i]), toY(points[2 * i + 1])];
        context.beginPath();
        context.arc(x, y, r, 0, 2 * Math.PI);
        context.fillStyle = COLORS[labels[i]];
        context.fill();
        context.lineWidth = isWrong(i) ? 2.5 : 1;
        context.strokeStyle = isWrong(i) ? text : background;
        context.stroke();
        context.fillStyle = INK[labels[i]];
        context.font = `bold ${Math.round(1.5 * r)}px sans-serif`;
        context.textAlign = "center";
        context.fillText(labels[i], x, y + 0.54 * r);
        return [x, y];
      };
      for (let i = 0; i < labels.length; i++) disc(i, radius);
      const [x, y] = [toX(points[2 * selected]), toY(points[2 * selected + 1])];
      context.lineWidth = 2;
      context.strokeStyle = text;
      for (const i of near) {
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(toX(points[2 * i]), toY(points[2 * i + 1]));
        context.stroke();
      }
      for (const i of near) disc(i, radius + 2);
      disc(selected, radius + 5);
      context.beginPath();
      context.arc(x, y, radius + 8, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.strokeStyle = text;
      context.stroke();
    }

    function describe(i) {
      const result = isWrong(i) ? `predicted ${predictions[i]}: wrong` : "predicted correctly";
      return `Image ${i}, label ${labels[i]}, ${result}`;
    }

    function select(i) {
      selected = i;
      near = neighbors(planes[plane], i, NEIGHBORS);
      paint(image, pixels.subarray(784 * i, 784 * (i + 1)), 255);
      image.setAttribute("aria-label", `Image ${i}, label ${labels[i]}`);
      const same = near.filter((k) => labels[k] === labels[i]).length;
      sentence.textContent =
        `${describe(i)}. Of its ${WORDS[near.length]} nearest neighbors in this plane, ` +
        `${WORDS[same]} ${same > 1 ? "have" : "has"} this label:`;
      list.replaceChildren(
        ...near.map((k) => {
          const small = addCanvas(null, SIDE, SIDE, describe(k));
          paint(small, pixels.subarray(784 * k, 784 * (k + 1)), 255);
          return make(null, "li", {}, small, make(null, "span", { textContent: labels[k] }));
        }),
      );
      draw();
    }

    function changePlane(index) {
      plane = index;
      const percent = (100 * agreement(planes[plane], labels)).toFixed(0);
      summary.textContent =
        `A disc is an image, its number the label; a ring marks what is misclassified. In this ` +
        `plane the nearest neighbor of ${percent} % of the images is the same digit.`;
      select(selected);
      move();
    }
    /** Let the points travel to their positions in the plane that was chosen. */
    function move() {
      cancelAnimationFrame(frame);
      const [from, to] = [points.slice(), planes[plane]];
      const start = performance.now();
      const advance = (now) => {
        const t = prefersStill() ? 1 : Math.max(0, Math.min(1, (now - start) / 600));
        const part = t * t * (3 - 2 * t);
        points.forEach((_, i) => (points[i] = from[i] + part * (to[i] - from[i])));
        draw();
        if (t < 1) frame = requestAnimationFrame(advance);
      };
      advance(start);
    }

    const point = (event) => {
      const box = canvas.getBoundingClientRect();
      const inner = box.width - 2 * margin;
      const x = (event.clientX - box.left - margin) / inner;
      const y = 1 - (event.clientY - box.top - margin) / inner;
      const i = nearest(planes[plane], x, y);
      if (i !== selected) select(i);
    };
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("keydown", (event) => {
      const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const ends = { Home: 0, End: labels.length - 1 };
      const direction = directions[event.key];
      const to = direction ? towards(planes[plane], selected, ...direction) : ends[event.key];
      if (to === undefined) return;
      event.preventDefault();
      select(to);
    });
    const stop = watchTheme(() => {
      [background, text] = ["zero", "text"].map((name) => `rgb(${color(name)})`);
      draw();
    });
    const observer = new ResizeObserver(draw);
    observer.observe(canvas);
    changePlane(0);
    return () => {
      stop();
      observer.disconnect();
      cancelAnimationFrame(frame);
    };
  });
}

export default { render };
