"""What can go wrong, and whether running again can help.

    TickhouseError
    ├── Retryable                 the world may heal: broker away, file busy
    │   ├── BrokerUnavailable
    │   ├── WarehouseBusy
    │   ├── WarehouseUnavailable
    │   ├── PostgresUnavailable
    │   ├── SinkUnavailable
    │   ├── StaleSink             another run wrote to the store meanwhile
    │   └── StaleLanding          another writer landed first, or the topic was re-created
    └── NeedsAttention            a rerun gives the same error: somebody must act
        ├── SettingsInvalid
        ├── InputInvalid          a file that is to be read is not what it should be
        ├── DeliveryFailed        Kafka does not take a message: too large, no such topic, no right
        ├── RecordsUnreadable     Kafka holds a batch that cannot be taken apart
        ├── QueryFailed           a statement that the warehouse does not understand, or that took too long
        ├── ServiceFailed         an embedded service did not come up
        ├── DiskFull
        └── RebuildRefused        what would be lost cannot be rebuilt

Each message says what happened, to what, and what to do.
"""


class TickhouseError(Exception):
    """Root of every error that Tickhouse raises on purpose."""

    can_retry = False


class Retryable(TickhouseError):
    """Running again can help, nothing was lost."""

    can_retry = True


class NeedsAttention(TickhouseError):
    """Running again gives the same error."""


class BrokerUnavailable(Retryable):
    """No Kafka broker answers."""


class WarehouseBusy(Retryable):
    """Another process holds the warehouse longer than we were told to wait."""


class WarehouseUnavailable(Retryable):
    """The warehouse is across a network, and does not answer."""


class PostgresUnavailable(Retryable):
    """The database whose changes are captured does not answer."""


class SinkUnavailable(Retryable):
    """A store that marts are written to does not answer, or takes nothing."""


class StaleSink(Retryable):
    """The store is in another state than the one that the changes were read for; nothing was written."""


class StaleLanding(Retryable):
    """The position or the topic's life changed under a batch; nothing of it was landed."""


class SettingsInvalid(NeedsAttention):
    """A setting cannot be used as it stands."""


class InputInvalid(NeedsAttention):
    """A file that is to be read is absent, or not what it should be."""


class DeliveryFailed(NeedsAttention):
    """Kafka refused messages; trying again gives the same answer."""


class RecordsUnreadable(NeedsAttention):
    """Offsets [first, end) of a partition cannot be taken apart; everything around them can be landed."""

    def __init__(self, topic: str, partition: int, first: int, end: int, reason: str) -> None:
        which = f"offset {first}" if end == first + 1 else f"offsets {first} to {end - 1}"
        super().__init__(
            f"{topic}[{partition}] {which} cannot be read: {reason}. Everything else goes on. "
            f"`tickhouse skip {topic} --partition {partition} --offset {first}` passes over it and "
            "writes it down as lost."
        )
        self.topic, self.partition, self.first, self.end, self.reason = topic, partition, first, end, reason


class QueryFailed(NeedsAttention):
    """The warehouse cannot answer a statement as it stands."""


class ServiceFailed(NeedsAttention):
    """An embedded service (the broker, …) did not come up."""


class DiskFull(NeedsAttention):
    """No room to write."""


class RebuildRefused(NeedsAttention):
    """A rebuild would lose rows that no longer have a source."""
