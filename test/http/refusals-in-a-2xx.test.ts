import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { batchEndpoint, rowEndpoints } from 'powersync-backend-connector/http';
import { agentSkills, cloudcode, django, laravel, nodejs, rails } from 'powersync-backend-connector/presets';
import { describe, expect, it } from 'vitest';
import { batch, context, everythingIn, put, transaction } from './support.ts';

const url = 'https://api.test';
const answering = (body: unknown, status = 200) => ({
  url,
  fetch: async () => new Response(JSON.stringify(body), { status }),
});

type Make = (body: unknown) => ReturnType<typeof rowEndpoints>;
const TRANSPORTS: Record<string, Make> = {
  'rowEndpoints()': (body) => rowEndpoints(answering(body)),
  'batchEndpoint()': (body) => batchEndpoint(answering(body)),
  'cloudcode()': (body) => cloudcode({ ...answering(body), userId: 'u' }).transport,
  'django()': (body) => django(answering(body)).transport,
  'nodejs()': (body) => nodejs({ ...answering(body), userId: 'u' }).transport,
  'laravel()': (body) => laravel({ ...answering(body), userId: 'u' }).transport,
  'rails()': (body) => rails({ ...answering(body), userId: 'u' }).transport,
};

/** What a 2xx comes to, for one entry. */
async function outcomeOf(make: Make, body: unknown) {
  const sent = make(body)(batch(transaction('t', put('a', { name: 'x' }))), context());
  return sent.then(
    ([outcome]) => outcome,
    (thrown) => ({ status: 'retry' as const, error: UploadError.from(thrown) }),
  );
}

const REFUSALS = [
  { error: 'quota exceeded' },
  { error: { message: 'no' } },
  { error: true, message: 'no' },
  { error: ['no'] },
  { ok: false },
  { ok: 0 },
  { success: false, message: "Can't reach database server" },
  { success: 0 },
  { success: 'false' },
  { errors: ['no'] },
  { errors: { name: ['is taken'] } },
  { errors: 'name is taken' },
  { status: 'error', message: 'no' },
  { status: 'fail', data: { name: 'is taken' } },
  { status: 'Failed' },
  { status: false, message: 'no' },
  { status: 'fatal_error' },
  { error_code: 'QUOTA_EXCEEDED' },
  { errorCode: 'Locked' },
  { errorMessage: 'Task timed out after 3.00 seconds', errorType: 'Sandbox.Timedout' },
];

const TOLD: [object, UploadErrorCode][] = [
  [{ statusCode: 500, message: 'Internal server error' }, 'unavailable'],
  [{ statusCode: '503', message: 'words' }, 'unavailable'],
  [{ status: 502, error: 'Bad Gateway' }, 'unavailable'],
  [{ code: 500, msg: 'words' }, 'unavailable'],
  [{ statusCode: 401, message: 'words' }, 'unauthenticated'],
  [{ statusCode: 429 }, 'throttled'],
  [{ statusCode: 413 }, 'too_large'],
  [{ statusCode: 422, message: 'words' }, 'invalid'],
  [{ status: 409, title: 'words' }, 'conflict'],
];

describe.each(Object.entries(TRANSPORTS))('%s: a 2xx', (name, make) => {
  const isPreset = !name.includes('Endpoint');

  it.each(REFUSALS)('with %j is not applied, and not certain', async (body) => {
    const outcome = await outcomeOf(make, body);
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'unclassified', budget: { attempts: 10, minMs: 600_000 } },
    });
    expect(everythingIn(outcome && 'error' in outcome && outcome.error)).not.toMatch(/taken|quota|reach/);
  });

  it.each(TOLD)('with %j counts as one of that status', async (body, code) => {
    expect(await outcomeOf(make, body)).toMatchObject({ error: { code } });
  });

  it.each(['57P03', '08006', '53300', '40001'])('with SQLSTATE %s is an outage', async (code) => {
    for (const body of [{ success: false, code }, { error: { code } }, { errors: [{ error_code: code }] }])
      expect(await outcomeOf(make, body)).toMatchObject({ error: { code: 'unavailable' } });
  });

  it.each(['25006', 'XX000', '26000', '0A000', '42P05'])('with SQLSTATE %s is not certain', async (code) => {
    const error = { code: expect.stringMatching(/^un(available|classified)$/) };
    expect(await outcomeOf(make, { error: { code } })).toMatchObject({ error });
  });

  it('with nothing but a code that is known is a refusal', async () => {
    const body = { code: '57P03', message: 'words' };
    expect(await outcomeOf(make, body)).toMatchObject({ error: { code: 'unavailable' } });
    expect(await outcomeOf(make, { error_code: 'UNIQUE_VIOLATION' })).toMatchObject({
      error: { code: 'conflict' },
    });
  });

  it.each<[string, UploadErrorCode]>([
    ['23505', 'conflict'],
    ['22P02', 'invalid'],
    ['NOT_NULL_VIOLATION', 'invalid'],
    ['UNIQUE_VIOLATION', 'conflict'],
    ['99999', 'unclassified'],
    ['MY_OWN', 'unclassified'],
    ['constructor', 'unclassified'],
  ])('with the code %s is %s', async (words, code) => {
    expect(await outcomeOf(make, { error: { code: words } })).toMatchObject({
      status: 'rejected',
      error: { code },
    });
  });

  it.each([
    { success: 1, error: null, errors: [] },
    { ok: true, error: '', errors: {} },
    { error: false, errors: null, status: 'success', code: 200 },
    { status: 'ok', statusCode: 200, error: {} },
    { status: 201, errors: '', error: 0, errorMessage: null },
    { errors: { name: [] }, error: { code: 0, message: '' } },
    { errors: [null] },
    { status: true, error_code: 'OK' },
    { error_code: 0, errorCode: 'NoError' },
  ])('with %j is no refusal', async (body) => {
    const message = name === 'django()' ? 'List created' : 'PUT completed for lists a';
    const outcome = await outcomeOf(make, { message, ...body, id: 17 });
    if (name !== 'nodejs()') expect(outcome).toEqual({ status: 'applied' });
    else expect(outcome).toMatchObject({ status: 'retry', error: { code: 'misconfigured' } });
  });

  it.runIf(isPreset)('that says both that it is done and that it is not, is not', async () => {
    const body = { message: 'PUT completed for lists a', id: 'x', error: 'disk full' };
    expect(await outcomeOf(make, body)).toMatchObject({ error: { code: 'unclassified' } });
  });
});

