// What the gate decides, rule for rule and code for code as portal/gate/rules.py. Pure: facts in, refusal or null out.
// tests/browser/test_offline.py runs both over one table. What is said of an emergency has the codes of portal/emergencies/rules.py.

/** @typedef {{code: string, data?: Object}} Refusal  Days as ISO dates, moments in ms. */

const refuse = (code, data = {}) => ({ code: `gate.${code}`, data });
const refuseEmergency = (code, data = {}) => ({ code: `emergency.${code}`, data });

/**
 * Whether a badge opens anything at all today.
 * @param {{state: string, until: ?string, rooms: string[], revoked: ?string}} facts  rooms: codes of those in force today
 * @param {string} today @returns {?Refusal}
 */
export function whyNotBadge({ state, until, rooms, revoked }, today) {
  if (state === "lost") return refuse("badge_lost");
  if (state === "expired" || (until !== null && until < today)) return refuse("badge_expired", { day: until });
  if (state === "cancelled" || state === "returned") return refuse("badge_over");
  if (state === "suspended") return refuse("badge_suspended");
  if (state !== "issued") return refuse("badge_not_issued");
  if (revoked) return refuse("reissued");
  return rooms.length ? null : refuse("no_contract");
}

/**
 * Whether a visitor may enter at `now`: approved, from the beginning of the window on and before its end.
 * @param {{visit: string, state: string, starts: number, ends: number, inForce: boolean, frozenUntil: ?number, revoked: ?string}} facts
 *   visit, state: those of the visit and of the person on it @param {number} now @returns {?Refusal}
 */
export function whyNotVisit({ visit, state, starts, ends, inForce, frozenUntil, revoked }, now) {
  if (state === "withdrawn") return refuse(visit === "cancelled" ? "visit_cancelled" : "visitor_withdrawn");
  if (state === "refused") return refuse("visitor_refused");
  if (visit === "over" || (visit === "approved" && now >= ends)) return refuse("visit_over", { at: ends });
  if (visit === "cancelled") return refuse("visit_cancelled");
  if (visit !== "approved" || state !== "approved") return refuse("visit_not_approved");
  if (revoked) return refuse("reissued");
  if (now < starts) return refuse("visit_early", { at: starts });
  if (!inForce) return refuse("visit_no_contract");
  return frozenUntil === null ? null : refuse("visit_frozen", { until: frozenUntil });
}

/**
 * Whether anybody may go in on an emergency at `now`.
 * @param {{number: string, state: string, lapses: ?number, contract: string, inForce: boolean, revoked: ?string}} facts
 * @param {number} now @returns {?Refusal}
 */
export function whyNotEmergency({ number, state, lapses, contract, inForce, revoked }, now) {
  const usable = ["approved", "in_use", "report_due"].includes(state);
  if (state === "asked" || state === "refused") return refuseEmergency("not_approved", { number });
  if (state === "lapsed" || (usable && lapses !== null && now >= lapses)) return refuseEmergency("lapsed", { at: lapses });
  if (!usable) return refuseEmergency("over", { number });
  if (!inForce) return refuseEmergency("contract_stopped", { number: contract });
  return revoked ? refuse("reissued") : null;
}

/** Whether one of an emergency's people may go in: their document was seen, and they were not taken off. @returns {?Refusal} */
export function whyNotPerson({ seen, withdrawn }) {
  if (!seen) return refuseEmergency("not_identified");
  return withdrawn ? refuseEmergency("withdrawn") : null;
}

/**
 * Whether someone may enter now: validity before passing back, and that before what the guard can put right.
 * @param {{refusal: ?Refusal, rooms: string[], room: ?string, inside: ?{room: string, since: number}, escorted: boolean,
 *   escortNamed: boolean, checked: string[], points: string[]}} facts
 * @returns {?Refusal}
 */
export function whyNotEnter({ refusal, rooms, room, inside, escorted, escortNamed, checked, points }) {
  if (refusal) return refusal;
  if (inside) return refuse("already_inside", inside);
  if (room === null) return refuse("choose_room");
  if (!rooms.includes(room)) return refuse("other_room", { room });
  if (escorted && !escortNamed) return refuse("choose_escort");
  return points.every((point) => checked.includes(point)) ? null : refuse("checklist");
}

/**
 * Whether a slip lets anything out today: issued, on its day, once.
 * @param {{state: string, day: string, released: ?number, revoked: ?string}} facts @param {string} today @returns {?Refusal}
 */
export function whyNotSlip({ state, day, released, revoked }, today) {
  if (released !== null) return refuse("slip_used", { at: released });
  if (state === "cancelled") return refuse("slip_cancelled");
  if (state === "lapsed" || (state === "issued" && day < today)) return refuse("slip_lapsed", { day });
  if (state !== "issued") return refuse("slip_not_issued");
  if (revoked) return refuse("reissued");
  return day > today ? refuse("slip_early", { day }) : null;
}

/**
 * Whether what was ticked on a slip may leave.
 * @param {{listed: string[], ticked: string[], moverSeen: boolean, restStays: boolean}} facts @returns {?Refusal}
 */
export function whyNotTicked({ listed, ticked, moverSeen, restStays }) {
  if (!moverSeen) return refuse("mover_not_seen");
  if (!ticked.length || !ticked.every((item) => listed.includes(item))) return refuse("nothing_ticked");
  if (ticked.length !== listed.length && !restStays) return refuse("not_all_ticked", { missing: listed.length - ticked.length });
  return null;
}

/** What may be noted as left at the desk. @param {string[]} kept @returns {?Refusal} */
export function whyNotKept(kept) {
  const most = 12, longest = 60;
  const fits = kept.length <= most && kept.every((item) => [...item].length <= longest);
  return fits ? null : refuse("too_much_kept", { limit: most, length: longest });
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]; // GB 11643

const SHAPES = {
  passport: [/^(?=.*\d)[A-Z0-9]{6,12}$/, "passport_shape"],
  hk_macao_permit: [/^[HM](\d{8}|\d{10})$/, "hk_macao_shape"],
  taiwan_permit: [/^(\d{8}|\d{10})$/, "taiwan_shape"],
};

/** As a number is kept and compared: upper case, no blanks and hyphens, full-width characters made narrow. */
export const plainNumber = (text) => text.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();

/**
 * What a phone can tell of a document that is to be recorded; whether it is right in every way the portal says afterwards.
 * @param {{name: string, kind: string, number: string}} document @returns {?Refusal}
 */
export function whyNotDocument({ name, kind, number }) {
  const plain = plainNumber(number);
  if (!name.trim()) return refuseEmergency("name_missing");
  if (kind in SHAPES) return SHAPES[kind][0].test(plain) ? null : { code: `document.${SHAPES[kind][1]}` };
  const called = kind === "driving_licence" ? "licence" : "identity";
  if (!/^\d{17}[\dX]$/.test(plain)) return { code: `document.${called}_shape` };
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(plain[place]), 0);
  return "10X98765432"[sum % 11] === plain[17] ? null : { code: `document.${called}_check` };
}
