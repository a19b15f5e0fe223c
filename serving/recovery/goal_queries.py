"""How often was each goal of a flow reached? By flow, step and arm, over episodes of a period.

An episode counts for the goals that its version of the flow declares, reached or not.
"""

_DECLARED = """
from recovery_episodes e
join recovery_flow_versions v on v.workspace_id = e.workspace_id and v.flow_id = e.flow_id
    and v.version = e.flow_version
join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
cross join lateral jsonb_array_elements(coalesce(v.document -> 'goals', '[]')) as declared (goal)
"""
_PERIOD = "(%(currency)s::text is null or e.currency = %(currency)s) and e.opened_at >= %(since)s"
_GOAL = "declared.goal ->> 'name'"
_REACHED = f"count(*) filter (where e.memory -> 'goals' -> ({_GOAL}) is not null) as reached"

BY_FLOW = f"""
select e.flow_id, f.name as flow, {_GOAL} as goal, max(declared.goal ->> 'title') as title,
    count(*) as episodes, {_REACHED}
{_DECLARED} where {_PERIOD}
group by e.flow_id, f.name, {_GOAL} order by f.name, e.flow_id, goal
"""
BY_STEP = f"""
select e.flow_id, {_GOAL} as goal, e.memory -> 'goals' -> ({_GOAL}) ->> 'step' as at_step,
    count(*) as reached
{_DECLARED} where {_PERIOD} and e.memory -> 'goals' -> ({_GOAL}) is not null
group by e.flow_id, {_GOAL}, at_step order by reached desc, at_step
"""
BY_ARM = f"""
select e.flow_id, {_GOAL} as goal, arms.experiment, arms.arm, count(*) as episodes, {_REACHED}
{_DECLARED}
cross join lateral jsonb_each_text(coalesce(e.memory -> 'arms', '{{}}')) as arms (experiment, arm)
where {_PERIOD}
group by e.flow_id, {_GOAL}, arms.experiment, arms.arm order by arms.experiment, arms.arm
"""
