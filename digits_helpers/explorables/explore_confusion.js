import {
  SIDE, addCanvas, addNamedChoice, addToggle, cividis, expectBytes, make, mountSafely, paint,
} from "./shared.js";

/** How many images of digit i were predicted as j, at 10 i + j. */
export function count(labels, predictions) {
  const counts = new Uint32Array(100);
  labels.forEach((label, i) => counts[10 * label + predictions[i]]++);
  return counts;
}

/** Divide each count by the sum of its row or of its column; 0 where that sum is 0. */
export function normalize(counts, view) {
  if (view === "counts") return Array.from(counts);
  const line = (cell) => (view === "rows" ? Math.floor(cell / 10) : cell % 10);
  const sums = Array(10).fill(0);
  counts.forEach((value, cell) => (sums[line(cell)] += value));
  return Array.from(counts, (value, cell) => value / (sums[line(cell)] || 1));
}

const VIEWS = [
  ["counts", "Counts"],
  ["rows", "Rows (recall)"],
  ["columns", "Columns (precision)"],
];
const LEGENDS = {
  counts: "Number of images of each true digit (row) and predicted digit (column).",
  rows: "Percentage of each row: of all images of a digit. The diagonal is the recall.",
  columns: "Percentage of each column: of all predictions of a digit. The diagonal is the precision.",
};
const percent = (value, digits = 1) => `${(100 * value).toFixed(digits)} %`;
const images = (number) => `${number} image${number === 1 ? "" : "s"}`;

function render({ model, el }) {
  return mountSafely(el, "digits-confusion", "Confusion matrix with its images", (root) => {
    const labels = expectBytes(model, "labels");
    const predictions = expectBytes(model, "predictions", labels.length);
    const positions = new Uint32Array(expectBytes(model, "positions").buffer);
    const confidences = new Float32Array(expectBytes(model, "confidences", 4 * positions.length).buffer);
    const pixels = expectBytes(model, "images", 784 * positions.length);

    const counts = count(labels, predictions);
    const rows = normalize(counts, "rows");
    const columns = normalize(counts, "columns");
    const isRight = (cell) => cell % 11 === 0;
    const largest = (isShown) =>
      Math.max(...counts.map((value, cell) => (isShown(cell) ? value : 0)));
    let view = "counts";
    let hidesDiagonal = true;
    const most = largest((cell) => !isRight(cell));
    let selected = counts.findIndex((value, cell) => !isRight(cell) && value === most);

    const area = make(root, "div", { className: "confusion-matrix" });
    const controls = make(area, "div", { className: "digits-controls" });
    addNamedChoice(controls, "Show", VIEWS, view, (chosen) => {
      view = chosen;
      showMatrix();
    });
    addToggle(controls, "Hide the diagonal", hidesDiagonal, (isOn) => {
      hidesDiagonal = isOn;
      showMatrix();
    });
    make(area, "div", { className: "confusion-axis", textContent: "predicted digit →" });
    const table = make(area, "table", {
      role: "grid",
      "aria-label": "Confusion matrix: a row for each true digit. Arrow keys choose a cell.",
    });
    const head = make(make(table, "thead"), "tr");
    make(head, "td", { textContent: "true ↓", className: "confusion-corner" });
    const body = make(table, "tbody");
    const cells = [];
    for (let digit = 0; digit < 10; digit++) {
      make(head, "th", { scope: "col", textContent: digit });
      const row = make(body, "tr");
      make(row, "th", { scope: "row", textContent: digit });
      for (let predicted = 0; predicted < 10; predicted++) {
        cells.push(make(row, "td", { tabIndex: -1, role: "gridcell" }));
      }
    }
    const legend = make(area, "p", { className: "digits-small" });

    const detail = make(root, "div", { className: "confusion-detail" });
    const sentence = make(detail, "p", { className: "confusion-sentence", role: "status" });
    const gallery = make(detail, "ul", { className: "confusion-gallery", role: "list" });

    function showMatrix() {
      const values = { counts: Array.from(counts), rows, columns }[view];
      const isShown = (cell) => !(hidesDiagonal && isRight(cell));
      const top = Math.max(...values.filter((_, cell) => isShown(cell))) || 1;
      cells.forEach((element, cell) => {
        const t = isShown(cell) ? values[cell] / top : 0;
        const text = view === "counts" ? values[cell] : (100 * values[cell]).toFixed(1);
        element.textContent = values[cell] && isShown(cell) ? text : "";
        element.style.background = isShown(cell) ? `rgb(${cividis(t)})` : "var(--digits-track)";
        element.style.color = t > 0.55 ? "black" : "white";
        const shown = view === "counts" ? images(counts[cell]) : percent(values[cell]);
        const [label, predicted] = [Math.floor(cell / 10), cell % 10];
        element.setAttribute("aria-label", `true ${label}, predicted ${predicted}: ${shown}`);
      });
      legend.textContent = LEGENDS[view];
    }

    function select(cell) {
      cells[selected].tabIndex = -1;
      cells[selected].setAttribute("aria-selected", "false");
      selected = cell;
      cells[cell].tabIndex = 0;
      cells[cell].setAttribute("aria-selected", "true");
      const [label, predicted] = [Math.floor(cell / 10), cell % 10];
      const stored = [...positions.keys()].filter(
        (i) => labels[positions[i]] === label && predictions[positions[i]] === predicted,
      );
      let text = `True ${label}, predicted ${predicted}: ${images(counts[cell])}`;
      if (counts[cell]) {
        text += `, ${percent(rows[cell])} of the ${label}s, ${percent(columns[cell])} of the predictions of ${predicted}. `;
        const ends = isRight(cell) ? "the most and the least confident" : "the most confident";
        text += stored.length < counts[cell] ? `Here are ${stored.length}: ${ends}.` : "Most confident first.";
      } else text += ".";
      sentence.textContent = text;
      gallery.replaceChildren(
        ...stored.map((i) => {
          const canvas = addCanvas(null, SIDE, SIDE, `Image ${positions[i]}, a ${label}`);
          paint(canvas, pixels.subarray(784 * i, 784 * (i + 1)), 255);
          const text = make(null, "span", { textContent: percent(confidences[i], 0) });
          text.title = `Image ${positions[i]}: predicted ${predicted} with confidence ${percent(confidences[i], 2)}`;
          return make(null, "li", {}, canvas, text);
        }),
      );
    }

    table.addEventListener("click", ({ target }) => {
      const cell = cells.indexOf(target);
      if (cell < 0) return;
      select(cell);
      target.focus();
    });
    table.addEventListener("keydown", (event) => {
      const [row, column] = [Math.floor(selected / 10), selected % 10];
      const to = {
        ArrowUp: [row - 1, column],
        ArrowDown: [row + 1, column],
        ArrowLeft: [row, column - 1],
        ArrowRight: [row, column + 1],
        Home: [event.ctrlKey ? 0 : row, 0],
        End: [event.ctrlKey ? 9 : row, 9],
      }[event.key];
      if (!to) return;
      event.preventDefault();
      const [r, c] = to.map((index) => Math.max(0, Math.min(9, index)));
      select(10 * r + c);
      cells[selected].focus();
    });
    showMatrix();
    select(selected);
  });
}

export default { render };
