// What the page says: what it is doing, and what went wrong.

import { byId } from "./elements.js";

let retry = null; // what "Try again" does

export function say(words) {
  byId("status").textContent = words;
}

/** Says what went wrong; `again`, if there is one, is what "Try again" does. */
export function problem(words, again = null) {
  say("");
  retry = again;
  byId("again").hidden = !again;
  byId("problem-text").textContent = words;
  byId("problem").hidden = false;
}

export function clearProblem() {
  retry = null;
  byId("problem").hidden = true;
}

byId("again").addEventListener("click", () => retry?.());
