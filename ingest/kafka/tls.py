"""TLS as the settings say it: its files are read before a client does, and who is not let in hears why.

Clients say no more than that a connection broke, and kafka-python asks the terminal for a key's password.
"""

import socket
import ssl

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings

HANDSHAKE_SECONDS = 3.0
REFUSAL_SECONDS = 1.0
"""A broker refuses a client's certificate once the handshake is done; this long it may take."""
# Of OpenSSL: X509_V_ERR_*.
EXPIRED, NOT_YET_VALID = 10, 9
OTHER_HOST = {62, 64}
# Kafka ends a connection that greets it in TLS where it expects its own protocol.
NO_TLS = {"WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING"}


def tls_context(settings: Settings) -> ssl.SSLContext:
    """What the settings trust, and what they show. An unusable file is said by its setting."""
    context = ssl.create_default_context()
    if (trusted := settings.kafka_ssl_cafile) is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(trusted)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsInvalid(f"KAFKA_SSL_CAFILE: cannot use {trusted}: {_of(error)}.") from error
    if (shown := settings.kafka_ssl_certfile) is not None:
        password = settings.kafka_ssl_key_password
        text = "" if password is None else password.get_secret_value()
        try:
            context.load_cert_chain(shown, settings.kafka_ssl_keyfile, lambda: text)
        except OSError as error:
            files = f"{shown} with {settings.kafka_ssl_keyfile or shown}"
            raise SettingsInvalid(
                f"KAFKA_SSL_CERTFILE, KAFKA_SSL_KEYFILE: cannot use {files}: {_of(error)}. "
                "If the key is encrypted, KAFKA_SSL_KEY_PASSWORD has to open it."
            ) from error
    return context


def first_server(settings: Settings) -> tuple[str, int]:
    host, _, port = settings.bootstrap_servers.split(",")[0].strip().rpartition(":")
    return host.strip("[]"), int(port)


def why_not_in(settings: Settings, refusal_seconds: float = REFUSAL_SECONDS) -> str | None:
    """What TLS has against the first bootstrap server, or that against us; None if it is not TLS."""
    address = first_server(settings)
    if settings.kafka_security_protocol.endswith("SSL"):
        return _refusal(tls_context(settings), address, refusal_seconds)
    return _speaks_tls(address)


def _refusal(context: ssl.SSLContext, address: tuple[str, int], seconds: float) -> str | None:
    try:
        with (
            socket.create_connection(address, timeout=HANDSHAKE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address[0]) as secured,
        ):
            if seconds:
                secured.settimeout(seconds)
                secured.recv(1)
    except ssl.SSLCertVerificationError as error:
        return _of_certificate(error, address[0])
    except TimeoutError:
        return None
    except ssl.SSLError as error:
        return _of_handshake(error)
    except OSError:
        return None
    return None


def _of_certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == EXPIRED:
        return "its certificate has expired. Whoever runs that broker has to renew it"
    if error.verify_code == NOT_YET_VALID:
        return "its certificate is not valid yet. Is this machine's clock right?"
    if error.verify_code in OTHER_HOST:
        return (
            f"its certificate is not that of {host}. KAFKA_BOOTSTRAP_SERVERS has to name it as the "
            "certificate does; if it does, somebody else answers there"
        )
    return (
        f"nobody whom KAFKA_SSL_CAFILE trusts has signed its certificate: {error.verify_message}. "
        "KAFKA_SSL_CAFILE wants the PEM of that cluster's own authority"
    )


def _of_handshake(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if "CERTIFICATE_REQUIRED" in reason:
        return "it wants a certificate of ours: KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE"
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return f"it does not take the certificate of KAFKA_SSL_CERTFILE: {_of(error)}"
    if reason in NO_TLS:
        return "that port does not speak TLS: KAFKA_SECURITY_PROTOCOL says that it does"
    return f"TLS fails: {_of(error)}"


def _speaks_tls(address: tuple[str, int]) -> str | None:
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address, timeout=HANDSHAKE_SECONDS) as plain,
            anything.wrap_socket(plain),
        ):
            return "that port speaks TLS: KAFKA_SECURITY_PROTOCOL wants SSL or SASL_SSL"
    except OSError:
        return None


def _of(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM of a certificate and its key").replace("_", " ").lower()
    return error.strerror or str(error)
