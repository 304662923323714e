
  // The page in the other language: what differs is swapped, what stands on either side is kept for the way back.
  const otherWords = byId("other-words");
  const languages = byId("languages");
  if (otherWords && languages) {
    const table = JSON.parse(otherWords.textContent);
    const swaps = all("[data-t]").flatMap((element) => {
      const entry = table[Number(element.dataset.t)];
      const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      return [
        ...Object.entries(entry.t || {}).map(([number, text]) => ({ get: () => texts[number].data, set: (value) => { texts[number].data = value; }, other: text })),
        ...Object.entries(entry.a || {}).map(([name, text]) => ({ get: () => element.getAttribute(name), set: (value) => element.setAttribute(name, value), other: text })),
        ...(entry.h === undefined ? [] : [{ get: () => element.innerHTML, set: (value) => { element.innerHTML = value; }, other: entry.h }]),
      ];
    });
    languages.hidden = false;
    languages.addEventListener("click", () => {
      swaps.forEach((swap) => {
        const now = swap.get();
        swap.set(swap.other);
        swap.other = now;
      });
      document.dispatchEvent(new Event("languagechange"));
    });
  }
