// Live progress of a period: the page is complete without it, and loads itself again once the period rests.
const area = document.querySelector("[data-live]");
if (area) {
  const bar = area.querySelector("progress");
  const source = new EventSource(`/periods/${encodeURIComponent(area.dataset.live)}/live`);
  source.addEventListener("progress", (message) => {
    const counts = JSON.parse(message.data);
    bar.max = Math.max(counts.total, 1);
    bar.value = counts.exported;
    area.querySelector("p").textContent = counts.text;
  });
  source.addEventListener("rest", () => {
    source.close();
    if (area.dataset.moved) location.reload();
  });
  source.addEventListener("progress", () => { area.dataset.moved = "yes"; });
}
