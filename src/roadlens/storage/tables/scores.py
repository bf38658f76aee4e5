"""Versions of the scoring (formula, weights, prior) and each driver's risk scores, one a day driven."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, Numeric, Table, Text, TypedColumns
from sqlalchemy.dialects.postgresql import JSONB

from roadlens.storage.tables.metadata import metadata, moment


class ScoreVersionColumns(TypedColumns):
    version = Column(Integer, primary_key=True)
    parameters = Column(JSONB, nullable=False)
    active = Column(Boolean, nullable=False)
    created_at = moment()
    note = Column(Text, nullable=True)


class RiskScoreColumns(TypedColumns):
    """`risk_score` is null while the window holds less than the minimum distance; `factors` sum up to it exactly."""

    driver_id = Column(Text, ForeignKey("drivers.driver_id", ondelete="CASCADE"), primary_key=True)
    day = Column(Date, primary_key=True)
    risk_score = Column(Numeric(5, 2), nullable=True)
    risk_level = Column(Text, nullable=True)
    distance_m = Column(Integer, nullable=False)
    factors = Column(JSONB, nullable=False)
    score_version = Column(Integer, ForeignKey("score_versions.version"), nullable=False)


score_versions = Table("score_versions", metadata, ScoreVersionColumns)
risk_scores = Table("risk_scores", metadata, RiskScoreColumns)
