"""What did users correct, and may models that answer everybody learn it? The operator's review.

A correction holds for its own workspace from the start. Only what is accepted here enters the
training of a model for all: a public merchant's category, never a person's name.
"""

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import NotFoundError
from oppulence.output import print_json, print_line
from oppulence.session import command_session

_WAITING = """
select id, workspace_id, facet, merchant, value_before, value, said_at from enrichment_feedback
where review = 'waiting' order by said_at, id limit 100
"""
_REVIEW = """
update enrichment_feedback set review = %(review)s, reviewed_at = %(now)s where id = %(id)s
returning id
"""


def review_feedback(*, accept: list[str], refuse: list[str], as_json: bool) -> None:
    """Accept and refuse corrections by id, then show what waits.

    Raises:
        NotFoundError: There is no correction of an id.
    """
    with command_session("review", needed=["postgres"]) as settings:
        database = Database.connect(settings, role="system", size=1)
        try:
            with database.system() as rows:
                for ids, verdict in ((accept, "accepted"), (refuse, "refused")):
                    for one in ids:
                        review(rows, one, verdict)
                waiting = rows.execute(_WAITING).fetchall()
        finally:
            database.close()
    if as_json:
        told = [{**row, "said_at": row["said_at"].isoformat()} for row in waiting]
        print_json({"waiting": told})
        return
    for row in waiting:
        before = row["value_before"] or "nothing"
        print_line(f"{row['id']} {row['facet']} of '{row['merchant']}': {before} → {row['value']}")
    if not waiting:
        print_line("No correction waits for a review.")


def review(rows: Rows, feedback_id: str, verdict: str) -> None:
    """Set the verdict on one correction.

    Raises:
        NotFoundError: There is none of this id.
    """
    values = {"id": feedback_id, "review": verdict, "now": utc_now()}
    if rows.execute(_REVIEW, values).fetchone() is None:
        raise NotFoundError(
            f"There is no correction {feedback_id}.",
            next_step="`oppulence review` lists those that wait.",
        )
