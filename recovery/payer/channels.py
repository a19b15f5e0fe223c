"""Through what do messages leave? Mail through the installation's relay, the rest into a folder."""

from core.database import Database
from core.mail import Mailer
from core.settings import Settings
from recovery.payer.mailing import MailSender
from recovery.senders import Senders, folder_senders


def senders_of(settings: Settings, database: Database) -> Senders:
    """Return the senders of a worker; without a relay, every channel is written into the folder.

    Args:
        settings: Complete.
        database: Of the system role: messages are of every workspace.

    Raises:
        ConfigurationError: The relay's address is none.
    """
    senders = folder_senders(settings.data_dir)
    if settings.smtp_url is None or not settings.smtp_url.get_secret_value():
        return senders
    mail = MailSender(
        database=database,
        mailer=Mailer.connect(settings),
        public_address=settings.public_address,
        secret=settings.required("api_key_secret"),
    )
    return {**senders, "email": mail}
