// Wiping the phone's copy. A classic script, so that the service worker (importScripts) and the pages share it.
"use strict";

/** What the database holds. `queue` and the keys of its guards outlive a wipe: what happened is never lost. */
globalThis.gateStore = {
  name: "rackpass-gate",
  version: 1,
  stores: ["keys", "copy", "photos", "state", "queue"],
};

/** Opens the phone's database, making its stores the first time. @returns {Promise<IDBDatabase>} */
globalThis.openGateStore = () =>
  new Promise((resolve, reject) => {
    const { name, version, stores } = globalThis.gateStore;
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => {
      for (const store of stores) asked.result.createObjectStore(store, store === "queue" ? { autoIncrement: true } : undefined);
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });

/** Removes the copy, the photos and their key; unsent events stay, sealed under their guard's own key. */
globalThis.wipeGateCopy = async () => {
  const database = await globalThis.openGateStore();
  try {
    await new Promise((resolve, reject) => {
      const work = database.transaction(globalThis.gateStore.stores, "readwrite");
      for (const store of ["copy", "photos", "state"]) work.objectStore(store).clear();
      work.objectStore("queue").getAll().onsuccess = (event) => {
        const needed = new Set(event.target.result.map((row) => `queue ${row.guard}`));
        const keys = work.objectStore("keys");
        keys.getAllKeys().onsuccess = (names) => {
          for (const name of names.target.result) if (!needed.has(name)) keys.delete(name);
        };
      };
      work.oncomplete = resolve;
      work.onabort = work.onerror = () => reject(work.error);
    });
  } finally {
    database.close();
  }
};

/** Notes that the guard signed out without a network: the next sync ends the session instead of fetching a copy. */
globalThis.oweSignOut = async () => {
  const database = await globalThis.openGateStore();
  try {
    await new Promise((resolve, reject) => {
      const work = database.transaction(["state"], "readwrite");
      work.objectStore("state").put(true, "leaving");
      work.oncomplete = resolve;
      work.onabort = work.onerror = () => reject(work.error);
    });
  } finally {
    database.close();
  }
};
