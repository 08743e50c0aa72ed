// Says so while the page cannot hear of changes, and takes it back as soon as it can again.
const note = document.getElementById("offline");
document.addEventListener("htmx:sse:error", () => { note.hidden = false; });
document.addEventListener("htmx:sse:after:connection", () => { note.hidden = true; });
