import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Shop } from './host.ts';
import type { Random } from './random.ts';

/**
 * A steady load of writes, and what the writers were told of each. A record's `comments` counts its
 * versions and its description (a customer's name) is the token of the write that made it so.
 */
export interface Load {
  /** Resolves when so many writes were acknowledged, or after `withinMs`. */
  warm(count: number, withinMs: number): Promise<void>;
  /** Stops after the writes that are under way; resolves when no writer is at work. */
  stop(): Promise<void>;
  journal: LoadJournal;
}

/** One line a record that a write touched. */
export interface Line {
  token: string;
  model: 'work_item' | 'customer';
  recordId: number;
  version: number;
}

export interface LoadJournal {
  /** The writer was told that it is committed. */
  acknowledged: Line[];
  /** Tokens of writes that were rolled back, on purpose or by an error: they must never be seen. */
  rolledBack: string[];
  /** SQL writes that the server refused because a disk is full. */
  refused: number;
  /** Writes whose writer never learned the outcome: the connection broke. */
  unknown: number;
}

export interface LoadOptions {
  /** For REST writers. */
  origin: string;
  shops: readonly Shop[];
  /** For SQL writers; absent: REST alone. */
  databaseUrl?: string;
  random: Random;
  /** Tells this load's tokens from those of others. */
  name: string;
  writers: { rest: number; sql: number };
  /** Mean pause of a writer between two writes. */
  pauseMs: number;
}

const STATUSES = ['New', 'In Progress', 'Waiting for Parts', 'Ready'];
/** A record is edited about so often, then a new one takes its place. */
const EDITS = 12;
const REQUEST_MS = 10_000;

type Told = 'committed' | 'rolled back' | 'unknown';

