"use strict";
(() => {
  const source = document.getElementById("run-document");
  const printing = () => document.querySelectorAll("details").forEach((part) => { part.open = true; });
  window.addEventListener("beforeprint", printing);
  if (!source) return;

  const save = document.getElementById("save");
  save.href = URL.createObjectURL(new Blob([source.textContent], { type: "application/json" }));

  const run = JSON.parse(source.textContent);
  const words = new Map([...document.querySelectorAll("dt[data-verdict]")].map((term) => [term.dataset.verdict, term]));
  const holds = (list, port) => list.split(",").some((part) => {
    const [low, high] = part.split("-").map(Number);
    return port >= low && port <= (high === undefined ? low : high);
  });
  const verdictOf = (table, port) => Object.keys(table.verdicts).find((key) => table.verdicts[key] && holds(table.verdicts[key], port));

  const line = (table, port) => {
    const item = document.createElement("li");
    const verdict = verdictOf(table, port);
    const term = words.get(verdict);
    if (term) item.append(term.querySelector(".verdict").cloneNode(true));
    else item.append("not scanned");
    const where = document.createElement("code");
    where.textContent = table.address;
    item.append(` ${table.protocol.toUpperCase()} on `, where, run.vantages.length > 1 ? ` from ${table.vantage}` : "");
    if (term) {
      const says = document.createElement("small");
      says.textContent = term.nextElementSibling.textContent;
      item.append(says);
    }
    return item;
  };

  const panel = document.getElementById("ask");
  if (!panel) return;
  panel.hidden = false;
  const answer = document.getElementById("ask-answer");
  const field = document.getElementById("ask-port");
  const ask = () => {
    const text = field.value.trim();
    const port = Number(text);
    answer.replaceChildren();
    if (!text) return;
    if (!/^\d+$/.test(text) || port < 1 || port > 65535) {
      answer.textContent = "Ports run from 1 to 65535.";
      return;
    }
    const list = document.createElement("ul");
    list.append(...run.ports.map((table) => line(table, port)));
    answer.append(list);
  };
  field.addEventListener("input", ask);
})();
