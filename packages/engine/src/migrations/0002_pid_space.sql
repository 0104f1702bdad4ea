-- Which process ids a worker's pid is one of: those of a container are its own (workers/registry.ts).
alter table integration_workers add column pid_space text;
