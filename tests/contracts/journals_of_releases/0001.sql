-- A journal as the release with schema 0001 left it.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attention (
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	text TEXT NOT NULL, 
	who_acts TEXT NOT NULL, 
	bank TEXT, 
	opened_at TEXT NOT NULL, 
	closed_at TEXT, 
	closed_by TEXT, 
	closed_reason TEXT, 
	CONSTRAINT pk_attention PRIMARY KEY (number)
);
INSERT INTO "attention" VALUES(1,'k','s','t','bank',NULL,'2026-11-23T09:30:15.123456Z',NULL,NULL,NULL);
CREATE TABLE bank_sequences (
	bank TEXT NOT NULL, 
	last BIGINT NOT NULL, 
	CONSTRAINT pk_bank_sequences PRIMARY KEY (bank)
);
INSERT INTO "bank_sequences" VALUES('bank',1);
CREATE TABLE commit_intents (
	sid TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	"temporary" TEXT NOT NULL, 
	at TEXT NOT NULL, 
	CONSTRAINT pk_commit_intents PRIMARY KEY (sid, generation), 
	CONSTRAINT fk_commit_intents_submissions FOREIGN KEY(sid) REFERENCES submissions (sid)
);
INSERT INTO "commit_intents" VALUES('9d86804a3ab04078ab01',0,'.out-1.xml.0.1.part','2026-11-23T09:30:15.123456Z');
CREATE TABLE events (
	number INTEGER NOT NULL, 
	sid TEXT NOT NULL, 
	at TEXT NOT NULL, 
	event TEXT NOT NULL, 
	from_state TEXT, 
	to_state TEXT, 
	actor TEXT NOT NULL, 
	reason TEXT, 
	detail TEXT NOT NULL, 
	fid TEXT, 
	CONSTRAINT pk_events PRIMARY KEY (number), 
	CONSTRAINT fk_events_submissions FOREIGN KEY(sid) REFERENCES submissions (sid)
);
INSERT INTO "events" VALUES(1,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','received',NULL,'RECEIVED','h2h',NULL,'{"source_name": "pay.csv", "sha256": "abababababababababababababababababababababababababababababababab", "size": 120}',NULL);
INSERT INTO "events" VALUES(2,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','converted','RECEIVED','CONVERTED','h2h',NULL,'{}',NULL);
INSERT INTO "events" VALUES(3,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','sealed','CONVERTED','SEALED','h2h',NULL,'{"remote_name": "out-1.xml", "sealed_sha256": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}',NULL);
INSERT INTO "events" VALUES(4,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','send-started','SEALED','SENDING','h2h',NULL,'{"attempt": 1}',NULL);
INSERT INTO "events" VALUES(5,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','commit-started','SENDING','COMMITTING','h2h',NULL,'{"commit_temporary": ".out-1.xml.0.1.part"}',NULL);
INSERT INTO "events" VALUES(6,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','delivered','COMMITTING','SENT','h2h',NULL,'{"evidence": "E1"}',NULL);
INSERT INTO "events" VALUES(7,'9d86804a3ab04078ab01-2','2026-11-23T09:30:15.123456Z','received',NULL,'DUPLICATE','h2h','H2H-SAME-BYTES','{"source_name": "again.csv", "sha256": "abababababababababababababababababababababababababababababababab", "size": 120, "duplicate_of": "9d86804a3ab04078ab01"}',NULL);
INSERT INTO "events" VALUES(8,'9d86804a3ab04078ab01','2026-11-23T09:30:15.123456Z','bank-accepted','SENT','ACCEPTED','h2h',NULL,'{"fid": "f1"}','f1');
CREATE TABLE file_events (
	number INTEGER NOT NULL, 
	fid TEXT NOT NULL, 
	at TEXT NOT NULL, 
	from_state TEXT, 
	to_state TEXT NOT NULL, 
	reason TEXT, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_file_events PRIMARY KEY (number), 
	CONSTRAINT fk_file_events_inbound_files FOREIGN KEY(fid) REFERENCES inbound_files (fid)
);
INSERT INTO "file_events" VALUES(1,'f1','2026-11-23T09:30:15.123456Z',NULL,'FETCHED',NULL,'{"remote_name": "answer.xml", "size": 500, "sha256": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"}');
INSERT INTO "file_events" VALUES(2,'f1','2026-11-23T09:30:15.123456Z','FETCHED','MATCHED',NULL,'{}');
CREATE TABLE inbound_files (
	number INTEGER NOT NULL, 
	fid TEXT NOT NULL, 
	bank TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	remote_name TEXT NOT NULL, 
	remote_name_raw BLOB NOT NULL, 
	size TEXT NOT NULL, 
	mtime TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	fetched_at TEXT NOT NULL, 
	state TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	format TEXT, 
	kind TEXT, 
	message_id TEXT, 
	reason TEXT, 
	reason_text TEXT, 
	duplicate_of TEXT, 
	content_sha256 TEXT, 
	CONSTRAINT pk_inbound_files PRIMARY KEY (number), 
	CONSTRAINT uq_inbound_files_key UNIQUE (bank, folder, remote_name_raw, size, mtime, sha256), 
	CONSTRAINT uq_inbound_files_fid UNIQUE (fid)
);
INSERT INTO "inbound_files" VALUES(1,'f1','bank','from_bank','answer.xml',X'616E737765722E786D6C','500','1700000000','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','2026-11-23T09:30:15.123456Z','MATCHED',1,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('instance','house');
INSERT INTO "meta" VALUES('created_at','2026-11-23T09:30:15.123456+00:00');
INSERT INTO "meta" VALUES('ledger_position','3');
CREATE TABLE payment_events (
	number INTEGER NOT NULL, 
	sid TEXT NOT NULL, 
	ordinal BIGINT NOT NULL, 
	at TEXT NOT NULL, 
	from_outcome TEXT NOT NULL, 
	to_outcome TEXT NOT NULL, 
	bank_status TEXT, 
	reason_code TEXT, 
	reason_list TEXT, 
	reason_text TEXT, 
	settled_on DATE, 
	statement_reference TEXT, 
	fid TEXT, 
	CONSTRAINT pk_payment_events PRIMARY KEY (number), 
	CONSTRAINT fk_payment_events_inbound_files FOREIGN KEY(fid) REFERENCES inbound_files (fid), 
	CONSTRAINT fk_payment_events_payments FOREIGN KEY(sid, ordinal) REFERENCES payments (sid, ordinal)
);
INSERT INTO "payment_events" VALUES(1,'9d86804a3ab04078ab01',1,'2026-11-23T09:30:15.123456Z','pending','accepted','ACCP',NULL,NULL,NULL,NULL,NULL,'f1');
CREATE TABLE payments (
	sid TEXT NOT NULL, 
	ordinal BIGINT NOT NULL, 
	bank TEXT NOT NULL, 
	end_to_end_id TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	creditor_name TEXT, 
	creditor_account TEXT, 
	debtor_account TEXT, 
	instruction_id TEXT, 
	payment_information_id TEXT, 
	uetr TEXT, 
	requested_execution_date DATE, 
	fingerprint TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	bank_status TEXT, 
	reason_code TEXT, 
	reason_list TEXT, 
	reason_text TEXT, 
	outcome_at TEXT, 
	settled_on DATE, 
	statement_reference TEXT, 
	CONSTRAINT pk_payments PRIMARY KEY (sid, ordinal), 
	CONSTRAINT fk_payments_submissions FOREIGN KEY(sid) REFERENCES submissions (sid)
);
INSERT INTO "payments" VALUES('9d86804a3ab04078ab01',1,'bank','E2E-1','10.50','EUR',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'print-1','accepted','ACCP',NULL,NULL,NULL,'2026-11-23T09:30:15.123456Z',NULL,NULL);
INSERT INTO "payments" VALUES('9d86804a3ab04078ab01',2,'bank','E2E-2','10.50','EUR',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'print-2','pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE statements (
	number INTEGER NOT NULL, 
	fid TEXT NOT NULL, 
	account TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	statement_id TEXT, 
	sequence TEXT, 
	currency TEXT, 
	opening TEXT, 
	closing TEXT, 
	opening_date DATE, 
	closing_date DATE, 
	entry_count BIGINT NOT NULL, 
	CONSTRAINT pk_statements PRIMARY KEY (number), 
	CONSTRAINT fk_statements_inbound_files FOREIGN KEY(fid) REFERENCES inbound_files (fid)
);
INSERT INTO "statements" VALUES(1,'f1','DE75512108001245126199','statement','S1','1','EUR','0.00','-21.00','2026-11-23','2026-11-23',2);
CREATE TABLE submissions (
	number INTEGER NOT NULL, 
	sid TEXT NOT NULL, 
	bank TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	source_name TEXT NOT NULL, 
	source_sha256 TEXT NOT NULL, 
	source_size BIGINT NOT NULL, 
	identity_name TEXT NOT NULL, 
	identity_device TEXT NOT NULL, 
	identity_inode TEXT NOT NULL, 
	identity_mtime_ns TEXT NOT NULL, 
	identity_size TEXT NOT NULL, 
	received_at TEXT NOT NULL, 
	receipt TEXT NOT NULL, 
	claim TEXT, 
	state TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	sequence BIGINT, 
	commit_temporary TEXT, 
	remote_name TEXT, 
	source_format TEXT, 
	bank_format TEXT, 
	message_id TEXT, 
	transaction_count BIGINT, 
	control_sum TEXT, 
	sealed_sha256 TEXT, 
	sealed_size BIGINT, 
	profile TEXT, 
	held_from TEXT, 
	reason TEXT, 
	reason_text TEXT, 
	who_acts TEXT, 
	duplicate_of TEXT, 
	released_by TEXT, 
	next_attempt_at TEXT, 
	first_attempt_at TEXT, 
	sent_at TEXT, 
	evidence TEXT, 
	updated_at TEXT, 
	CONSTRAINT pk_submissions PRIMARY KEY (number), 
	CONSTRAINT uq_submissions_bank_remote_name UNIQUE (bank, remote_name), 
	CONSTRAINT uq_submissions_bank_sequence UNIQUE (bank, sequence), 
	CONSTRAINT uq_submissions_claim UNIQUE (claim), 
	CONSTRAINT uq_submissions_folder_receipt UNIQUE (folder, receipt), 
	CONSTRAINT uq_submissions_sid UNIQUE (sid)
);
INSERT INTO "submissions" VALUES(1,'9d86804a3ab04078ab01','bank','erp','pay.csv','abababababababababababababababababababababababababababababababab',120,'pay.csv','64769','7','1700000000123456789','120','2026-11-23T09:30:15.123456Z','pay.csv','erp/abababababababababababababababababababababababababababababababab','ACCEPTED',7,0,1,1,'.out-1.xml.0.1.part','out-1.xml',NULL,NULL,'MSG-9d86804a',NULL,NULL,'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',900,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-23T09:30:15.123456Z','2026-11-23T09:30:15.123456Z','E1','2026-11-23T09:30:15.123456Z');
INSERT INTO "submissions" VALUES(2,'9d86804a3ab04078ab01-2','bank','erp','again.csv','abababababababababababababababababababababababababababababababab',120,'again.csv','64769','8','1700000000123456789','120','2026-11-23T09:30:15.123456Z','again.csv',NULL,'DUPLICATE',0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'H2H-SAME-BYTES','the same bytes as submission 9d86804a3ab04078ab01','accounts payable','9d86804a3ab04078ab01',NULL,NULL,NULL,NULL,NULL,'2026-11-23T09:30:15.123456Z');
CREATE INDEX ix_submissions_bank_message_id ON submissions (bank, message_id);
CREATE INDEX ix_submissions_bank_state ON submissions (bank, state);
CREATE INDEX ix_submissions_folder_source_name ON submissions (folder, source_name);
CREATE INDEX ix_submissions_folder_source_sha256 ON submissions (folder, source_sha256);
CREATE INDEX ix_events_fid ON events (fid);
CREATE INDEX ix_events_sid_number ON events (sid, number);
CREATE INDEX ix_inbound_files_bank_removed ON inbound_files (bank, removed);
CREATE INDEX ix_inbound_files_bank_content_sha256 ON inbound_files (bank, content_sha256);
CREATE INDEX ix_inbound_files_bank_state ON inbound_files (bank, state);
CREATE INDEX ix_inbound_files_remote_name ON inbound_files (remote_name);
CREATE INDEX ix_file_events_fid_number ON file_events (fid, number);
CREATE INDEX ix_statements_account_kind_number ON statements (account, kind, number);
CREATE INDEX ix_payments_end_to_end_id ON payments (end_to_end_id);
CREATE INDEX ix_payments_fingerprint_bank ON payments (fingerprint, bank);
CREATE INDEX ix_payments_payment_information_id ON payments (payment_information_id);
CREATE INDEX ix_payments_uetr ON payments (uetr);
CREATE INDEX ix_payment_events_fid ON payment_events (fid);
CREATE INDEX ix_payment_events_sid_ordinal_number ON payment_events (sid, ordinal, number);
CREATE UNIQUE INDEX uq_attention_open ON attention (kind, subject) WHERE closed_at IS NULL;
COMMIT;
