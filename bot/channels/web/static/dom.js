// Elements and words. Text only ever becomes text: nothing here parses markup.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("aria-") || name === "role") element.setAttribute(name, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  clause: "M7 3h7l5 5v13H7zM14 3v5h5M10 13h6M10 17h6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 9c.6-4 3.700-6 8-6s7.400 2 8 6",
};

// Paragraphs, and lists of lines that begin with "- " or "• "; "이름: 값" items get their name set apart.
export function blocks(text) {
  const found = [];
  for (const part of text.split(/\n[^\S\n]*\n/)) {
    let open = null;
    for (const line of part.split("\n")) {
      const item = /^[-•] +(.*)$/.exec(line);
      if (open?.list === Boolean(item)) open.lines.push(item ? item[1] : line);
      else if (item || line.trim()) found.push((open = { list: Boolean(item), lines: [item ? item[1] : line] }));
    }
  }
  return found.map(({ list, lines }) => (list ? make("ul", {}, ...lines.map(listItem)) : make("p", {}, ...words(lines.join("\n")))));
}

function listItem(line) {
  const pair = /^([^:.]{1,14}): (.+)$/.exec(line);
  if (!pair) return make("li", {}, ...words(line));
  return make("li", {}, make("span", { class: "key", textContent: `${pair[1]}: ` }), ...words(pair[2]));
}

// A text whose short words with a middle dot (수집·이용) stay on one line; browsers would break before the dot.
export function words(text) {
  return text.split(/(\S{1,8}·\S{1,8})(?=\s|$)/).map((part, index) => (index % 2 ? make("span", { class: "whole", textContent: part }) : part));
}

const seoul = (options) => new Intl.DateTimeFormat("ko-KR", { timeZone: "Asia/Seoul", ...options });
const clock = seoul({ hour: "numeric", minute: "2-digit" });
const day = seoul({ year: "numeric", month: "long", day: "numeric", weekday: "long" });

export const timeText = (at) => clock.format(at);
export const dayText = (at) => day.format(at);
