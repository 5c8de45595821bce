// Candles with VWAP, bands, volume and gaps; spread and imbalance. Where nothing is known nothing is drawn.
import {
  CandlestickSeries, HistogramSeries, LineSeries, createChart,
} from "/page/vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";

const SECONDS = { "1s": 1, "1m": 60, "1h": 3600, "1d": 86400 };
const BANDS = ["lower_band_1", "upper_band_1", "lower_band_2", "upper_band_2"];
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const element = (id) => document.getElementById(id);
const base = { autoSize: true, timeScale: { timeVisible: true, secondsVisible: true }, layout: { attributionLogo: true } };
const stroke = (style = 0, width = 1) => ({
  lineWidth: width, lineStyle: style, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false,
});

const market = createChart(element("candles"), base);
const gaps = market.addSeries(HistogramSeries, { priceScaleId: "gaps", lastValueVisible: false, priceLineVisible: false });
const candles = market.addSeries(CandlestickSeries, { priceLineVisible: false });
const vwap = market.addSeries(LineSeries, stroke(0, 2));
const twap = market.addSeries(LineSeries, stroke(1));
const bands = Object.fromEntries(BANDS.map((name) => [name, market.addSeries(LineSeries, stroke(2))]));
const volume = market.addSeries(HistogramSeries, {
  priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
});
market.priceScale("gaps").applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
market.priceScale("volume").applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });

const tops = createChart(element("tops"), { ...base, leftPriceScale: { visible: true } });
const spread = tops.addSeries(LineSeries, stroke(0, 2));
const imbalance = tops.addSeries(LineSeries, { ...stroke(), priceScaleId: "left" });

let last;
let fitted;
let byTime = new Map();

// A point for each step between the first and the last: one without a value is a hole, not a bridge.
function stepped(rows, seconds, point) {
  const points = [];
  for (const row of rows) {
    const time = row.window_start_at;
    const before = points.at(-1)?.time;
    if (before === time) points.pop();
    else for (let at = before + seconds; at < time && points.length < 5000; at += seconds) points.push({ time: at });
    points.push({ time, ...point(row) });
  }
  return points;
}

const value = (name) => (row) => (row[name] === null || row[name] === undefined ? {} : { value: row[name] });

// The library joins the points on either side of a hole; a stroke without a colour leaves it open.
function line(series, rows, seconds, name) {
  const points = stepped(rows, seconds, value(name));
  points.forEach((point, at) => {
    if (point.value !== undefined && at + 1 < points.length && points[at + 1].value === undefined) point.color = "transparent";
  });
  series.setData(points);
}

export function drawCandles(found) {
  last = found;
  const seconds = SECONDS[found.view.width];
  byTime = new Map(found.candles.map((row) => [row.window_start_at, row]));
  const body = (row) => (row.open <= row.close ? "up" : "down");
  candles.setData(stepped(found.candles, seconds, (row) => {
    const pale = row.is_filled ? color(`${body(row)}-back`) : color(body(row));
    return { open: row.open, high: row.high, low: row.low, close: row.close, color: pale, borderColor: pale, wickColor: pale };
  }));
  volume.setData(stepped(found.candles, seconds, (row) => ({ value: row.volume, color: color(`${body(row)}-back`) })));
  const session = found.view.width === "1m" ? found.vwap : found.candles;
  line(vwap, session, seconds, "vwap");
  line(twap, found.vwap, seconds, "twap");
  for (const name of BANDS) line(bands[name], found.vwap, seconds, name);
  gaps.setData(shades(found, seconds));
  legend(found.candles.at(-1));
  fit(found);
}

// A market that is new to the eye: all of it, with as many digits as its price wants.
function fit({ view, candles: rows }) {
  const name = JSON.stringify(view);
  if (name === fitted || !rows.length) return;
  fitted = name;
  const precision = Math.max(2, Math.min(8, 4 - Math.floor(Math.log10(Math.abs(rows.at(-1).close) || 1))));
  candles.applyOptions({ priceFormat: { type: "price", precision, minMove: 10 ** -precision } });
  market.timeScale().fitContent();
}

// A shade behind every candle in whose time something is missing.
function shades(found, seconds) {
  const shade = color("down-back");
  const isMissing = (at) =>
    found.gaps.some((gap) => gap.gap_start_at < at + seconds && (gap.gap_end_at ?? gap.gap_start_at) >= at);
  return stepped(found.candles, seconds, () => ({}))
    .map(({ time }) => (isMissing(time) ? { time, value: 1, color: shade } : { time }));
}

export function drawTops(found) {
  line(spread, found.tops, 1, "spread_bps");
  line(imbalance, found.tops, 1, "imbalance");
}

function legend(row) {
  const number = (x) => (x === null || x === undefined ? "–" : x.toLocaleString("en", { maximumFractionDigits: 8 }));
  const share = row?.volume ? `${Math.round((100 * row.taker_buy_volume) / row.volume)} %` : "–";
  element("legend").textContent = row
    ? `${new Date(row.window_start_at * 1000).toISOString().slice(0, 19).replace("T", " ")}  ` +
      `O ${number(row.open)}  H ${number(row.high)}  L ${number(row.low)}  C ${number(row.close)}  ` +
      `Vol ${number(row.volume)}  Takers buy ${share}  VWAP ${number(row.vwap)}  ` +
      `offsets ${row.first_offset ?? "–"}–${row.last_offset ?? "–"}  batch ${row.batch_id}` +
      (row.is_filled ? "  (no trades: carried on)" : "")
    : "No candles of this market and width yet.";
}

market.subscribeCrosshairMove(({ time }) => legend(byTime.get(time) ?? last?.candles.at(-1)));

export function paint() {
  const layout = { background: { color: color("panel") }, textColor: color("quiet"), attributionLogo: true };
  const grid = { vertLines: { color: color("line") }, horzLines: { color: color("line") } };
  for (const chart of [market, tops]) chart.applyOptions({ layout, grid });
  vwap.applyOptions({ color: color("text") });
  twap.applyOptions({ color: color("quiet") });
  for (const name of BANDS) bands[name].applyOptions({ color: color("quiet") });
  spread.applyOptions({ color: color("up") });
  imbalance.applyOptions({ color: color("quiet") });
  if (last) {
    drawCandles(last);
    drawTops(last);
  }
}

export const shown = {
  candles: () => candles.data(), vwap: () => vwap.data(), gaps: () => gaps.data(), spread: () => spread.data(),
};
