// Reading a pass's token and short code, as portal/passes/token.py does; the signature is checked by the browser itself.

/** @typedef {{kind: number, pass: string, validUntil: number}} Token  What a token says: pass in 32 hex digits, validUntil in ms. */

export const LENGTH = 138;
export const KIND = { badge: 1, exit_slip: 2, work_order: 3, visit: 4, emergency: 5 };
const VERSION = 1;
const HEAD_BYTES = 22;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SCANNED = new RegExp(`(?:^|/G/)([A-Z2-7]{${LENGTH}})$`, "i");
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 10;
const POLYNOMIAL = 0b100101;

/** Not a token or short code of this portal. `code` is that of the Python module, or "unsupported". */
export class Unreadable extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The token in what a camera or a keyboard scanner read, upper-case; null if there is none. */
export function tokenFromScan(text) {
  const found = SCANNED.exec(text.trim());
  return found ? found[1].toUpperCase() : null;
}

/** Public keys to verify with, by number. Null when this browser knows no Ed25519. */
export async function importKeys(raw) {
  const keys = new Map();
  try {
    for (const [number, text] of Object.entries(raw)) {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      keys.set(Number(number), await crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]));
    }
  } catch {
    return null;
  }
  return keys;
}

/**
 * What a token says, its signature checked. Its expiry is told, not judged.
 * @param {string} text @param {Map<number, CryptoKey> | null} keys @returns {Promise<Token>}
 */
export async function readToken(text, keys) {
  const packed = unpack(text);
  if (packed === null) throw new Unreadable("malformed");
  if (packed[0] >> 4 !== VERSION) throw new Unreadable("unknown_version");
  if (keys === null) throw new Unreadable("unsupported");
  const key = keys.get(packed[1]);
  if (!key) throw new Unreadable("unknown_key");
  const head = packed.slice(0, HEAD_BYTES);
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, packed.slice(HEAD_BYTES), head))) throw new Unreadable("bad_signature");
  const kind = head[0] & 15;
  if (!Object.values(KIND).includes(kind)) throw new Unreadable("malformed");
  const minutes = new DataView(head.buffer, head.byteOffset).getUint32(2);
  return { kind, pass: hex(head.slice(6)), validUntil: minutes * 60_000 };
}

/** The bytes of canonical base32, null for anything else: one pass, one text. */
function unpack(text) {
  if (text.length !== LENGTH) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0, held = 0, at = 0;
  for (const character of text) {
    const value = BASE32.indexOf(character);
    if (value < 0) return null;
    bits = (bits << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  return bits === 0 ? bytes : null;
}

/** The short code as stored, from what was typed: any case, spaces, hyphens, O as 0, I and L as 1. Throws Unreadable. */
export function normaliseShortCode(text) {
  const characters = [...text.toUpperCase()].filter((c) => !/[\s\-‐‑–—_]/.test(c));
  const values = characters.map((c) => CROCKFORD.indexOf({ O: "0", I: "1", L: "1" }[c] ?? c));
  if (values.length !== CODE_LENGTH || values.includes(-1)) throw new Unreadable("malformed");
  if (check(values.slice(0, -1)) !== values.at(-1)) throw new Unreadable("wrong_check");
  return values.map((value) => CROCKFORD[value]).join("");
}

function check(values) {
  let total = 0;
  for (const value of values) {
    total = (total ^ value) << 1;
    if (total & 32) total ^= POLYNOMIAL;
  }
  return total;
}

function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
