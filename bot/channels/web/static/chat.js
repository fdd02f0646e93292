// The chat page: brings the log, what is sent and the screen together.

import { host, owner } from "./around.js";
import { composer } from "./composer.js";
import { Files } from "./files.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { Panel } from "./panel.js";
import { Session, read, write } from "./session.js";
import { Stream } from "./stream.js";
import { T } from "./texts.js";

const $ = (id) => document.getElementById(id);
const root = document.body.dataset.root;
const title = document.title;
const ACKED = "sangdam.acked";

const session = new Session(root, () => begin(""));
const panel = new Panel($("panel"), root);
const outbox = new Outbox(session, { state: sent, refused: renewSession });
const log = new Log($("log"), root, {
  press: (button, seq) => press(button.data, button.label, seq),
  retry: (item) => outbox.retry(item),
  discard: (item) => outbox.discard(item),
  cite: (source, link) => panel.open(source, link),
  file: async (id) => (await session.fetch(`chat/files/${id}`)).blob(),
});
const stream = new Stream(session, { event: received, state: connection, after: () => seen });

let seen = 0; // the last seq on the screen
let ready = false; // everything there was is on the screen
let held = []; // events that wait until we know which of them are our own
let unread = 0;

// ---- what comes

function received(name, data) {
  held.push([name, data]);
  if (held.length === 1) take();
}

async function take() {
  while (held.length) {
    const [name, data] = held[0];
    if (name === "message" && outbox.busy && log.couldBeOurs(data)) await outbox.settled;
    if (held[0]?.[1] !== data) return; // a new session began meanwhile
    held.shift();
    show(name, data);
  }
}

function show(name, data) {
  if (name === "message" && data.seq > seen) {
    const follow = follows();
    if (log.add(data) && ready) {
      if (data.author !== "customer") arrived();
      if (follow) readOn(log.element(data.seq));
      $("below").hidden = atEnd();
    }
    seen = data.seq;
    if (data.author !== "customer") acknowledge();
  } else if (name === "typing") {
    typing(data.on);
  } else if (name === "ready") {
    if (!ready) opened();
  } else if (name === "gone") {
    renewSession({ status: 410, token: session.token });
  }
}

function opened() {
  ready = true;
  $("log").setAttribute("aria-live", "polite");
  if (owner.remark) log.remark(owner.remark);
  owner.remark = "";
  if (seen === 0 && outbox.untouched) outbox.start();
  else scrollToEnd();
  outbox.settled.then(() => files.retryAll()); // no file is taken before the conversation has begun
}

let typingSoon = 0;
function typing(on) {
  clearTimeout(typingSoon);
  const set = () => {
    const follow = follows();
    $("typing").hidden = !on;
    if (on && follow) readOn(null);
  };
  if (on) typingSoon = setTimeout(set, 250); // an answer that comes at once needs no dots
  else set();
}

let ackSoon = 0;
function acknowledge() {
  const [name, acked] = (read(ACKED) ?? "").split(" ");
  if (name === session.name && seen <= Number(acked)) return;
  clearTimeout(ackSoon);
  ackSoon = setTimeout(async () => {
    const seq = seen;
    try {
      await session.post("chat/ack", { seq }, { keepalive: true });
      write(ACKED, `${session.name} ${seq}`);
    } catch {
      // The next message or the next load says it again.
    }
  }, 400);
}

// ---- what goes

function press(data, label, seq) {
  // A second click of a double click is no second wish.
  if (press.last === `${seq}/${data}` && Date.now() - press.at < 700) return;
  press.last = `${seq}/${data}`;
  press.at = Date.now();
  shown(outbox.button(data, label, seq));
}

function shown(item) {
  log.sending(item);
  scrollToEnd();
  arrivedAt = 0; // what comes now is an answer to this
}

function sent(item) {
  log.sending(item);
}

let field = null;
const files = new Files(session, $("compose"), {
  changed: () => field?.changed(),
  refused: renewSession,
  before: () => outbox.settled,
});
field = composer($("compose"), files, (text, taken) => shown(taken.length ? outbox.withFiles(text, taken) : outbox.text(text)));
for (const button of document.querySelectorAll("[data-button]")) {
  button.addEventListener("click", () => {
    press(button.dataset.button, button.textContent.trim(), 0);
    if (button.dataset.button === "menu:ask") field.focus();
  });
}

// ---- the connection