it.each(['57P03', 'XX000', '25006'])(
  'agentSkills(): %s beside its `success: false` is an outage',
  async (code) => {
    const make: Make = (body) => agentSkills({ ...answering(body), userId: 'u' }).transport;
    for (const body of [
      { success: false, code },
      { success: false, error: { code } },
    ])
      expect(await outcomeOf(make, body)).toMatchObject({ error: { code: 'unavailable' } });
  },
);

it.each(['57P03', 'XX000', '25006'])('nodejs(): a 400 with the SQLSTATE %s is an outage', async (code) => {
  const answer = answering({ message: 'Request failed', code }, 400);
  const make: Make = () => nodejs({ ...answer, userId: 'u' }).transport;
  expect(await outcomeOf(make, {})).toMatchObject({ error: { code: 'unavailable' } });
});

describe('rowEndpoints(): a row in a 2xx', () => {
  const make = TRANSPORTS['rowEndpoints()'] as Make;

  it.each([
    {
      id: 'a',
      name: 'X',
      error: 'E7',
      errors: ['x'],
      ok: false,
      success: 0,
      status: 'error',
      statusCode: 500,
      code: 404,
    },
    [{ id: 'a', name: 'x', error: 'E7', status: 500 }],
    { id: 17, name: 'x', status: 'error' },
    { id: 17, name: 'x', status: 500, code: 404 },
    { id: 17, title: 'y', status: 'error', code: '22000' },
    [],
  ])('that is echoed, %j, is applied, whatever its columns are called', async (body) => {
    expect(await outcomeOf(make, body)).toEqual({ status: 'applied' });
  });

  it.each([
    [[{ error: 'quota exceeded' }]],
    [[{ success: false }]],
    [false],
    [{ id: 'a', error: 'quota exceeded' }],
    [{ id: 'a', ok: false }],
    [[{ id: 'a', success: false }]],
  ])('does not hide a refusal: %j', async (body) => {
    expect(await outcomeOf(make, body)).toMatchObject({ error: { code: 'unclassified' } });
  });
});

it('rowEndpoints(): a refused DELETE is none that is echoed, though it names the row', async () => {
  const entry = { clientId: 1, op: 'DELETE', table: 'lists', id: 'a' };
  const transport = rowEndpoints(answering({ id: 'a', error: 'it is locked' }));
  expect(await transport(batch(transaction('t', entry)), context())).toMatchObject([
    { error: { code: 'unclassified' } },
  ]);
});

describe('batchEndpoint(): a 2xx for several', () => {
  const deliver = (body: unknown, ...names: string[]) =>
    batchEndpoint({ ...answering(body), maxTransactions: 5 })(batch(...names), context());

  it.each([
    { success: false },
    { rejected: { a: 'no' } },
    { rejected: 2 },
    { failed: ['x'] },
    { processed: 1 },
  ])('with %j is thrown, and is not certain', async (body) => {
    await expect(deliver(body, 'a', 'b')).rejects.toMatchObject({ code: 'unclassified' });
  });

  it.each([
    { success: false, rejected: [] },
    { error: 'the database is down', rejected: [] },
  ])('with an empty list of what was rejected is still refused: %j', async (body) => {
    await expect(deliver(body, 'a', 'b')).rejects.toMatchObject({ code: 'unclassified' });
  });

  it('with an outage for each of them keeps all', async () => {
    const rejected = ['a', 'b'].map((id) => ({ id, code: '57P03' }));
    expect(await deliver({ rejected }, 'a', 'b')).toMatchObject([
      { error: { code: 'unavailable' } },
      { error: { code: 'unavailable' } },
    ]);
    expect(await deliver({ rejected: ['a', 'b'] }, 'a', 'b')).toMatchObject([
      { error: { code: 'unclassified' } },
      { error: { code: 'unclassified' } },
    ]);
  });

  it.each(['40001', '57P03', '53300'])(
    'in the form of the write API, with the SQLSTATE %s of an outage, keeps it',
    async (error_code) => {
      const failed = {
        status: 'fatal_error',
        requires_client_handling: false,
        failed_operation: { error_code },
      };
      expect(await deliver({ results: [failed] }, 'a')).toMatchObject([{ error: { code: 'unavailable' } }]);
    },
  );
});

describe('a refused request whose body has the SQLSTATE of an outage', () => {
  it.each([400, 409, 422, 403])('%d keeps the write', async (status) => {
    for (const make of [rowEndpoints, batchEndpoint]) {
      const sent = make(answering({ code: '57P03', message: 'words' }, status))(batch('a'), context());
      const outcome = await sent.then(
        ([first]) => first,
        (error) => ({ error }),
      );
      expect(outcome).toMatchObject({ error: { code: 'unavailable', status } });
    }
  });
});
