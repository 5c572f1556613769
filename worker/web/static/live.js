// Live progress of a period or a batch: the page is complete without it, and loads itself again once nothing moves any more.
const area = document.querySelector("[data-live]");
if (area) {
  const bar = area.querySelector("progress");
  const source = new EventSource(area.dataset.live);
  source.addEventListener("progress", (message) => {
    const counts = JSON.parse(message.data);
    bar.max = Math.max(counts.total, 1);
    bar.value = counts.done;
    area.querySelector("p").textContent = counts.text;
  });
  source.addEventListener("rest", () => {
    source.close();
    location.reload();
  });
}
