"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const table = byId("table");
  const fields = all("#filters select");
  const text = byId("filter-text");
  const findings = () => [...table.tBodies];
  let given = findings().map((row) => row.id);
  let sorted = { column: -1, up: true };

  // The text filter searches a row's cells and its summary, not the parts folded below.
  const words = new WeakMap();
  function wordsOf(row) {
    if (!words.has(row)) {
      const parts = all("tr.row, .story > .sentence, .facts.list, .problem", row);
      words.set(row, parts.map((part) => part.textContent).join(" ").toLowerCase());
    }
    return words.get(row);
  }

  function filter() {
    const wanted = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of findings()) {
      const right = fields.every((one) => !one.value || row.dataset[one.dataset.field] === one.value);
      row.hidden = !(right && wanted.every((word) => wordsOf(row).includes(word)));
      shown += !row.hidden;
    }
    byId("shown").textContent = `${shown} of ${given.length}`;
    byId("none").hidden = shown > 0;
  }

  function fill() {
    for (const one of fields) {
      const before = one.value;
      const values = new Set(findings().map((row) => row.dataset[one.dataset.field]));
      if (before) values.add(before);
      const options = [...values].sort().map((value) => new Option(value === "?" ? "not known yet" : value, value));
      one.replaceChildren(new Option("any", ""), ...options);
      one.value = before;
    }
  }

  function valueOf(row, column, number) {
    const cell = row.rows[0].cells[column];
    const value = cell.dataset.value ?? cell.textContent.trim();
    return number ? Number(value) : value;
  }

  function order() {
    const place = new Map(given.map((id, index) => [id, index]));
    const rows = findings();
    const { column, up } = sorted;
    const sort = column >= 0 ? table.tHead.rows[0].cells[column].dataset.sort : "";
    const number = sort === "number";
    // Versions compare as numbers, buckets as plain text.
    const how = { numeric: sort === "text" };
    rows.sort((one, other) => {
      if (column >= 0) {
        const [a, b] = [valueOf(one, column, number), valueOf(other, column, number)];
        const by = number ? a - b : a.localeCompare(b, "en", how);
        if (by) return up ? by : -by;
      }
      return place.get(one.id) - place.get(other.id);
    });
    if (rows.some((row, index) => table.tBodies[index] !== row)) table.append(...rows);
    [...table.tHead.rows[0].cells].forEach((cell, index) => {
      cell.setAttribute("aria-sort", index !== column ? "none" : up ? "ascending" : "descending");
    });
  }

  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      // For numbers, the largest first is the more useful order.
      const first = cell.dataset.sort !== "number";
      const again = sorted.column === column;
      sorted = again && sorted.up !== first ? { column: -1, up: true } : { column, up: again ? !sorted.up : first };
      order();
    });
  });

  function select(values) {
    text.value = "";
    for (const one of fields) one.value = values[one.dataset.field] ?? "";
    filter();
  }

  document.addEventListener("click", (event) => {
    const cell = event.target.closest(".matrix a");
    if (cell) select(cell.dataset);
  });

  function open() {
    const row = byId(decodeURIComponent(location.hash.slice(1)));
    if (!row || row.parentElement !== table) return;
    if (row.hidden) select({});
    const story = row.querySelector(".story");
    if (story) story.open = true;
    row.scrollIntoView();
  }

  for (const event of ["input", "change"]) byId("filters").addEventListener(event, filter);
  byId("filters").addEventListener("reset", () => setTimeout(filter));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", open);
  table.addEventListener("click", (event) => {
    const link = event.target.closest(".bucket");
    if (link && link.getAttribute("href") === location.hash) open();
  });
  byId("filters").hidden = false;
  // On a phone, findings come first.
  if (matchMedia("(max-width: 700px)").matches) byId("filter-fold").open = false;
  fill();
  order();
  filter();
  open();

  // From here on: a served page updates itself.
  let generation = document.documentElement.dataset.generation;
  if (!generation) return;
  const live = byId("live");

  function remember(part) {
    const scrolled = all(".scroll, pre", part).map((one) => [one.scrollLeft, one.scrollTop]);
    const opened = all("details[open][data-keep]", part).map((one) => one.dataset.keep);
    const focused = part.contains(document.activeElement) && document.activeElement.closest("details[data-keep]");
    return { scrolled, opened, focused: focused ? focused.dataset.keep : "" };
  }

  function restore(part, { scrolled, opened, focused }) {
    for (const one of all("details[data-keep]", part)) {
      if (opened.includes(one.dataset.keep)) one.open = true;
      if (one.dataset.keep === focused) one.querySelector("summary").focus({ preventScroll: true });
    }
    all(".scroll, pre", part).forEach((one, index) => {
      if (scrolled[index]) [one.scrollLeft, one.scrollTop] = scrolled[index];
    });
  }

  function swap(id, html) {
    const part = byId(id);
    if (!part) {
      table.insertAdjacentHTML("beforeend", html);
      return;
    }
    const before = remember(part);
    if (part.parentElement === table) part.outerHTML = html;
    else part.innerHTML = html;
    restore(byId(id), before);
  }

  function apply(changes) {
    const anchor = all("[data-part]").find((part) => part.getBoundingClientRect().bottom > 60 && !part.hidden);
    const [id, top] = anchor ? [anchor.id, anchor.getBoundingClientRect().top] : ["", 0];
    for (const [part, html] of Object.entries(changes.parts)) swap(part, html);
    for (const row of findings()) if (!changes.findings.includes(row.id)) row.remove();
    given = changes.findings;
    document.title = `finfuzz: ${changes.title}`;
    fill();
    order();
    filter();
    const now = id && byId(id);
    if (now && !now.hidden) window.scrollBy(0, now.getBoundingClientRect().top - top);
  }

  async function poll() {
    try {
      const answer = await fetch(`data?since=${encodeURIComponent(generation)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const changes = await answer.json();
      if (changes.generation !== generation) {
        generation = changes.generation;
        document.documentElement.dataset.generation = generation;
        apply(changes);
      }
      live.textContent = changes.problem || changes.made;
      live.className = changes.problem ? "lost" : "";
    } catch {
      live.textContent = "no longer served: this is the last state";
      live.className = "lost";
    }
  }

  let waiting = 0;
  async function turn() {
    clearTimeout(waiting);
    if (!document.hidden) await poll();
    waiting = setTimeout(turn, 3000);
  }
  document.addEventListener("visibilitychange", turn);
  waiting = setTimeout(turn, 3000);
})();
