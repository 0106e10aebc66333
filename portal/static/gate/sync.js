// Keeping the phone and the portal of one mind: sends what happened, in order, then fetches what changed.
import { clockOffset, keepPhoto, missingPhotos, open, take, versions } from "./copy.js";
import { counts, forget, waiting } from "./queue.js";
import { recall, remember, wipe } from "./vault.js";

const BATCH = 100;
const PHOTOS_AT_ONCE = 4;
const UNCHANGED = Symbol("unchanged");
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
    let answer = await fetchCopy(await mayRest());
    if (answer === UNCHANGED) return told;
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
    await remember("tag", answer.tag); // with its photos it is whole: from here on it may rest
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what fetch throws when there is no network
    told.state = "offline";
  }
  return told;
}

/** Whether this round has nothing to do but to hear that nothing has changed: nothing waits, and no sign-out is owed. */
async function mayRest() {
  const [madeAt, tag, leaving, { all }] = await Promise.all([recall("madeAt"), recall("tag"), recall("leaving"), counts(null)]);
  return madeAt !== undefined && !leaving && !all ? tag : null;
}

/** What changed since the last time; null when nobody is signed in, or not one who stands at the gate. `tag`: what it may rest on. */
async function fetchCopy(tag = null) {
  const known = new URLSearchParams(await versions());
  const asked = Date.now();
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch(`/gate/offline/snapshot?${known}`, { redirect: "manual", cache: "no-store", headers });
  if (answer.status === 304) {
    await confirmed(Number(answer.headers.get("X-Gate-Now")), asked);
    return UNCHANGED;
  }
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new TypeError(`the portal answers ${answer.status}`);
  const body = await answer.json();
  return { body, offset: offsetOf(body.now, asked), tag: answer.headers.get("ETag") };
}

const offsetOf = (now, asked) => Math.round(now - (asked + Date.now()) / 2);

/** The copy is as the portal would make it now: it counts from now on. */
async function confirmed(now, asked) {
  await remember("madeAt", now);
  await remember("offset", offsetOf(now, asked));
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
