"""Sends one message by the shop's mail server. It blocks, so it runs in a thread."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

from sync_server.service.config.outside import MailSettings, MailTls

TIMEOUT_S = 20.0


class NotSent(Exception):
    """The message was not sent. The text says which server, and why. `is_final`: trying again is no use."""

    def __init__(self, text: str, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


def send_mail(
    mail: MailSettings,
    password: str,
    message: EmailMessage,
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> None:
    """Sends it to everybody it is addressed to. Raises NotSent."""
    where = f"{mail.host}:{mail.port}"
    try:
        with _connect(mail, tls) as server:
            if mail.user:
                server.login(mail.user, password)
            refused = server.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"{where} refuses the user {mail.user} or the password: {_said(error)}") from error
    except smtplib.SMTPRecipientsRefused as error:
        for_good = all(code >= 500 for code, _ in error.recipients.values())
        raise NotSent(f"{where} refuses {', '.join(error.recipients)}", is_final=for_good) from error
    except smtplib.SMTPSenderRefused as error:
        raise NotSent(f"{where} refuses the sender {mail.sender}: {_said(error)}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(f"{where} cannot do what is asked ({error}); choose another tls") from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"{where} refuses: {_said(error)}") from error
    except smtplib.SMTPException as error:
        raise NotSent(f"{where} broke off: {error}") from error
    except ssl.SSLError as error:
        raise NotSent(f"{where}: its certificate or its TLS cannot be used ({error.reason})") from error
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{where} cannot be reached: {getattr(error, 'strerror', None) or error}") from error
    if refused:
        raise NotSent(f"{where} refuses {', '.join(refused)}; the others have it", is_final=True)


def _connect(mail: MailSettings, tls: Callable[[], ssl.SSLContext]) -> smtplib.SMTP:
    if mail.tls == MailTls.TLS:
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=tls())
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
    if mail.tls == MailTls.STARTTLS:
        try:
            server.starttls(context=tls())
        except BaseException:
            server.close()
            raise
    return server


def _said(error: smtplib.SMTPResponseException) -> str:
    """What the server said, in one short line."""
    text = (
        error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    )
    return f"{error.smtp_code} {' '.join(str(text).split())}"[:200]
