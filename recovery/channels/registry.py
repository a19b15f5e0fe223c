"""Through what do messages of this worker leave? What is connected; the rest into a folder."""

from core.database import Database
from core.mail import Mailer
from core.secrets import SecretBox
from core.settings import Settings
from recovery.channels.folder import folder_senders
from recovery.channels.mail import MailSender
from recovery.channels.slack import SlackSender
from recovery.senders import Channel, Sender, Senders


def senders_of(settings: Settings, database: Database) -> Senders:
    """Return the senders of a worker.

    Mail goes to the relay where there is one, alerts to the Slack channels of workspaces that have
    set one; everything else, text messages among it, is written into the folder.

    Args:
        settings: Complete.
        database: Of the system role: messages are of every workspace.

    Raises:
        ConfigurationError: The relay's address is none, or a key is missing.
    """
    written = folder_senders(settings.data_dir)
    connected: dict[Channel, Sender] = {}
    if settings.smtp_url is not None and settings.smtp_url.get_secret_value():
        connected["email"] = MailSender(Mailer.connect(settings))
    connected["slack"] = SlackSender(
        database=database,
        box=SecretBox.from_keys(settings.required("encryption_keys")),
        local_allowed=settings.outbound_local,
        otherwise=written["slack"],
    )
    return {**written, **connected}
