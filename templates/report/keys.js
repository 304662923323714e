
  // Keys of one letter; the list of them says how to turn them off.
  const keys = byId("keys");
  const on = byId("keys-on");
  byId("keys-close").addEventListener("click", () => keys.close());
  const shown = () => cards.filter((card) => !card.hidden);
  const move = (by) => {
    const row = shown();
    const here = row.findIndex((card) => card.contains(document.activeElement));
    const next = row[here < 0 ? (by > 0 ? 0 : row.length - 1) : here + by];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView();
    history.replaceState(null, "", `#${next.id}`);
  };
  const fold = () => {
    const parts = all("main details:not([hidden])");
    const open = parts.some((part) => !part.open);
    parts.forEach((part) => { part.open = open; });
  };
  const actions = {
    "/": () => field.focus(),
    "?": () => keys.showModal(),
    j: () => move(1),
    k: () => move(-1),
    e: fold,
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) return;
    if (!on.checked && event.key !== "?") return;
    event.preventDefault();
    actions[event.key]();
  });
  all(".keys-open").forEach((button) => button.addEventListener("click", () => keys.showModal()));
