"""A workspace's id is a validated type, and a tenant query cannot escape its filter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.tenancy import CONNECTION_PATTERN, TenantId, new_id
from core.tenant_sql import UnreadableTenantSqlError
from core.warehouse import TenantQuery


@given(st.text())
def test_only_ids_of_the_agreed_form_become_a_tenant(text):
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789_")
    valid = text.startswith("ws_") and 4 <= len(text) <= 43 and set(text) <= allowed
    if valid:
        assert str(TenantId(text)) == text
    else:
        with pytest.raises(InvalidInputError):
            TenantId(text)


@pytest.mark.parametrize(
    "text", ["ws_a' or 1=1", "ws_", "ws_A", "ws_a\n", "WS_a", "ws_" + "a" * 41]
)
def test_nothing_that_could_leave_a_filter_is_a_tenant(text):
    with pytest.raises(InvalidInputError):
        TenantId(text)


def test_new_ids_are_valid_and_differ():
    made = {new_id("conn") for _ in range(1000)}
    assert len(made) == 1000
    assert all(CONNECTION_PATTERN.fullmatch(name) for name in made)


def test_a_tenant_query_names_its_tables():
    query = TenantQuery(
        "with paid as (select * from unified.invoices) select * from paid"
        " join marts.dim_customers using (customer_id) join paid as again using (id)"
    )
    assert query.tables == ("unified.invoices", "marts.dim_customers")
    assert query.filters(TenantId("ws_a")) == (
        "{'unified.invoices': 'workspace_id = \\'ws_a\\'',"
        " 'marts.dim_customers': 'workspace_id = \\'ws_a\\''}"
    )


def test_the_plain_forms_of_a_query_are_read():
    query = TenantQuery(
        "select a, count() from unified.transactions as t final array join tags as tag"
        " left join (select id from marts.fct_mrr_movements where kind in ('new', 'churn')) m"
        " on m.id = t.id where t.id in {ids:Array(String)} group by a limit {limit:UInt32}"
    )
    assert query.tables == ("unified.transactions", "marts.fct_mrr_movements")


def test_a_table_keeps_its_spelling_since_the_server_tells_letters_apart():
    assert TenantQuery("select * from unified.Transactions").tables == ("unified.Transactions",)


def test_columns_may_be_named_by_their_source():
    query = TenantQuery(
        "with paid as (select id from unified.invoices) select t.id, s.n, paid.id"
        " from unified.transactions t final join (select count() as n from unified.invoices) s"
        " on t.n = s.n join paid on paid.id = t.id array join t.tags as one, t.words as two"
        " where t.id in (s.n, 2) order by t.id, s.n"
    )
    assert query.tables == ("unified.invoices", "unified.transactions")


def test_what_a_query_brings_along_is_read_by_its_bare_name_and_opens_no_table():
    sql = "with asked as (select n from brought) select t.id from unified.invoices as t join asked"
    assert TenantQuery(sql, brings=("brought",)).tables == ("unified.invoices",)
    for refused, brings in (
        (sql, ()),
        (sql, ("another",)),
        ("select n from brought", ("brought",)),
        ("select * from unified.invoices as t, brought", ("brought",)),
        ("select brought.secret from raw.stripe_charge as t", ("other",)),
    ):
        with pytest.raises(UnreadableTenantSqlError):
            TenantQuery(refused, brings=brings)
    # A name that stands for a table of others is still bound to the tenant.
    assert TenantQuery("select 1 from raw.stripe_charge", brings=("raw.stripe_charge",)).tables == (
        "raw.stripe_charge",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "select * from transactions",
        "select * from unified.transactions, unified.invoices",
        "select * from url('http://127.0.0.1')",
        "select * from unified.transactions join remote('h', 'd', 't') using (id)",
        "select * from unified.transactions union all select * from `raw`.`stripe_charge`",
        'select * from "unified"."transactions"',
        "select * from merge('unified', '.*')",
        "select * from unified . transactions",
        "select * from unified.transactions where id in raw.stripe_charge",
        "select * from unified.transactions where id not in staging.stg_stripe__charges",
        "select * from unified.transactions where id in (raw.stripe_charge)",
        "select dictGet('x.y', 'a', 1) from unified.transactions",
        "select * from unified.transactions as t, unified.invoices",
        "select * from unified.transactions final, unified.invoices",
        "select * from unified.transactions as t final, raw.stripe_charge",
        "select * from (select 1 from unified.transactions) as t, raw.stripe_charge",
        "select * from unified.transactions as raw join unified.invoices as i on 1, raw.secret",
        "select * from unified.transactions where in(id, raw.stripe_charge)",
        "select * from unified.transactions where globalNotIn(id, raw.stripe_charge)",
        "select * from unified.transactions where id in (1, raw.stripe_charge)",
        "select * from unified.transactions where id in {table:Identifier}",
        "select * from {table:Identifier}",
        "select * from unified.transactions settings additional_table_filters = {}",
        "select * from (unified.transactions)",
        "select 'from unified.transactions'",
        "select 1 -- from unified.transactions",
    ],
)
def test_a_query_that_no_filter_would_hold_cannot_be_declared(sql):
    with pytest.raises(UnreadableTenantSqlError):
        TenantQuery(sql)
