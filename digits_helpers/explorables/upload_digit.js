// A field for a picture, which Python reads, and beside it what the network predicts.

import { SIDE, addCanvas, addPrediction, bytesOf, describePrediction, make, mount, paint } from "./shared.js";

const LARGEST_FILE = 6e6; // bytes: Jupyter's connection closes at ten million

/** Make a large photograph small enough to send. */
async function shrink(file) {
  const photo = await createImageBitmap(file, { resizeWidth: 2000 });
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  canvas.getContext("2d").drawImage(photo, 0, 0);
  return canvas.convertToBlob({ type: "image/webp" });
}

function render({ model, el }) {
  const root = mount(el, "digits-reader", "Picture to upload");
  const area = make(root, "div", { className: "digits-pad" });
  const frame = make(area, "div", { className: "digits-frame digits-drop" });
  const image = make(frame, "img");
  const caption = make(area, "div", { className: "digits-file" });
  const toolbar = make(area, "div", { className: "digits-toolbar" });
  const right = make(root, "div", { className: "digits-reading" });
  const predict = addPrediction(right);
  const seen = make(right, "figure", { className: "digits-seen" });
  const canvas = addCanvas(seen, SIDE, SIDE, "The 28 by 28 image that the network sees");
  make(seen, "figcaption", { textContent: "what the network sees" });
  let [isReading, waiting, patience] = [false, null, null];

  /** Send the file. While Python reads one, only the newest waits. */
  function send(file) {
    waiting = file;
    if (isReading) return;
    isReading = true;
    root.setAttribute("aria-busy", "true");
    const note = "Waiting for Python. Is another cell running? After a restart run this cell again.";
    patience = setTimeout(() => predict({ title: "No prediction yet", note }), 3000);
    model.set({ ...file, number: model.get("number") + 1 });
    model.save_changes();
    waiting = null;
  }
  async function take(file) {
    if (!file) return;
    try {
      const blob = file.size > LARGEST_FILE ? await shrink(file) : file;
      send({ name: file.name, data: new DataView(await blob.arrayBuffer()) });
    } catch {
      const note = `${file.name} is too large: expected a picture of at most 6 MB, or a PNG or JPEG.`;
      predict({ title: "No prediction", note });
    }
  }
  function show() {
    isReading = false;
    clearTimeout(patience);
    root.setAttribute("aria-busy", "false");
    const reading = model.get("reading") ?? {};
    const preview = bytesOf(model.get("preview"));
    URL.revokeObjectURL(image.src);
    image.hidden = !preview.length;
    image.src = preview.length ? URL.createObjectURL(new Blob([preview], { type: "image/webp" })) : "";
    image.alt = `The picture ${model.get("name")}`;
    caption.textContent = model.get("name") + (reading.number === 0 ? " (an example)" : "");
    paint(canvas, bytesOf(model.get("image")), 255);
    const { probabilities } = reading;
    const prediction = probabilities ? describePrediction(probabilities, model.get("threshold")) : {};
    predict({ title: "No prediction", note: "The stored state is damaged.", ...reading, ...prediction });
    if (waiting) send(waiting);
  }
  if (model.get("has_kernel")) {
    const button = make(toolbar, "button", { type: "button", textContent: "Choose a picture" });
    const input = make(toolbar, "input", { type: "file", hidden: true });
    make(toolbar, "span", { textContent: "or drop one above" });
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      take(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
      frame.addEventListener(type, (event) => {
        event.preventDefault();
        event.stopPropagation(); // else JupyterLab takes the file
        frame.classList.toggle("is-over", ["dragenter", "dragover"].includes(type));
        if (type === "drop") take(event.dataTransfer.files[0]);
      });
    }
  } else {
    const text = "A picture of your own is read by Python: run this notebook in Jupyter, Colab or Binder.";
    make(toolbar, "p", { textContent: text });
  }
  model.on("change:reading", show);
  show();
  return () => {
    model.off("change:reading", show);
    clearTimeout(patience);
    predict.stop();
  };
}

export default { render };
