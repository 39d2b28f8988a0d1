// A drawing pad that reads what is drawn on it.

import {
  SIDE, addCanvas, addPad, addPrediction, bytesOf, describePrediction, loadNetwork, make, mount, paint,
  readDrawing, runNetwork,
} from "./shared.js";

function render({ model, el }) {
  const root = mount(el, "digits-reader", "Drawing pad");
  let network, problem;
  try {
    network = loadNetwork(model.get("layers"), model.get("weights"));
  } catch (error) {
    problem = `The network cannot be read (${error.message}). Run the cell again, or reload the page.`;
  }
  const pad = addPad(root, {
    initial: bytesOf(model.get("drawing")),
    onChange(picture, isDone) {
      if (isDone) {
        model.set("drawing", new DataView(picture.buffer));
        model.save_changes();
      }
      show(picture);
    },
  });
  const right = make(root, "div", { className: "digits-reading" });
  const predict = addPrediction(right);
  const seen = make(right, "figure", { className: "digits-seen" });
  const canvas = addCanvas(seen, SIDE, SIDE, "The 28 by 28 image that the network sees");
  make(seen, "figcaption", { textContent: "what the network sees" });

  function show(picture) {
    const reading = readDrawing(picture);
    paint(canvas, reading.image ?? []);
    if (problem) return predict({ title: "No prediction", note: problem });
    if (!reading.image) return predict(reading);
    const { probabilities } = runNetwork(network, reading.image);
    predict({ probabilities, ...describePrediction(probabilities, model.get("threshold")) });
  }
  show(pad.picture());
  return () => {
    pad.stop();
    predict.stop();
  };
}

export default { render };
