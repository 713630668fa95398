// A photograph from the camera of the device.

import { byId } from "./elements.js";
import * as painter from "./painter.js";

const LIVE = 256; // pixels, long side of the frames that are painted live

const dialog = byId("camera");
const video = byId("video");
let stream = null;
let taken = () => {};
let asked = () => null; // options of the painter

/**
 * Opens the camera; `onPhoto` gets a photograph, a Blob, if one is taken. Where the painter paints
 * frames, they are painted as `options` returns it.
 */
export async function open(onPhoto, options) {
  taken = onPhoto;
  asked = options;
  if (!navigator.mediaDevices) {
    // Browsers lend the camera to pages of this computer and of https only; phones have another way.
    byId("capture").click();
    return;
  }
  byId("camera-problem").hidden = true;
  byId("shoot").disabled = true;
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1920 }, height: { ideal: 1440 }, facingMode: "environment" },
    });
    if (!dialog.open) return close();
    video.srcObject = stream;
    await video.play();
    byId("shoot").disabled = false;
    byId("shoot").focus();
    paintLive();
  } catch (error) {
    const words = {
      NotAllowedError: "The browser may not use the camera; its settings for this page allow it.",
      NotFoundError: "There is no camera.",
      NotReadableError: "Another program uses the camera.",
    };
    byId("camera-problem").textContent = words[error.name] ?? `The camera does not work: ${error.message}`;
    byId("camera-problem").hidden = false;
  }
}

/** Paints frame after frame, as long as it is wished. */
async function paintLive() {
  const canvas = byId("live-picture");
  while (stream && byId("live").checked) {
    const scale = LIVE / Math.max(video.videoWidth, video.videoHeight);
    const size = {
      resizeWidth: Math.round(video.videoWidth * scale),
      resizeHeight: Math.round(video.videoHeight * scale),
    };
    try {
      const painted = await painter.frame(await createImageBitmap(video, size), asked());
      canvas.width = painted.width;
      canvas.height = painted.height;
      canvas.getContext("2d").drawImage(painted, 0, 0);
      painted.close();
      canvas.hidden = false;
    } catch (error) {
      if (!(error instanceof painter.PaintError)) throw error;
      byId("camera-problem").textContent = error.message;
      byId("camera-problem").hidden = false;
      byId("live").checked = false;
    }
    await new Promise(requestAnimationFrame);
  }
  canvas.hidden = true;
}

function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  if (dialog.open) dialog.close();
}

byId("shoot").addEventListener("click", async () => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  close();
  taken(await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95)));
});
byId("live-label").hidden = !painter.frame;
byId("live").addEventListener("change", paintLive);
byId("camera-close").addEventListener("click", close);
dialog.addEventListener("close", close);
