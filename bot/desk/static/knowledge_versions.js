// The versions: an older one may be brought back, as a new one.

import { byId, root } from "./dom.js";
import { ask, during, news, sure } from "./knowledge.js";
import { newId } from "./steps.js";

news.show();
for (const button of document.querySelectorAll("[data-back]")) {
  const id = newId();
  const version = Number(button.dataset.back);
  button.addEventListener("click", async () => {
    if (!(await sure(`제${version}판의 내용을 새 판으로 바로 게시할까요? 초안도 제${version}판의 내용이 됩니다. 초안에서 고치던 내용은 사라지지 않고 기록에 남습니다.`))) return;
    const done = await during(button, "wrong", () => ask("rollback", { id, version }));
    if (!done) return;
    news.leave(`제${version}판의 내용을 제${done.version}판으로 게시했습니다.`);
    location.assign(`${root}/desk/knowledge/versions`);
  });
}
