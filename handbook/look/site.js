// Search, without a server: the index is fetched when somebody begins to look. Without this all pages read the same.
"use strict";
const top_ = document.currentScript.dataset.top;
const form = document.querySelector("form"), field = form.querySelector("input"), list = form.querySelector("ol");
const contents = document.querySelector(".contents");
if (matchMedia("(max-width: 52rem)").matches) contents.open = false;
const current = contents.querySelector("[aria-current]");
if (current && contents.scrollHeight > contents.clientHeight) contents.scrollTop = current.offsetTop - 160;
form.hidden = false;

let loading = null;
function index() {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${top_}search-index.js`;
    script.onload = () => done(PAGES.map(([page, title, place, text]) => ({ page, title, place, text, low: text.toLowerCase(), head: `${page} ${title}`.toLowerCase() })));
    script.onerror = failed;
    document.head.append(script);
  });
  return loading;
}

function worth(one, words) {
  let sum = 0;
  for (const word of words) {
    if (one.head.includes(word)) sum += 10;
    else if (one.low.includes(word)) sum += 1;
    else return 0;
  }
  return one.place.startsWith("decisions/") || one.place.startsWith("source/") ? sum - 0.5 : sum;
}

function item(one, words) {
  const link = document.createElement("a"), title = document.createElement("strong"), said = document.createElement("span");
  link.href = top_ + one.place;
  title.textContent = one.title === one.page ? one.page : `${one.title} · ${one.page}`;
  const at = Math.max(0, one.low.indexOf(words[0]) - 40);
  said.textContent = one.text.slice(at, at + 140);
  link.append(title, said);
  const row = document.createElement("li");
  row.append(link);
  return row;
}

async function look() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) { list.hidden = true; return; }
  const found = (await index()).map((one) => [worth(one, words), one]).filter(([sum]) => sum > 0);
  found.sort(([a], [b]) => b - a);
  list.replaceChildren(...found.slice(0, 12).map(([, one]) => item(one, words)));
  if (!found.length) list.append(Object.assign(document.createElement("li"), { textContent: "Nothing found." }));
  list.hidden = false;
}

field.addEventListener("input", look);
form.addEventListener("submit", (event) => { event.preventDefault(); list.querySelector("a")?.click(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { list.hidden = true; field.blur(); }
  if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); field.focus(); }
});
document.addEventListener("click", (event) => { if (!form.contains(event.target)) list.hidden = true; });
