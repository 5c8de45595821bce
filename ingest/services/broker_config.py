"""What the embedded broker is told: one KRaft node on loopback that a laptop can be left alone with.

compose.yaml says the same to the container; a test holds the two together.
"""

MIB = 1024 * 1024
HOUR_MS = 60 * 60 * 1000

SERVER: dict[str, str | int] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # A topic exists because the topic table says so, not because of a typing error.
    "auto.create.topics.enable": "false",
    # One node: one copy of everything, and nobody to wait for.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    # After a kill the old broker counts as alive this long (9 s by default), and the new one has to wait.
    "broker.session.timeout.ms": 5_000,
    "broker.heartbeat.interval.ms": 1_000,
    # Left running for a week: whichever bound comes first, and segments small enough for it to bite.
    "log.retention.ms": 48 * HOUR_MS,
    "log.retention.bytes": 1024 * MIB,
    "log.segment.bytes": 64 * MIB,
    "log.roll.ms": HOUR_MS,
    "log.retention.check.interval.ms": 60_000,
    "log.index.size.max.bytes": MIB,
    # The cluster's own log: by default it would grow by 15 MB a day of saying that nothing happened.
    "metadata.max.idle.interval.ms": 10_000,
    "metadata.log.segment.bytes": 8 * MIB,
    "metadata.max.retention.bytes": 32 * MIB,
    "metadata.log.max.record.bytes.between.snapshots": 2 * MIB,
    # Memory: the cleaner alone would take 128 MB.
    "log.cleaner.dedupe.buffer.size": 4 * MIB,
    "log.cleaner.io.buffer.size": 128 * 1024,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
}


def server_properties(port: int, controller_port: int) -> str:
    """Paths are relative to the broker's home, its working directory: no letter in them can do harm."""
    listeners = f"PLAINTEXT://127.0.0.1:{port}"
    return properties(
        {
            **SERVER,
            "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": listeners,
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "log.dirs": "data",
        }
    )


def logging_properties(name: str = "broker") -> str:
    """At most 40 MB of log: one file being written and three old ones."""
    return properties(
        {
            "appender.file.type": "RollingFile",
            "appender.file.name": "file",
            "appender.file.fileName": f"logs/{name}.log",
            "appender.file.filePattern": f"logs/{name}.log.%i",
            "appender.file.layout.type": "PatternLayout",
            "appender.file.layout.pattern": "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5p %m (%c{1})%n",
            "appender.file.policies.type": "Policies",
            "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
            "appender.file.policies.size.size": "10MB",
            "appender.file.strategy.type": "DefaultRolloverStrategy",
            "appender.file.strategy.max": 3,
            "rootLogger.level": "INFO",
            "rootLogger.appenderRef.file.ref": "file",
        }
    )


def properties(values: dict[str, str | int]) -> str:
    """As Java reads them from a file."""
    return "".join(f"{name}={value}\n" for name, value in values.items())
