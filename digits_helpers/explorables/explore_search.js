import {
  addAnnouncer, addButton, addChart, cividis, expectBytes, make, mountSafely, svg,
} from "./shared.js";

/**
 * What a random search finds: of 1 to `most` runs drawn at random, with replacement, the expected
 * accuracy of the best one, and the expected mean of the other runs of its setting.
 */
export function expectBest(values, others, most) {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  return Array.from({ length: most }, (_, i) => {
    let [best, fresh] = [0, 0];
    order.forEach((run, rank) => {
      // the best run is this one if all are among the first rank + 1, but not all among the first rank
      const isBest = ((rank + 1) / order.length) ** (i + 1) - (rank / order.length) ** (i + 1);
      best += isBest * values[run];
      fresh += isBest * others[run];
    });
    return { best, fresh };
  });
}

/** For each run the mean of the other runs of its setting; `seeds` runs of a setting stand together. */
export function meanOfOthers(values, seeds) {
  return Array.from(values, (value, run) => {
    const first = run - (run % seeds);
    const sum = values.slice(first, first + seeds).reduce((a, b) => a + b, 0);
    return (sum - value) / (seeds - 1);
  });
}

const percent = (value) => `${value.toFixed(2)} %`;
const NUMBERS = ["no", "one", "two", "three", "four"];

