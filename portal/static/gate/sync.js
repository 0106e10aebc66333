// Keeping the phone and the portal of one mind: sends what happened, in order, then fetches what changed.
import { clockOffset, keepPhoto, missingPhotos, open, take, versions } from "./copy.js";
import { forget, waiting } from "./queue.js";
import { recall, wipe } from "./vault.js";

const BATCH = 100;
const PHOTOS_AT_ONCE = 4;
const DONE = new Set(["booked", "objection", "known", "unreadable"]); // the portal has it, if only to ask about

/**
 * @typedef {Object} Synced
 * @property {"online"|"offline"|"signed_out"|"off_duty"} state @property {number} sent @property {number} objections @property {number} kept  stay on the phone @property {number} unreadable  of those sent
 */

/** One round. Of several pages of this phone one does it at a time. @returns {Promise<Synced>} */
export function sync() {
  return navigator.locks.request("gate-sync", round);
}

async function round() {
  const told = { state: "online", sent: 0, objections: 0, kept: 0, unreadable: 0 };
  try {
    let answer = await fetchCopy();
    if (answer === null) {
      await wipe();
      return { ...told, state: "signed_out" };
    }
    // The clock's offset of before is what the events' times rest on: their sending is told by it, too.
    const offset = (await recall("madeAt")) === undefined ? answer.offset : await clockOffset();
    for (let more = true; more; ) more = await sendBatch(answer.body, offset, told);
    if (await recall("leaving")) {
      await signOut(answer.body.csrf);
      return { ...told, state: "signed_out" };
    }
    if (answer.body.shift === null) {
      await wipe(); // the shift is over, or has not begun: what happened is sent, and nothing stays
      return { ...told, state: "off_duty" };
    }
    if (told.sent) answer = (await fetchCopy()) ?? answer;
    await take(answer.body, told.kept ? offset : answer.offset);
    await fetchPhotos();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what fetch throws when there is no network
    told.state = "offline";
  }
  return told;
}

/** What changed since the last time; null when nobody is signed in, or not one who stands at the gate. */
async function fetchCopy() {
  const known = new URLSearchParams(await versions());
  const asked = Date.now();
  const answer = await fetch(`/gate/offline/snapshot?${known}`, { redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new TypeError(`the portal answers ${answer.status}`);
  const body = await answer.json();
  return { body, offset: Math.round(body.now - (asked + Date.now()) / 2) };
}

/** Sends the next events. Says whether there are more to send. */
async function sendBatch({ csrf, guard }, offset, told) {
  const all = await waiting(guard.id);
  const batch = all.slice(told.kept, told.kept + BATCH);
  if (!batch.length) return false;
  const events = batch.map(({ happened: { shown, ...event } }) => event);
  const answer = await fetch("/gate/offline/events", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify({ sent: Date.now() + offset, events }),
    redirect: "manual",
  });
  if (!answer.ok) throw new TypeError(`the portal answers ${answer.status}`);
  const { outcomes } = await answer.json(); // one for each event, in their order: a damaged one may have no nonce to tell it by
  const done = batch.filter((_one, number) => DONE.has(outcomes[number]?.outcome));
  await forget(done.map(({ place }) => place));
  told.sent += done.length;
  told.objections += outcomes.filter(({ outcome, objection }) => objection && outcome !== "unreadable").length;
  told.unreadable += outcomes.filter(({ outcome }) => outcome === "unreadable").length;
  told.kept += batch.length - done.length;
  return all.length > told.kept + done.length;
}

/** The sign-out that was pressed without a network. */
async function signOut(csrf) {
  await fetch("/sign-out", { method: "POST", headers: { "X-CSRFToken": csrf }, redirect: "manual" });
  await wipe();
}

async function fetchPhotos() {
  const copy = await open();
  const missing = copy ? await missingPhotos(copy) : [];
  const next = async () => {
    for (let id = missing.pop(); id; id = missing.pop()) {
      const answer = await fetch(`/gate/offline/photos/${id}`, { redirect: "manual" });
      if (answer.ok) await keepPhoto(id, await answer.arrayBuffer());
    }
  };
  await Promise.all(Array.from({ length: PHOTOS_AT_ONCE }, next));
}
