// Comfort for the gate: yes and no sound and feel different, a scanned serial number is ticked at once, a photo sends itself.
"use strict";

document.documentElement.classList.add("with-script");
const byHand = navigator.userActivation;

// Yes is short and high, no is long, low and twice. Browsers allow either only to pages that someone has touched.
const SIGNALS = {
  ok: { pulses: [70], tones: [[1320, 0, 0.12]] },
  wait: { pulses: [120, 90, 120], tones: [[660, 0, 0.12], [660, 0.2, 0.12]] },
  stop: { pulses: [320, 120, 320], tones: [[220, 0, 0.3], [180, 0.36, 0.4]] },
};

function signal(tone) {
  const { pulses, tones } = SIGNALS[tone];
  if (byHand && !byHand.hasBeenActive) return;
  navigator.vibrate?.(pulses);
  const audio = window.AudioContext && new AudioContext();
  if (!audio) return;
  const late = setTimeout(() => audio.close(), 400); // a beep that comes later than what it tells of confuses
  audio.resume().then(() => {
    clearTimeout(late);
    for (const [pitch, after, length] of tones) {
      const voice = audio.createOscillator(), loudness = audio.createGain(), from = audio.currentTime + after;
      voice.type = tone === "stop" ? "square" : "sine";
      voice.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.18, from);
      loudness.gain.exponentialRampToValueAtTime(0.001, from + length);
      voice.connect(loudness).connect(audio.destination);
      voice.start(from);
      voice.stop(from + length);
    }
    setTimeout(() => audio.close(), 1500);
  }).catch(() => {});
}

const verdict = document.querySelector("[data-verdict]");
if (verdict) signal(verdict.dataset.verdict);

// A photo that was taken is read without another press.
for (const photo of document.querySelectorAll("input[type=file][data-send]")) {
  photo.addEventListener("change", () => { if (photo.files.length) photo.form.requestSubmit(); });
}

// A keyboard scanner sends the serial number and Enter: the item is ticked in the page. What is not on the slip goes to the
// server, which refuses it and keeps the attempt.
for (const slip of document.querySelectorAll("form[data-slip]")) {
  const scanned = slip.querySelector("[data-tick]"), tally = slip.querySelector("[data-tally]");
  const boxes = [...slip.querySelectorAll("input[name=item]")];
  const plain = (text) => text.normalize("NFKC").replace(/\s+/g, "").toUpperCase();
  const count = () => {
    const seen = boxes.filter((box) => box.checked).length;
    tally.textContent = seen;
    tally.closest(".tally").classList.toggle("all", seen === boxes.length);
  };
  scanned.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !scanned.value.trim()) return;
    const box = boxes.find((one) => plain(one.parentElement.querySelector(".item-code").textContent) === plain(scanned.value));
    if (!box) return;
    event.preventDefault();
    for (const label of slip.querySelectorAll(".just-now")) label.classList.remove("just-now");
    box.checked = true;
    box.parentElement.classList.add("just-now");
    box.parentElement.scrollIntoView({ block: "nearest" });
    scanned.value = "";
    count();
    signal("ok");
  });
  slip.addEventListener("change", count);
  window.addEventListener("pageshow", count);
}

// Who turns someone away goes on to say why.
window.addEventListener("hashchange", () => { if (location.hash === "#turn-away") document.getElementById("reason")?.focus(); });
