import {
  addButton, addChart, addNamedChoice, addSlider, expectBytes, make, mountSafely, paint, prefersStill, signedColors,
  svg, watchTheme,
} from "./shared.js";

/** Pseudo-random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Layers of sizes such as [2, 8, 1]: weights as He et al. (2015) draw them, biases 0. */
export function createNetwork(sizes, random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return sizes.slice(1).map((units, k) => ({
    weights: Array.from({ length: units }, () =>
      Array.from({ length: sizes[k] }, () => normal() * Math.sqrt(2 / sizes[k])),
    ),
    biases: Array(units).fill(0),
  }));
}

/** Outputs of every layer for one point; masks[k][j] multiplies unit j of hidden layer k. */
export function forward(network, point, isLinear, masks) {
  const outputs = [point];
  network.forEach(({ weights, biases }, k) => {
    const input = outputs[k];
    const isHidden = k < network.length - 1;
    outputs.push(
      weights.map((row, j) => {
        let z = biases[j];
        for (let i = 0; i < row.length; i++) z += row[i] * input[i];
        if (isHidden && !isLinear && z < 0) z = 0;
        return isHidden && masks ? z * masks[k][j] : z;
      }),
    );
  });
  return outputs; // the last one is the logit of class 1
}

/** Mean cross-entropy over all points and its gradient, by backpropagation. */
export function gradient(network, points, labels, isLinear, masks) {
  const result = network.map(({ weights, biases }) => ({
    weights: weights.map((row) => row.map(() => 0)),
    biases: biases.map(() => 0),
  }));
  let loss = 0;
  points.forEach((point, n) => {
    const outputs = forward(network, point, isLinear, masks);
    const [logit] = outputs.at(-1);
    loss += (Math.max(logit, 0) - logit * labels[n] + Math.log1p(Math.exp(-Math.abs(logit)))) / points.length;
    let delta = [(1 / (1 + Math.exp(-logit)) - labels[n]) / points.length];
    for (let k = network.length - 1; k >= 0; k--) {
      const { weights } = network[k];
      const input = outputs[k];
      const before = input.map(() => 0);
      delta.forEach((d, j) => {
        if (d === 0) return;
        result[k].biases[j] += d;
        for (let i = 0; i < input.length; i++) {
          result[k].weights[j][i] += d * input[i];
          before[i] += d * weights[j][i];
        }
      });
      delta = before.map((d, i) => {
        const mask = k && masks ? masks[k - 1][i] : 1;
        return isLinear || !k || input[i] > 0 ? d * mask : 0;
      });
    }
  });
  return { loss, gradient: result };
}

/** One Adam step (Kingma and Ba 2015); `moments` keeps what Adam remembers between steps. */
export function update(network, gradient, moments, rate = 0.03) {
  moments.steps = (moments.steps ?? 0) + 1;
  const correct = [0.9, 0.999].map((decay) => 1 - decay ** moments.steps);
  const rows = (layers) => layers.flatMap(({ weights, biases }) => [...weights, biases]);
  const slopes = rows(gradient);
  moments.rows ??= slopes.map((row) => row.map(() => [0, 0]));
  rows(network).forEach((row, r) => {
    for (let i = 0; i < row.length; i++) {
      const g = slopes[r][i];
      const m = moments.rows[r][i];
      m[0] += 0.1 * (g - m[0]);
      m[1] += 0.001 * (g * g - m[1]);
      row[i] -= (rate * (m[0] / correct[0])) / (Math.sqrt(m[1] / correct[1]) + 1e-8);
    }
  });
}

/** A dropout mask for each hidden layer: 0, or 1 / (1 - rate), so that the mean stays 1. */
export function dropOut(network, rate, random) {
  return network.slice(0, -1).map(({ biases }) => biases.map(() => (random() < rate ? 0 : 1 / (1 - rate))));
}

/** A network without a nonlinearity is one linear function: its weights and its bias. */
export function collapse(network, masks) {
  const at = (x, y) => forward(network, [x, y], true, masks).at(-1)[0];
  const bias = at(0, 0);
  return [at(1, 0) - bias, at(0, 1) - bias, bias];
}

