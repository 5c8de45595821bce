// The book, the tape and the topics: rows of text, best prices in the middle.
const body = (id) => document.querySelector(`#${id} tbody`);
const number = (x, digits = 8) => (x === null || x === undefined ? "–" : x.toLocaleString("en", { maximumFractionDigits: digits }));
const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 23);

function row(cells, kind = "") {
  const made = document.createElement("tr");
  made.className = kind;
  made.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return made;
}

function side(levels, kind) {
  let sum = 0;
  const whole = levels.reduce((total, [, quantity]) => total + quantity, 0);
  return levels.map(([price, quantity]) => {
    sum += quantity;
    const made = row([number(price), number(quantity), number(sum)], kind);
    made.lastChild.style.backgroundSize = `${(100 * sum) / whole}% 100%`;
    return made;
  });
}

export function drawBook({ book, unknown }) {
  const isUnknown = unknown.find((hole) => hole.known_again_at === null);
  const state = document.getElementById("book-state");
  state.className = isUnknown ? "wrong" : "";
  if (!book || isUnknown) {
    state.textContent = isUnknown ? `unknown since ${clock(isUnknown.last_known_at)}: ${isUnknown.end_reason}` : "not known yet";
    body("book").replaceChildren();
    return;
  }
  state.textContent = `${clock(book.window_start_at).slice(0, 8)} · ${book.sequence}`;
  const [bid, ask] = [book.bids[0]?.[0], book.asks[0]?.[0]];
  const between = row([bid === undefined || ask === undefined ? "–" : `spread ${number(ask - bid)}`], "spread");
  between.firstChild.colSpan = 3;
  body("book").replaceChildren(...side(book.asks, "ask").reverse(), between, ...side(book.bids, "bid"));
}

export function drawTape(trades) {
  body("tape").replaceChildren(
    ...trades.map((trade) => row([clock(trade.event_at), number(trade.price), number(trade.quantity)], trade.taker_side)),
  );
}

export function drawHealth(topics) {
  body("health").replaceChildren(
    ...topics.map((topic) => {
      const newest = topic.newest_seconds === null ? "–" : `${number(topic.newest_seconds, 1)} s`;
      const made = row([topic.topic, number(topic.lag), newest, number(topic.rejected), topic.state]);
      if (topic.state !== "ok") made.lastChild.className = "wrong";
      return made;
    }),
  );
}
