// The numbers of a letter that is going out, as they are now. When it moves on to another state the page is loaded again, for
// what can be done has changed. Without this script there is a link to look again.
const shown = document.getElementById("progress");
const EVERY = 2000; // milliseconds
const write = new Intl.NumberFormat(shown.dataset.language);

function tell(now) {
  const bar = shown.querySelector("progress");
  bar.max = Math.max(now.total || 0, 1);
  bar.value = now.done;
  for (const name of ["done", "total"]) shown.querySelector(`[data-number=${name}]`).textContent = write.format(now[name] || 0);
  for (const row of document.querySelectorAll("#counts [data-state]")) {
    row.querySelector("td").textContent = write.format(now.counts[row.dataset.state] || 0);
  }
}

async function look() {
  try {
    const answer = await fetch(shown.dataset.url, { credentials: "same-origin" });
    if (answer.ok) {
      const now = await answer.json();
      const known = (state) => document.querySelector(`#counts [data-state=${state}]`);
      if (now.state !== shown.dataset.state || !Object.keys(now.counts).every(known)) return location.reload();
      tell(now);
    }
  } catch {
    // no connection: the next time
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
