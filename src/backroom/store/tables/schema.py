"""The one MetaData that every table is registered in."""

from sqlalchemy import MetaData

metadata = MetaData()
