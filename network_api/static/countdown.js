// The time until a door opens, in place of the hour at which it does; then the page is loaded anew. A day ahead the hour stays.
const timer = document.querySelector("[data-until]");
const until = Date.parse(timer.dataset.until);
const DAY = 86400;

function count() {
  const left = Math.ceil((until - Date.now()) / 1000);
  if (left <= 0) return setTimeout(() => location.reload(), 3000); // a clock that is fast must not ask without end
  if (left < DAY) {
    const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    timer.textContent = parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
  }
  return setTimeout(count, 1000 - (Date.now() % 1000));
}

count();