/** The line where values on a grid change their sign, as an SVG path (marching squares). */
export function contour(values, size) {
  const neighbors = new Map(); // of each edge of the grid that the line crosses, by its number
  const link = (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) neighbors.set(from, [...(neighbors.get(from) ?? []), to]);
  };
  for (let row = 0; row < size - 1; row++) {
    for (let column = 0; column < size - 1; column++) {
      const corner = size * row + column;
      const edges = [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + size), 2 * corner + 1];
      const crossed = edges.filter((edge) => {
        const [a, b] = ends(edge);
        return values[a] > 0 !== values[b] > 0;
      });
      for (let i = 0; i + 1 < crossed.length; i += 2) link(crossed[i], crossed[i + 1]);
    }
  }
  function ends(edge) {
    const from = edge >> 1;
    return [from, from + (edge % 2 ? size : 1)]; // odd edges go down, even ones to the right
  }
  function place(edge) {
    const [a, b] = ends(edge);
    const t = values[a] / (values[a] - values[b]);
    const [x, y] = [a % size, Math.floor(a / size)];
    return `${(edge % 2 ? x : x + t).toFixed(2)} ${(edge % 2 ? y + t : y).toFixed(2)}`;
  }
  const isEnd = (edge) => neighbors.get(edge)?.length === 1;
  let path = "";
  for (const start of [...[...neighbors.keys()].filter(isEnd), ...neighbors.keys()]) {
    const points = [];
    let edge = start;
    let isLoop = false;
    while (neighbors.has(edge)) {
      points.push(place(edge));
      const next = neighbors.get(edge);
      isLoop = next.includes(start);
      neighbors.delete(edge);
      edge = next.find((other) => neighbors.has(other));
    }
    if (points.length) path += `M${points.join("L")}${isLoop && points.length > 2 ? "Z" : ""}`;
  }
  return path;
}

const RANGE = 2.4; // the picture shows x and y from -RANGE to RANGE
const GRID = 61;
const LAST = 1000; // steps
const PROBLEMS = [["moons", "Two moons"], ["circles", "Circles"], ["blobs", "Two blobs"]];
const ACTIVATIONS = [["relu", "ReLU"], ["linear", "None (linear)"]];

