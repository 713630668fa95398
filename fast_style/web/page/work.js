// One piece of work at a time, which can be dropped.

import * as compare from "./compare.js";
import { byId } from "./elements.js";
import * as painter from "./painter.js";
import { clearProblem, problem, say } from "./words.js";

const TRIES = 5; // where the painter is busy

let running = null; // AbortController of what is being painted
let ended = null; // called after each

/** `after` is called whenever nothing runs any longer. */
export function start(after) {
  ended = after;
}

export function isRunning() {
  return Boolean(running);
}

/**
 * Runs one piece of work in place of what still runs; what it returns, or null where it failed or
 * was dropped. `again` starts it anew, where that may help.
 */
export async function work(words, action, again) {
  drop();
  clearProblem();
  const controller = new AbortController();
  running = controller;
  const started = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000);
    byId("clock").textContent = seconds ? `${seconds} s` : "";
  }, 250);
  say(words);
  compare.showWorking(true);
  byId("cancel").hidden = false;
  try {
    return await patiently(action, controller.signal);
  } catch (error) {
    if (!(error instanceof painter.PaintError) && error.name !== "AbortError") throw error;
    if (error.name !== "AbortError") problem(error.message, error.passing ? again : null);
    else if (running === controller) say("Cancelled.");
    return null;
  } finally {
    clearInterval(timer);
    if (running === controller) {
      running = null;
      byId("clock").textContent = "";
      byId("cancel").hidden = true;
      compare.showWorking(false);
      ended();
    }
  }
}

async function patiently(action, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action(signal);
    } catch (error) {
      if (!error.retryAfter || attempt === TRIES) throw error;
      say(`Others are being painted; trying again in ${error.retryAfter} s …`);
      await pause(1000 * error.retryAfter, signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Drops what runs. */
export function drop() {
  running?.abort();
}

byId("cancel").addEventListener("click", drop);
