// The strip of the last results.

import { byId, make, thumbnail } from "./elements.js";

const MOST = 12;
const SIDE = 168; // pixels of a thumbnail, twice what it takes on the page
const strip = byId("strip");
let results = [];
let show = () => {};

/** `onShow` is called with a result that was chosen. */
export function start(onShow) {
  show = onShow;
  byId("clear").addEventListener("click", () => {
    for (const result of results.filter((one) => !one.current)) forget(result);
    results = results.filter((one) => one.current);
    byId("strip").querySelector("button")?.focus();
  });
}

/** Puts a result, {blob, url, title, ...}, first. */
export async function add(result) {
  const image = make("img", { alt: "", src: await thumbnail(result.blob, SIDE) });
  const button = make("button", { type: "button", title: result.title }, image);
  button.setAttribute("aria-label", result.title);
  button.addEventListener("click", () => show(result));
  result.item = make("li", {}, button);
  strip.prepend(result.item);
  results.unshift(result);
  for (const old of results.splice(MOST)) forget(old);
  byId("results").hidden = false;
  strip.scrollTo({ left: 0 });
}

/** Marks the result that is shown now. */
export function mark(result) {
  for (const one of results) {
    one.current = one === result;
    const button = one.item.querySelector("button");
    if (one.current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function forget(result) {
  URL.revokeObjectURL(result.url);
  URL.revokeObjectURL(result.item.querySelector("img").src);
  result.item.remove();
}