function render({ model, el }) {
  return mountSafely(el, "digits-boundary", "A network on a two-dimensional problem", (root) => {
    const problems = Object.fromEntries(
      PROBLEMS.map(([name]) => {
        const numbers = new Float32Array(expectBytes(model, name).buffer);
        const rows = Array.from({ length: numbers.length / 3 }, (_, i) => numbers.subarray(3 * i, 3 * i + 3));
        return [name, { points: rows.map(([x, y]) => [x, y]), labels: rows.map((row) => row[2]) }];
      }),
    );
    const state = { problem: "moons", activation: "relu", units: 8, layers: 1, rate: 0 };
    let seed = model.get("seed");
    let network, moments, random, masks, step, losses, request;
    let isRunning = false;
    let colors = signedColors();
    const isLinear = () => state.activation === "linear";
    const toPlot = (value) => ((value + RANGE) / (2 * RANGE)) * (GRID - 1);

    const controls = make(root, "div", { className: "boundary-controls" });
    const change = (key) => (value) => {
      state[key] = value;
      reset();
    };
    const buttons = make(controls, "div", { className: "digits-buttons" });
    const train = addButton(buttons, "Train", () => (isRunning ? pause() : run()));
    train.classList.add("is-primary");
    addButton(buttons, "One step", () => {
      pause();
      advance(1);
      show();
    });
    addButton(buttons, "New weights", () => {
      seed++;
      reset();
    });
    addNamedChoice(controls, "Data", PROBLEMS, state.problem, change("problem"));
    addNamedChoice(controls, "Activation function", ACTIVATIONS, state.activation, change("activation"));
    addNamedChoice(controls, "Hidden layers", [[1, "1"], [2, "2"]], state.layers, change("layers"));
    addSlider(controls, "Units in a hidden layer", { min: 1, max: 16, value: state.units }, change("units"));
    const asPercent = (value) => `${Math.round(100 * value)} %`;
    addSlider(controls, "Dropout rate", { min: 0, max: 0.8, step: 0.1, value: 0, show: asPercent }, (value) => {
      state.rate = value;
      masks = draw();
      show();
    });

    const middle = make(root, "div", { className: "boundary-plot" });
    const field = make(middle, "canvas", { width: GRID, height: GRID });
    field.setAttribute("role", "img");
    const overlay = svg(middle, "svg", { viewBox: `-0.5 -0.5 ${GRID} ${GRID}`, "aria-hidden": "true" });
    const folds = svg(overlay, "path", { class: "boundary-folds" });
    const dots = svg(overlay, "g");
    const halo = svg(overlay, "path", { class: "boundary-halo" });
    const line = svg(overlay, "path", { class: "boundary-line" });
    const thinned = svg(overlay, "path", { class: "boundary-thinned" });

    const right = make(root, "div", { className: "boundary-side" });
    const status = make(right, "p", { className: "boundary-status" });
    const diagram = svg(right, "svg", { viewBox: "0 0 320 190", class: "digits-chart boundary-diagram" });
    diagram.setAttribute("role", "img");
    const ticks = [0, 0.2, 0.4, 0.6, 0.8].map((value) => [value, value]);
    const axes = addChart(right, {
      label: "Loss along the training steps",
      title: "Loss",
      xLabel: "training step",
      x: [0, LAST],
      y: [0, 0.8],
      xTicks: [0, 250, 500, 750, 1000].map((value) => [value, value]),
      yTicks: ticks,
      height: 140,
    });
    const curve = axes.line([]);
    const note = make(root, "p", { className: "digits-small boundary-note", role: "status" });

    function draw() {
      return state.rate ? dropOut(network, state.rate, random) : undefined;
    }
    function reset() {
      random = generator(seed);
      network = createNetwork([2, ...Array(state.layers).fill(state.units), 1], random);
      moments = {};
      step = 0;
      masks = draw();
      const { points, labels } = problems[state.problem];
      losses = [[0, gradient(network, points, labels, isLinear()).loss]];
      dots.replaceChildren(
        ...points.map(([x, y], i) => {
          const [left, top] = [toPlot(x), toPlot(-y)];
          if (!labels[i]) return svg(null, "circle", { cx: left, cy: top, r: 0.75, class: "is-blue" });
          const d = `M${left} ${top - 1}l0.95 1.7h-1.9z`;
          return svg(null, "path", { d, class: "is-orange" });
        }),
      );
      show();
      explain();
    }
    function advance(number) {
      const { points, labels } = problems[state.problem];
      for (let i = 0; i < number && step < LAST; i++) {
        masks = draw();
        const result = gradient(network, points, labels, isLinear(), masks);
        update(network, result.gradient, moments);
        step++;
        if (step % 5 === 0 || number === 1) {
          losses.push([step, gradient(network, points, labels, isLinear()).loss]);
        }
      }
    }
    function run() {
      if (step >= LAST) reset();
      if (prefersStill()) {
        advance(200); // at once, without a film
        show();
        explain();
        return;
      }
      isRunning = true;
      train.textContent = "Pause";
      request = requestAnimationFrame(tick);
    }
    function tick() {
      advance(state.layers === 2 ? 3 : 5);
      show();
      if (step >= LAST) pause();
      else if (isRunning) request = requestAnimationFrame(tick);
    }
    function pause() {
      isRunning = false;
      cancelAnimationFrame(request);
      train.textContent = "Train";
      explain();
    }

    function evaluate(active) {
      return Float64Array.from({ length: GRID * GRID }, (_, i) => {
        const [row, column] = [Math.floor(i / GRID), i % GRID];
        const place = [column, GRID - 1 - row].map((k) => (k / (GRID - 1)) * 2 * RANGE - RANGE);
        return forward(network, place, isLinear(), active).at(-1)[0];
      });
    }
    function show() {
      const { points, labels } = problems[state.problem];
      const logits = evaluate();
      const confidence = logits.map((logit) => Math.tanh(logit / 2)); // 2 p - 1
      paint(field, confidence, 2, colors); // half as strong as the points
      const path = contour(logits, GRID);
      line.setAttribute("d", path);
      halo.setAttribute("d", path);
      thinned.setAttribute("d", masks ? contour(evaluate(masks), GRID) : "");
      folds.setAttribute("d", isLinear() ? "" : network[0].weights.map(fold).join(""));
      curve.setAttribute("d", axes.path(losses));
      const right = points.filter((point, i) => {
        return forward(network, point, isLinear()).at(-1)[0] > 0 === labels[i] > 0.5;
      });
      const loss = losses.at(-1)[1].toFixed(3);
      const accuracy = `${((100 * right.length) / points.length).toFixed(0)} %`;
      status.textContent = `Step ${step}: loss ${loss}, accuracy ${accuracy}`;
      field.setAttribute("aria-label", `Points of two classes and the decision boundary. ${status.textContent}`);
      drawDiagram();
    }
    /** The line on which a unit of the first layer changes from 0 to its linear part. */
    function fold([a, b], j) {
      const c = network[0].biases[j];
      const length = Math.hypot(a, b);
      if (length < 1e-6) return "";
      const [x, y] = [(-c * a) / length ** 2, (-c * b) / length ** 2];
      const ends = [-9, 9].map((t) => [toPlot(x - (t * b) / length), toPlot(-(y + (t * a) / length))]);
      return `M${ends[0].map((v) => v.toFixed(2))}L${ends[1].map((v) => v.toFixed(2))}`;
    }
    function drawDiagram() {
      diagram.replaceChildren();
      const sizes = [2, ...network.map(({ biases }) => biases.length)];
      const place = (k, j) => [24 + (k * 272) / (sizes.length - 1), 22 + (146 * (j + 0.5)) / sizes[k]];
      const isDropped = (k, j) => masks && k > 0 && k < sizes.length - 1 && masks[k - 1][j] === 0;
      network.forEach(({ weights }, k) => {
        const largest = Math.max(...weights.flat().map(Math.abs)) || 1;
        weights.forEach((row, j) => {
          row.forEach((weight, i) => {
            if (isDropped(k, i) || isDropped(k + 1, j)) return;
            const [[x1, y1], [x2, y2]] = [place(k, i), place(k + 1, j)];
            const width = (0.3 + (3.5 * Math.abs(weight)) / largest).toFixed(2);
            const name = weight < 0 ? "is-negative" : "is-positive";
            svg(diagram, "line", { x1, y1, x2, y2, "stroke-width": width, class: name });
          });
        });
      });
      sizes.forEach((size, k) => {
        const r = Math.min(9, 62 / size + 0.5);
        for (let j = 0; j < size; j++) {
          const [cx, cy] = place(k, j);
          const name = isDropped(k, j) ? "is-dropped" : "";
          svg(diagram, "circle", { cx, cy, r, class: name });
          if (!name) continue;
          svg(diagram, "path", { d: `M${cx - r} ${cy - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`, class: "is-cross" });
        }
      });
      ["x", "y"].forEach((text, j) => {
        svg(diagram, "text", { x: place(0, j)[0], y: place(0, j)[1] + 4, "text-anchor": "middle" }, text);
      });
      const names = ["inputs", ...Array(state.layers).fill("hidden"), "output"];
      names.forEach((text, k) => svg(diagram, "text", { x: place(k, 0)[0], y: 12, "text-anchor": "middle" }, text));
      const kept = masks?.map((mask) => mask.filter(Boolean).length);
      const dropped = kept ? `; ${kept.join(" and ")} of ${state.units} hidden units are kept in this step` : "";
      const legend = "orange: positive weight; blue, dashed: negative";
      svg(diagram, "text", { x: 160, y: 186, "text-anchor": "middle" }, legend);
      diagram.setAttribute("aria-label", `Neuron diagram with ${sizes.join(", ")} units${dropped}`);
    }
    /** Say what is to be seen, when nothing moves: a screen reader would read every frame. */
    function explain() {
      const sentences = [];
      if (isLinear()) {
        const signed = (value) => `${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(2)}`;
        const [a, b, c] = collapse(network).map(signed);
        sentences.push(
          `Without a nonlinearity all layers together are one linear function: the logit is ` +
            `${a.replace("+ ", "")} x ${b} y ${c}. The boundary is a straight line, however many units and layers there are.`,
        );
      } else {
        sentences.push(
          `Each of the thin lines belongs to a ReLU unit of the first layer: on one side of it the unit is 0. ` +
            `Only there can the boundary change its direction${state.layers > 1 ? ", and where units of the second layer do" : ""}.`,
        );
      }
      if (state.rate) {
        sentences.push(
          `Dropout: every step trains a network without the crossed-out units, the others times ` +
            `${(1 / (1 - state.rate)).toFixed(2)}; its boundary is dashed. Predictions use all units. ` +
            `(Here a step has one mask; Keras draws one for every sample.)`,
        );
      }
      note.textContent = sentences.join(" ");
    }
    reset();
    const unwatch = watchTheme(() => {
      colors = signedColors();
      show();
    });
    return () => {
      unwatch();
      cancelAnimationFrame(request);
    };
  });
}

export default { render };
