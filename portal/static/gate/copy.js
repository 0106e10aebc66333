// The phone's copy of what the gate needs: kept by section, opened as a whole, dropped when its time is over.
import { packed, recall, remember, seal, step, unpacked, unseal, wipe } from "./vault.js";

const KEY = "copy";

/**
 * @typedef {Object} Copy
 * @property {{id: string, name: string}} guard
 * @property {number} madeAt  by the server's clock, ms
 * @property {Object} house  rooms, checklist, words, keys, bans, freezes, zone, life
 * @property {Object[]} badges @property {Object[]} visits @property {Object[]} emergencies @property {Object[]} slips @property {Object[]} inside @property {Object<string, number>} releases
 * @property {Map<string, Object>} byPass @property {Map<string, Object>} byCode
 */

/** How far the server's clock is ahead of this phone's, as learned at the last sync (ms). */
export async function clockOffset() {
  return (await recall("offset")) ?? 0;
}

/** The time now, by the server's clock as far as the phone knows it. */
export async function correctedNow() {
  return Date.now() + (await clockOffset());
}

/** The versions of the sections that the phone has, to ask only for what changed. */
export async function versions() {
  return (await recall("versions")) ?? {};
}

/**
 * Takes in an answer of /gate/offline/snapshot. A copy that is another guard's is wiped first.
 * @param {{guard: Object, now: number, until: ?number, life: number, zone: string, sections: Object}} answer @param {number} offset
 */
export async function take(answer, offset) {
  const owner = await recall("guard");
  if (owner && owner !== answer.guard.id) await wipe();
  const known = await versions();
  const boxes = { guard: await seal(KEY, "guard", packed(answer.guard)) };
  for (const [name, { version, data }] of Object.entries(answer.sections)) {
    boxes[name] = await seal(KEY, name, packed(data));
    known[name] = version;
  }
  await step(["copy", "state"], "readwrite", ({ copy, state }) => {
    for (const [name, box] of Object.entries(boxes)) copy.put(box, name);
    state.put(answer.guard.id, "guard");
    state.put(known, "versions");
    state.put(answer.now, "madeAt");
    state.put(answer.until, "until");
    state.put(answer.life, "life");
    state.put(answer.zone, "zone");
  });
  await remember("offset", offset);
}

/** Wipes the copy if its time is over: the shift has ended, or it is too old to rest on. Says whether it did. */
export async function dropIfOver() {
  const [madeAt, until, life, now] = await Promise.all([recall("madeAt"), recall("until"), recall("life"), correctedNow()]);
  if (madeAt === undefined) return false;
  if (now - madeAt <= (life ?? 0) && (until === null || until === undefined || now < until)) return false;
  await wipe();
  return true;
}

/** The copy, opened; null when there is none that counts. @returns {Promise<?Copy>} */
export async function open() {
  if (await dropIfOver()) return null;
  const names = ["guard", "house", "badges", "visits", "emergencies", "slips", "inside", "releases"];
  const found = {};
  for (const name of names) {
    const box = await step(["copy"], "readonly", ({ copy }) => copy.get(name));
    if (!box) return null;
    try {
      found[name] = unpacked(await unseal(KEY, name, box));
    } catch {
      return null;
    }
  }
  const records = [...found.badges, ...found.visits, ...found.emergencies, ...found.slips];
  return {
    ...found,
    madeAt: await recall("madeAt"),
    byPass: new Map(records.map((record) => [record.pass, record])),
    byCode: new Map(records.map((record) => [record.code, record])),
  };
}

/** The ids of the photos that the copy's people need and that are not kept yet; those that nobody needs any more are removed. */
export async function missingPhotos(copy) {
  const wanted = new Set(copy.badges.map((badge) => badge.photo).filter(Boolean));
  const kept = new Set(await step(["photos"], "readonly", ({ photos }) => photos.getAllKeys()));
  const needless = [...kept].filter((id) => !wanted.has(id));
  if (needless.length) await step(["photos"], "readwrite", ({ photos }) => { for (const id of needless) photos.delete(id); });
  return [...wanted].filter((id) => !kept.has(id));
}

export async function keepPhoto(id, bytes) {
  const box = await seal(KEY, `photo ${id}`, bytes);
  await step(["photos"], "readwrite", ({ photos }) => photos.put(box, id));
}

/** An address for an <img>, null when the photo is not kept. The caller revokes it. */
export async function photoUrl(id) {
  const box = id && (await step(["photos"], "readonly", ({ photos }) => photos.get(id)));
  if (!box) return null;
  return URL.createObjectURL(new Blob([await unseal(KEY, `photo ${id}`, box)], { type: "image/jpeg" }));
}
