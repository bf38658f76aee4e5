"""Users: who may sign in. Raising `token_epoch` ends every token of a user."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Identity, Integer, Table, Text, TypedColumns

from roadlens.storage.tables.metadata import edit_version, metadata, moment


class UserColumns(TypedColumns):
    user_id = Column(Integer, Identity(always=True), primary_key=True)
    username = Column(Text, nullable=False)
    email = Column(Text, nullable=True)
    role = Column(Text, nullable=False)
    password_hash = Column(Text, nullable=False)
    active = Column(Boolean, nullable=False, server_default="true")
    token_epoch = Column(Integer, nullable=False, server_default="0")
    created_at = moment()
    updated_at = moment()
    version = edit_version()


users = Table("users", metadata, UserColumns)
