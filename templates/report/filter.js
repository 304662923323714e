
  // Findings by severity, kind of address and text.
  const cards = all(".card");
  const filter = byId("filter");
  let unfilter = () => {};
  if (filter) {
    filter.hidden = false;
    const text = byId("filter-text");
    const count = byId("filter-count");
    const boxes = all("input[type=checkbox]", filter);
    const told = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
    const chosen = (name) => boxes.filter((box) => box.name === name && box.checked).map((box) => box.value);
    const apply = () => {
      const terms = words(text.value);
      const severities = chosen("severity");
      const kinds = chosen("kind");
      cards.forEach((card) => {
        const wanted = severities.includes(card.dataset.severity) && card.dataset.kinds.split(" ").some((kind) => kinds.includes(kind));
        card.hidden = !(wanted && holdsAll(told.get(card), terms));
      });
      const shown = cards.filter((card) => !card.hidden).length;
      count.textContent = shown === cards.length ? "" : count.dataset.says.replace("{shown}", shown).replace("{all}", cards.length);
    };
    unfilter = () => {
      text.value = "";
      boxes.forEach((box) => { box.checked = true; });
      apply();
    };
    filter.addEventListener("input", apply);
    text.addEventListener("keydown", (event) => { if (event.key === "Escape") unfilter(); });
  }

  // A link leads to what it names, filtered away or folded or not.
  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const card = target.closest(".card");
    if (card && card.hidden) unfilter();
    const router = target.closest("details.router");
    if (router) choose(router.id.replace("router-", ""));
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
    if (card) card.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", reveal);
  if (location.hash) reveal();
