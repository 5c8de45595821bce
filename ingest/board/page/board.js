// Address ─▶ one stream of snapshots ─▶ charts and tables. Text of others goes into textContent only.
import { drawCandles, drawTops, paint, shown } from "/page/charts.js";
import { drawBook, drawHealth, drawTape } from "/page/tables.js";

const WIDTHS = ["1s", "1m", "1h", "1d"];
const OLD_SECONDS = 10;
const element = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const view = {
  venue: address.get("venue") ?? "",
  symbol: address.get("symbol") ?? "",
  width: WIDTHS.includes(address.get("width")) ? address.get("width") : "1m",
};
let source;
let readAt;
let markets = "";

function follow() {
  source?.close();
  history.replaceState(null, "", `?${new URLSearchParams(view)}`);
  for (const button of element("widths").children) {
    button.setAttribute("aria-pressed", String(button.textContent === view.width));
  }
  source = new EventSource(`/stream?${new URLSearchParams(view)}`);
  source.onmessage = (message) => draw(JSON.parse(message.data));
  source.addEventListener("full", (message) => {
    source.close();
    element("age").textContent = message.data;
  });
}

function draw(found) {
  readAt = found.read_at;
  offer(found.markets);
  if (!view.symbol && found.markets.length) {
    [view.venue, view.symbol] = found.markets[0];
    follow();
    return;
  }
  document.title = `${view.symbol} · Tickhouse`;
  drawCandles(found);
  drawTops(found);
  drawBook(found);
  drawTape(found.trades);
  drawHealth(found.topics);
  age();
}

function offer(found) {
  const text = JSON.stringify(found);
  if (text !== markets) {
    markets = text;
    element("market").replaceChildren(
      ...found.map(([venue, symbol]) => new Option(`${venue} ${symbol}`, JSON.stringify([venue, symbol]))),
    );
  }
  element("market").value = JSON.stringify([view.venue, view.symbol]);
}

function age() {
  if (readAt === undefined) return;
  const seconds = Math.max(0, Date.now() / 1000 - readAt);
  const at = new Date(readAt * 1000).toISOString().slice(11, 19);
  const isOld = seconds > OLD_SECONDS;
  element("age").className = isOld ? "old" : "";
  element("age").textContent = `As of ${at} UTC` + (isOld ? `, ${Math.round(seconds)} s ago: the warehouse is busy` : "");
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem("theme", name);
  paint();
}

element("market").onchange = (event) => {
  [view.venue, view.symbol] = JSON.parse(event.target.value);
  follow();
};
for (const width of WIDTHS) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = width;
  button.onclick = () => {
    view.width = width;
    follow();
  };
  element("widths").append(button, " ");
}
const turn = () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
element("theme").onclick = turn;
document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
  if (event.key === "m") element("market").focus();
  if (event.key === "t") turn();
  if (WIDTHS[event.key - 1]) element("widths").querySelectorAll("button")[event.key - 1].click();
};
theme(localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
setInterval(age, 1000);
// What is drawn, read back from the charts themselves: for the tests, and for the curious.
window.shown = shown;
follow();
