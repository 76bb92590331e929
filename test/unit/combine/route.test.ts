import { type Transport, type UploadEntry, UploadError } from 'powersync-backend-connector';
import { route } from 'powersync-backend-connector/combine';
import { describe, expect, it } from 'vitest';
import { context, failureOf, put, transaction } from '../../http/support.ts';
import { recordingTransport } from '../../support/connector.ts';

let opId = 0;
const entry = (table: string): UploadEntry => ({ ...put('row'), clientId: ++opId, table });
const of = (name: string, ...tables: string[]) => transaction(name, ...tables.map(entry));

/** Keys of what a transport was given, call by call. */
const calls = ({ batches }: ReturnType<typeof recordingTransport>) =>
  batches.map(({ transactions }) => transactions.map(({ key }) => key.replace('key-of-', '')));

const applied = { status: 'applied' };
const notAttempted = { status: 'not_attempted' };

describe('route()', () => {
  it('sends each transaction to the transport of its table', async () => {
    const [todos, audit, rest] = [recordingTransport(), recordingTransport(), recordingTransport()];
    const transport = route({
      todos: todos.transport,
      'audit_*': audit.transport,
      default: rest.transport,
    });
    for (const name of ['todos', 'audit_log', 'lists'])
      expect(await transport({ transactions: [of(name, name)] }, context())).toEqual([applied]);
    expect([calls(todos), calls(audit), calls(rest)]).toEqual([[['todos']], [['audit_log']], [['lists']]]);
  });

  it('sends nothing where a function returns a promise, which would be as good as true', async () => {
    const other = recordingTransport();
    const match = (async () => false) as unknown as () => boolean;
    const transport = route([{ match, transport: other.transport }]);
    expect(await failureOf(transport({ transactions: [of('a', 'todos')] }, context()))).toMatchObject({
      code: 'misconfigured',
    });
    expect(calls(other)).toEqual([]);
  });

  it('sends nothing where there is nothing', async () => {
    const other = recordingTransport();
    expect(await route({ default: other.transport })({ transactions: [] }, context())).toEqual([]);
    expect(calls(other)).toEqual([]);
  });

  it.each([undefined, null, 0])('takes %s, which a function returns, for no match', async (said) => {
    const [never, rest] = [recordingTransport(), recordingTransport()];
    const match = (() => said) as unknown as () => boolean;
    const transport = route([
      { match, transport: never.transport },
      { match: '*', transport: rest.transport },
    ]);
    expect(await transport({ transactions: [of('a', 'todos')] }, context())).toEqual([applied]);
    expect(calls(never)).toEqual([]);
  });

  it('keeps an entry that no route of a list is for, and names its table', async () => {
    const todos = recordingTransport();
    const transport = route([{ match: 'todos', transport: todos.transport }]);
    expect(await failureOf(transport({ transactions: [of('a', 'lists')] }, context()))).toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('"lists"'),
    });
  });

  it('ends a batch before a transaction of which only a part goes elsewhere', async () => {
    const [todos, rest] = [recordingTransport(), recordingTransport()];
    const transport = route({ todos: todos.transport, default: rest.transport });
    const transactions = [of('a', 'todos'), of('b', 'todos'), of('c', 'todos', 'lists')];
    expect(await transport({ transactions }, context())).toEqual([applied, applied, notAttempted]);
    expect(calls(todos)).toEqual([['a', 'b']]);
    expect(calls(rest)).toEqual([]);
  });

  it('sends a whole transaction again that comes again: it keeps no record of those', async () => {
    const todos = recordingTransport();
    const transport = route({ todos: todos.transport });
    const transactions = [of('a', 'todos')];
    for (let time = 0; time < 2; time++)
      expect(await transport({ transactions }, context())).toEqual([applied]);
    expect(calls(todos)).toEqual([['a'], ['a']]);
  });

  it('ends a batch where the transport changes, so that the order is kept', async () => {
    const [todos, rest] = [recordingTransport(), recordingTransport()];
    const transport = route({ todos: todos.transport, default: rest.transport });
    const transactions = [of('a', 'todos'), of('b', 'todos'), of('c', 'lists'), of('d', 'todos')];
    expect(await transport({ transactions }, context())).toEqual([
      applied,
      applied,
      notAttempted,
      notAttempted,
    ]);
    expect(calls(todos)).toEqual([['a', 'b']]);
    expect(calls(rest)).toEqual([]);
  });

  it('leaves a transaction whole whose tables share a transport', async () => {
    const orders = recordingTransport();
    const transport = route({ orders: orders.transport, order_lines: orders.transport });
    await transport({ transactions: [of('a', 'orders', 'order_lines', 'orders')] }, context());
    expect(orders.batches[0]?.transactions[0]).toMatchObject({ key: 'key-of-a', entries: { length: 3 } });
  });

  it('takes functions and patterns in a list, the first that matches', async () => {
    const [deletes, rest] = [recordingTransport(), recordingTransport()];
    const transport = route([
      { match: ({ op }) => op === 'DELETE', transport: deletes.transport },
      { match: '*', transport: rest.transport },
    ]);
    const gone = transaction('gone', { ...entry('todos'), op: 'DELETE' });
    await transport({ transactions: [gone] }, context());
    await transport({ transactions: [of('kept', 'todos')] }, context());
    expect([calls(deletes), calls(rest)]).toEqual([[['gone']], [['kept']]]);
  });

  it('passes on what a transport throws for several transactions, so that they are bisected', async () => {
    const transport = route({
      default: async () => {
        throw new UploadError('invalid', 'no');
      },
    });
    const transactions = [of('a', 'todos'), of('b', 'todos')];
    expect(await failureOf(transport({ transactions }, context()))).toMatchObject({ code: 'invalid' });
  });

  it('makes what a transport throws for one transaction its outcome, without bisecting what is behind it', async () => {
    const transport = route({
      todos: async () => {
        throw new UploadError('invalid', 'no');
      },
      default: recordingTransport().transport,
    });
    const transactions = [of('a', 'todos'), of('b', 'lists')];
    expect(await transport({ transactions }, context())).toMatchObject([
      { status: 'rejected', error: { code: 'invalid' }, inBand: false },
      notAttempted,
    ]);
  });

  it.each([
    ['the head', ['nowhere'], 0],
    ['a part', ['todos', 'nowhere'], 0],
  ])('keeps an entry that no route is for, and names its table: %s', async (_, tables, sent) => {
    const todos = recordingTransport();
    const transport = route({ todos: todos.transport });
    const failure = await failureOf(transport({ transactions: [of('a', ...tables)] }, context()));
    expect(failure).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('"nowhere"') });
    expect(todos.batches).toHaveLength(sent);
  });

  it('sends what stands before an entry that no route is for', async () => {
    const todos = recordingTransport();
    const transport = route({ todos: todos.transport });
    const transactions = [of('a', 'todos'), of('b', 'nowhere')];
    expect(await transport({ transactions }, context())).toEqual([applied, notAttempted]);
  });

  describe('a transaction that spans transports', () => {
    it('is sent in parts, in order, each with the key of its range', async () => {
      const [todos, rest] = [recordingTransport(), recordingTransport()];
      const transport = route({ todos: todos.transport, default: rest.transport });
      const spanning = of('s', 'todos', 'todos', 'lists', 'todos');
      const ids = spanning.entries.map(({ clientId }) => clientId);
      expect(await transport({ transactions: [spanning, of('b', 'todos')] }, context())).toEqual([
        applied,
        notAttempted,
      ]);
      expect(calls(todos)).toEqual([[`s:${ids[0]}-${ids[1]}`], [`s:${ids[3]}-${ids[3]}`]]);
      expect(calls(rest)).toEqual([[`s:${ids[2]}-${ids[2]}`]]);
    });

    it('tells what was applied when a later part is rejected, in the places of the whole', async () => {
      const refusing: Transport = async () => [
        { status: 'rejected', error: new UploadError('conflict', 'no'), entryIndex: 1, appliedEntries: [0] },
      ];
      const transport = route({ todos: recordingTransport().transport, default: refusing });
      const spanning = of('s', 'todos', 'lists', 'lists', 'todos');
      expect(await transport({ transactions: [spanning] }, context())).toMatchObject([
        { status: 'rejected', error: { code: 'conflict' }, entryIndex: 2, appliedEntries: [0, 1] },
      ]);
    });

    it('tells all that was applied of the parts before, and no place where the rejection tells none', async () => {
      const refusing: Transport = async () => [
        { status: 'rejected', error: new UploadError('conflict', 'no') },
      ];
      const [todos, lists] = [recordingTransport(), recordingTransport()];
      const transport = route({ todos: todos.transport, lists: lists.transport, default: refusing });
      const spanning = of('s', 'todos', 'lists', 'lists', 'other');
      const [outcome] = await transport({ transactions: [spanning] }, context());
      expect(outcome).toMatchObject({ status: 'rejected', appliedEntries: [0, 1, 2] });
      expect(outcome).toHaveProperty('entryIndex', undefined);
    });

    it('does not send again the parts that were applied', async () => {
      const todos = recordingTransport();
      let isDown = true;
      const lists: Transport = async ({ transactions }) => {
        if (isDown) throw new UploadError('unavailable', 'down');
        return transactions.map(() => ({ status: 'applied' }));
      };
      const transport = route({ todos: todos.transport, lists });
      const spanning = of('s', 'todos', 'lists');
      expect(await transport({ transactions: [spanning] }, context())).toMatchObject([
        { status: 'retry', error: { code: 'unavailable' } },
      ]);
      isDown = false;
      expect(await transport({ transactions: [spanning] }, context())).toEqual([applied]);
      expect(todos.batches).toHaveLength(1);
    });

    it('starts no further part once the signal is aborted, and remembers those that were applied', async () => {
      const controller = new AbortController();
      const [todos, lists] = [
        recordingTransport(async ({ transactions }) => {
          controller.abort(); // and goes on, as a function does that ignores its signal
          return transactions.map(() => ({ status: 'applied' }));
        }),
        recordingTransport(),
      ];
      const transport = route({ todos: todos.transport, lists: lists.transport });
      const spanning = of('s', 'todos', 'lists');
      const delivery = transport({ transactions: [spanning] }, context({ signal: controller.signal }));
      expect(await failureOf(delivery)).toMatchObject({ code: 'aborted' });
      expect(lists.batches).toEqual([]);
      expect(await transport({ transactions: [spanning] }, context())).toEqual([applied]);
      expect([todos.batches.length, lists.batches.length]).toEqual([1, 1]);
    });

    it('starts none at all where it is aborted already', async () => {
      const todos = recordingTransport();
      const transport = route({ todos: todos.transport, lists: todos.transport });
      const signal = AbortSignal.abort();
      const delivery = transport({ transactions: [of('s', 'todos')] }, context({ signal }));
      expect(await failureOf(delivery)).toMatchObject({ code: 'aborted' });
      expect(todos.batches).toEqual([]);
    });

    it('a refused token of a later part is thrown', async () => {
      const transport = route({
        todos: recordingTransport().transport,
        lists: async () => {
          throw new UploadError('unauthenticated', 'no');
        },
      });
      const failure = await failureOf(transport({ transactions: [of('s', 'todos', 'lists')] }, context()));
      expect(failure).toMatchObject({ code: 'unauthenticated' });
    });

    it('a part that is forbidden is reported of the whole, and sent again alone after a refresh', async () => {
      const todos = recordingTransport();
      let isForbidden = true;
      const lists: Transport = async (batch, { signal }) => {
        expect(signal.aborted).toBe(false);
        if (isForbidden) throw new UploadError('forbidden', 'no');
        return batch.transactions.map(() => ({ status: 'applied' }));
      };
      const transport = route({ todos: todos.transport, lists });
      const spanning = of('s', 'todos', 'lists');
      expect(await transport({ transactions: [spanning] }, context())).toMatchObject([
        { status: 'rejected', error: { code: 'forbidden' }, appliedEntries: [0], inBand: false },
      ]);
      isForbidden = false;
      expect(await transport({ transactions: [spanning] }, context())).toEqual([applied]);
      expect(todos.batches).toHaveLength(1);
    });

    it('no outcome of a part is none', async () => {
      const transport = route({ todos: recordingTransport().transport, lists: async () => [] });
      const failure = await failureOf(transport({ transactions: [of('s', 'todos', 'lists')] }, context()));
      expect(failure).toMatchObject({ code: 'misconfigured' });
    });
  });

  it.each([
    [{ todos: 'https://api.example.com' }, /route: option "todos" must be a function/],
    [undefined, /route: option "routes" must be an object/],
    [[{ match: 7, transport: async () => [] }], /option "\[0\].match"/],
    [[{ match: '*' }], /option "\[0\].transport" must be a function/],
  ])('%j is a TypeError', (routes, message) => {
    expect(() => route(routes as never)).toThrow(message);
  });
});
