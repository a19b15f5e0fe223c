"""Through what does a message leave? Mail, text message or Slack: written, then handed over.

    messaging ─ may it be sent? ─▶ writing ─ the channel's own words ─▶ mail │ slack │ folder

writing   what a channel says: template and facts, or an alert to the merchant's own people
mail      the installation's relay (SMTP)
slack     the workspace's incoming webhook
folder    the default of every channel: files that one can open
registry  which of them a worker has

A sender holds no words and no rules; whoever connects a provider of text messages writes one more.
"""
