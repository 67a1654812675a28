-- The store as it begins. Only what DuckLake has too: no keys, indexes, checks, sequences, ON CONFLICT or
-- RETURNING. Uniqueness is kept by the write statements (samples.py, write.py) and watched by each re-sort (compact.py).
-- All times are UTC.

CREATE TABLE runs (               -- one pull, import or demo: who wrote a row, and when
    run_id INTEGER, verb VARCHAR, source VARCHAR, subject VARCHAR,
    started_at TIMESTAMP, finished_at TIMESTAMP, state VARCHAR,
    rows_written BIGINT, rows_refused BIGINT, detail VARCHAR,
    owner VARCHAR                 -- process id and its start, to tell "running" from "was cut"
);

CREATE TABLE refusals (           -- rows that an import could not take
    run_id INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, text VARCHAR
);

CREATE TABLE series (             -- one line on a graph
    series_id INTEGER, service VARCHAR, component VARCHAR, part VARCHAR, indicator VARCHAR,
    stat VARCHAR, unit VARCHAR, period_s INTEGER, source VARCHAR,
    first_ts TIMESTAMP, last_ts TIMESTAMP, last_value DOUBLE
);

CREATE TABLE samples (            -- kept sorted by (series_id, ts); one row per (series_id, ts)
    series_id INTEGER, ts TIMESTAMP, value DOUBLE, run_id INTEGER
);

-- Roll-ups count hours and days from 1970: an INTEGER packs to 12 bits where a TIMESTAMP takes 43.
CREATE TABLE hourly (series_id INTEGER, hour INTEGER, n INTEGER, sum DOUBLE, min DOUBLE, max DOUBLE);
CREATE TABLE daily (series_id INTEGER, day INTEGER, n INTEGER, sum DOUBLE, min DOUBLE, max DOUBLE);

-- A mergeable quantile sketch: how many of a day's samples fall into each logarithmic bucket (sketch.py).
CREATE TABLE sketch (series_id INTEGER, day INTEGER, bucket SMALLINT, n INTEGER);

CREATE TABLE events (             -- one row per (source, service, kind, id): the last observed
    service VARCHAR, component VARCHAR, kind VARCHAR, id VARCHAR,
    started_at TIMESTAMP, ended_at TIMESTAMP, status VARCHAR, title VARCHAR, url VARCHAR,
    attrs VARCHAR, source VARCHAR, observed_at TIMESTAMP, run_id INTEGER
);

CREATE TABLE snapshots (          -- one row per (source, service, component, kind, taken_at)
    service VARCHAR, component VARCHAR, kind VARCHAR, taken_at TIMESTAMP, source VARCHAR,
    attrs VARCHAR, run_id INTEGER
);

CREATE TABLE coverage (           -- what was asked and how it ended; windows of one state are merged
    service VARCHAR, component VARCHAR, part VARCHAR, indicator VARCHAR, source VARCHAR,
    window_start TIMESTAMP, window_end TIMESTAMP, state VARCHAR, detail VARCHAR, retryable BOOLEAN,
    observed_at TIMESTAMP, run_id INTEGER
);

CREATE TABLE layout (             -- how much of `samples` is in order, to know when a re-sort pays
    sorted_rows BIGINT, total_rows BIGINT, last_series INTEGER, last_ts TIMESTAMP, sorted_at TIMESTAMP
);
INSERT INTO layout VALUES (0, 0, NULL, NULL, NULL);

-- The public views: docs/data.md documents them, and changing one is a breaking change.

CREATE VIEW v_samples AS
SELECT s.service, s.component, s.part, s.indicator, s.stat, s.unit, s.period_s, x.ts, x.value, s.source,
       r.started_at AS collected_at
FROM samples x JOIN series s USING (series_id) JOIN runs r USING (run_id);

CREATE VIEW v_events AS
SELECT service, component, kind, id, started_at, ended_at, status, title, url, attrs, source, observed_at
FROM events;

CREATE VIEW v_coverage AS
SELECT service, component, indicator, source, window_start, window_end, state, detail
FROM coverage;
