-- The views of store.db, for people and SQL tools. Column names are stable: docs/reference/visit-log.md.
-- A start of the server replaces a view whose text in the store differs from this one.

CREATE VIEW visit_log AS
SELECT
    visit_id, ticket, day, source, device_id, language, need, priority, party_size,
    state, resolution,
    CASE WHEN state = 'completed' THEN
        handovers = 0 AND resolution NOT IN
            ('referred', 'repair_booked', 'appointment_booked', 'not_solved')
    END AS first_contact_resolved,
    employee,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', offered_at / 1000.0, 'unixepoch') AS offered_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', accepted_at / 1000.0, 'unixepoch') AS accepted_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', serving_at / 1000.0, 'unixepoch') AS serving_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', ended_at / 1000.0, 'unixepoch') AS ended_at,
    CASE WHEN NOT quick THEN round((coalesce(serving_at, ended_at) - created_at) / 1000.0, 3) END AS wait_s,
    CASE WHEN NOT quick THEN round((accepted_at - created_at) / 1000.0, 3) END AS greet_s,
    CASE WHEN NOT quick THEN round((accepted_at - offered_at) / 1000.0, 3) END AS response_s,
    CASE WHEN NOT quick THEN round((serving_at - accepted_at) / 1000.0, 3) END AS walk_s,
    CASE
        WHEN quick THEN round(said_service_s, 3)
        WHEN NOT left_open THEN round((ended_at - serving_at - held_ms) / 1000.0, 3)
    END AS service_s,
    round(held_ms / 1000.0, 3) AS held_s,
    CASE WHEN NOT quick AND NOT left_open THEN round((ended_at - created_at) / 1000.0, 3) END AS visit_s,
    quoted_low_s, quoted_median_s, quoted_high_s, extended_high_s,
    offers, handovers, goodwill_cents, tip, nps, ces,
    (
        SELECT json_extract(body, '$.comment') FROM feedback JOIN visit_events USING (seq)
        WHERE feedback.visit_id = v.visit_id ORDER BY seq DESC LIMIT 1
    ) AS comment,
    rev, left_open, quick, corrections, taps,
    root_cause, followed_up
FROM (
    SELECT *, source = 'staff' AND created_at IS serving_at AS quick FROM visits
) AS v;