export function startLoad(options: LoadOptions): Load {
  const { random, name, shops, writers, databaseUrl } = options;
  const journal: LoadJournal = { acknowledged: [], rolledBack: [], refused: 0, unknown: 0 };
  const stopping = new AbortController();
  const tasks: Promise<void>[] = [];
  for (let n = 0; n < writers.rest; n++) {
    tasks.push(writeByRest(shops[n % shops.length]!, `${name}r${n}`, random.fork(`rest ${n}`)));
  }
  if (databaseUrl) {
    for (let n = 0; n < writers.sql; n++) {
      const shared = sharedRecords.get(shops[n % shops.length]!) ?? [];
      sharedRecords.set(shops[n % shops.length]!, shared);
      tasks.push(
        writeBySql(shops[n % shops.length]!, databaseUrl, shared, `${name}s${n}`, random.fork(`sql ${n}`)),
      );
    }
  }

  return {
    journal,
    async warm(count, withinMs) {
      const wanted = journal.acknowledged.length + count;
      const deadline = performance.now() + withinMs;
      while (journal.acknowledged.length < wanted && performance.now() < deadline) await sleep(20);
    },
    async stop() {
      stopping.abort();
      await Promise.all(tasks);
    },
  };

  function note(told: Told, tokens: string[], lines: Line[]): void {
    if (told === 'committed') journal.acknowledged.push(...lines);
    else if (told === 'rolled back') journal.rolledBack.push(...tokens);
    else journal.unknown += tokens.length;
  }

  async function pause(own: Random): Promise<void> {
    await sleep(own.next() * 2 * options.pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
  }

  /** Owns its records: nobody else edits them, so it knows the version it writes. */
  async function writeByRest(shop: Shop, writer: string, own: Random): Promise<void> {
    const records: { model: Line['model']; id: number; version: number }[] = [];
    for (let n = 0; !stopping.signal.aborted; n++) {
      const token = `${writer}.${n}`;
      if (own.chance(0.06)) {
        // The database refuses the customer that does not exist: the insert is rolled back.
        const { told } = await send(shop, 'POST', '/work-items', {
          description: token,
          comments: '1',
          customer_id: 999_999_999,
        });
        note(told, [token], []);
      } else if (records.length < 3 || own.chance(0.2)) {
        const model = own.chance(0.25) ? 'customer' : 'work_item';
        const body = { [labelOf(model)]: token, comments: '1' };
        const { told, id } = await send(shop, 'POST', pathOf(model), body);
        if (id !== undefined) records.push({ model, id, version: 1 });
        note(told, [token], [{ token, model, recordId: id ?? 0, version: 1 }]);
      } else {
        const record = own.pick(records);
        const version = record.version + 1;
        const { told } = await send(shop, 'PATCH', `${pathOf(record.model)}/${record.id}`, {
          [labelOf(record.model)]: token,
          comments: String(version),
          ...(record.model === 'work_item' && { status: statusAt(version) }),
        });
        note(told, [token], [{ token, model: record.model, recordId: record.id, version }]);
        if (told === 'committed') record.version = version;
        // Its version is not known any more: others may have it, this writer leaves it.
        if (told === 'unknown' || version > EDITS) records.splice(records.indexOf(record), 1);
      }
      await pause(own);
    }
  }

  async function send(
    shop: Shop,
    method: string,
    path: string,
    body: object,
  ): Promise<{ told: Told; id?: number }> {
    try {
      const answer = await fetch(`${options.origin}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${shop.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const text = await answer.text();
      if (answer.ok) return { told: 'committed', id: (JSON.parse(text) as { id: number }).id };
      if (answer.status < 500) return { told: 'rolled back' };
    } catch {
      // refused, reset, cut short: the write may have happened
    }
    await sleep(50);
    return { told: 'unknown' };
  }

  /** Edits records that other SQL writers of its shop edit too; the row's lock gives each its version. */
  async function writeBySql(
    shop: Shop,
    url: string,
    shared: number[],
    writer: string,
    own: Random,
  ): Promise<void> {
    let client: pg.Client | null = null;
    for (let n = 0; !stopping.signal.aborted; n++) {
      client ??= await connect(url);
      if (!client) {
        await sleep(50);
        continue;
      }
      const session = new SqlWriter(client, shop, `${writer}.${n}`);
      const told = await session.run(own, shared);
      note(told, session.tokens, session.lines);
      journal.rolledBack.push(...session.undone);
      if (session.isRefused) journal.refused++;
      if (told === 'unknown' || session.isBroken) {
        await client.end().catch(() => {});
        client = null;
      }
      await pause(own);
    }
    await client?.end().catch(() => {});
  }
}

/** Which records the SQL writers of a shop share. */
const sharedRecords = new WeakMap<Shop, number[]>();
const SHARED = 30;

/** One transaction of an SQL writer, of one of the kinds that hosts have. */
class SqlWriter {
  readonly #client: pg.Client;
  readonly #shop: Shop;
  readonly #name: string;
  tokens: string[] = [];
  lines: Line[] = [];
  /** Undone by a savepoint while the transaction went on. */
  undone: string[] = [];
  isBroken = false;
  isRefused = false;

  constructor(client: pg.Client, shop: Shop, name: string) {
    this.#client = client;
    this.#shop = shop;
    this.#name = name;
  }

  async run(own: Random, shared: number[]): Promise<Told> {
    let isCommitting = false;
    try {
      if (shared.length < 5 || own.chance(0.08)) {
        isCommitting = true;
        const id = await this.#create();
        shared.push(id);
        if (shared.length > SHARED) shared.shift();
        return 'committed';
      }
      const few = [...new Set([own.pick(shared), own.pick(shared), own.pick(shared)])].toSorted(
        (a, b) => a - b,
      );
      const kind = own.next();
      if (kind < 0.4) {
        isCommitting = true;
        await this.#edit([own.pick(shared)]);
        return 'committed';
      }
      if (kind < 0.5) {
        isCommitting = true;
        await this.#edit(few); // one statement, several records
        return 'committed';
      }
      await this.#client.query('begin');
      for (const id of few) await this.#edit([id]);
      if (kind < 0.6) await this.#createAndUndo();
      if (kind < 0.8) {
        isCommitting = true;
        await this.#client.query('commit');
        return 'committed';
      }
      await this.#client.query('rollback');
      return 'rolled back';
    } catch (error) {
      // What the server says of a statement is certain; that the connection broke says nothing.
      const isCertain = /^(?!57P|08)[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? '');
      this.isRefused = (error as { code?: string }).code === '53100';
      if (isCertain) await this.#client.query('rollback').catch(() => this.#broke());
      else this.#broke();
      return isCertain || !isCommitting ? 'rolled back' : 'unknown';
    }
  }

  #broke(): void {
    this.isBroken = true;
  }

  async #create(): Promise<number> {
    const token = this.#token();
    const { rows } = await this.#client.query<{ id: string }>(
      `insert into work_items (tenant_id, description, comments) values ($1, $2, '1') returning id`,
      [this.#shop.tenantId, token],
    );
    const recordId = Number(rows[0]!.id);
    this.lines.push({ token, model: 'work_item', recordId, version: 1 });
    return recordId;
  }

  async #edit(ids: number[]): Promise<void> {
    const token = this.#token();
    const { rows } = await this.#client.query<{ id: string; comments: string }>(
      `update work_items set description = $2, comments = (comments::integer + 1)::text,
         status = ($3::text[])[1 + (comments::integer + 1) / 3 % 4]
       where id in (select id from work_items where id = any($1) order by id for update) returning id, comments`,
      [ids, token, STATUSES],
    );
    for (const { id, comments } of rows) {
      this.lines.push({ token, model: 'work_item', recordId: Number(id), version: Number(comments) });
    }
  }

  async #createAndUndo(): Promise<void> {
    await this.#client.query('savepoint before');
    const lines = this.lines.length;
    await this.#create();
    this.lines.length = lines;
    this.undone.push(this.tokens.pop()!);
    await this.#client.query('rollback to savepoint before');
  }

  #token(): string {
    const token = `${this.#name}.${this.tokens.length + this.undone.length}`;
    this.tokens.push(token);
    return token;
  }
}

async function connect(url: string): Promise<pg.Client | null> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'load',
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

function statusAt(version: number): string {
  return STATUSES[Math.floor(version / 3) % STATUSES.length]!;
}

function pathOf(model: Line['model']): string {
  return model === 'customer' ? '/customers' : '/work-items';
}

function labelOf(model: Line['model']): string {
  return model === 'customer' ? 'name' : 'description';
}
