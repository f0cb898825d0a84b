"""Order groups: contracts matched within 15 seconds reach a limit, and the group stops trading."""

from decimal import Decimal

from kalshi_sandbox.exchange.venue.accounts import Account, OrderGroup
from kalshi_sandbox.exchange.venue.errors import not_found
from kalshi_sandbox.exchange.venue.events import GroupChanged
from kalshi_sandbox.exchange.venue.order_entry_rules import OrderEntry


def create_group(desk: OrderEntry, account: Account, limit: Decimal) -> OrderGroup:
    """A new group that lets ``limit`` contracts match in any 15 seconds."""
    venue = desk.venue
    seq = venue.next_number()
    group = OrderGroup(seq, venue.new_id("group", seq), account, limit)
    account.groups[group.group_id] = group
    venue.tell(GroupChanged(group, "created"))
    return group


def group_of(account: Account, group_id: str) -> OrderGroup:
    """A member's group; ``Refusal`` 404 where there is none of that id."""
    group = account.groups.get(group_id)
    if group is None:
        raise not_found(f"order group {group_id} not found")
    return group


def reset_group(desk: OrderEntry, group: OrderGroup) -> None:
    """Forget what has matched and let the group trade again."""
    group.matched.clear()
    group.is_triggered = False
    desk.venue.tell(GroupChanged(group, "reset"))


def limit_group(desk: OrderEntry, group: OrderGroup, limit: Decimal) -> None:
    """Change the limit; a group that is over the new one is triggered."""
    group.limit = limit
    desk.venue.tell(GroupChanged(group, "limit_updated"))
    desk.execution.check_group(group)


def delete_group(desk: OrderEntry, group: OrderGroup) -> None:
    """Cancel a group's orders and remove it."""
    desk.execution.cancel_group(group)
    del group.account.groups[group.group_id]
    desk.venue.tell(GroupChanged(group, "deleted"))
