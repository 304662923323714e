"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, where = document) => [...where.querySelectorAll(selector)];
  const made = (tag, text, where) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (where) where.append(element);
    return element;
  };
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const holdsAll = (text, terms) => terms.every((term) => text.includes(term));
{% include "report/language.js" %}
{% include "report/print.js" %}
{% include "report/document.js" %}
{% include "report/router.js" %}
{% include "report/filter.js" %}
{% include "report/search.js" %}
{% include "report/keys.js" %}
})();
