"""The tables of the conventional application, as its ORM maps them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The declarative base of the tables below."""


class Project(Base):
    """A project and the keys that name it."""

    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    project_key: Mapped[str] = mapped_column(unique=True)
    default_channel: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)


class Report(Base):
    """One report."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("project_id", "client_id"),
        Index("newest", "project_id", "number"),
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(24), unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    client_id: Mapped[str]
    channel_key: Mapped[str]
    status: Mapped[str]
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    identity: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime]


class Counter(Base):
    """How many reports a project has in a channel and status."""

    __tablename__ = "counters"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    channel_key: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


class Usage(Base):
    """How many reports a project took in a month."""

    __tablename__ = "usage"
    project_id: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
