// What the phone keeps, sealed: AES-GCM under keys that the browser holds and does not give out. Nothing readable reaches the disk.
import "./wipe.js";

const NONCE_BYTES = 12;
/** @type {?Promise<IDBDatabase>} */
let opened = null;

function database() {
  opened ??= globalThis.openGateStore().then((db) => {
    db.onversionchange = () => { db.close(); opened = null; };
    db.onclose = () => { opened = null; };
    return db;
  });
  return opened;
}

/**
 * One step in the database; `work` gets the object stores by name and may return a request, whose result is given.
 * @param {string[]} stores @param {"readonly"|"readwrite"} mode @param {(stores: Object<string, IDBObjectStore>) => ?IDBRequest} work
 */
export async function step(stores, mode, work) {
  const transaction = (await database()).transaction(stores, mode, { durability: "strict" });
  const asked = work(Object.fromEntries(stores.map((name) => [name, transaction.objectStore(name)])));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** The key of that name, made the first time. It cannot be exported. @returns {Promise<CryptoKey>} */
export async function key(name) {
  const held = await step(["keys"], "readonly", ({ keys }) => keys.get(name));
  if (held) return held;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Two pages at once: the first one's key stands, the second takes it.
  await step(["keys"], "readwrite", ({ keys }) => {
    keys.get(name).onsuccess = (event) => { if (!event.target.result) keys.put(made, name); };
  });
  return step(["keys"], "readonly", ({ keys }) => keys.get(name));
}

/** Seals bytes; `place` binds them to where they are kept. @returns {Promise<{nonce: Uint8Array, sealed: ArrayBuffer}>} */
export async function seal(keyName, place, bytes) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(place) };
  return { nonce, sealed: await crypto.subtle.encrypt(algorithm, await key(keyName), bytes) };
}

/** Opens what `seal` made. Rejects when the key is gone or the bytes were moved or altered. @returns {Promise<ArrayBuffer>} */
export async function unseal(keyName, place, { nonce, sealed }) {
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(place) };
  return crypto.subtle.decrypt(algorithm, await key(keyName), sealed);
}

export const packed = (value) => new TextEncoder().encode(JSON.stringify(value));
export const unpacked = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** Small facts that tell of nobody: when the copy was made, whose it is, how far the clock is off. */
export const remember = (name, value) => step(["state"], "readwrite", ({ state }) => state.put(value, name));
export const recall = (name) => step(["state"], "readonly", ({ state }) => state.get(name));

/** Wipes the copy; see wipe.js. */
export async function wipe() {
  await globalThis.wipeGateCopy();
}
