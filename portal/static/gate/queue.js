// What happened without a network, until the portal has booked it. Sealed under a key of the guard whose events they are.
import { packed, seal, step, unpacked, unseal } from "./vault.js";

const keyOf = (guard) => `queue ${guard}`;

/**
 * @typedef {Object} Happened  As /gate/offline/events reads it; `shown` stays on the phone.
 * @property {string} nonce @property {"scan"|"entry"|"exit"|"release"|"refusal"} kind @property {string} guard
 * @property {number} at @property {number} copied @property {?string} pass @property {?string} room @property {string[]} points
 * @property {string[]} items @property {?string} escort @property {string[]} kept @property {string[]} given_back @property {boolean} mover_seen @property {boolean} rest_stays @property {?string} who @property {string} serial @property {string} code @property {string} reason @property {?Seen} document
 * @property {{label: string, name: string, client: string, hash: ?string}} shown
 */

/** @typedef {{name: string, kind: string, number: string}} Seen  a document that the guard saw, as they wrote it down */

/** A nonce that nobody guesses: the portal books each once. */
export function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keeps an event; it is on the disk when this resolves. @param {Happened} happened */
export async function add(happened) {
  const box = await seal(keyOf(happened.guard), happened.nonce, packed(happened));
  await step(["queue"], "readwrite", ({ queue }) => queue.add({ guard: happened.guard, event: happened.nonce, ...box }));
}

/**
 * A guard's unsent events in their order, each with its place. One that cannot be opened any more is sent as what it is: damaged.
 * @returns {Promise<{place: number, happened: Happened}[]>}
 */
export async function waiting(guard) {
  const found = [];
  for (const { place, row } of await rows()) {
    if (row.guard !== guard) continue;
    const opened = await unseal(keyOf(guard), row.event, row).then(unpacked).catch(() => damaged(row));
    found.push({ place, happened: opened });
  }
  return found;
}

const damaged = ({ event, guard }) => ({
  nonce: event, kind: "damaged", guard, at: 0, pass: null, kept: [], document: null, shown: { label: "", name: "", client: "", hash: null },
});

/** How many events wait in all, and how many of them are not this guard's (they wait for their own guard's sign-in). */
export async function counts(guard) {
  const all = (await rows()).map(({ row }) => row);
  return { all: all.length, others: all.filter((row) => row.guard !== guard).length };
}

/** Forgets events that the portal has. Their key stays until the next wipe: another page may be sealing one under it just now. */
export async function forget(places) {
  await step(["queue"], "readwrite", ({ queue }) => { for (const place of places) queue.delete(place); });
}

async function rows() {
  const found = [];
  await step(["queue"], "readonly", ({ queue }) => {
    queue.openCursor().onsuccess = (event) => {
      const cursor = event.target.result;
      if (!cursor) return;
      found.push({ place: cursor.key, row: cursor.value });
      cursor.continue();
    };
  });
  return found;
}
