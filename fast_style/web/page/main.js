// The page: photographs in, paintings out.

import * as camera from "./camera.js";
import * as compare from "./compare.js";
import { byId, debounced, download, make, sizeOf } from "./elements.js";
import * as painter from "./painter.js";
import * as results from "./results.js";
import { describe, look, offerSizes, options, setLook, showNumbers } from "./settings.js";
import * as styles from "./styles.js";
import { clearProblem, problem, say } from "./words.js";
import { drop, isRunning, start as startWork, work } from "./work.js";

const PAUSE = 350; // milliseconds without a change before it is painted

let limits = null;
let photo = null; // {blob, name, url, width, height}
let result = null; // what is shown: {blob, url, title, photo, look, choice, made}

// Photographs

async function take(blob, name) {
  if (!blob || !limits) return;
  drop();
  clearProblem();
  if (blob.size > limits.upload_bytes) {
    const most = Math.round(limits.upload_bytes / 2 ** 20);
    problem(`${name} is larger than ${most} MiB, the largest file that can be painted here.`);
    return;
  }
  const next = { blob, name, url: URL.createObjectURL(blob) };
  let size = await sizeOf(next.url);
  if (!size) {
    // Not for this browser, but perhaps for the painter: what it reads, it can show.
    const choice = styles.choice();
    if (!choice) {
      problem(`This browser can't show ${name}; take a JPEG or a PNG.`);
      return;
    }
    const asked = { ...options(choice), strength: 0, image_size: null };
    const shown = await work(
      "Reading the photograph …",
      (signal) => painter.paint(blob, asked, signal),
      () => take(blob, name),
    );
    if (!shown) return;
    next.url = URL.createObjectURL(shown.picture);
    size = await sizeOf(next.url);
  }
  photo = Object.assign(next, size);
  result = null;
  offerSizes(photo, limits);
  byId("drop").hidden = true;
  byId("actions").hidden = false;
  compare.showPhoto(photo);
  results.mark(null);
  showActions();
  paint();
}

// Painting

async function paint() {
  const choice = styles.choice();
  if (!photo || !choice) return;
  const source = photo;
  const asked = options(choice);
  const kept = look();
  const remake = (more, signal) => painter.paint(source.blob, { ...asked, ...more }, signal);
  const made = await work("Painting …", (signal) => remake({ format: "jpg" }, signal), paint);
  if (!made) return;
  const blob = made.picture;
  await present({
    blob,
    url: URL.createObjectURL(blob),
    title: describe(choice, asked),
    photo: source,
    look: kept,
    choice,
    remake,
  });
  tell(made, "Painted");
}

/** Enlarges the painting, or the photograph itself where no network paints. */
async function enlarge(network) {
  if (!photo) return;
  const source = result ?? { photo, look: look(), choice: { title: "photograph" }, title: "Photograph" };
  const remake = async (more, signal) => {
    // Of a painting without the losses of JPEG.
    const whole = await source.remake?.({ format: "png", keep_position: true }, signal);
    const picture = whole?.picture ?? source.photo.blob;
    return painter.enlarge(picture, { network: network.name, ...more }, signal);
  };
  const action = (signal) => remake({ format: "jpg" }, signal);
  const made = await work("Enlarging …", action, () => enlarge(network));
  if (!made) return;
  const title = `${source.title}, enlarged ${network.factor} times`;
  await present({ ...source, blob: made.picture, url: URL.createObjectURL(made.picture), title, remake });
  tell(made, "Enlarged");
}

async function present(next) {
  await results.add(next);
  await show(next);
}

async function show(next) {
  if (next.photo !== photo) {
    photo = next.photo;
    offerSizes(photo, limits);
  }
  result = next;
  results.mark(next);
  await compare.showPainting(photo, next.url, `The painting: ${next.title}`);
  showActions();
}

function tell(made, word) {
  const seconds = Number.isFinite(made.seconds) ? ` in ${made.seconds.toFixed(1)} s` : "";
  say(`${word}${seconds}.${made.notes ? ` Note: ${made.notes}.` : ""}`);
}

// Downloads

async function save(format, type) {
  const source = result;
  if (!source) return;
  const keep = byId("position").checked;
  let blob = source.blob;
  if (keep || blob.type !== type) {
    const action = (signal) => source.remake({ format, keep_position: keep }, signal);
    const made = await work("Making the file …", action, () => save(format, type));
    if (!made) return;
    blob = made.picture;
    say("Done.");
  }
  const stem = source.photo.name.replace(/\.\w+$/, "");
  const style = source.choice.title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  download(blob, `${stem}-${style}.${format}`);
}

function showActions() {
  for (const id of ["png", "jpg"]) byId(id).disabled = !result;
  for (const button of byId("enlarge").children) button.disabled = !photo || isRunning();
}

// Start

const actions = {
  choose: () => byId("file").click(),
  camera: () => camera.open((blob) => take(blob, "camera.jpg"), () => options(styles.choice())),
  sample: async () => take(await painter.sample(), "sample.jpg"),
};
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => actions[button.dataset.do]());
}
for (const id of ["file", "capture"]) {
  byId(id).addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) take(file, file.name);
    event.target.value = ""; // so that the same file may be chosen again
  });
}

document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files][0];
  if (file) take(file, file.name || "pasted.png");
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) take(file, file.name);
  else problem("That was no file. Save the picture first, and drop its file here.");
});

const changed = debounced(paint, PAUSE);
for (const id of ["strength", "scale", "size", "colors"]) {
  byId(id).addEventListener("input", () => {
    showNumbers();
    changed();
  });
}
byId("reset").addEventListener("click", () => {
  const size = byId("size").value;
  setLook({ strength: 100, scale: 0, size, colors: false });
  paint();
});
byId("jpg").addEventListener("click", () => save("jpg", "image/jpeg"));
byId("png").addEventListener("click", () => save("png", "image/png"));

startWork(showActions);
results.start((one) => {
  drop();
  clearProblem();
  show(one);
  setLook(one.look);
  say(`Shown again: ${one.title}.`);
});

async function start() {
  byId("where").textContent = painter.where;
  byId("position-label").hidden = !painter.keepsPosition;
  try {
    const found = await painter.open();
    limits = found.limits;
    styles.start(found.networks, changed);
    const enlarging = found.networks.filter((one) => one.task === "super_resolution");
    for (const network of enlarging) {
      const alike = enlarging.filter((one) => one.factor === network.factor).length > 1;
      const button = make("button", { type: "button", disabled: true });
      button.textContent = `Enlarge ${network.factor} ×${alike ? ` (${network.name})` : ""}`;
      button.addEventListener("click", () => enlarge(network));
      byId("enlarge").append(button);
    }
  } catch (error) {
    byId("grid").replaceChildren();
    if (!(error instanceof painter.PaintError)) throw error;
    problem(error.message, () => location.reload());
  }
}

start();
