// What a reader would call broken: text beyond the page or its box, text upon text. Returns a list of sentences.
() => {
  const faults = [];
  const width = document.documentElement.clientWidth;
  const name = (element) => {
    const where = element.closest("[id]");
    return `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} in #${where ? where.id : "-"}: ${element.textContent.trim().slice(0, 40)}`;
  };
  if (document.scrollingElement.scrollWidth > width) faults.push(`the page is ${document.scrollingElement.scrollWidth} wide, the window ${width}`);

  const scrolls = (element) => element.closest(".scroll, .snippet, nav, .found, dialog, .visually-hidden, .skip, .sprite");
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "TITLE", "DESC", "OPTION"].includes(element.tagName.toUpperCase())) continue;
    const style = getComputedStyle(element);
    if (style.visibility === "hidden" || element.closest(".visually-hidden, .skip, dialog, .subject") || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 2) continue;
      if (!scrolls(element) && (box.right > width + 1 || box.left < -1)) faults.push(`beyond the page: ${name(element)}`);
      // letters are lower than their line boxes
      const trim = box.height * 0.22;
      boxes.push({ left: box.left, right: box.right, top: box.top + trim, bottom: box.bottom - trim, element, node });
    }
  }

  for (const element of document.querySelectorAll("main *, header *")) {
    const style = getComputedStyle(element);
    if (style.overflowX !== "hidden" && style.overflowX !== "clip") continue;
    if (element.closest(".visually-hidden, .subject, svg") || !element.checkVisibility()) continue;
    if (element.scrollWidth > element.clientWidth + 1) faults.push(`cut off: ${name(element)}`);
  }

  boxes.sort((one, other) => one.top - other.top);
  let living = [];
  for (const box of boxes) {
    living = living.filter((other) => other.bottom > box.top);
    for (const other of living) {
      const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const down = Math.min(box.bottom, other.bottom) - box.top;
      const both = [box.element, other.element];
      // what scrolls sideways inside a table may lie behind the table's edge
      if (across > 3 && down > 3 && !both.some(scrolls)) faults.push(`text upon text: ${name(box.element)} / ${name(other.element)}`);
    }
    living.push(box);
  }
  return [...new Set(faults)].slice(0, 12);
}
