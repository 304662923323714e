
  // One field for everything: each part that may be found says what it is in data-find.
  const search = byId("search");
  const field = byId("search-text");
  const found = byId("search-found");
  const most = 12;
  search.hidden = false;
  let index = null;
  document.addEventListener("languagechange", () => { index = null; close(); });
  const entries = () => {
    index = index || all("[data-find]").map((part) => ({
      id: part.id,
      label: part.dataset.find,
      text: `${part.dataset.find} ${part.tagName === "SECTION" ? "" : part.textContent}`.toLowerCase(),
    }));
    return index;
  };
  const best = (terms) => {
    const hits = entries().filter((entry) => holdsAll(entry.text, terms));
    const inLabel = (entry) => holdsAll(entry.label.toLowerCase(), terms);
    return [...hits.filter(inLabel), ...hits.filter((entry) => !inLabel(entry))];
  };
  const close = () => {
    found.hidden = true;
    found.replaceChildren();
  };
  const portLines = async (text) => {
    const run = isPort(text) ? await runDocument() : null;
    const seen = new Map();
    (run ? run.ports : []).forEach((table) => {
      const verdict = verdictOf(table, Number(text));
      if (verdict) seen.set(`${table.protocol} ${verdict}`, [table.protocol, verdict, (seen.get(`${table.protocol} ${verdict}`) || [0, 0, 0])[2] + 1]);
    });
    return [...seen.values()];
  };
  const show = async () => {
    const text = field.value.trim();
    const terms = words(text);
    if (!terms.length) { close(); return; }
    const ports = await portLines(text);
    if (field.value.trim() !== text) return;
    const list = document.createElement("ul");
    ports.forEach(([protocol, verdict, amount]) => {
      const link = made("a", `${text}/${protocol} `, made("li", "", list));
      link.href = "#ports";
      const term = verdictWords.get(verdict);
      link.append(term ? term.querySelector(".verdict").cloneNode(true) : verdict, ` (${amount})`);
    });
    const hits = best(terms);
    hits.slice(0, most).forEach((hit) => { made("a", hit.label, made("li", "", list)).href = `#${hit.id}`; });
    found.replaceChildren(list);
    if (!list.children.length) found.textContent = found.dataset.none;
    else if (hits.length > most) made("p", found.dataset.more, found);
    found.hidden = false;
  };
  const step = (by) => {
    const links = all("a", found);
    const next = links[links.indexOf(document.activeElement) + by];
    (next || field).focus();
  };
  field.addEventListener("input", show);
  field.addEventListener("focus", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { field.value = ""; close(); field.blur(); }
    else if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && event.target === field) { const link = found.querySelector("a"); if (link) link.click(); }
    else return;
    event.preventDefault();
  });
  found.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (link.hash === location.hash) reveal();
    close();
  });
  document.addEventListener("click", (event) => { if (!search.contains(event.target)) close(); });
