import {
  addButton, addChart, addNamedChoice, addSlider, expectBytes, make, mountSafely, readFloats, svg,
  ticks,
} from "./shared.js";

/** Confidence (the largest probability) and cross-entropy of each image at a temperature. */
function confide(logits, labels, temperature, each) {
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(10 * i, 10 * i + 10);
    let best = 0;
    for (let digit = 1; digit < 10; digit++) if (row[digit] > row[best]) best = digit;
    let sum = 0;
    for (const logit of row) sum += Math.exp((logit - row[best]) / temperature);
    each(1 / sum, Math.log(sum) - (row[labels[i]] - row[best]) / temperature, best === labels[i]);
  }
}

/** 95 % interval of a proportion (Wilson 1927). */
export function wilson(right, count, z = 1.959964) {
  const p = right / count;
  const middle = (p + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const spread = Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count));
  const half = (z * spread) / (1 + (z * z) / count);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * Loss, accuracy, mean confidence, expected calibration error and the bins of the reliability
 * diagram. Bin k of n holds the confidences from k / n (excluded) to (k + 1) / n (included).
 */
export function evaluate(logits, labels, temperature, n = 15) {
  const bins = Array.from({ length: n }, () => ({ count: 0, right: 0, sum: 0 }));
  let loss = 0;
  confide(logits, labels, temperature, (confidence, entropy, isRight) => {
    const bin = bins[Math.max(0, Math.ceil(confidence * n) - 1)];
    bin.count++;
    bin.right += isRight;
    bin.sum += confidence;
    loss += entropy;
  });
  const total = (value) => bins.reduce((sum, bin) => sum + value(bin), 0) / labels.length;
  return {
    loss: loss / labels.length,
    accuracy: total((bin) => bin.right),
    confidence: total((bin) => bin.sum),
    error: total((bin) => Math.abs(bin.right - bin.sum)),
    bins,
  };
}

/** The temperature with the smallest loss: golden-section search on its logarithm. */
export function fit(logits, labels) {
  const loss = (t) => {
    let sum = 0;
    confide(logits, labels, Math.exp(t), (_, entropy) => (sum += entropy));
    return sum;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(MIN), Math.log(MAX)];
  while (high - low > 1e-5) {
    const step = golden * (high - low);
    if (loss(high - step) < loss(low + step)) high = low + step;
    else low = high - step;
  }
  return Math.exp((low + high) / 2);
}

const [MIN, MAX] = [0.2, 5];
const percent = (value) => `${(100 * value).toFixed(2)} %`;

