// The quoted clause: beside the chat on a wide screen, a sheet on a narrow one.

import { blocks, make } from "./dom.js";
import { T } from "./texts.js";

export class Panel {
  #dialog;
  #root;
  #wide = matchMedia("(min-width: 64rem)");
  #link = null;

  constructor(dialog, root) {
    this.#dialog = dialog;
    this.#root = root;
    dialog.addEventListener("close", () => this.#closed());
    dialog.addEventListener("click", (event) => event.target === dialog && !this.#wide.matches && dialog.close());
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
    this.#wide.addEventListener("change", () => dialog.open && (dialog.close(), this.#show()));
  }

  async open(source, link) {
    if (this.#link === link && this.#dialog.open) return this.#dialog.close();
    this.#link?.removeAttribute("aria-expanded");
    this.#link = link;
    link.setAttribute("aria-expanded", "true");
    this.#fill(make("p", { textContent: T.loading }));
    this.#show();
    try {
      const response = await fetch(`${this.#root}/policy/${source.version}/${encodeURIComponent(source.entry)}`);
      if (!response.ok) throw new Error(String(response.status));
      const clause = await response.json();
      if (this.#link === link) this.#fill(...this.#clause(clause));
    } catch {
      if (this.#link === link) this.#fill(make("p", { textContent: T.clauseFailed }), this.#whole(source.href));
    }
    return undefined;
  }

  #show() {
    if (this.#dialog.open) return;
    if (this.#wide.matches) this.#dialog.show();
    else this.#dialog.showModal();
  }

  #closed() {
    this.#link?.removeAttribute("aria-expanded");
    // The event comes late: who has gone on to write must not be taken back to the link.
    if (document.activeElement === document.body) this.#link?.focus({ preventScroll: true });
    this.#link = null;
  }

  #fill(...content) {
    const close = make("button", { type: "button", class: "close", onclick: () => this.#dialog.close(), "aria-label": T.close }, "✕");
    const hadFocus = this.#dialog.contains(document.activeElement);
    this.#dialog.replaceChildren(
      make("header", {}, make("p", { id: "panel-title", textContent: T.clause }), close),
      make("div", { class: "text" }, ...content),
    );
    this.#dialog.scrollTop = 0;
    if (hadFocus) close.focus();
  }

  #clause(clause) {
    const now = clause.version === clause.latest;
    const facts = [
      [T.document, clause.document],
      [T.place, clause.clause],
      [T.version, now ? T.latest(clause.version) : T.edition(clause.version)],
      [T.effective, clause.effective],
    ].flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })]);
    return [
      make("h2", { textContent: clause.title }),
      ...blocks(clause.body),
      make("dl", {}, ...facts),
      now ? null : make("p", { class: "notice", textContent: clause.changed ? T.changed(clause.latest) : T.same(clause.latest) }),
      this.#whole(clause.href),
    ];
  }

  #whole(href) {
    return make("p", {}, make("a", { href: `${this.#root}/${href}`, target: "_blank", rel: "noopener", textContent: T.openPolicy }));
  }
}
