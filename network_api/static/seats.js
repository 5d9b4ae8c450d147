// Free seats on the page of a theme day, as they are now. The words come from the page itself, asked for again now and then
// (a 304 while nothing has changed); what is typed into the form stays. Without this script they are as they were.
const page = document.currentScript.dataset.page;
const EVERY = 20000; // milliseconds

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(page, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const shown of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(shown.id);
      if (now && now.textContent !== shown.textContent) shown.textContent = now.textContent;
    }
  } catch {
    // no connection: the next time
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
