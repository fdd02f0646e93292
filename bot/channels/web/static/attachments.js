// A file in the conversation: its name and size, a picture's small preview, and a way to save it.

import { make } from "./dom.js";
import { T } from "./texts.js";

const SHOWN = ["image/jpeg", "image/png", "image/webp", "image/gif"]; // what every browser draws
const addresses = new Map(); // id -> promise of a blob's address; each file is fetched once

export function sizeText(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))}KB` : `${(bytes / 1024 / 1024).toFixed(1)}MB`;
}

// The conversation is over: its files leave the browser's memory.
export function forgetFiles() {
  for (const asked of addresses.values()) asked.then(URL.revokeObjectURL, () => {});
  addresses.clear();
}

// fetchFile(id) -> promise of its blob, fetched with the customer's own token
export function attachment(file, fetchFile) {
  const name = make("span", { class: "file-name", textContent: file.name || T.file });
  const size = make("span", { class: "size", textContent: sizeText(file.size) });
  if (!file.id) return make("p", { class: "file" }, name, size);
  const address = () => {
    if (!addresses.has(file.id)) {
      const asked = fetchFile(file.id).then((blob) => URL.createObjectURL(blob));
      addresses.set(file.id, asked);
      asked.catch(() => addresses.delete(file.id));
    }
    return addresses.get(file.id);
  };
  const failed = make("span", { class: "why", role: "status" });
  const save = make("button", { type: "button", class: "file" }, name, size, make("span", { class: "hidden", textContent: T.save }), failed);
  save.addEventListener("click", async () => {
    try {
      make("a", { href: await address(), download: file.name || "file" }).click();
      failed.textContent = "";
    } catch (error) {
      failed.textContent = error.message && error.status ? error.message : T.fileFailed;
    }
  });
  if (SHOWN.includes(file.type)) save.prepend(preview(address));
  return save;
}

function preview(address) {
  const image = make("img", { class: "preview", alt: "" });
  image.addEventListener("error", () => image.remove()); // a picture that is none
  const watch = new IntersectionObserver(async (seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    try {
      image.src = await address();
    } catch {
      image.remove();
    }
  });
  watch.observe(image);
  return image;
}
