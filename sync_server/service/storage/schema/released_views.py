"""The texts of the view `visit_log` as released steps of `migrations.py` created it. They never change.

The present view is in `views.sql`.
"""

# ruff: noqa: E501

VISIT_LOG_1 = """\
CREATE VIEW "visit_log" AS\x20
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
    round((coalesce(serving_at, ended_at) - created_at) / 1000.0, 3) AS wait_s,
    round((accepted_at - created_at) / 1000.0, 3) AS greet_s,
    round((accepted_at - offered_at) / 1000.0, 3) AS response_s,
    round((serving_at - accepted_at) / 1000.0, 3) AS walk_s,
    round((ended_at - serving_at - held_ms) / 1000.0, 3) AS service_s,
    round((held_ms) / 1000.0, 3) AS held_s,
    round((ended_at - created_at) / 1000.0, 3) AS visit_s,
    quoted_low_s, quoted_median_s, quoted_high_s,
    offers, handovers, goodwill_cents, tip, nps, ces, comment, rev
FROM visits"""

VISIT_LOG_2 = """\
CREATE VIEW "visit_log" AS\x20
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
    round((coalesce(serving_at, ended_at) - created_at) / 1000.0, 3) AS wait_s,
    round((accepted_at - created_at) / 1000.0, 3) AS greet_s,
    round((accepted_at - offered_at) / 1000.0, 3) AS response_s,
    round((serving_at - accepted_at) / 1000.0, 3) AS walk_s,
    CASE WHEN NOT left_open THEN round((ended_at - serving_at - held_ms) / 1000.0, 3) END AS service_s,
    round((held_ms) / 1000.0, 3) AS held_s,
    CASE WHEN NOT left_open THEN round((ended_at - created_at) / 1000.0, 3) END AS visit_s,
    quoted_low_s, quoted_median_s, quoted_high_s,
    offers, handovers, goodwill_cents, tip, nps, ces, comment, rev, left_open
FROM visits"""

VISIT_LOG_3 = """\
CREATE VIEW "visit_log" AS\x20
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
    round((coalesce(serving_at, ended_at) - created_at) / 1000.0, 3) AS wait_s,
    round((accepted_at - created_at) / 1000.0, 3) AS greet_s,
    round((accepted_at - offered_at) / 1000.0, 3) AS response_s,
    round((serving_at - accepted_at) / 1000.0, 3) AS walk_s,
    CASE WHEN NOT left_open THEN round((ended_at - serving_at - held_ms) / 1000.0, 3) END AS service_s,
    round((held_ms) / 1000.0, 3) AS held_s,
    CASE WHEN NOT left_open THEN round((ended_at - created_at) / 1000.0, 3) END AS visit_s,
    quoted_low_s, quoted_median_s, quoted_high_s,
    offers, handovers, goodwill_cents, tip, nps, ces, (SELECT json_extract(body, '$.comment') FROM feedback JOIN visit_events USING (seq) WHERE feedback.visit_id = visits.visit_id ORDER BY seq DESC LIMIT 1) AS comment, rev, left_open
FROM visits"""
