// Draw a digit, and see what each layer of a network computes from it.

import {
  GRAYS, HEAT, SIDE, addAnnouncer, addCanvas, addChoice, addPad, addPrediction, addRoving, bytesOf,
  countParameters, describePrediction, loadNetwork, make, mount, paddingBefore, paint, readDrawing,
  runNetwork, signedColors, watchTheme,
} from "./shared.js";

const EMPTY = new Float32Array(SIDE * SIDE);
const by = (shape) => shape.join(" × ");
const signed = (value, places = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(places)}`;
const number = (value) => signed(value).replace("+", "");
/** Write a weighted sum, its bias and what ReLU makes of both. */
function equation(total, bias, activation) {
  const both = `${number(total)} ${bias < 0 ? "−" : "+"} ${Math.abs(bias).toFixed(2)} (bias) = ${number(total + bias)}`;
  if (activation !== "relu") return both;
  return `${both}; ReLU ${total + bias > 0 ? "keeps it" : "sets it to 0"}.`;
}
const largest = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
const indexOfLargest = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
/** Indices of the largest magnitudes, the largest first. */
const strongest = (values, count) =>
  Array.from(values.keys()).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, count);
/** Every `step`-th value from `start`: one channel of many. */
const every = (values, step, start) =>
  Float32Array.from({ length: values.length / step }, (_, i) => values[i * step + start]);
const multiply = (a, b) => a.map((value, i) => value * b[i]);
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** Return what input pixels a part of a layer's output depends on: top, left, bottom, right. */
function receptiveField(network, index, row, column) {
  let [top, left, bottom, right] = [row, column, row + 1, column + 1];
  for (const layer of network.slice(0, index + 1).reverse()) {
    if (!layer.size) continue;
    const [above, before] = paddingBefore(layer);
    const [[h, w], [down, across]] = [layer.size, layer.strides];
    [top, bottom] = [top * down - above, (bottom - 1) * down - above + h];
    [left, right] = [left * across - before, (right - 1) * across - before + w];
  }
  const inside = (value) => Math.max(0, Math.min(SIDE, value));
  return [top, left, bottom, right].map(inside);
}

/** Return the window that a layer's output at a position looks at, of one channel of its input. */
function windowOf(layer, values, channel, row, column) {
  const [above, before] = paddingBefore(layer);
  const [rows, columns, channels] = layer.input;
  const result = new Float32Array(layer.size[0] * layer.size[1]);
  result.forEach((_, i) => {
    const r = row * layer.strides[0] - above + Math.floor(i / layer.size[1]);
    const c = column * layer.strides[1] - before + (i % layer.size[1]);
    if (r >= 0 && r < rows && c >= 0 && c < columns) result[i] = values[(r * columns + c) * channels + channel];
  });
  return result;
}

/** Fill the card beside a layer: a title, images with signs between them, and a sentence. */
function fillCard(card, colors, { title, images, text }) {
  card.replaceChildren();
  make(card, "div", { className: "digits-card-title", textContent: title });
  const row = make(card, "div", { className: "digits-equation" });
  for (const { sign, values, width, palette = colors, limit, box, caption } of images) {
    if (sign) make(row, "span", { className: "digits-sign", textContent: sign });
    const figure = make(row, "figure");
    const frame = make(figure, "div", { className: "digits-window" });
    const canvas = addCanvas(frame, width, values.length / width);
    paint(canvas, values, limit ?? largest(values), palette);
    if (box) {
      const outline = make(frame, "div", { className: "digits-box" });
      const [top, left, bottom, right] = box.map((value) => `${(100 * value) / SIDE}%`);
      Object.assign(outline.style, { top, left });
      outline.style.height = `calc(${bottom} - ${top})`;
      outline.style.width = `calc(${right} - ${left})`;
    }
    make(figure, "figcaption", { textContent: caption });
  }
  make(card, "p", { textContent: text });
}

/**
 * A layer: heading, units as buttons, and a card that explains one of them: that under the
 * pointer, or in focus, or else the most active one.
 */
function addStage(parent, stage) {
  const { heading, text, kind, count, width, height, label, tile, explain, automatic, say } = stage;
  const item = make(parent, "li", { className: `digits-stage is-${kind}` });
  make(item, "div", { className: "digits-heading", role: "heading", "aria-level": "4", textContent: heading });
  make(item, "p", { textContent: text });
  const body = make(item, "div", { className: "digits-stage-body" });
  const group = make(body, "div", { className: "digits-units", role: "group", "aria-label": heading });
  group.style.setProperty("--columns", count % 10 === 0 ? 10 : count > 40 ? 16 : 8);
  group.style.setProperty("--columns-narrow", count === 10 ? 5 : count % 10 === 0 ? 10 : 8);
  const card = make(body, "div", { className: "digits-card" });
  const units = Array.from({ length: count }, (_, i) => {
    const button = make(group, "button", { type: "button", className: "digits-unit", "aria-label": label(i) });
    return { button, canvas: addCanvas(button, width, height), extra: make(button, "span") };
  });
  const buttons = units.map(({ button }) => button);
  let state, hovered, focused;
  function update(next) {
    state = next;
    units.forEach((unit, i) => tile(state, unit, i));
    describe();
  }
  function describe(isSpoken) {
    const chosen = hovered ?? focused ?? { index: automatic(state) };
    buttons.forEach((button, i) => button.classList.toggle("is-chosen", i === chosen.index));
    const content = explain(state, chosen.index, chosen.at);
    fillCard(card, state.colors, content);
    if (isSpoken) say(`${content.title}. ${content.text}`);
  }
  const columns = () => buttons.filter((b) => b.offsetTop === buttons[0].offsetTop).length;
  addRoving(group, buttons, () => {}, columns);
  buttons.forEach((button, index) => {
    button.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return; // a finger scrolls; a tap brings the focus
      const box = units[index].canvas.getBoundingClientRect();
      const part = (value, from, length) => Math.max(0, Math.min(0.999, (value - from) / length));
      const at = [part(event.clientY, box.top, box.height), part(event.clientX, box.left, box.width)];
      hovered = { index, at };
      describe();
    });
    button.addEventListener("click", () => button.focus()); // Safari does not by itself
    button.addEventListener("focus", () => {
      focused = { index };
      describe(true);
    });
    button.addEventListener("blur", () => {
      focused = undefined;
      describe();
    });
  });
  group.addEventListener("pointerleave", () => {
    hovered = undefined;
    describe();
  });
  return update;
}

const paragraphs = {
  conv: ({ size, strides, output, input, activation }) => {
    const stride = strides[0] > 1 ? ` in steps of ${strides[0]} (stride)` : "";
    const where = input[2] > 1 ? `the ${input[2]} maps above` : "the image";
    const relu = activation === "relu" ? ", each value after ReLU" : "";
    return `${output[2]} kernels of ${by(size)} slide over ${where}${stride}: ${output[2]} feature maps of ${by(output.slice(0, 2))}${relu}.`;
  },
  pool: ({ size, output }) =>
    `Each map shrinks to ${by(output.slice(0, 2))}: only the largest of every ${by(size)} values stays.`,
};

/** What the network is given. */
function addInput(parent) {
  const stage = make(parent, "li", { className: "digits-stage" });
  make(stage, "div", { className: "digits-heading", role: "heading", "aria-level": "4", textContent: "Input" });
  const body = make(stage, "div", { className: "digits-input" });
  const canvas = addCanvas(body, SIDE, SIDE, "The 28 by 28 image that the network sees");
  const text =
    "The drawing as the network sees it: 28 × 28 pixels from 0 (black) to 1 (white). As in MNIST, " +
    "it is cropped, scaled to fit 20 × 20 pixels, and its center of mass is put in the middle.";
  make(body, "p", { textContent: text });
  return ({ image }) => paint(canvas, image);
}

/** A convolution or a pooling layer: its feature maps. */
function addMaps(parent, network, index, name, say) {
  const layer = network[index];
  const [rows, columns, count] = layer.output;
  return addStage(parent, {
    heading: name,
    text: paragraphs[layer.type](layer),
    kind: layer.type,
    count,
    width: columns,
    height: rows,
    label: (i) => `Feature map ${i + 1} of ${name}`,
    automatic: (state) => state.order(index)[0] % count,
    say,
    tile(state, { canvas }, i) {
      const values = every(state.outputs[index], count, i);
      paint(canvas, values, state.limits[index], HEAT);
    },
    explain(state, channel, at) {
      const values = every(state.outputs[index], count, channel);
      const best = indexOfLargest(values);
      const row = at ? Math.floor(at[0] * rows) : Math.floor(best / columns);
      const column = at ? Math.floor(at[1] * columns) : best % columns;
      const input = index ? state.outputs[index - 1] : state.image;
      const [width, palette] = [layer.size[1], index ? HEAT : GRAYS];
      const images = [
        { values: state.image, width: SIDE, palette: GRAYS, limit: 1, box: receptiveField(network, index, row, column), caption: "looks at" },
      ];
      const title = `Map ${channel + 1}, row ${row + 1}, column ${column + 1}`;
      if (layer.type === "pool") {
        const value = values[row * columns + column];
        const patch = windowOf(layer, input, channel, row, column);
        images.push({ sign: "→", values: patch, width, palette, limit: state.limits[index], caption: "values" });
        return { title, images, text: `The largest of ${[...patch].map(number).join(", ")} is ${number(value)}.` };
      }
      const channels = layer.input[2];
      const kernels = every(layer.kernel, count, channel);
      const patches = Array.from({ length: channels }, (_, k) => windowOf(layer, input, k, row, column));
      const products = patches.map((patch, k) => sum(multiply(patch, every(kernels, channels, k))));
      const [k] = strongest(Float32Array.from(products), 1);
      const kernel = every(kernels, channels, k);
      const source = channels > 1 ? `map ${k + 1}` : "pixels";
      images.push(
        { sign: "→", values: patches[k], width, palette, limit: index ? undefined : 1, caption: source },
        { sign: "×", values: kernel, width, caption: "kernel" },
        { sign: "=", values: multiply(patches[k], kernel), width, limit: largest(kernel) * largest(patches[k]), caption: signed(products[k]) },
      );
      const all = channels > 1 ? `All ${channels} maps together: ` : "";
      const text = all + equation(sum(products), layer.bias[channel], layer.activation);
      return { title, images, text };
    },
  });
}

/** A hidden dense layer: its units, as images of their weights where these belong to pixels. */
function addUnits(parent, network, index, name, say) {
  const layer = network[index];
  const [count, inputs] = [layer.output[0], layer.input[0]];
  const hasTemplates = index === 0;
  const shown = Math.min(count, hasTemplates ? 100 : 512);
  const templates = Array.from({ length: count }, (_, i) => (hasTemplates ? every(layer.kernel, count, i) : null));
  const limit = hasTemplates ? 0.7 * largest(layer.kernel) : 1;
  const which = (state, i) => (shown < count ? state.order(index)[i] : i);
  const few = shown < count ? ` The ${shown} strongest of them:` : "";
  return addStage(parent, {
    heading: name,
    text: hasTemplates
      ? `${count} units. Each multiplies every pixel by a weight of its own and sums. It lights up where the drawing has ink on its orange weights, and little on the blue ones.${few}`
      : `${count} units. Each is a weighted sum of all ${inputs.toLocaleString("en")} values above, plus a bias; ReLU sets it to 0 where it is negative.${few}`,
    kind: "dense",
    count: shown,
    width: hasTemplates ? SIDE : 1,
    height: hasTemplates ? SIDE : 1,
    label: (i) => (shown < count ? `Unit at rank ${i + 1} of ${name}` : `Unit ${i + 1} of ${name}`),
    automatic: (state) => (shown < count ? 0 : state.order(index)[0]),
    say,
    tile(state, { canvas }, i) {
      const unit = which(state, i);
      const activity = state.outputs[index][unit] / state.limits[index];
      if (hasTemplates) paint(canvas, templates[unit].map((weight) => weight * activity), limit, state.colors);
      else paint(canvas, [activity], 1, HEAT);
    },
    explain(state, i) {
      const unit = which(state, i);
      const total = state.sums[index][unit] - layer.bias[unit];
      let text = equation(total, layer.bias[unit], layer.activation);
      const value = state.outputs[index][unit];
      if (index === network.length - 2 && value) {
        const votes = network[index + 1].kernel.subarray(10 * unit, 10 * unit + 10).map((weight) => weight * value);
        const [most, least] = [indexOfLargest(votes), indexOfLargest(votes.map((vote) => -vote))];
        text += ` Adds ${signed(votes[most])} to the logit of ${most}, and ${signed(votes[least])} to that of ${least}.`;
      }
      if (!hasTemplates) {
        const input = state.outputs[index - 1];
        const products = multiply(input, every(layer.kernel, count, unit));
        const images = [
          { values: grid(input, layer, network, index), width: gridWidth(layer, network, index), caption: "input" },
          { sign: "→", values: grid(products, layer, network, index), width: gridWidth(layer, network, index), caption: "× weights" },
        ];
        return { title: `Unit ${unit + 1}`, images, text };
      }
      const images = [
        { values: state.image, width: SIDE, palette: GRAYS, limit: 1, caption: "pixels" },
        { sign: "×", values: templates[unit], width: SIDE, caption: "weights" },
        { sign: "=", values: multiply(state.image, templates[unit]), width: SIDE, limit: largest(templates[unit]), caption: signed(total) },
      ];
      return { title: `Unit ${unit + 1}`, images, text };
    },
  });
}

/** The width of an image of a dense layer's inputs: the pixels of maps, or a square of units. */
function gridWidth(layer, network, index) {
  const shape = index ? network[index - 1].output : [SIDE, SIDE, 1];
  return shape[1] ?? Math.ceil(Math.sqrt(shape[0]));
}

/** One value for each input of a dense layer as an image; maps are summed over their channels. */
function grid(values, layer, network, index) {
  const channels = index ? network[index - 1].output[2] : 1;
  if (channels > 1) {
    return Float32Array.from({ length: values.length / channels }, (_, i) =>
      sum(values.subarray(i * channels, (i + 1) * channels)),
    );
  }
  const width = gridWidth(layer, network, index);
  const full = new Float32Array(width * Math.ceil(values.length / width));
  full.set(values);
  return full;
}

/** The last layer: for each digit what speaks for it and against it, its logit and probability. */
function addOutput(parent, network, say) {
  const index = network.length - 1;
  const layer = network[index];
  const below = network[index - 1];
  const isSingle = index === 0;
  const width = gridWidth(layer, network, index);
  const columns = Array.from({ length: 10 }, (_, digit) => every(layer.kernel, 10, digit));
  const template = isSingle ? 0.6 * largest(layer.kernel) : 0;
  const parts = isSingle ? "pixel" : below.output.length > 1 ? "position" : "unit";
  const evidence = (state, digit) => {
    const input = isSingle ? state.image : state.outputs[index - 1];
    return grid(multiply(input, columns[digit]), layer, network, index);
  };
  return addStage(parent, {
    heading: isSingle ? "The single layer: ten templates" : "Output: evidence for each digit",
    text: isSingle
      ? "Each digit has a template of 784 weights (above). Pixel × weight (below) speaks for the digit where it is orange, against it where it is blue. Summed, plus a bias: the logit. Softmax turns ten logits into probabilities."
      : `What each ${parts} adds to a digit's logit: orange speaks for the digit, blue against it. Softmax turns the ten logits into probabilities.`,
    kind: "output",
    count: 10,
    width,
    height: isSingle ? 2 * SIDE : below.output.length > 1 ? below.output[0] : Math.ceil(below.output[0] / width),
    label: (digit) => `Digit ${digit}`,
    automatic: (state) => indexOfLargest(state.probabilities),
    say,
    tile(state, { canvas, extra, button }, digit) {
      const values = evidence(state, digit);
      const scaled = values.map((value) => value / state.limits.evidence);
      const weights = isSingle ? columns[digit].map((weight) => weight / template) : [];
      paint(canvas, [...weights, ...scaled], 1, state.colors);
      const logit = state.isEmpty ? "" : signed(state.logits[digit], 1);
      const percent = state.isEmpty ? "" : `${Math.round(100 * state.probabilities[digit])} %`;
      const lines = [["small", logit], ["small", percent], ["b", digit]];
      extra.replaceChildren(...lines.map(([tag, textContent]) => make(null, tag, { textContent })));
      button.setAttribute("aria-label", `Digit ${digit}` + (logit && `: logit ${logit}, ${percent}`));
      button.classList.toggle("is-largest", !state.isEmpty && digit === indexOfLargest(state.probabilities));
    },
    explain(state, digit) {
      const input = isSingle ? state.image : state.outputs[index - 1];
      const values = evidence(state, digit);
      const images = isSingle
        ? [
            { values: state.image, width: SIDE, palette: GRAYS, limit: 1, caption: "pixels" },
            { sign: "×", values: columns[digit], width: SIDE, limit: template, caption: `template ${digit}` },
          ]
        : [{ values: state.image, width: SIDE, palette: GRAYS, limit: 1, caption: "image" }];
      const bias = layer.bias[digit];
      const logit = state.logits[digit];
      images.push({ sign: isSingle ? "=" : "→", values, width, limit: state.limits.evidence, caption: `${signed(logit - bias)} in all` });
      let names = "";
      if (!isSingle) {
        const products = multiply(input, columns[digit]);
        const maps = below.output[2];
        const totals = maps ? Float32Array.from({ length: maps }, (_, k) => sum(every(products, maps, k))) : products;
        const top = strongest(totals, 3).map((k) => `${maps ? "map" : "unit"} ${k + 1} (${signed(totals[k])})`);
        names = ` Most comes from ${top.join(", ")}.`;
      }
      const probability = (100 * state.probabilities[digit]).toFixed(1);
      return {
        title: `Evidence for ${digit}`,
        images,
        text: `Logit: ${equation(logit - bias, bias)}; probability ${probability} %.${names}`,
      };
    },
  });
}

