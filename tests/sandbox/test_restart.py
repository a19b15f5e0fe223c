"""A sandbox started without saying which company reopens the one that its folder holds."""

from sandbox.process import running_sandbox


def test_a_folder_keeps_its_company(tmp_path):
    with running_sandbox(
        tmp_path, "--scale", "20", "--seed", "3", "--until", "2026-03-01"
    ) as first:
        made = first.books.counts()
    with running_sandbox(tmp_path) as again:
        assert again.books.counts() == made
        assert made["customer"] + made.get("deleted_customer", 0) == 20
