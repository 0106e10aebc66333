// The gate's pages while there is a network: keeps the phone's copy fresh, sends what happened offline, offers the live camera.
import { offerCamera } from "./camera.js";
import { clockOffset, dropIfOver } from "./copy.js";
import { counts } from "./queue.js";
import { sync } from "./sync.js";
import { recall } from "./vault.js";
import { clockTime, word } from "./words.js";

const EVERY = 60_000; // ms
const bar = document.querySelector("[data-net]");

/** Says on the page how things stand; quiet while all is well. */
async function tell({ state, objections = 0, unreadable = 0 }) {
  const line = bar.querySelector("[data-net-line]");
  const madeAt = await recall("madeAt"), { all } = await counts(null);
  const now = Date.now() + (await clockOffset());
  const parts = [];
  if (state === "offline") parts.push(word("network-gone"));
  if (state === "off_duty") parts.push(word("off-duty"));
  if (madeAt !== undefined) parts.push(word("copy-of", { at: clockTime(madeAt, await recall("zone"), now) }));
  if (all) parts.push(word("waits", { count: all }));
  if (unreadable) parts.push(word("unreadable", { count: unreadable }));
  if (objections) parts.push(word("objections", { count: objections }));
  bar.dataset.net = objections || unreadable ? "objections" : state;
  line.textContent = parts.join(" ");
  bar.hidden = !parts.length;
}

async function round() {
  await dropIfOver();
  const told = await sync();
  await tell(told);
}

async function start() {
  const scan = document.querySelector("form[data-scan]");
  if (scan) {
    offerCamera((text) => {
      scan.elements.code.value = text;
      scan.requestSubmit();
    });
  }
  if (!("serviceWorker" in navigator) || !("locks" in navigator)) return;
  await navigator.serviceWorker.register("/gate/sw.js", { scope: "/" });
  // The shell that stands by speaks the reader's language of now.
  navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ lang: document.documentElement.lang }));
  await round();
  setInterval(() => { if (document.visibilityState === "visible") round(); }, EVERY);
}

window.addEventListener("online", round);
start();
