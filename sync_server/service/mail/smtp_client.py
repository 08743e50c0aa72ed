"""Sends one message by the shop's mail server. It blocks, so it runs in a thread."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from enum import StrEnum

from sync_server.service.config.outside import MailSettings, MailTls

TIMEOUT_S = 20.0


class MailProblem(StrEnum):
    """Why a mail was not sent. The page Mail has a sentence for each."""

    PASSWORD = "password"  # the user or the password is refused
    PASSWORD_FILE = "password_file"  # the file with the password cannot be read
    RECIPIENTS = "recipients"  # the detail names those who are refused
    SENDER = "sender"
    UNSUPPORTED = "unsupported"  # the server does not know this encryption, or no sign-in
    REFUSED = "refused"
    BROKEN_OFF = "broken_off"
    TLS = "tls"
    UNREACHABLE = "unreachable"


class NotSent(Exception):
    """The message was not sent. `detail`: the server and what it said. `is_final`: trying again is no use."""

    def __init__(self, problem: MailProblem, detail: str, is_final: bool = False) -> None:
        super().__init__(f"{problem}: {detail}")
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
        raise NotSent(MailProblem.PASSWORD, f"{where}: {_said(error)}") from error
    except smtplib.SMTPRecipientsRefused as error:
        for_good = all(code >= 500 for code, _ in error.recipients.values())
        raise NotSent(MailProblem.RECIPIENTS, f"{where}: {', '.join(error.recipients)}", for_good) from error
    except smtplib.SMTPSenderRefused as error:
        raise NotSent(MailProblem.SENDER, f"{where}: {_said(error)}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(MailProblem.UNSUPPORTED, f"{where}: {error}") from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(MailProblem.REFUSED, f"{where}: {_said(error)}") from error
    except smtplib.SMTPException as error:
        raise NotSent(MailProblem.BROKEN_OFF, f"{where}: {error}") from error
    except ssl.SSLError as error:
        raise NotSent(MailProblem.TLS, f"{where}: {error.reason}") from error
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise NotSent(MailProblem.UNREACHABLE, f"{where}: {why}") from error
    if refused:  # the others have it
        raise NotSent(MailProblem.RECIPIENTS, f"{where}: {', '.join(refused)}", is_final=True)


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