function render({ model, el }) {
  return mountSafely(el, "digits-temperature", "Temperature scaling", (root) => {
    const labels = expectBytes(model, "labels");
    const stored = expectBytes(model, "logits", 20 * labels.length);
    const logits = readFloats(new DataView(stored.buffer), 10 * labels.length);
    const best = fit(logits, labels);
    let bins = 10;

    const controls = make(root, "div", { className: "temperature-controls" });
    const show = (t) => Math.exp(t).toFixed(2);
    const range = { min: Math.log(MIN), max: Math.log(MAX), step: 0.01, value: 0, show };
    const control = addSlider(controls, "Temperature", range, () => update());
    const set = (t) => () => {
      control.value = Math.log(t);
      update(t);
    };
    addButton(controls, "1: as trained", set(1));
    addButton(controls, `${best.toFixed(2)}: smallest loss`, set(best));
    const options = [5, 10, 15, 20].map((n) => [n, n]);
    addNamedChoice(controls, "Bins", options, bins, (n) => {
      bins = n;
      update();
    });

    const numbers = make(root, "dl", { className: "temperature-numbers" });
    const values = Object.fromEntries(
      Object.entries({
        loss: "Negative log-likelihood (loss)",
        error: "Expected calibration error (ECE)",
        accuracy: "Accuracy (does not change)",
        confidence: "Mean confidence",
      }).map(([key, text]) => {
        const value = make(null, "dd");
        make(numbers, "div", {}, make(null, "dt", { textContent: text }), value);
        return [key, value];
      }),
    );

    const plots = make(root, "div", { className: "temperature-charts" });
    const fifths = [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => [value, `${100 * value} %`]);
    const diagram = addChart(plots, {
      label: "Reliability diagram",
      title: "Accuracy in each bin of confidence",
      xLabel: "confidence; below it the images in each bin",
      x: [0, 1],
      y: [0, 1],
      xTicks: fifths,
      yTicks: fifths,
      height: 330,
      below: 24,
    });
    diagram.line([[0, 0], [1, 1]], "is-second");
    const points = svg(diagram.root, "g", { class: "temperature-bins" });
    const curve = [];
    for (let t = Math.log(MIN); t <= Math.log(MAX) + 1e-9; t += Math.log(MAX / MIN) / 48) {
      curve.push([t, evaluate(logits, labels, Math.exp(t)).loss]);
    }
    const losses = curve.map(([, loss]) => loss);
    const [least, most] = [Math.min(...losses), Math.max(...losses)];
    const yTicks = ticks(Math.min(most, 3 * least));
    const top = yTicks.at(-1)[0];
    const losing = addChart(plots, {
      label: `Loss against temperature: smallest at ${best.toFixed(2)}`,
      title: "Loss at each temperature",
      xLabel: "temperature (logarithmic)",
      x: [Math.log(MIN), Math.log(MAX)],
      y: [0, top],
      xTicks: [0.2, 0.5, 1, 2, 5].map((t) => [Math.log(t), t]),
      yTicks,
      height: 220,
    });
    losing.line(curve.filter(([, loss]) => loss <= top));
    const y = losing.toY(evaluate(logits, labels, best).loss);
    const x = losing.toX(Math.log(best));
    svg(losing.root, "path", { d: `M${x} ${y + 5}l6 12h-12z`, class: "temperature-minimum" });
    svg(losing.root, "text", { x: x + 9, y: y + 18 }, `minimum: ${best.toFixed(2)}`);
    const cursor = losing.mark();

    function update(temperature = Math.exp(control.value)) {
      const result = evaluate(logits, labels, temperature, bins);
      values.loss.textContent = result.loss.toFixed(4);
      for (const key of ["error", "accuracy", "confidence"]) values[key].textContent = percent(result[key]);
      points.replaceChildren();
      for (const { count, right, sum } of result.bins) {
        if (!count) continue;
        const [mean, accuracy] = [sum / count, right / count];
        const [low, high] = wilson(right, count).map(diagram.toY);
        const x = diagram.toX(mean);
        svg(points, "path", { d: `M${x} ${low}V${high}M${x - 4} ${low}h8M${x - 4} ${high}h8` });
        svg(points, "path", { d: `M${x} ${diagram.toY(accuracy)}V${diagram.toY(mean)}`, class: "is-gap" });
        svg(points, "circle", { cx: x, cy: diagram.toY(accuracy), r: 4.5 });
      }
      result.bins.forEach(({ count }, k) => {
        if (!count) return;
        const [x, y] = [diagram.toX((k + 0.5) / bins), diagram.toY(0) + 40];
        const size = Math.sqrt(count / labels.length); // few would not be seen beside thousands
        const width = diagram.toX(1 / bins) - diagram.toX(0) - 2;
        svg(points, "rect", { x: x - width / 2, y: y - 20 * size, width, height: 20 * size });
        if (bins <= 10) svg(points, "text", { x, y, "text-anchor": "middle" }, count);
      });
      losing.move(cursor, Math.log(temperature), [result.loss]);
      const isOver = result.confidence > result.accuracy;
      diagram.root.setAttribute(
        "aria-label",
        `Reliability diagram at temperature ${temperature.toFixed(2)}: expected calibration error ` +
          `${percent(result.error)}, mean confidence ${isOver ? "above" : "below"} the accuracy`,
      );
    }
    make(root, "p", {
      className: "digits-small",
      textContent:
        "Each point: accuracy of the images in one bin, with its 95 % interval. Orange: its distance " +
        "from the mean confidence of the bin. The ECE is the mean of these distances over all images.",
    });
    update();
  });
}

export default { render };
