-- What the trend alerts see. All times are UTC.

CREATE TABLE passes (             -- one look at all lines of a service; the newest of a day stands for the day
    service VARCHAR, as_of TIMESTAMP, ran_at TIMESTAMP, lines INTEGER
);

CREATE TABLE findings (           -- how a finding stood at a pass: its history is its rows
    service VARCHAR, id VARCHAR, as_of TIMESTAMP,
    component VARCHAR, part VARCHAR, indicator VARCHAR, unit VARCHAR, kind VARCHAR,
    since TIMESTAMP, until TIMESTAMP, usual DOUBLE, reached DOUBLE, certainty DOUBLE, is_worse BOOLEAN,
    first_seen TIMESTAMP, last_seen TIMESTAMP, gone_at TIMESTAMP, severity VARCHAR, sentence VARCHAR,
    episodes VARCHAR, evidence VARCHAR   -- JSON: a list of [start, end], an object
);

CREATE TABLE spikes (             -- every jump of every line, for as long as the line is kept
    service VARCHAR, component VARCHAR, part VARCHAR, indicator VARCHAR,
    since TIMESTAMP, until TIMESTAMP, peak_at TIMESTAMP, usual DOUBLE, reached DOUBLE, certainty DOUBLE
);

CREATE TABLE scorers (            -- where the spike detector stands on a line: it reads each sample once
    service VARCHAR, component VARCHAR, part VARCHAR, indicator VARCHAR, upto TIMESTAMP, state BLOB
);

CREATE VIEW v_findings AS
SELECT id, service, component, part, indicator, kind, since, until, reached - usual AS size, unit, certainty,
       severity, sentence, evidence
FROM findings
QUALIFY row_number() OVER (PARTITION BY service, id ORDER BY as_of DESC) = 1;
