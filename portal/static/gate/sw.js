// The gate's service worker: keeps the app's shell, gives it when there is no network, and wipes the copy at sign-out.
// The portal puts SHELL (version and addresses) before this text; a new deploy changes it, and so replaces the worker.
"use strict";
/* global SHELL */
importScripts(SHELL.wipe);

const CACHE = `rackpass-gate-${SHELL.version}`;
const APP = SHELL.app;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await Promise.all(SHELL.files.map(async (url) => {
      const answer = await fetch(url, { cache: "reload", redirect: "error" });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      await cache.put(url, answer);
    }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("rackpass-gate-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// The shell that stands by speaks the language in which the guard reads now.
self.addEventListener("message", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE), held = await cache.match(APP);
    if (!event.data?.lang || (held && (await held.text()).includes(`<html lang="${event.data.lang}"`))) return;
    const answer = await fetch(APP, { cache: "reload", redirect: "error" });
    if (answer.ok) await cache.put(APP, answer);
  })().catch(() => {}));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === "/sign-out") event.respondWith(signOut(request));
    else if (url.pathname.startsWith("/gate/") || url.pathname.toUpperCase().startsWith("/G/")) event.respondWith(page(request));
  } else if (request.method === "GET" && SHELL.files.includes(url.pathname)) {
    event.respondWith(file(request, url.pathname));
  }
});

/** A page of the gate: the portal's own, or the app's shell when the portal cannot be reached. */
async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(APP)) ?? Response.error();
  }
}

async function file(request, path) {
  return (await caches.match(path)) ?? fetch(request);
}

/** Signing out wipes the copy first, with or without a network; without one the phone owes the portal the sign-out. */
async function signOut(request) {
  await self.wipeGateCopy();
  try {
    return await fetch(request);
  } catch {
    await self.oweSignOut();
    return (await caches.match(APP)) ?? Response.error();
  }
}
