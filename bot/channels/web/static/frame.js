// The chat in a frame on the shop's page. It starts when the page has said who the visitor is; a frame's life belongs to
// one visitor: for another one it is loaded anew, so that nothing of the former is left on the screen or in memory.

import { host, owner } from "./around.js";
import { T } from "./texts.js";

const { root, origins: allowed } = document.body.dataset;
const origins = JSON.parse(allowed);
const PAUSES = [1000, 3000]; // before the server is asked again about a visitor
const YOUNG = 60_000; // ms; a session that ends this soon after it began would end again
const KEPT = ["sangdam.draft.", "sangdam.unsent.", "sangdam.files."];

let shop = ""; // the origin of the page around us, once it has spoken
let signed; // what the page said last: the signed visitor, null for none, undefined before it said anything
let turn = 0;
let started = false;
// What the life before this one has left to say: then this one goes on without the visitor.
const alone = history.state?.alone ?? "";
history.replaceState(null, "");

function tell(name, data = {}) {
  if (shop) parent.postMessage({ sangdam: name, ...data }, shop);
}

function heard(event) {
  if (event.source !== parent || !origins.includes(event.origin)) return;
  const said = event.data;
  if (said?.sangdam === "visitor" && (said.visitor === null || typeof said.visitor === "string")) {
    shop = event.origin;
    tell("here");
    become(said.visitor);
  } else if (said?.sangdam === "shown" && typeof said.on === "boolean") {
    host.shown = said.on;
    host.onshown(said.on);
  }
}

async function become(visitor) {
  const mine = ++turn;
  const before = signed;
  signed = visitor;
  if (started && visitor === before) return;
  if (started && (!visitor || !owner.account || subject(visitor) !== subject(before))) {
    anew(); // the page is asked again
    return;
  }
  const found = alone && !started ? { remark: alone } : await identify(visitor);
  if (mine !== turn) return;
  if (found.reason) tell("visitor", { state: "refused", reason: found.reason });
  else if (found.account) tell("visitor", { state: "accepted", reason: "" });
  if (started) {
    if (found.token) owner.token = found.token; // the same visitor, for longer
    return;
  }
  started = true;
  Object.assign(owner, { account: found.account ?? "", token: found.token ?? null, remark: found.remark ?? "" });
  if (visitor === null) forget();
  await import("./chat.js");
}

async function identify(visitor) {
  if (visitor === null) return {};
  for (let tries = 0; ; tries += 1) {
    let said = {};
    try {
      const response = await fetch(`${root}/widget/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ visitor }),
        cache: "no-store",
      });
      said = await response.json();
      if (response.ok) return said;
      if (![429, 503].includes(response.status)) return { remark: said.message, reason: said.error };
    } catch {
      // Not reached: like a server that has no time.
    }
    if (tries === PAUSES.length) return { remark: T.visitorUnknown, reason: said.error ?? "unreachable" };
    await new Promise((resume) => setTimeout(resume, PAUSES[tries]));
  }
}

// Who a signed visitor is, read without checking: only to see whether two of them are the same.
function subject(visitor) {
  try {
    const claims = JSON.parse(new TextDecoder().decode(bytes(visitor.split(".")[1])));
    return typeof claims.sub === "string" ? claims.sub : Symbol("nobody");
  } catch {
    return Symbol("nobody");
  }
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

// Nobody is signed in: what visitors wrote here and did not send stays with nobody.
function forget() {
  try {
    for (const key of Object.keys(sessionStorage)) if (KEPT.some((start) => key.startsWith(start))) sessionStorage.removeItem(key);
  } catch {
    // Storage is closed: then nothing was kept.
  }
}

function anew(remark = "") {
  document.body.hidden = true;
  if (remark) history.replaceState({ alone: remark }, "");
  location.reload();
}

function ended(status) {
  tell("visitor", { state: "ended", reason: "" });
  if (status === 410) anew(T.gone);
  else anew(performance.now() < YOUNG ? T.visitorUnknown : ""); // the page may have a newer signature
}

if (parent === window) {
  await import("./chat.js"); // opened as a page of its own
} else {
  document.body.classList.add("framed");
  Object.assign(host, {
    framed: true,
    shown: false,
    unread: (count) => tell("unread", { count }),
    close: () => tell("close"),
    ended,
  });
  addEventListener("message", heard);
}
