-- What a review decided, what is done about it and whether it worked, as tables: all of it is in `entries`.

CREATE VIEW v_reviews AS
SELECT service, subject AS id, said->>'state' AS state,
       CAST(said->>'since' AS TIMESTAMP) AS since, CAST(said->>'until' AS TIMESTAMP) AS until,
       said->>'attendees' AS attendees, said->>'place' AS place, said_at AS changed_at, author AS changed_by
FROM (FROM entries WHERE kind = 'review'
      QUALIFY row_number() OVER (PARTITION BY service, subject ORDER BY said_at DESC) = 1)
WHERE said IS NOT NULL;

CREATE VIEW v_decisions AS
SELECT service,
       CASE kind WHEN 'disposition' THEN split_part(subject, '/', 1) ELSE said->>'review' END AS review,
       CASE kind WHEN 'disposition' THEN substr(subject, strpos(subject, '/') + 1)
                 WHEN 'rule' THEN 'rule/' || subject WHEN 'verdict' THEN 'action/' || subject
                 WHEN 'hole' THEN 'hole/' || subject ELSE subject END AS subject,
       CASE kind WHEN 'disposition' THEN said->>'outcome' WHEN 'rule' THEN said->>'branch'
                 WHEN 'verdict' THEN said->>'verdict' WHEN 'hole' THEN 'not_applicable'
                 ELSE CASE WHEN said->>'deployment' IS NULL THEN 'no_change' ELSE 'caused_by' END END AS outcome,
       CASE kind WHEN 'cause' THEN coalesce(said->>'deployment', said->>'cause') ELSE said->>'because' END AS because,
       said->>'note' AS note, said->>'owner' AS owner, CAST(said->>'due' AS DATE) AS due,
       CAST(said->>'check' AS DATE) AS check_on, said_at AS decided_at, author AS decided_by
FROM (FROM entries WHERE kind IN ('disposition', 'rule', 'verdict', 'cause', 'hole')
      QUALIFY row_number() OVER (PARTITION BY kind, service, subject ORDER BY said_at DESC) = 1)
WHERE said IS NOT NULL;

CREATE VIEW v_actions AS
SELECT a.service, a.subject AS id, a.said->>'what' AS what, a.said->>'kind' AS kind, a.said->>'axis' AS axis,
       a.said->>'why' AS why, a.said->>'why_sentence' AS why_sentence, a.said->>'component' AS component,
       a.said->>'part' AS part, a.said->>'indicator' AS indicator,
       CAST(a.said->>'target' AS DOUBLE) AS target, a.said->>'owner' AS owner,
       CAST(a.said->>'started' AS TIMESTAMP) AS started, CAST(a.said->>'done' AS TIMESTAMP) AS done,
       CAST(a.said->>'check' AS DATE) AS check_on, a.said->>'dropped' AS dropped,
       v.said->>'verdict' AS verdict, v.author AS verdict_by, v.said_at AS verdict_at,
       a.first_at AS created_at, a.said_at AS changed_at, a.author AS changed_by
FROM (SELECT *, min(said_at) OVER (PARTITION BY service, subject) AS first_at FROM entries WHERE kind = 'action'
      QUALIFY row_number() OVER (PARTITION BY service, subject ORDER BY said_at DESC) = 1) a
LEFT JOIN (FROM entries WHERE kind = 'verdict'
           QUALIFY row_number() OVER (PARTITION BY service, subject ORDER BY said_at DESC) = 1) v
  ON v.service = a.service AND v.subject = a.subject
WHERE a.said IS NOT NULL;
