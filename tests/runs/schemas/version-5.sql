BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('5');
CREATE TABLE checkpoints (
	run_id VARCHAR(12) NOT NULL, 
	step INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	test_error FLOAT, 
	weights TEXT NOT NULL, 
	weights_sha256 VARCHAR(64) NOT NULL, 
	state TEXT NOT NULL, 
	state_sha256 VARCHAR(64) NOT NULL, 
	PRIMARY KEY (run_id, step), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
CREATE TABLE choices (
	name VARCHAR(32) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE evaluations (
	run_id VARCHAR(12) NOT NULL, 
	epoch INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	train_loss FLOAT, 
	train_error FLOAT NOT NULL, 
	test_loss FLOAT, 
	test_error FLOAT NOT NULL, 
	PRIMARY KEY (run_id, epoch), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "evaluations" VALUES('aaaa0001',1,2,0.5,0.25,0.7,0.5);
INSERT INTO "evaluations" VALUES('aaaa0002',1,2,0.5,0.25,0.7,0.5);
CREATE TABLE layer_numbers (
	run_id VARCHAR(12) NOT NULL, 
	first_step INTEGER NOT NULL, 
	gradient BLOB NOT NULL, 
	weight BLOB NOT NULL, 
	"update" BLOB NOT NULL, 
	responses BLOB NOT NULL, 
	PRIMARY KEY (run_id, first_step), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "layer_numbers" VALUES('aaaa0001',1,X'0000803F000000400000404000008040',X'0000803F000000400000404000008040',X'0000803F000000400000404000008040',X'0000A0400000C040');
INSERT INTO "layer_numbers" VALUES('aaaa0002',1,X'0000803F000000400000404000008040',X'0000803F000000400000404000008040',X'0000803F000000400000404000008040',X'0000A0400000C040');
CREATE TABLE overview (
	run_id VARCHAR(12) NOT NULL, 
	step INTEGER NOT NULL, 
	loss FLOAT, 
	error FLOAT NOT NULL, 
	learning_rate FLOAT NOT NULL, 
	gradient BLOB NOT NULL, 
	weight BLOB NOT NULL, 
	"update" BLOB NOT NULL, 
	responses BLOB NOT NULL, 
	PRIMARY KEY (run_id, step), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
CREATE TABLE runs (
	id VARCHAR(12) NOT NULL, 
	comparison VARCHAR(12) NOT NULL, 
	position INTEGER NOT NULL, 
	sweep VARCHAR(12) DEFAULT '' NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	message TEXT NOT NULL, 
	loading FLOAT NOT NULL, 
	spec TEXT NOT NULL, 
	config TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	step INTEGER NOT NULL, 
	total_steps INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	train_error FLOAT, 
	test_error FLOAT, 
	weights TEXT NOT NULL, 
	request VARCHAR(8) DEFAULT '' NOT NULL, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	tries INTEGER DEFAULT '0' NOT NULL, 
	token VARCHAR(16) DEFAULT '' NOT NULL, 
	owner_host TEXT DEFAULT '' NOT NULL, 
	owner_pid INTEGER DEFAULT '0' NOT NULL, 
	owner_started FLOAT DEFAULT '0' NOT NULL, 
	beats INTEGER DEFAULT '0' NOT NULL, 
	created_at FLOAT NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	lease_until FLOAT DEFAULT '0' NOT NULL, 
	ended_at FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('aaaa0001','cccc0001',0,'','finished','',0.0,'{"family": "plain", "depth": 8}','{"dataset": "digits", "seed": 0}','{"layers": ["a", "b"], "norm_layers": ["n"]}',2,2,1.5,0.25,0.5,'weights/aaaa0001.safetensors','',0,0,'','',0,0.0,0,1700000000.0,1700000000.0,0.0,1700000000.0);
INSERT INTO "runs" VALUES('aaaa0002','cccc0001',1,'','interrupted','its worker ended while this program was brought to a new version',0.0,'{"family": "plain", "depth": 8}','{"dataset": "digits", "seed": 0}','{"layers": ["a", "b"], "norm_layers": ["n"]}',2,2,1.5,0.25,0.5,'weights/aaaa0001.safetensors','',0,0,'','',0,0.0,0,1700000000.0,1700000000.0,0.0,1700000000.0);
CREATE TABLE samples (
	run_id VARCHAR(12) NOT NULL, 
	position INTEGER NOT NULL, 
	label INTEGER NOT NULL, 
	png BLOB NOT NULL, 
	PRIMARY KEY (run_id, position), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "samples" VALUES('aaaa0001',0,3,X'706E67');
INSERT INTO "samples" VALUES('aaaa0002',0,3,X'706E67');
CREATE TABLE steps (
	run_id VARCHAR(12) NOT NULL, 
	step INTEGER NOT NULL, 
	loss FLOAT, 
	error FLOAT NOT NULL, 
	learning_rate FLOAT NOT NULL, 
	PRIMARY KEY (run_id, step), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "steps" VALUES('aaaa0001',1,1.0,0.5,0.1);
INSERT INTO "steps" VALUES('aaaa0001',2,0.5,0.5,0.1);
INSERT INTO "steps" VALUES('aaaa0002',1,1.0,0.5,0.1);
INSERT INTO "steps" VALUES('aaaa0002',2,0.5,0.5,0.1);
CREATE TABLE studies (
	id VARCHAR(12) NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	params TEXT NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	progress FLOAT DEFAULT '0' NOT NULL, 
	answer TEXT DEFAULT '' NOT NULL, 
	facts TEXT DEFAULT '{}' NOT NULL, 
	seconds FLOAT DEFAULT '0' NOT NULL, 
	owner_host TEXT DEFAULT '' NOT NULL, 
	owner_pid INTEGER DEFAULT '0' NOT NULL, 
	owner_started FLOAT DEFAULT '0' NOT NULL, 
	created_at FLOAT NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "studies" VALUES('dddd0001','lesions','{"pictures": 100, "runs": ["aaaa0001"]}','finished','',1.0,'{"columns": ["net"], "data": [["plain-8"]]}','{}',1.5,'',0,0.0,1700000000.0,1700000000.0);
CREATE INDEX ix_runs_sweep ON runs (sweep);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_comparison ON runs (comparison);
CREATE INDEX ix_studies_status ON studies (status);
CREATE INDEX ix_studies_kind ON studies (kind);
COMMIT;
