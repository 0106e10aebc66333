// Scanning with the live camera: a large frame, the torch where there is one, and the photo upload when there is no camera.
import { makeDecoder } from "./decoder.js";

const SIDE = 720; // px of the part that is read: enough for a code at arm's length, and quick
const EVERY = 120; // ms

/** Wires every [data-camera] button of the page to its dialog; what is read goes to `found`. @param {(text: string) => void} found */
export function offerCamera(found) {
  if (!navigator.mediaDevices?.getUserMedia) return;
  for (const button of document.querySelectorAll("[data-camera]")) {
    const dialog = document.getElementById(button.dataset.camera);
    button.hidden = false;
    button.addEventListener("click", () => scanWith(dialog).then((text) => { if (text) found(text); }));
  }
}

/** Opens the camera until a code was read or the guard closes it. @returns {Promise<?string>} */
async function scanWith(dialog) {
  const video = dialog.querySelector("video"), torch = dialog.querySelector("[data-torch]"), said = dialog.querySelector("[data-trouble]");
  let stream = null, open = true, text = null;
  said.hidden = true;
  torch.hidden = true;
  dialog.showModal();
  const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  closed.then(() => { open = false; });
  try {
    const decode = await makeDecoder();
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
    if (open) {
      video.srcObject = stream;
      await video.play();
      offerTorch(torch, stream);
    }
    const canvas = document.createElement("canvas");
    while (open && !text) {
      text = drawn(video, canvas) ? await decode(canvas) : null;
      if (!text) await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  } catch {
    said.hidden = false; // refused, in use elsewhere, or none: the photo and the short code stay
    await closed;
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    if (dialog.open) dialog.close();
  }
  return text;
}

/** Draws the middle square of the picture, where the frame is. Says whether there was a picture. */
function drawn(video, canvas) {
  const side = Math.min(video.videoWidth, video.videoHeight);
  if (!side) return false;
  canvas.width = canvas.height = Math.min(side, SIDE);
  const left = (video.videoWidth - side) / 2, top = (video.videoHeight - side) / 2;
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, left, top, side, side, 0, 0, canvas.width, canvas.height);
  return true;
}

function offerTorch(button, stream) {
  const [track] = stream.getVideoTracks();
  if (!track.getCapabilities?.().torch) return;
  let on = false;
  button.hidden = false;
  button.setAttribute("aria-pressed", "false");
  button.onclick = async () => {
    on = !on;
    await track.applyConstraints({ advanced: [{ torch: on }] }).catch(() => {});
    button.setAttribute("aria-pressed", String(on));
  };
}
