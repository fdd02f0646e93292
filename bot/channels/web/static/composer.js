// The field where the customer writes.

import { kept } from "./around.js";
import { read, write } from "./session.js";
import { T } from "./texts.js";

const MOST = 4000; // characters; the server's own limit
const NEAR = 400;
const KEY = kept("sangdam.draft");
const store = () => sessionStorage;

// files: what goes with the text. send(text, files)
export function composer(form, files, send) {
  const text = form.querySelector("textarea");
  const button = form.querySelector(".send");
  const hint = form.querySelector(".hint");

  const changed = () => {
    const left = MOST - [...text.value].length;
    button.disabled = (!text.value.trim() && !files.ready) || left < 0;
    hint.classList.toggle("over", left < 0);
    hint.textContent = left < 0 ? T.tooLong(-left) : left < NEAR ? T.left(left) : "";
    write(KEY, text.value || null, store);
    if (!CSS.supports("field-sizing", "content")) {
      text.style.height = "auto";
      text.style.height = `${text.scrollHeight + 2}px`;
    }
  };
  text.value = read(KEY, store) ?? "";
  changed();
  text.addEventListener("input", changed);
  text.addEventListener("keydown", (event) => {
    // While Korean is being composed Enter ends the syllable; 229 is how older browsers say so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (files.busy) files.say(T.stillUploading);
    if (button.disabled || files.busy) return;
    send(text.value.trim(), files.take());
    text.value = "";
    changed();
    text.focus();
  });
  return { focus: () => text.focus(), changed };
}
