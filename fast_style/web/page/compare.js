// The photograph and the painting on top of each other, with a slider between them.

import { byId } from "./elements.js";

const frame = byId("compare");
const split = byId("split");

/** Shows a photograph without a painting. */
export function showPhoto(photo) {
  frame.style.setProperty("--ratio", photo.width / photo.height);
  byId("before").src = photo.url;
  byId("after").hidden = true;
  byId("after").removeAttribute("src");
  split.disabled = true;
  frame.classList.remove("painted");
  frame.hidden = false;
}

/** Shows a painting, or an enlarged picture, over its photograph. */
export async function showPainting(photo, url, words) {
  const after = byId("after");
  if (byId("before").getAttribute("src") !== photo.url) showPhoto(photo);
  // Decoded before it is shown, so that nothing flickers.
  const next = new Image();
  next.src = url;
  await next.decode().catch(() => {});
  after.src = url;
  after.alt = words;
  after.hidden = false;
  split.disabled = false;
  frame.classList.add("painted");
}

/** Shows that something is being painted, or not. */
export function showWorking(working) {
  frame.classList.toggle("working", working);
  frame.setAttribute("aria-busy", String(working));
}

function place() {
  frame.style.setProperty("--split", `${split.value}%`);
}

split.addEventListener("input", place);

frame.addEventListener("pointerdown", (event) => {
  if (split.disabled || event.button) return;
  frame.setPointerCapture(event.pointerId);
  follow(event);
});
frame.addEventListener("pointermove", (event) => {
  if (frame.hasPointerCapture(event.pointerId)) follow(event);
});

function follow(event) {
  const box = frame.getBoundingClientRect();
  split.value = (100 * (event.clientX - box.left)) / box.width;
  place();
}
