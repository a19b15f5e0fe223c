"""What is asked of a person? A task, and an alert of it where a workspace has a Slack channel."""

from datetime import datetime

from core.database import Rows
from core.tenancy import new_id
from recovery.engine.episode import Episode
from recovery.store import actions, slack

_GIVE = """
insert into recovery_tasks (workspace_id, id, episode_id, instruction, created_at)
values (%s, %s, %s, %s, %s)
"""


def give(rows: Rows, episode: Episode, instruction: str, now: datetime) -> None:
    """Ask a person to do something; whoever commits it has asked once."""
    values = [episode.workspace_id, new_id("task"), episode.id, instruction, now]
    rows.execute(_GIVE, values)
    if slack.held(rows, episode.workspace_id) is not None:
        content = {"channel": "slack", "template": "task", "note": instruction}
        actions.ask(rows, episode, "message", content, now)
