"""The index of words (GIN) and the totals in PostgreSQL."""

from __future__ import annotations

from typing import Any

TABLE = "ttsmonitor_utterance"
_TRIGGER = "utterance_counted"

_WORDS = r"""
CREATE OR REPLACE FUNCTION moxie_words(said text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN to_tsvector('pg_catalog.simple', regexp_replace(
    regexp_replace(lower(normalize(said, NFD)), '[\u0300-\u036f]', '', 'g'),
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4'
    '\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f]+', ' ', 'g'));
END $$"""
"""Without accents, capitals and punctuation, of which PostgreSQL's parser would make addresses."""

_COUNT = """
CREATE OR REPLACE FUNCTION moxie_count_utterance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (old.status, old.text, old.source, old.device_id, old.received_at,
      old.audio_seconds) IS NOT DISTINCT FROM (new.status, new.text, new.source, new.device_id,
      new.received_at, new.audio_seconds) THEN
    RETURN NULL;
  END IF;
  -- Those who count do so one after the other: nobody decides in which order they come to sums.
  IF TG_OP <> 'INSERT' AND old.status NOT IN ('receiving', 'queued', 'playing') THEN
    PERFORM pg_advisory_xact_lock(hashtext('moxie_count_utterance'));
    UPDATE ttsmonitor_hourtotal SET count = count - 1,
      characters = characters - length(old.text),
      audio_seconds = audio_seconds - coalesce(old.audio_seconds, 0)
      WHERE hour = moxie_hour(old.received_at) AND device_id = old.device_id
      AND source = old.source AND status = old.status;
    UPDATE ttsmonitor_total SET count = count - 1,
      characters = characters - length(old.text),
      audio_seconds = audio_seconds - coalesce(old.audio_seconds, 0)
      WHERE device_id = old.device_id AND source = old.source AND status = old.status;
  END IF;
  IF TG_OP <> 'DELETE' AND new.status NOT IN ('receiving', 'queued', 'playing') THEN
    PERFORM pg_advisory_xact_lock(hashtext('moxie_count_utterance'));
    INSERT INTO ttsmonitor_hourtotal AS kept
      (hour, device_id, source, status, count, characters, audio_seconds)
      VALUES (moxie_hour(new.received_at), new.device_id, new.source, new.status,
        1, length(new.text), coalesce(new.audio_seconds, 0))
      ON CONFLICT (hour, device_id, source, status) DO UPDATE SET count = kept.count + 1,
        characters = kept.characters + excluded.characters,
        audio_seconds = kept.audio_seconds + excluded.audio_seconds;
    INSERT INTO ttsmonitor_total AS kept
      (device_id, source, status, count, characters, audio_seconds)
      VALUES (new.device_id, new.source, new.status,
        1, length(new.text), coalesce(new.audio_seconds, 0))
      ON CONFLICT (device_id, source, status) DO UPDATE SET count = kept.count + 1,
        characters = kept.characters + excluded.characters,
        audio_seconds = kept.audio_seconds + excluded.audio_seconds;
  END IF;
  RETURN NULL;
END $$"""

_HOUR = """
CREATE OR REPLACE FUNCTION moxie_hour(timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT date_trunc('hour', $1 AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$"""


def is_installed(cursor: Any) -> bool:
    cursor.execute(
        "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", [_TRIGGER, TABLE]
    )
    return cursor.fetchone() is not None


def lock(cursor: Any) -> None:
    """Keep other writers out, to the end of the transaction."""
    cursor.execute(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE")


def remove(cursor: Any) -> None:
    """From now on nothing is kept up to date."""
    cursor.execute(f"DROP TRIGGER IF EXISTS {_TRIGGER} ON {TABLE}")


def begin(cursor: Any) -> None:
    """The index of words, and no trigger yet."""
    remove(cursor)
    cursor.execute("DROP INDEX IF EXISTS utterance_words")
    for statement in (_WORDS, _HOUR, _COUNT):
        cursor.execute(statement)
    cursor.execute(f"CREATE INDEX utterance_words ON {TABLE} USING gin (moxie_words(text))")


def fill(cursor: Any, begins: Any, ends: Any) -> None:
    """Nothing: an index is filled as it is made."""


def count(cursor: Any) -> None:
    """The totals, of all that is there now."""
    sums = "count(*), sum(length(text)), coalesce(sum(audio_seconds), 0)"
    finished = f"FROM {TABLE} WHERE status NOT IN ('receiving', 'queued', 'playing')"
    keys = "device_id, source, status"
    for statement in (
        "DELETE FROM ttsmonitor_hourtotal",
        "DELETE FROM ttsmonitor_total",
        f"INSERT INTO ttsmonitor_hourtotal (hour, {keys}, count, characters, audio_seconds)"
        f" SELECT moxie_hour(received_at), {keys}, {sums} {finished} GROUP BY 1, {keys}",
        f"INSERT INTO ttsmonitor_total ({keys}, count, characters, audio_seconds)"
        f" SELECT {keys}, {sums} {finished} GROUP BY {keys}",
    ):
        cursor.execute(statement)


def finish(cursor: Any) -> None:
    cursor.execute(
        f"CREATE TRIGGER {_TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION moxie_count_utterance()"
    )
    cursor.execute(f"ANALYZE {TABLE}")  # or it knows nothing of the new index for a while
