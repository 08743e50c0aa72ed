// Shows a day as soon as it is chosen. Without JavaScript, a button does it.
for (const form of document.querySelectorAll("form.choose")) {
  form.addEventListener("change", () => form.requestSubmit());
}
