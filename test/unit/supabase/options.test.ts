import { edgeFunction, postgrest } from 'powersync-backend-connector/supabase';
import { describe, expect, it } from 'vitest';

// biome-ignore lint/suspicious/noExplicitAny: bad options are what is tested.
type Bad = any;

const nothing = () => {};
const rest = { from: nothing, rpc: nothing };
const functions = { functions: { invoke: nothing } };

describe('postgrest', () => {
  it.each<[string, Bad]>([
    ['client', {}],
    ['client', { client: null }],
    ['client', { client: 'https://example.supabase.co' }],
    ['client.from', { client: {} }],
    ['client.rpc', { client: { from: nothing }, rpc: 'upload' }],
    ['rpc', { client: rest, rpc: '' }],
    ['rpc', { client: rest, rpc: true }],
    ['rpc', { client: rest, rpc: null }],
    ['errorCodes', { client: rest, errorCodes: 5 }],
    ['errorCodes.P0001', { client: rest, errorCodes: { P0001: 'gone' } }],
  ])('names the option that is wrong: %s', (name, options) => {
    expect(() => postgrest(options)).toThrow(TypeError);
    expect(() => postgrest(options)).toThrow(`postgrest: option "${name}" must be`);
  });

  it('names one that it does not know', () => {
    expect(() => postgrest({ client: rest, schema: 'app' } as Bad)).toThrow('there is no option "schema"');
  });

  it('takes undefined for the default', () => {
    expect(postgrest({ client: rest, rpc: undefined, errorCodes: undefined })).toBeTypeOf('function');
  });
});

describe('edgeFunction', () => {
  it.each<[string, Bad]>([
    ['client', { name: 'upload' }],
    ['client.functions.invoke', { client: {}, name: 'upload' }],
    ['client.functions.invoke', { client: { functions: {} }, name: 'upload' }],
    ['name', { client: functions }],
    ['name', { client: functions, name: '' }],
    ['oneTransaction', { client: functions, name: 'upload', oneTransaction: 1 }],
    ['maxBodyBytes', { client: functions, name: 'upload', maxBodyBytes: 0 }],
    ['errorCodes.X', { client: functions, name: 'upload', errorCodes: { X: 'x' } }],
  ])('names the option that is wrong: %s', (name, options) => {
    expect(() => edgeFunction(options)).toThrow(TypeError);
    expect(() => edgeFunction(options)).toThrow(`edgeFunction: option "${name}" must be`);
  });

  it('names one that it does not know', () => {
    expect(() => edgeFunction({ client: functions, name: 'upload', url: '' } as Bad)).toThrow(
      'there is no option "url"',
    );
  });
});
