
  // The run document: saved as it is, and asked what happened to a port.
  const source = byId("run-document");
  const packed = byId("save-packed");
  const readable = source || (packed && packed.href.startsWith("data:application/gzip") && window.DecompressionStream);
  const readDocument = async () => {
    if (source) return JSON.parse(source.textContent);
    if (!readable) return null;
    const bytes = Uint8Array.from(atob(packed.href.slice(packed.href.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  let reading = null;
  const runDocument = () => {
    reading = reading || readDocument().catch(() => null);
    return reading;
  };

  if (source) {
    byId("save").href = URL.createObjectURL(new Blob([source.textContent], { type: "application/json" }));
  }

  const verdictWords = new Map(all("dt[data-verdict]").map((term) => [term.dataset.verdict, term]));
  const holds = (list, port) => list.split(",").some((part) => {
    const [low, high] = part.split("-").map(Number);
    return port >= low && port <= (high === undefined ? low : high);
  });
  const verdictOf = (table, port) => Object.keys(table.verdicts).find((key) => table.verdicts[key] && holds(table.verdicts[key], port));
  const isPort = (text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;

  const ask = byId("ask");
  if (ask && readable) {
    ask.hidden = false;
    const answer = byId("ask-answer");
    const field = byId("ask-port");
    const line = (table, port, from) => {
      const item = document.createElement("li");
      const term = verdictWords.get(verdictOf(table, port));
      if (term) item.append(term.querySelector(".verdict").cloneNode(true));
      else item.append(answer.dataset.unscanned);
      item.append(` ${table.protocol.toUpperCase()} `);
      made("code", table.address, item);
      if (from) made("span", ` ${table.vantage}`, item);
      if (term) made("small", term.nextElementSibling.textContent, item);
      return item;
    };
    const tell = async () => {
      const text = field.value.trim();
      if (!text || !isPort(text)) {
        answer.textContent = text ? answer.dataset.wrong : "";
        return;
      }
      const run = await runDocument();
      if (field.value.trim() !== text) return;
      const list = document.createElement("ul");
      if (run) list.append(...run.ports.map((table) => line(table, Number(text), run.vantages.length > 1)));
      answer.replaceChildren(list);
    };
    field.addEventListener("input", tell);
  }
