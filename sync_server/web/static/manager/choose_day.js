// A day is shown as soon as it is chosen; without this, a button does it.
for (const form of document.querySelectorAll("form.choose")) {
  form.addEventListener("change", () => form.requestSubmit());
}
