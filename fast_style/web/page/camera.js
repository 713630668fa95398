// A photograph from the camera of the device.

import { byId } from "./elements.js";

const dialog = byId("camera");
const video = byId("video");
let stream = null;
let taken = () => {};

/** Opens the camera; `onPhoto` gets a photograph, a Blob, if one is taken. */
export async function open(onPhoto) {
  taken = onPhoto;
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
byId("camera-close").addEventListener("click", close);
dialog.addEventListener("close", close);