function render({ model, el }) {
  const root = mount(el, "digits-inside", "Look inside a network while you draw");
  const left = make(root, "div", { className: "digits-inside-input" });
  const say = addAnnouncer(root);
  const stages = make(root, "ol", { className: "digits-stages", role: "list", "aria-label": "Layers" });
  const networks = model.get("networks") ?? [];
  let [network, updates, colors, problem] = [null, [], [], ""];
  const pad = addPad(left, {
    initial: bytesOf(model.get("drawing")),
    onChange(picture, isDone) {
      if (isDone) {
        model.set("drawing", new DataView(picture.buffer));
        model.save_changes();
      }
      show(picture);
    },
  });
  const right = make(left, "div", { className: "digits-inside-result" });
  const predict = addPrediction(right);
  if (networks.length > 1) {
    const names = networks.map(({ name }) => name);
    addChoice(right, "Network", names, (index) => model.set("chosen", index), model.get("chosen"));
  }
  const about = make(right, "p", { className: "digits-about" });

  /** Read the chosen network, and build a stage for each of its layers. */
  function choose() {
    stages.replaceChildren();
    updates = [];
    try {
      const { layers, start } = packed(model);
      network = loadNetwork(layers, start);
      problem = "";
    } catch (error) {
      network = null;
      problem = `The network cannot be read (${error.message}). Run the cell again, or reload the page.`;
      return;
    }
    const { parameters } = networks[model.get("chosen")];
    about.textContent = `${parameters.toLocaleString("en")} parameters, ${network.length} layer${network.length > 1 ? "s" : ""}`;
    updates.push(addInput(stages));
    const counts = {};
    network.forEach((layer, index) => {
      counts[layer.type] = (counts[layer.type] ?? 0) + 1;
      const many = network.filter(({ type }) => type === layer.type).length - (layer.type === "dense");
      const names = { conv: "Convolution", pool: "Max pooling", dense: "Hidden layer" };
      const name = names[layer.type] + (many > 1 ? ` ${counts[layer.type]}` : "");
      if (index === network.length - 1) updates.push(addOutput(stages, network, say));
      else if (layer.type === "dense") updates.push(addUnits(stages, network, index, name, say));
      else if (layer.type !== "scale") updates.push(addMaps(stages, network, index, name, say));
    });
  }

  function show(picture) {
    const reading = readDrawing(picture);
    if (problem) return predict({ title: "No prediction", note: problem });
    const image = reading.image ?? EMPTY;
    const run = runNetwork(network, image);
    const last = network.at(-1);
    const input = network.length > 1 ? run.outputs.at(-2) : image;
    const ranks = {};
    const order = (index) => (ranks[index] ??= strongest(run.outputs[index], Infinity));
    const state = {
      ...run,
      image,
      colors,
      isEmpty: !reading.image,
      limits: run.outputs.map(largest),
      order,
    };
    state.limits.evidence = largest(
      Float32Array.from({ length: 10 }, (_, digit) =>
        largest(grid(multiply(input, every(last.kernel, 10, digit)), last, network, network.length - 1)),
      ),
    );
    updates.forEach((update) => update(state));
    if (!reading.image) return predict(reading);
    predict({ probabilities: run.probabilities, ...describePrediction(run.probabilities) });
  }

  const restart = () => {
    choose();
    show(pad.picture());
  };
  choose();
  const stop = watchTheme(() => {
    colors = signedColors();
    show(pad.picture());
  });
  model.on("change:chosen", restart);
  return () => {
    stop();
    model.off("change:chosen", restart);
    pad.stop();
    predict.stop();
    say.stop();
  };
}

/** Cut the layers and the weights of the chosen network out of those of all. */
function packed(model) {
  const [networks, weights] = [model.get("networks"), model.get("weights")];
  if (!networks?.length || !weights) throw new Error("there is no network");
  const counts = networks.map(({ layers }) => countParameters(layers));
  const size = weights.byteLength / sum(counts); // bytes of a number
  const chosen = model.get("chosen");
  const from = weights.byteOffset + size * sum(counts.slice(0, chosen));
  return { layers: networks[chosen].layers, start: new DataView(weights.buffer, from, size * counts[chosen]) };
}

export default { render };