function connection(state, refusal) {
  if (state === "live") {
    $("banner").hidden = true;
    outbox.retryAll();
    if (ready) files.retryAll();
  } else if (state === "refused" && [401, 410].includes(refusal.status)) {
    renewSession(refusal);
  } else {
    typing(false);
    banner(state === "refused" ? refusal.message || T.refused : navigator.onLine ? T.lost : T.offline);
  }
}

function banner(text) {
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
  $("banner").hidden = false;
}

// The server does not know this session (any more): begin a new one and say so.
function renewSession(refusal) {
  if (owner.account) {
    if (refusal.token === session.token) host.ended(refusal.status);
    return;
  }
  if (session.drop(refusal.token)) begin(refusal.status === 410 ? T.gone : T.renewed);
}

function begin(remark) {
  stream.pause();
  log.clear();
  if (remark) log.remark(remark);
  files.anew();
  typing(false);
  [seen, ready, held] = [0, false, []];
  $("log").setAttribute("aria-live", "off");
  setTimeout(() => stream.renew(), 1000); // a server that refuses every session is not asked without a pause
}

$("reconnect").addEventListener("click", () => stream.renew());
addEventListener("online", () => stream.renew());
addEventListener("offline", () => banner(T.offline));
addEventListener("pageshow", (event) => event.persisted && stream.renew());

// A browser allows few connections to one server: of the windows that are hidden only one keeps its stream.
let leave = null;
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    leave?.();
    leave = null;
    if (host.shown) seenAll();
    // A phone that slept may hold a connection that is long dead.
    if (Date.now() - hiddenAt > 30_000) stream.renew();
    else stream.connect();
    return;
  }
  hiddenAt = Date.now();
  if (navigator.locks) {
    const alone = (lock) => {
      if (!document.hidden) return undefined;
      if (lock) return new Promise((release) => (leave = release));
      stream.pause();
      return undefined;
    };
    navigator.locks.request("sangdam.background", { ifAvailable: true }, alone).catch(() => {});
  }
});

function arrived() {
  if (!document.hidden && host.shown) return;
  unread += 1;
  if (host.framed) host.unread(unread);
  else document.title = T.unread(unread, title);
}

function seenAll() {
  unread = 0;
  document.title = title;
  host.unread(0);
}

// ---- the page around us

// A finger's keyboard would take half the screen before anything is read.
const enter = () => (matchMedia("(pointer: coarse)").matches ? $("scroll") : $("text")).focus();

host.onshown = (on) => {
  if (!on) return;
  if (unread) scrollToEnd(); // what came while there was no screen had no place on it
  seenAll();
  enter();
};
if (host.framed) {
  // Heard on its way down: when it comes up again a clause that was open has closed itself.
  addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && !$("panel").open && host.close(), true);
  if (host.shown) host.onshown(true);
}

// ---- the place on the screen

let anchor = null; // what is to stay on the screen: the customer's last words, or the first of what came after
let placed = 0;

let arrivedAt = 0;

function atEnd() {
  const { scrollTop, scrollHeight, clientHeight } = $("scroll");
  return scrollHeight - clientHeight - scrollTop < 80;
}

// Whether the screen moves on with what comes: the customer is at the end, or where we have put them.
function follows() {
  const burst = Date.now() - arrivedAt < 1500;
  arrivedAt = Date.now();
  if (atEnd() && !burst) anchor = null;
  return anchor === null || Math.abs($("scroll").scrollTop - placed) < 2;
}

// Show as much of what came as goes without losing the beginning of it.
function readOn(element) {
  if (element && anchor === null) {
    const before = element.previousElementSibling;
    const told = before?.matches(".day") ? before.previousElementSibling : before;
    if (told?.matches(".remark")) anchor = told; // why the conversation begins anew comes first
    else anchor = before?.matches(".mine") ? before : element;
  }
  const scroll = $("scroll");
  const end = scroll.scrollHeight - scroll.clientHeight;
  scroll.scrollTop = Math.max(scroll.scrollTop, anchor ? Math.min(end, anchor.offsetTop - 16) : end);
  placed = scroll.scrollTop;
}

function scrollToEnd() {
  anchor = null;
  $("scroll").scrollTop = $("scroll").scrollHeight;
  $("below").hidden = true;
}

$("scroll").addEventListener("scroll", () => atEnd() && ($("below").hidden = true), { passive: true });
$("below").addEventListener("click", scrollToEnd);

$("late").remove();
for (const item of outbox.restore()) log.sending(item);
stream.connect();
