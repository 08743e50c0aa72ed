BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'welkom','first_schema','2026-11-22 02:59:33.605086+00:00');
CREATE TABLE "accounts" (
   "name" TEXT PRIMARY KEY,
   "password_hash" TEXT NOT NULL,
   "set_at" INTEGER NOT NULL
) STRICT;
INSERT INTO "accounts" VALUES('manager','$argon2id$of-it',5);
CREATE TABLE "devices" (
   "device_id" TEXT PRIMARY KEY,
   "kind" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "letter" TEXT NOT NULL,
   "public_key" TEXT NOT NULL,
   "enrolled_at" INTEGER NOT NULL,
   "revoked_at" INTEGER
) STRICT;
INSERT INTO "devices" VALUES('front','kiosk','Front','A','key-a',5,NULL);
INSERT INTO "devices" VALUES('toms','staff','Toms','B','key-b',6,7);
CREATE TABLE "employees" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT NOT NULL,
   "skills" TEXT NOT NULL,
   "pin_hash" TEXT,
   "pin_set_at" INTEGER
) STRICT;
INSERT INTO "employees" VALUES('maya','Maya','["phone","repair","sales"]',NULL,NULL);
INSERT INTO "employees" VALUES('tom','Tom','["repair"]','$argon2id$of-tom',5);
INSERT INTO "employees" VALUES('lea','Lea','["sales"]',NULL,NULL);
INSERT INTO "employees" VALUES('kim','Kim','[]',NULL,NULL);
CREATE TABLE "feedback" (
   "seq" INTEGER PRIMARY KEY,
   "visit_id" TEXT NOT NULL REFERENCES "visits"("visit_id"),
   "at" INTEGER NOT NULL,
   "ces" INTEGER,
   "nps" INTEGER,
   "comment" TEXT
) STRICT;
INSERT INTO "feedback" VALUES(11,'00000000000000000000000000000001',1772442030000,5,9,'lovely');
CREATE TABLE "needs" (
   "code" TEXT PRIMARY KEY,
   "text" TEXT NOT NULL,
   "icon" TEXT,
   "under" TEXT,
   "skills" TEXT,
   "prefer" TEXT,
   "priority" INTEGER,
   "target_wait_s" REAL,
   "target_service_s" REAL
) STRICT;
INSERT INTO "needs" VALUES('repair','{"en":"repair","nl":"repair","fi":"repair"}','tool',NULL,'["repair"]','[]',0,60.0,240.0);
INSERT INTO "needs" VALUES('repair_phone','{"en":"phone","nl":"phone","fi":"phone"}','phone',NULL,'["repair"]','["phone","sales"]',0,60.0,240.0);
INSERT INTO "needs" VALUES('buy','{"en":"buy","nl":"buy","fi":"buy"}','bag',NULL,'["sales"]','[]',0,60.0,240.0);
INSERT INTO "needs" VALUES('ask','{"en":"ask","nl":"ask","fi":"ask"}','bulb',NULL,'[]','[]',0,60.0,240.0);
INSERT INTO "needs" VALUES('pick_up','{"en":"pick up","nl":"pick up","fi":"pick up"}','box',NULL,'[]','[]',2,60.0,240.0);
INSERT INTO "needs" VALUES('advice','{"en":"advice","nl":"advice","fi":"advice"}','dots',NULL,'[]','[]',0,60.0,240.0);
INSERT INTO "needs" VALUES('advice_sound','{"en":"sound","nl":"sound","fi":"sound"}','ear','advice','[]','[]',0,60.0,240.0);
CREATE TABLE "ops" (
   "op_id" TEXT PRIMARY KEY,
   "digest" BLOB NOT NULL,
   "refusal" TEXT,
   "about" TEXT,
   "at" INTEGER NOT NULL
) STRICT;
INSERT INTO "ops" VALUES('a',X'00000000000000000000000000000000',NULL,NULL,1);
INSERT INTO "ops" VALUES('b',X'00000000000000000000000000000000','stale_rev','2',1);
CREATE TABLE "presence_log" (
   "seq" INTEGER,
   "employee" TEXT,
   "presence" TEXT NOT NULL,
   "at" INTEGER NOT NULL,
   PRIMARY KEY ("seq", "employee")
) STRICT;
INSERT INTO "presence_log" VALUES(1,'tom','available',1772442000000);
INSERT INTO "presence_log" VALUES(2,'lea','available',1772442000000);
INSERT INTO "presence_log" VALUES(5,'tom','serving',1772442000000);
INSERT INTO "presence_log" VALUES(8,'tom','available',1772442000000);
INSERT INTO "presence_log" VALUES(9,'tom','serving',1772442030000);
INSERT INTO "presence_log" VALUES(10,'tom','available',1772442030000);
CREATE TABLE "visit_events" (
   "seq" INTEGER PRIMARY KEY,
   "visit_id" TEXT,
   "rev" INTEGER,
   "event" TEXT NOT NULL,
   "actor" TEXT NOT NULL,
   "device_id" TEXT,
   "at_device" INTEGER,
   "at_server" INTEGER NOT NULL,
   "body" TEXT NOT NULL
) STRICT;
INSERT INTO "visit_events" VALUES(1,NULL,NULL,'presence_changed','system',NULL,NULL,1772442000000,'{"event":"presence_changed","employee":"tom","presence":"available","device_id":"tablet-tom"}');
INSERT INTO "visit_events" VALUES(2,NULL,NULL,'presence_changed','system',NULL,NULL,1772442000000,'{"event":"presence_changed","employee":"lea","presence":"available","device_id":"tablet-lea"}');
INSERT INTO "visit_events" VALUES(3,'00000000000000000000000000000001',1,'opened','shopper','kiosk-1',NULL,1772442000000,'{"event":"opened","ticket":"A-1","day":"2026-03-02","source":"kiosk","need":"repair","language":"en","priority":0,"party_size":1,"alias":"Robin","colour":"red","place":"door","link":"xxxxxxxxxxxxxxxxxxxxxx","quoted_low_s":120.0,"quoted_median_s":240.0,"quoted_high_s":540.0,"expected_s":240.0}');
INSERT INTO "visit_events" VALUES(4,'00000000000000000000000000000001',2,'offered','system',NULL,NULL,1772442000000,'{"event":"offered","employee":"tom","until":1772442015000,"new_round":false}');
INSERT INTO "visit_events" VALUES(5,'00000000000000000000000000000001',3,'accepted','employee:tom','tablet-tom',NULL,1772442000000,'{"event":"accepted","employee":"tom"}');
INSERT INTO "visit_events" VALUES(6,'00000000000000000000000000000001',4,'started','employee:tom','tablet-tom',NULL,1772442000000,'{"event":"started","employee":"tom"}');
INSERT INTO "visit_events" VALUES(7,'00000000000000000000000000000001',5,'noted','employee:tom','tablet-tom',NULL,1772442000000,'{"event":"noted","employee":"tom","note":"tried another cable"}');
INSERT INTO "visit_events" VALUES(8,'00000000000000000000000000000001',6,'held','employee:tom','tablet-tom',NULL,1772442000000,'{"event":"held","employee":"tom"}');
INSERT INTO "visit_events" VALUES(9,'00000000000000000000000000000001',7,'resumed','employee:tom','tablet-tom',NULL,1772442030000,'{"event":"resumed","employee":"tom"}');
INSERT INTO "visit_events" VALUES(10,'00000000000000000000000000000001',8,'completed','employee:tom','tablet-tom',NULL,1772442030000,'{"event":"completed","employee":"tom","resolution":"solved","note":"new cable","tip":"dry","gift":"cable","goodwill_cents":900}');
INSERT INTO "visit_events" VALUES(11,'00000000000000000000000000000001',9,'rated','shopper','kiosk-1',NULL,1772442030000,'{"event":"rated","ces":5,"nps":9,"comment":"lovely"}');
INSERT INTO "visit_events" VALUES(12,'00000000000000000000000000000002',1,'opened','shopper','kiosk-1',NULL,1772442030000,'{"event":"opened","ticket":"A-2","day":"2026-03-02","source":"kiosk","need":"buy","language":"en","priority":0,"party_size":1,"alias":null,"colour":null,"place":null,"link":null,"quoted_low_s":120.0,"quoted_median_s":240.0,"quoted_high_s":540.0,"expected_s":240.0}');
INSERT INTO "visit_events" VALUES(13,'00000000000000000000000000000002',2,'offered','system',NULL,NULL,1772442030000,'{"event":"offered","employee":"lea","until":1772442045000,"new_round":false}');
INSERT INTO "visit_events" VALUES(14,'00000000000000000000000000000002',3,'cancelled','shopper','kiosk-1',NULL,1772442030000,'{"event":"cancelled"}');
INSERT INTO "visit_events" VALUES(15,'00000000000000000000000000000003',1,'opened','shopper','kiosk-1',NULL,1772442050000,'{"event":"opened","ticket":"A-3","day":"2026-03-02","source":"kiosk","need":"repair_phone","language":"en","priority":0,"party_size":1,"alias":null,"colour":null,"place":null,"link":null,"quoted_low_s":120.0,"quoted_median_s":240.0,"quoted_high_s":540.0,"expected_s":240.0}');
CREATE TABLE "visits" (
   "visit_id" TEXT PRIMARY KEY,
   "ticket" TEXT NOT NULL,
   "day" TEXT NOT NULL,
   "source" TEXT NOT NULL,
   "device_id" TEXT,
   "language" TEXT,
   "need" TEXT NOT NULL,
   "priority" INTEGER,
   "party_size" INTEGER,
   "alias" TEXT,
   "colour" TEXT,
   "place" TEXT,
   "link" TEXT,
   "state" TEXT NOT NULL,
   "rev" INTEGER NOT NULL,
   "resolution" TEXT,
   "employee" TEXT,
   "created_at" INTEGER NOT NULL,
   "offered_at" INTEGER,
   "accepted_at" INTEGER,
   "serving_at" INTEGER,
   "ended_at" INTEGER,
   "held_ms" INTEGER,
   "handled_ms" INTEGER,
   "quoted_low_s" REAL,
   "quoted_median_s" REAL,
   "quoted_high_s" REAL,
   "expected_s" REAL,
   "offers" INTEGER,
   "handovers" INTEGER,
   "alerted_at" INTEGER,
   "notes" TEXT,
   "goodwill_cents" INTEGER,
   "gift" TEXT,
   "tip" TEXT,
   "nps" INTEGER,
   "ces" INTEGER,
   "comment" TEXT
) STRICT;
INSERT INTO "visits" VALUES('00000000000000000000000000000001','A-1','2026-03-02','kiosk','kiosk-1','en','repair',0,1,'Robin','red','door','xxxxxxxxxxxxxxxxxxxxxx','completed',9,'solved','tom',1772442000000,1772442000000,1772442000000,1772442000000,1772442030000,30000,0,120.0,240.0,540.0,240.0,1,0,NULL,'["tried another cable","new cable"]',900,'cable','dry',9,5,'lovely');
INSERT INTO "visits" VALUES('00000000000000000000000000000002','A-2','2026-03-02','kiosk','kiosk-1','en','buy',0,1,NULL,NULL,NULL,NULL,'cancelled',3,NULL,NULL,1772442030000,1772442030000,NULL,NULL,1772442030000,0,0,120.0,240.0,540.0,240.0,1,0,NULL,'[]',0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "visits" VALUES('00000000000000000000000000000003','A-3','2026-03-02','kiosk','kiosk-1','en','repair_phone',0,1,NULL,NULL,NULL,NULL,'waiting',1,NULL,NULL,1772442050000,NULL,NULL,NULL,NULL,0,0,120.0,240.0,540.0,240.0,0,0,NULL,'[]',0,NULL,NULL,NULL,NULL,NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX "idx_visit_events_visit_id_rev"
    ON "visit_events" ("visit_id", "rev");
CREATE INDEX "idx_visit_events_event_at_server"
    ON "visit_events" ("event", "at_server");
CREATE UNIQUE INDEX "idx_visits_day_ticket"
    ON "visits" ("day", "ticket");
CREATE INDEX "idx_visits_day_created_at"
    ON "visits" ("day", "created_at");
CREATE INDEX "idx_visits_ended_at"
    ON "visits" ("ended_at");
CREATE INDEX "idx_visits_link"
    ON "visits" ("link");
CREATE INDEX "idx_presence_log_at"
    ON "presence_log" ("at");
CREATE UNIQUE INDEX "idx_devices_public_key"
    ON "devices" ("public_key");
CREATE UNIQUE INDEX "idx_devices_letter"
    ON "devices" ("letter");
CREATE VIEW "visit_log" AS 
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
FROM visits;
COMMIT;
