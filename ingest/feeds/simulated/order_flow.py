"""What traders do to one symbol's book: makers quote around the fair price, takers trade at the touch."""

from random import Random

from ingest.feeds.simulated.book import Book, Side
from ingest.feeds.simulated.price import PricePath
from ingest.feeds.simulated.symbols import UNIT, Symbol

Fill = tuple[int, int]
"""A price and the quantity traded there: one maker order's part in a trade."""

TRADE_BELOW, TOUCH_BELOW, ADD_BELOW = 0.3, 0.65, 0.9
"""Of all events: trades, changes at the best price, new orders behind it; the rest cancels."""
USUAL_LEVELS = 150
FEWEST_LEVELS = 20
DEEPEST_STEPS = 25
"""How far behind the best price an order stands on average, in quote steps."""
LEVEL_VALUE = 15_000
TRADE_VALUE = 400
"""The median worth of what stands at a price and of a taker's order, in quote currency."""
DRAWS = 4096


class OrderFlow:
    """Acts on its book, one event at a time. The book is never crossed and never empty."""

    def __init__(self, symbol: Symbol, random: Random, now_ms: int, first_id: int) -> None:
        self.book = Book(first_id)
        self.taker_buys = True
        self._symbol = symbol
        self._random = random.random
        self._path = PricePath(symbol, random, now_ms)
        # Drawn once and reused: drawing from these distributions each time would cost half the rate.
        self._level_sizes = self._sizes(random, LEVEL_VALUE, spread=1.1)
        self._trade_sizes = self._sizes(random, TRADE_VALUE, spread=1.7)
        depth = DEEPEST_STEPS * symbol.quote_step // symbol.tick
        self._distances = [symbol.tick * int(random.expovariate(1 / depth)) for _ in range(DRAWS)]
        self._ranks = [int(random.expovariate(1 / 12)) for _ in range(DRAWS)]
        self._restock(USUAL_LEVELS * 2 // 3)

    def act(self, now_ms: int) -> list[Fill]:
        """Let one thing happen; what it traded, if it was a trade."""
        book = self.book
        if self._path.advance(now_ms):
            self._withdraw_stale()
            self._restock(FEWEST_LEVELS)
        self._tighten()
        draw = self._random()
        if draw < TRADE_BELOW:
            return self._trade()
        side = book.bids if self._random() < 0.5 else book.asks
        if draw < TOUCH_BELOW:
            self._resize(side, side.price_at(0))
        elif len(side.prices) > USUAL_LEVELS:
            book.put(side, side.price_at(len(side.prices) - 1), 0)
        elif draw < ADD_BELOW or len(side.prices) <= FEWEST_LEVELS:
            self._add_level(side)
        else:
            self._cancel(side)
        return []

    def _sizes(self, random: Random, value: int, spread: float) -> list[int]:
        lots = value * UNIT * UNIT / self._symbol.price / self._symbol.lot
        return [self._symbol.lot * max(1, int(lots * random.lognormvariate(0, spread))) for _ in range(DRAWS)]

    def _draw(self, table: list[int]) -> int:
        return table[int(self._random() * DRAWS)]

    def _withdraw_stale(self) -> None:
        """Makers cancel what the fair price has passed."""
        book, fair = self.book, self._path.price
        while book.bids.prices and book.bids.prices[-1] >= fair:
            book.put(book.bids, book.bids.prices[-1], 0)
        while book.asks.prices and book.asks.prices[0] <= fair:
            book.put(book.asks, book.asks.prices[0], 0)

    def _tighten(self) -> None:
        """Makers quote again where the spread is wider than usual."""
        book, path = self.book, self._path
        if book.bids.prices[-1] < path.bid:
            book.put(book.bids, path.bid, self._draw(self._level_sizes))
        if book.asks.prices[0] > path.ask:
            book.put(book.asks, path.ask, self._draw(self._level_sizes))

    def _restock(self, fewest: int) -> None:
        for side, quote in ((self.book.bids, self._path.bid), (self.book.asks, self._path.ask)):
            if not side.prices:
                self.book.put(side, quote, self._draw(self._level_sizes))
            while len(side.prices) < fewest:
                self._add_level(side)

    def _add_level(self, side: Side) -> None:
        distance = self._draw(self._distances)
        price = side.price_at(0) + (-distance if side.is_bid else distance)
        self.book.put(side, max(price, self._symbol.tick), self._draw(self._level_sizes))

    def _cancel(self, side: Side) -> None:
        rank = min(1 + self._draw(self._ranks), len(side.prices) - 1)
        self.book.put(side, side.price_at(rank), 0)

    def _resize(self, side: Side, price: int) -> None:
        """Half-way to a quantity drawn anew, in whole lots."""
        lots = (side.quantities[price] + self._draw(self._level_sizes)) // (2 * self._symbol.lot)
        self.book.put(side, price, max(lots, 1) * self._symbol.lot)

    def _trade(self) -> list[Fill]:
        """A taker's order eats from the best price on, and may reach one quote step further."""
        book, path = self.book, self._path
        if self._random() < 0.4:
            self.taker_buys = self._random() * (path.ask - path.bid) < path.price - path.bid
        side = book.asks if self.taker_buys else book.bids
        wanted = self._draw(self._trade_sizes)
        best = price = side.price_at(0)
        fills: list[Fill] = []
        while wanted and abs(price - best) <= self._symbol.quote_step and len(side.prices) > 1:
            standing = side.quantities[price]
            part = self._part_of(min(wanted, standing))
            book.put(side, price, standing - part)
            fills.append((price, part))
            wanted -= part
            price = side.price_at(0)
        return fills

    def _part_of(self, quantity: int) -> int:
        """Mostly all of it; sometimes the maker order at the front of the queue is smaller."""
        if self._random() < 0.8:
            return quantity
        lots = quantity // self._symbol.lot
        return max(1, int(lots * self._random())) * self._symbol.lot
