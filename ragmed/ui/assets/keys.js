// The page's own script: shows a citation without asking the server, keys, copying, the phone's dialog.
// It never makes HTML from text, and talks to no one.
(() => {
  "use strict";
  // Streamlit otherwise looks for itself under every part of the page's path, and a browser notes each miss as an error
  window.__streamlit ??= { BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin };
  const DESK = matchMedia("(min-width: 1000px)");
  const PHONE = matchMedia("(max-width: 639px)");
  // passages shown on either side of the current one
  const WINDOW = 2;
  const NARROW = 1;
  const viewer = () => document.querySelector("dialog.rm-viewer");
  const quotes = () => [...(viewer()?.querySelectorAll("figure.rm-quote") ?? [])];
  const quote = (key) => quotes().find((each) => each.dataset.key === key);
  const shownQuote = () => quotes().find((each) => !each.hidden);
  const shownPage = () => viewer()?.querySelector("section.rm-cited:not([hidden])");
  // whether a citation opens over the page: on a phone, and where there is no room beside what is read
  const over = (box) => !DESK.matches || box.dataset.over !== undefined;
  const query = () => new URLSearchParams(location.search);
  let opener = null;
  let last = { record: "", key: "" };
  // the assumption that was turned, and the answer in which: the next answer's has the focus
  let turned = { press: "", record: "" };

  function address(key) {
    const box = viewer();
    if (!box) return;
    const now = query();
    now.set("record", box.dataset.record);
    if (key) now.set("cite", key);
    else now.delete("cite");
    const next = `${location.pathname}?${now}`;
    if (next !== location.pathname + location.search) history.replaceState(history.state, "", next);
  }

  // bring the quoted words to the upper third of the picture's frame
  function toQuote() {
    const paper = shownPage()?.querySelector(".rm-paper");
    const picture = paper?.querySelector("img");
    const figure = shownQuote();
    if (!picture || !figure) return;
    const place = () => {
      if (figure !== shownQuote()) return;
      paper.scrollTop = Math.max(0, Number(figure.dataset.top) * picture.clientHeight - paper.clientHeight / 3);
      paper.scrollLeft = Math.max(0, Number(figure.dataset.left) * picture.clientWidth - 24);
      paper.dataset.placed = figure.dataset.key;
    };
    if (picture.complete && picture.naturalWidth) place();
    else picture.addEventListener("load", place, { once: true });
  }

  function zoom(closer) {
    const box = viewer();
    const button = box?.querySelector("[data-zoom]");
    if (!button) return;
    box.classList.toggle("rm-closer", closer);
    button.textContent = closer ? button.dataset.whole : button.dataset.closer;
    button.setAttribute("aria-pressed", String(closer));
    toQuote();
  }

  function show(key, { open = false, remember = true } = {}) {
    const box = viewer();
    const figure = box && quote(key);
    if (!figure) return false;
    const page = figure.closest("section");
    for (const section of box.querySelectorAll("section.rm-cited")) section.hidden = section !== page;
    for (const each of quotes()) each.hidden = each !== figure;
    for (const chip of document.querySelectorAll(".rm-chip")) current(chip, chip.dataset.cite === key);
    for (const mark of box.querySelectorAll("nav a")) current(mark, mark.dataset.marker === figure.dataset.marker);
    page.querySelector(".rm-viewer-key").textContent = figure.dataset.key;
    box.querySelector(".rm-count").textContent = figure.dataset.count;
    box.querySelector("[data-copy-link]").dataset.copyLink = figure.dataset.link;
    const picture = page.querySelector("img");
    // a page that is gone has no picture, and says so by itself
    const source = figure.dataset.src;
    box.querySelector(".rm-open").hidden = !source;
    if (source) box.querySelector(".rm-open").href = source;
    if (source && picture.getAttribute("src") !== source) {
      picture.hidden = false;
      page.querySelector(".rm-paper-failed").hidden = true;
      picture.src = source;
    }
    if (open && over(box) && !box.open) box.showModal();
    toQuote();
    turn(box.querySelector(".rm-viewer-row"));
    last = { record: box.dataset.record, key };
    if (remember) address(key);
    return true;
  }

  // the row of passages: the first, the last, those near the current one; a gap of one is filled (as ragmed/ui/pager.py)
  function turn(row) {
    const all = [...row.querySelectorAll("a")];
    const at = all.findIndex((each) => each.hasAttribute("aria-current"));
    const reach = PHONE.matches ? NARROW : WINDOW;
    const end = all.length - 1;
    const near = (place) => place === 0 || place === end || Math.abs(place - at) <= reach
      || (place === 1 && at - reach === 2) || (place === end - 1 && at + reach === end - 2);
    const focused = row.contains(document.activeElement);
    all.forEach((each, place) => { each.hidden = !near(place); });
    const [before, after] = row.querySelectorAll(".rm-gap");
    if (before) before.hidden = near(1);
    if (after) after.hidden = near(end - 1);
    if (focused) all[at].focus();
  }

  function current(element, yes) {
    if (yes) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  }

  function step(by) {
    const all = quotes();
    const at = all.indexOf(shownQuote());
    if (all.length) show(all[(at + by + all.length) % all.length].dataset.key);
  }

  function to(place) {
    const key = quotes().at(place)?.dataset.key;
    if (key) show(key);
  }

  // arrows turn the pages of an open dialog, and of the viewer beside the answer while the focus is in its row
  const inRow = (target) => target instanceof Element && target.closest(".rm-viewer-nav");
  const turns = (target) => viewer()?.open || inRow(target);

  function close() {
    const box = viewer();
    if (box?.open) box.close();
  }

  async function copy(text, button) {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      // no clipboard on a plain http address other than this machine: the old way
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "rm-hear";
      (button.closest("dialog") ?? document.body).append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    if (!done) return;
    button.dataset.said ??= button.textContent;
    button.textContent = button.dataset.done;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = button.dataset.said; }, 1600);
  }

  const answer = () => document.querySelector("#answer");

  // Streamlit's own button stands unseen behind ours; while the page is drawn anew it may not be there yet
  function press(name, record = answer()?.dataset.record, tries = 50) {
    if (answer()?.dataset.record !== record) return;
    const button = document.querySelector(`.st-key-${name} button`);
    const drawn = document.querySelector(".stApp")?.dataset.testScriptState !== "running";
    if ((!button || !drawn) && tries) {
      setTimeout(press, 100, name, record, tries - 1);
      return;
    }
    turned = { press: name, record };
    button?.click();
  }

  function back() {
    if (!turned.press || !answer() || answer().dataset.record === turned.record) return;
    const chip = answer().querySelector(`[data-press="${turned.press}"]`);
    turned = { press: "", record: "" };
    if (document.activeElement === document.body) chip?.focus({ preventScroll: true });
  }

  function move(by) {
    const stops = [...document.querySelectorAll("[data-stop]")];
    if (!stops.length) return;
    const at = stops.indexOf(document.activeElement?.closest("[data-stop]"));
    const next = at < 0 ? (by > 0 ? 0 : stops.length - 1) : Math.min(stops.length - 1, Math.max(0, at + by));
    stops[next].focus();
    stops[next].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const cite = target.closest("a[data-cite]");
    if (cite) {
      if (!viewer()?.contains(cite)) opener = cite;
      if (show(cite.dataset.cite, { open: true })) event.preventDefault();
      return;
    }
    const button = target.closest("button");
    if (button?.dataset.step) step(Number(button.dataset.step));
    else if (button?.dataset.press) press(button.dataset.press);
    else if (button?.hasAttribute("data-close")) close();
    else if (button?.hasAttribute("data-zoom")) zoom(!viewer().classList.contains("rm-closer"));
    else if (button?.dataset.copy !== undefined) copy(button.dataset.copy, button);
    else if (button?.dataset.copyLink !== undefined) copy(new URL(button.dataset.copyLink, location.href).href, button);
    else if (target === viewer()) close();
  });

  document.addEventListener("close", (event) => {
    if (event.target !== viewer()) return;
    address(null);
    // the answer may have been drawn again meanwhile: then the same chip of the new drawing
    const chip = opener?.isConnected ? opener : document.querySelector(`#answer a[data-cite="${opener?.dataset.cite}"]`);
    chip?.focus();
    opener = null;
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    const target = event.target;
    const typing = target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]");
    if (event.key === "Escape" && typing && target.tagName === "TEXTAREA") { target.blur(); return; }
    if (typing) return;
    if (event.key === "/") {
      const box = document.querySelector(".st-key-left textarea");
      if (!box) return;
      close();
      box.focus();
    } else if (/^[1-9]$/.test(event.key)) {
      if (!show(event.key, { open: true })) return;
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "ArrowRight" && turns(target)) step(1);
    else if (event.key === "ArrowLeft" && turns(target)) step(-1);
    else if (event.key === "Home" && inRow(target)) to(0);
    else if (event.key === "End" && inRow(target)) to(-1);
    else return;
    event.preventDefault();
    // Streamlit has keys of its own ("r" reruns); ours are not for it
    event.stopPropagation();
  }, true);

  // a sideways swipe turns to the next citation, unless the finger is panning a picture
  let start = null;
  document.addEventListener("touchstart", (event) => {
    const box = viewer();
    const paper = event.target instanceof Element && event.target.closest(".rm-paper");
    const pans = paper && paper.scrollWidth > paper.clientWidth + 1;
    start = box?.open && event.touches.length === 1 && !pans
      ? { x: event.touches[0].clientX, y: event.touches[0].clientY } : null;
  }, { passive: true });
  document.addEventListener("touchend", (event) => {
    if (!start) return;
    const x = event.changedTouches[0].clientX - start.x;
    const y = event.changedTouches[0].clientY - start.y;
    start = null;
    if (Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
  }, { passive: true });

  document.addEventListener("error", (event) => {
    const paper = event.target instanceof HTMLImageElement && event.target.closest(".rm-paper");
    if (!paper) return;
    event.target.hidden = true;
    paper.querySelector(".rm-paper-failed").hidden = false;
  }, true);

  DESK.addEventListener("change", () => { close(); zoom(PHONE.matches); });
  PHONE.addEventListener("change", () => { const row = viewer()?.querySelector(".rm-viewer-row"); if (row) turn(row); });

  // a reviewer decided, or opened another one: it is read from its beginning
  let item = "";
  function next() {
    const head = document.querySelector("[data-item]");
    if (!head || head.dataset.item === item) return;
    const first = !item;
    item = head.dataset.item;
    if (first) return;
    head.focus({ preventScroll: true });
    head.scrollIntoView({ block: "start" });
  }

  // a new answer has come onto the page: bring its citation into view, and on a phone open the one the address names
  function arrived() {
    const tongue = document.querySelector("[data-tongue]")?.dataset.tongue;
    if (tongue) document.documentElement.lang = tongue === "zh" ? "zh-CN" : "en";
    back();
    next();
    const box = viewer();
    if (!box || box.dataset.ready) return;
    box.dataset.ready = "yes";
    // the same answer drawn again (another language, say): Streamlit does not know which citation we had turned to
    const again = last.record === box.dataset.record && quote(last.key) ? last.key : null;
    const key = again ?? shownQuote()?.dataset.key;
    if (PHONE.matches && !again) {
      // a phone shows the first diagnosis and what is of this case; the others by name
      for (const each of [...document.querySelectorAll(".rm-dx details")].slice(1)) {
        each.open = Boolean(each.querySelector(".rm-in-case"));
      }
    }
    // a whole page on a phone is too small to read
    zoom(PHONE.matches);
    if (key) show(key, { open: query().get("cite") === key, remember: Boolean(again) && !over(box) });
  }
  new MutationObserver(arrived).observe(document.documentElement, { childList: true, subtree: true });
  arrived();
})();
