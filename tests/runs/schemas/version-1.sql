BEGIN TRANSACTION;
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
CREATE TABLE gradient_norms (
	run_id VARCHAR(12) NOT NULL, 
	first_step INTEGER NOT NULL, 
	norms BLOB NOT NULL, 
	PRIMARY KEY (run_id, first_step), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "gradient_norms" VALUES('aaaa0001',1,X'0000803F000000400000404000008040');
INSERT INTO "gradient_norms" VALUES('aaaa0002',1,X'0000803F000000400000404000008040');
CREATE TABLE runs (
	id VARCHAR(12) NOT NULL, 
	comparison VARCHAR(12) NOT NULL, 
	position INTEGER NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	message TEXT NOT NULL, 
	spec TEXT NOT NULL, 
	config TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	step INTEGER NOT NULL, 
	total_steps INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	train_error FLOAT, 
	test_error FLOAT, 
	weights TEXT NOT NULL, 
	stop_requested BOOLEAN NOT NULL, 
	created_at FLOAT NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('aaaa0001','cccc0001',0,'finished','','{"family": "plain", "depth": 8}','{"dataset": "digits", "seed": 0}','{"layers": ["a", "b"], "norm_layers": ["n"]}',2,2,1.5,0.25,0.5,'weights/aaaa0001.safetensors',0,1700000000.0,1700000000.0,1700000000.0);
INSERT INTO "runs" VALUES('aaaa0002','cccc0001',1,'running','','{"family": "plain", "depth": 8}','{"dataset": "digits", "seed": 0}','{"layers": ["a", "b"], "norm_layers": ["n"]}',2,2,1.5,0.25,0.5,'weights/aaaa0001.safetensors',0,1700000000.0,1700000000.0,1700000000.0);
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
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_comparison ON runs (comparison);
COMMIT;
