"""Columns that keep what SQLite would lose: the time zone, and an address as a number that sorts."""

from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as naive UTC: SQLite knows no time zones, and PostgreSQL would show the session's."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} names no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


class Ip(TypeDecorator[IPv6Address]):
    """An IPv6 address as its sixteen bytes (RFC 8200), so that a prefix is a range."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: IPv6Address | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else value.packed

    def process_result_value(self, value: Any | None, dialect: Dialect) -> IPv6Address | None:  # noqa: ARG002
        return None if value is None else IPv6Address(bytes(value))
