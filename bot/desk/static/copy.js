// Buttons that put a text of the page on the clipboard. Where that is not allowed they stay hidden: the text can be marked.
import { byId } from "./dom.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = byId(button.dataset.copy);
    const items = [...source.querySelectorAll("li")];
    const text = items.length ? items.map((item) => item.textContent.trim()).join("\n") : source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      byId("copied").textContent = "복사했습니다.";
    } catch {
      byId("copied").textContent = "복사하지 못했습니다. 글을 직접 골라 복사해 주세요.";
    }
  });
}