function render({ model, el }) {
  return mountSafely(el, "digits-search", "A search for the best setting", (root) => {
    const [rows, columns] = [model.get("rows"), model.get("columns")];
    const names = [model.get("row_name"), model.get("column_name")];
    const [seeds, budget, span] = ["seeds", "budget", "span"].map((name) => model.get(name));
    const count = rows.length * columns.length;
    const bytes = expectBytes(model, "accuracies", 4 * count * seeds);
    const values = Array.from(new Float32Array(bytes.buffer));
    const others = meanOfOthers(values, seeds);
    const runsOf = (cell) => values.slice(seeds * cell, seeds * (cell + 1));
    const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
    const means = Array.from({ length: count }, (_, cell) => mean(runsOf(cell)));
    const expected = expectBest(values, others, budget);
    const top = Math.max(...means);
    const describe = (cell) =>
      `${names[0]} ${rows[Math.floor(cell / columns.length)]}, ${names[1]} ${columns[cell % columns.length]}`;
    let seen, history, isOpen;

    const area = make(root, "div", { className: "confusion-matrix search-settings" });
    make(area, "div", { className: "confusion-axis", textContent: `${names[1]} →` });
    const table = make(area, "table", {
      role: "grid",
      "aria-label": `Settings: a row for each ${names[0]}, a column for each ${names[1]}. Arrow keys choose one, Enter trains it.`,
    });
    const head = make(make(table, "thead"), "tr");
    make(head, "th", { textContent: `${names[0]} ↓`, className: "confusion-corner", scope: "col" });
    for (const text of columns) make(head, "th", { scope: "col", textContent: text });
    const body = make(table, "tbody");
    const cells = rows.flatMap((text) => {
      const row = make(body, "tr");
      make(row, "th", { scope: "row", textContent: text });
      return columns.map(() => make(row, "td", { tabIndex: -1, role: "gridcell" }));
    });
    cells[0].tabIndex = 0;
    const buttons = make(area, "div", { className: "digits-buttons search-buttons" });
    const random = addButton(buttons, "Train a random setting", () => {
      const free = [...cells.keys()].filter((cell) => !seen[cell]);
      train(free[Math.floor(free.length * Math.random())]);
    });
    random.classList.add("is-primary");
    const open = addButton(buttons, "Show all", () => {
      isOpen = true;
      show();
    });
    addButton(buttons, "Start again", restart);
    const legend = `Mean validation accuracy (%) of the runs so far. The darkest settings are ${span} points or more below the best mean.`;
    make(area, "p", { className: "digits-small", textContent: legend });

    const side = make(root, "div", { className: "search-side" });
    const status = make(side, "p", { className: "search-status" });
    const say = addAnnouncer(side);
    const all = [...expected.map(({ fresh }) => fresh), expected.at(-1).best];
    const [low, high] = [Math.floor(2 * Math.min(...all)) / 2, Math.ceil(2 * Math.max(...values)) / 2];
    const marks = Array.from({ length: Math.round(2 * (high - low)) + 1 }, (_, i) => low + i / 2);
    const chart = addChart(side, {
      label:
        `Accuracy against the number of runs. The best of ${budget} random runs has ` +
        `${percent(expected.at(-1).best)} on average, the other runs of its setting ${percent(expected.at(-1).fresh)}.`,
      title: "The best of many runs is flattered",
      x: [1, budget],
      y: [low, high],
      xTicks: Array.from({ length: budget }, (_, i) => [i + 1, i + 1]),
      yTicks: marks.map((value) => [value, value.toFixed(1)]),
      xLabel: "runs",
      height: 230,
    });
    chart.line(expected.map(({ best }, i) => [i + 1, best]));
    chart.line(expected.map(({ fresh }, i) => [i + 1, fresh]), "is-second");
    const mine = chart.mark();
    const key = make(side, "p", { className: "digits-legend" });
    make(key, "span", { textContent: "best run of a random search, on average" });
    make(key, "span", { className: "is-second", textContent: "other runs of its setting, on average" });
    make(key, "span", { className: "search-mine", textContent: "your best run" });

    function train(cell) {
      if (history.length >= budget || isOpen) return;
      if (seen[cell] === seeds) {
        status.textContent = `All ${NUMBERS[seeds] ?? seeds} stored runs of ${describe(cell)} are shown. Choose another setting.`;
        say(status.textContent);
        return;
      }
      history.push({ cell, run: seeds * cell + seen[cell] });
      seen[cell]++;
      show();
    }

    function tell() {
      if (!history.length) return `Choose a setting to train it. You have ${budget} runs.`;
      const best = history.reduce((a, b) => (values[b.run] > values[a.run] ? b : a));
      const last = history.at(-1);
      const record = `Best run: ${percent(values[best.run])}, with ${describe(best.cell)}.`;
      if (history.length < budget && !isOpen) {
        return `Run ${history.length} of ${budget}: ${describe(last.cell)} reaches ${percent(values[last.run])}. ${record}`;
      }
      const rank = 1 + means.filter((value) => value > means[best.cell]).length;
      return (
        `${record} The other runs of this setting: ${percent(others[best.run])} on average. ` +
        `By the mean of all its runs it is number ${rank} of ${count}.`
      );
    }

    function show() {
      const ended = isOpen || history.length >= budget;
      const best = history.length ? history.reduce((a, b) => (values[b.run] > values[a.run] ? b : a)).cell : -1;
      cells.forEach((element, cell) => {
        const runs = isOpen ? runsOf(cell) : runsOf(cell).slice(0, seen[cell]);
        const t = runs.length ? Math.max(0, Math.min(1, 1 + (mean(runs) - top) / span)) : 0;
        element.textContent = runs.length ? mean(runs).toFixed(1) : "?";
        element.style.background = runs.length ? `rgb(${cividis(t)})` : "var(--digits-track)";
        element.style.color = runs.length ? (t > 0.55 ? "black" : "white") : "var(--digits-text)";
        element.setAttribute("aria-selected", `${cell === best}`);
        const result = runs.length
          ? `${percent(mean(runs))}, ${runs.length === 1 ? "one run" : `mean of ${runs.length} runs`}`
          : "not trained yet";
        element.setAttribute("aria-label", `${describe(cell)}: ${result}${cell === best ? ", your best run" : ""}`);
      });
      random.disabled = ended || !seen.includes(0);
      open.disabled = isOpen;
      status.textContent = tell();
      say(status.textContent);
      let record = -Infinity;
      mine.replaceChildren();
      const points = history.map(({ run }, i) => [i + 1, (record = Math.max(record, values[run]))]);
      for (const [x, y] of points) {
        svg(mine, "circle", { cx: chart.toX(x), cy: chart.toY(Math.max(y, low)), r: 4.5 });
      }
    }

    function restart() {
      [seen, history, isOpen] = [Array(count).fill(0), [], false];
      show();
    }

    table.addEventListener("click", ({ target }) => {
      const cell = cells.indexOf(target);
      if (cell < 0) return;
      focus(cell);
      train(cell);
    });
    function focus(cell) {
      for (const element of cells) element.tabIndex = -1;
      cells[cell].tabIndex = 0;
      cells[cell].focus();
    }
    table.addEventListener("keydown", (event) => {
      const now = cells.indexOf(document.activeElement);
      if (now < 0) return;
      const [row, column] = [Math.floor(now / columns.length), now % columns.length];
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        train(now);
        return;
      }
      const to = {
        ArrowUp: [row - 1, column],
        ArrowDown: [row + 1, column],
        ArrowLeft: [row, column - 1],
        ArrowRight: [row, column + 1],
        Home: [row, 0],
        End: [row, columns.length - 1],
      }[event.key];
      if (!to) return;
      event.preventDefault();
      const limit = (value, length) => Math.max(0, Math.min(length - 1, value));
      focus(limit(to[0], rows.length) * columns.length + limit(to[1], columns.length));
    });
    restart();
    return () => say.stop();
  });
}

export default { render };
