import fs from 'node:fs';
import { openEmbedded } from '../index.ts';

// Writes rows for ever, two tables in one transaction, and prints each number once its commit is acknowledged.
const { pool } = await openEmbedded({ directory: process.argv[2]!, maintenanceTables: ['a'] });
await pool.query('create table if not exists a (n int primary key)');
await pool.query('create table if not exists b (n int primary key, filler text)');
const { rows } = await pool.query('select coalesce(max(n), 0) as last from a');
for (let n = rows[0].last + 1; ; n++) {
  const connection = await pool.connect();
  await connection.query('begin');
  await connection.query('insert into a values ($1)', [n]);
  await connection.query(`insert into b values ($1, repeat('x', 500))`, [n]);
  await connection.query('commit');
  connection.release();
  fs.writeSync(1, `${n}\n`);
  if (n % 100 === 0) await pool.query('checkpoint');
}
