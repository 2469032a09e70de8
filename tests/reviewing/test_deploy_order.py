"""What a check says of the deploy order, by values: no server is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from nestflux.history.deploy_order import ONLY_NEW_TABLES, Code, DeployOrder, Failure, Order
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry
from nestflux.reviewing.deploy_orders import pending_entries
from nestflux.reviewing.rule import look_at
from nestflux.reviewing.subjects import PendingFiles


def measured(order: Order) -> DeployOrder:
    return DeployOrder(order, "MySQL 9.7.4", "strict", 1, 80)


def codes(
    *orders: DeployOrder, together: DeployOrder | None = None, last: DeployOrder | None = None
) -> list[str]:
    found = {f"000{number}_x": order for number, order in enumerate(orders, start=1)}
    pending = PendingFiles(Folder(Path("/x"), "mysql"), found, together, "0009_last", last)
    return [finding.code for finding in look_at(pending)]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order.MIGRATE_FIRST, "deploy-order"),
        (Order.CODE_FIRST, "deploy-order"),
        (Order.TWO_STEPS, "two-steps"),
        (Order.UNDECIDED, "undecided-order"),
    ],
)
def test_each_order_has_its_code(order: Order, code: str) -> None:
    assert codes(measured(order)) == [code]


def test_nothing_is_said_where_either_may_go_first_or_no_code_knows_the_tables() -> None:
    assert codes(measured(Order.NO_DIFFERENCE), ONLY_NEW_TABLES) == []


def test_of_several_files_that_of_all_together_is_said() -> None:
    found = codes(
        measured(Order.MIGRATE_FIRST),
        measured(Order.CODE_FIRST),
        together=measured(Order.TWO_STEPS),
    )

    assert found == ["two-steps"]


def test_models_that_do_not_fit_are_said_of_the_last_file_alone_pending_or_not() -> None:
    defect = Failure(Code.NEW, "shop.P", "SELECT shop.P", 1054, "Unknown column")
    misfit = DeployOrder(Order.UNDECIDED, defects=(defect,), because="they do not fit")

    assert codes(last=misfit) == ["models-misfit"]
    assert codes(misfit) == []


def test_without_a_database_that_was_brought_forward_nothing_is_pending() -> None:
    entry = Entry("0001_x", "one", "a", "b", "c", ("shop.0001_initial",), ())

    assert pending_entries([entry], ()) == ()
