// The page's side of drawing.py: a canvas or a place for a file, and beside it what the network says.

const PEN = 0.08; // of the canvas: MNIST's strokes are about as wide, relative to the digit
const LARGEST_FILE = 6e6; // bytes: Jupyter's connection closes at ten million

function make(parent, tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  parent?.append(element);
  return element;
}

/** Send what was drawn or chosen. While Python reads, only the newest waits: it never lags behind. */
function connect(model, root, collect) {
  let isReading = false;
  let hasNew = false;
  let patience;
  async function send() {
    hasNew = true;
    if (isReading) return;
    isReading = true;
    root.ariaBusy = "true"; // screen readers wait with the answer
    patience = setTimeout(() => root.classList.add("is-waiting"), 3000);
    await new Promise((resolve) => setTimeout(resolve, 15));
    hasNew = false;
    model.set({ ...collect(), number: model.get("number") + 1 });
    model.save_changes();
  }
  const receive = () => {
    isReading = false;
    root.ariaBusy = "false";
    clearTimeout(patience);
    root.classList.remove("is-waiting");
    if (hasNew) send();
  };
  model.on("change:reading", receive);
  return [send, () => model.off("change:reading", receive)];
}

/** Fill a canvas with gray values, and tell whether there is more than black. */
function fill(canvas, grays) {
  const image = new ImageData(canvas.width, canvas.height);
  let isBright = false;
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const gray = grays?.getUint8(i) ?? 0;
    image.data.set([gray, gray, gray, 255], 4 * i);
    isBright ||= gray > 0;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return isBright;
}

/** The canvas: pointer events come alike from mouse, finger and pen. */
function addCanvas(model, root, area) {
  const side = model.get("side");
  const frame = make(area, "div", { className: "digits-frame" });
  const canvas = make(frame, "canvas", { width: 4 * side, height: 4 * side });
  make(frame, "div", { className: "digits-hint", textContent: "Draw a digit here" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Canvas: draw a digit with the mouse, a finger or a pen");
  const toolbar = make(area, "div", { className: "digits-toolbar" });
  const undo = make(toolbar, "button", { type: "button", textContent: "Undo" });
  const clear = make(toolbar, "button", { type: "button", textContent: "Clear" });
  const hint = make(toolbar, "span", { textContent: "Draw over this one" });
  undo.setAttribute("aria-label", "Undo the last stroke");
  clear.setAttribute("aria-label", "Clear the canvas");

  const context = canvas.getContext("2d");
  const [small, ground] = [0, 1].map(() => make(null, "canvas", { width: side, height: side }));
  const pixels = small.getContext("2d", { willReadFrequently: true });
  let hasGround = fill(ground, model.get("data")); // the example, or what was drawn before a reload
  let strokes = [];
  let pointer = null;

  function paint() {
    context.fillStyle = "black";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (hasGround) context.drawImage(ground, 0, 0, canvas.width, canvas.height);
    context.strokeStyle = "white";
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = PEN * canvas.width;
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    const isEmpty = !strokes.length && !hasGround;
    frame.classList.toggle("is-empty", isEmpty);
    hint.hidden = !(hasGround && model.get("number") === 0);
    undo.disabled = !strokes.length;
    clear.disabled = isEmpty;
  }

  const [send, disconnect] = connect(model, root, () => {
    pixels.imageSmoothingQuality = "high";
    pixels.drawImage(canvas, 0, 0, side, side);
    const { data } = pixels.getImageData(0, 0, side, side);
    return { data: new DataView(data.filter((_, i) => i % 4 === 0).buffer) };
  });
  function change() {
    paint();
    send();
  }
  function extend(event) {
    const box = canvas.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of events.length ? events : [event]) {
      const place = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
      strokes.at(-1).push(place.map((share) => share * canvas.width));
    }
    change();
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    if (model.get("number") === 0) hasGround = false;
    strokes.push([]);
    extend(event);
  });
  canvas.addEventListener("pointermove", (event) => event.pointerId === pointer && extend(event));
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => (pointer = event.pointerId === pointer ? null : pointer));
  }
  undo.addEventListener("click", () => {
    strokes.pop();
    change();
  });
  clear.addEventListener("click", () => {
    strokes = [];
    hasGround = false;
    change();
  });
  paint();
  return disconnect;
}

