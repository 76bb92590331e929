import { jwtVerify, SignJWT } from 'jose';
import type { Row, Snapshot, Source, TokenClaims } from './source.ts';

const AUDIENCE = 'stand-in';

/** A source in memory, with its own tokens. A row is visible to the user in its `owner_id`. */
export class MemorySource implements Source {
  readonly #tables = new Map<string, Map<string, Row>>();
  readonly #listeners = new Set<() => void>();
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));

  put(table: string, row: Row): void {
    this.#table(table).set(row.id, row);
    this.#committed();
  }

  /** Changes columns of a row. If there is no such row, does nothing. */
  patch(table: string, id: string, columns: Record<string, unknown>): void {
    const row = this.get(table, id);
    if (row) this.put(table, { ...row, ...columns, id });
  }

  remove(table: string, id: string): void {
    this.#table(table).delete(id);
    this.#committed();
  }

  get(table: string, id: string): Row | undefined {
    return this.#table(table).get(id);
  }

  async signToken(userId: string, { lifetimeSeconds = 300, audience = AUDIENCE } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(userId)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetimeSeconds)
      .sign(this.#secret);
  }

  async snapshot(userId: string): Promise<Snapshot> {
    const tables = [...this.#tables].map(([table, rows]): [string, Row[]] => {
      return [table, [...rows.values()].filter((row) => row.owner_id === userId)];
    });
    return Object.fromEntries(tables);
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async verify(token: string): Promise<TokenClaims> {
    const { payload } = await jwtVerify(token, this.#secret, { audience: AUDIENCE });
    return { sub: payload.sub ?? '', exp: payload.exp };
  }

  #table(name: string): Map<string, Row> {
    let rows = this.#tables.get(name);
    if (!rows) {
      rows = new Map();
      this.#tables.set(name, rows);
    }
    return rows;
  }

  #committed(): void {
    for (const listener of this.#listeners) listener();
  }
}
