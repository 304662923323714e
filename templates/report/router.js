
  // One router's text at a time; without script all of them are there, folded.
  const picker = byId("picker-router");
  const routers = all("details.router");
  const choose = (id) => {
    routers.forEach((part) => {
      part.classList.toggle("chosen", part.id === `router-${id}`);
      part.hidden = !part.classList.contains("chosen");
      part.open = !part.hidden;
    });
    picker.value = id;
  };
  if (picker) {
    byId("picker").hidden = false;
    choose(picker.value);
    picker.addEventListener("change", () => choose(picker.value));
  }