/** Make a large photograph small enough to send. */
async function shrink(file) {
  const photo = await createImageBitmap(file, { resizeWidth: 2000 });
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  canvas.getContext("2d").drawImage(photo, 0, 0);
  return canvas.convertToBlob({ type: "image/webp" });
}

/** The place for a file: choose it, or drop it. */
function addFile(model, root, area) {
  const frame = make(area, "div", { className: "digits-frame digits-drop" });
  const image = make(frame, "img");
  const caption = make(area, "div", { className: "digits-name" });
  const toolbar = make(area, "div", { className: "digits-toolbar" });
  const button = make(toolbar, "button", { type: "button", textContent: "Choose a picture" });
  const input = make(toolbar, "input", { type: "file", hidden: true });
  make(toolbar, "span", { textContent: "or drop one above" });
  let chosen;
  const [send, disconnect] = connect(model, root, () => chosen);

  async function take(file) {
    if (!file) return;
    try {
      const blob = file.size > LARGEST_FILE ? await shrink(file) : file;
      chosen = { name: file.name, data: new DataView(await blob.arrayBuffer()) };
      send();
    } catch {
      const note = `${file.name} is too large: expected a picture of at most 6 MB, or a PNG or JPEG.`;
      model.set("reading", { title: "No answer", note, probabilities: Array(10).fill(0) });
    }
  }
  function show() {
    const { number, preview } = model.get("reading");
    URL.revokeObjectURL(image.src);
    image.hidden = !preview;
    image.src = preview ? URL.createObjectURL(new Blob([preview], { type: "image/png" })) : "";
    image.alt = `The picture ${model.get("name")}`;
    caption.textContent = model.get("name") + (number === 0 ? " (an example)" : "");
  }
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
  model.on("change:reading", show);
  show();
  return () => {
    disconnect();
    model.off("change:reading", show);
  };
}

/** Answer, bars, and the 28 x 28 that the network sees. */
function addReading(model, root, area) {
  const status = make(area, "div", { className: "digits-status" });
  status.setAttribute("role", "status");
  const title = make(status, "div", { className: "digits-title" });
  const note = make(status, "div", { className: "digits-note" });
  make(status, "div", {
    className: "digits-waiting",
    textContent: "Waiting for Python. Is another cell running? After a restart run this cell again.",
  });
  const list = make(area, "ol", { className: "digits-bars", ariaLabel: "Probability of each digit" });
  list.setAttribute("role", "list"); // a list without markers is none to some screen readers
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const fill = make(null, "span");
    const text = make(null, "span", { className: "digits-percent" });
    const track = make(null, "span", { className: "digits-track", ariaHidden: "true" }, fill);
    const item = make(list, "li", {}, make(null, "span", { textContent: digit }), track, text);
    return { item, fill, text };
  });
  const seen = make(area, "figure", { className: "digits-seen" });
  const canvas = make(seen, "canvas", { width: 28, height: 28 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "The 28 by 28 image that the network sees");
  make(seen, "figcaption", { textContent: "what the network sees" });

  function show() {
    const reading = model.get("reading");
    title.textContent = reading.title;
    note.textContent = reading.note;
    const largest = Math.max(...reading.probabilities);
    reading.probabilities.forEach((probability, digit) => {
      const { item, fill, text } = bars[digit];
      item.classList.toggle("is-largest", probability > 0 && probability === largest);
      fill.style.width = `${100 * probability}%`;
      text.textContent = reading.image ? `${Math.round(100 * probability)} %` : "";
    });
    fill(canvas, reading.image);
  }
  model.on("change:reading", show);
  show();
  return () => model.off("change:reading", show);
}

function render({ model, el }) {
  el.replaceChildren();
  const root = make(el, "div", { className: "digits-reader" });
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // Enter presses a button, edits no cell
  const [left, right] = ["digits-source", "digits-reading"].map((className) =>
    make(root, "div", { className }),
  );
  const add = { draw: addCanvas, upload: addFile }[model.get("kind")];
  const forget = [add(model, root, left), addReading(model, root, right)];
  return () => forget.forEach((undo) => undo());
}

export default { render };
