// The widget on a page of the shop: a button, and a window with the chat in a frame. The server calls this function with
// its settings (see widget.py); it is one classic script, because that is what a shop can paste into any page.
(({ origins, words, style }) => {
  const script = document.currentScript ?? document.querySelector('script[src$="/widget.js"]');
  if (!script || "Sangdam" in window) return;
  if (!origins.includes(location.origin)) {
    console.warn(words.foreign.replace("{origin}", location.origin));
    return;
  }
  const page = new URL("widget", script.src);
  const label = (script.dataset.label ?? "").trim().slice(0, 20) || words.label;
  const PATIENCE = 15_000; // ms until the frame has to have spoken
  const AFTER_LOAD = 4000; // ms; a frame that has loaded and is silent is not our page
  const SLOW_SIGNER = 8000; // ms for the shop to sign

  let visitor = script.dataset.visitor || null; // a signed token, a function that fetches one, or null
  let frame = null;
  let opener = null; // where the focus goes back to
  let loaded = false; // there is a document in the frame
  let alive = false; // and it is ours
  let waiting = 0;
  let asked = 0;

  // ---- what is on the page: a root of its own, so that neither side's styles reach the other

  const make = (tag, properties = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element && name !== "role") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const icon = (path) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(document.createElementNS(space, "path"));
    svg.firstChild.setAttribute("d", path);
    return svg;
  };
  const count = make("span", { className: "count", hidden: true, "aria-hidden": "true" });
  const text = make("span", { textContent: label });
  const launcher = make(
    "button",
    { type: "button", className: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "window" },
    icon("M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8 9h8M8 12.500h5"),
    text,
    count,
  );
  const close = make("button", { type: "button", className: "close", "aria-label": words.close }, icon("M5 5l14 14M19 5L5 19"));
  const said = make("p", { role: "status" });
  const again = make("button", { type: "button", textContent: words.again, hidden: true });
  const dialog = make(
    "dialog",
    { id: "window", className: "window", "aria-label": words.window },
    make("div", { className: "state" }, said, again),
    close,
  );
  const dock = make("div", { className: script.dataset.side === "left" ? "dock left" : "dock" }, dialog, launcher);
  // Set by script, which a content security policy allows; an attribute would be an inline style.
  const lift = Number(script.dataset.bottom);
  if (lift > 0) dock.style.setProperty("--lift", `${Math.min(lift, 400)}px`);
  const host = make("div", { lang: "ko" });
  const shadow = host.attachShadow({ mode: "open" });
  shadow.append(dock);
  // A sheet made by script is no inline style, so a content security policy of the shop has nothing against it.
  const sheet = (css) => {
    const made = new CSSStyleSheet();
    made.replaceSync(css);
    return made;
  };
  const sheets = "adoptedStyleSheets" in shadow;
  if (sheets) shadow.adoptedStyleSheets = [sheet(style)];
  else shadow.prepend(make("style", { nonce: script.nonce, textContent: style }));
  const still = sheets && sheet("html { overflow: hidden !important; }"); // the page behind a full screen

  // ---- the window

  const narrow = matchMedia("(max-width: 600px), (max-height: 480px)");
  const fit = () => {
    const seen = window.visualViewport; // a phone's keyboard takes a part of the screen
    if (!seen || !narrow.matches || seen.scale > 1.01) return; // who enlarges the page wants the window as it is
    dialog.style.setProperty("--seen", `${seen.height}px`);
    dialog.style.setProperty("--top", `${seen.offsetTop}px`);
  };
  const show = () => {
    fit();
    if (narrow.matches) dialog.showModal();
    else dialog.show();
    if (still) document.adoptedStyleSheets = [...others(), ...(narrow.matches ? [still] : [])];
    if (alive) frame.focus();
  };
  const others = () => [...document.adoptedStyleSheets].filter((one) => one !== still);

  function open() {
    if (dialog.open || !host.isConnected) return;
    const active = shadow.activeElement ?? document.activeElement;
    opener = active && active !== document.body ? active : launcher;
    launcher.setAttribute("aria-expanded", "true");
    if (!frame) load();
    show();
    tell({ sangdam: "shown", on: true });
  }

  function shut() {
    if (!dialog.open) return;
    dialog.close();
    launcher.setAttribute("aria-expanded", "false");
    if (still) document.adoptedStyleSheets = others();
    tell({ sangdam: "shown", on: false });
    (opener?.isConnected ? opener : launcher).focus();
  }

  launcher.addEventListener("click", () => (dialog.open ? shut() : open()));
  close.addEventListener("click", shut);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    shut();
  });
  shadow.addEventListener("keydown", (event) => event.key === "Escape" && shut());
  narrow.addEventListener("change", () => {
    if (!dialog.open) return;
    dialog.close();
    show();
  });
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);

  // ---- the frame

  function load() {
    frame?.remove();
    loaded = alive = false;
    frame = make("iframe", { title: words.frame, className: "unseen", referrerPolicy: "no-referrer", src: page.href });
    frame.addEventListener("load", () => {
      loaded = true;
      wait(AFTER_LOAD + (typeof visitor === "function" ? SLOW_SIGNER : 0));
      introduce();
    });
    state(words.loading, false);
    wait(PATIENCE);
    dialog.insertBefore(frame, close);
  }
  const wait = (time) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      frame.className = "unseen";
      state(words.failed, true);
    }, time);
  };
  const state = (word, failed) => {
    said.textContent = word;
    again.hidden = !failed;
  };
  again.addEventListener("click", () => {
    close.focus();
    load();
  });

  // Only our own page gets to hear anything: the browser drops what is meant for another origin.
  const tell = (message) => loaded && frame.contentWindow?.postMessage(message, page.origin);

  async function introduce() {
    const mine = ++asked;
    const token = await sign();
    if (mine !== asked) return; // the shop has said something else meanwhile
    tell({ sangdam: "visitor", visitor: token });
    tell({ sangdam: "shown", on: dialog.open });
  }

  async function sign() {
    if (typeof visitor !== "function") return visitor;
    try {
      const late = new Promise((resolve) => setTimeout(resolve, SLOW_SIGNER, null));
      const token = await Promise.race([visitor(), late]);
      return typeof token === "string" && token ? token : null;
    } catch (error) {
      console.warn(words.refused.replace("{reason}", String(error)));
      return null;
    }
  }

  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== page.origin) return;
    const { sangdam, ...data } = event.data ?? {};
    if (sangdam === "here") here();
    else if (sangdam === "unread") unread(Number(data.count) || 0);
    else if (sangdam === "close") shut();
    else if (sangdam === "visitor") {
      if (data.state === "refused") console.warn(words.refused.replace("{reason}", String(data.reason)));
      const detail = { state: String(data.state), reason: String(data.reason) };
      dispatchEvent(new CustomEvent("sangdam:visitor", { detail }));
    }
  });

  function here() {
    clearTimeout(waiting);
    if (alive && !frame.className) return;
    alive = true;
    frame.className = "";
    state("", false);
    if (dialog.open) frame.focus();
  }

  function unread(number) {
    count.hidden = number === 0;
    count.textContent = number > 99 ? "99+" : String(number);
    if (number) launcher.setAttribute("aria-label", words.unread.replace("{label}", label).replace("{count}", number));
    else launcher.removeAttribute("aria-label");
  }

  // A page that comes back from the browser's own keeping may show a customer who has signed out since.
  addEventListener("pageshow", (event) => event.persisted && loaded && introduce());

  // ---- what the shop's page may do

  const api = {
    open,
    close: shut,
    // A signed token, a function that fetches one, or null when nobody is signed in.
    visitor(next) {
      visitor = typeof next === "function" ? next : next ? String(next) : null;
      if (loaded) introduce();
    },
  };
  Object.defineProperty(window, "Sangdam", { value: Object.freeze(api) });
  const put = () => document.body.append(host);
  if (document.body) put();
  else addEventListener("DOMContentLoaded", put, { once: true });
})
