-- What people say of what was measured, kept as it was said: a row is added and never changed.
-- Of one subject the newest row holds; one that says nothing (NULL) takes back what was said before it.

CREATE TABLE entries (
    said_at TIMESTAMP, author VARCHAR, kind VARCHAR, service VARCHAR,
    subject VARCHAR,              -- what it is about: incident/incident-61
    said VARCHAR                  -- a JSON object; NULL takes back
);
