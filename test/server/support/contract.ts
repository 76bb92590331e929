import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** The published document of the write API. */
export const DOCUMENT = JSON.parse(
  await readFile(new URL('../../../openapi/write-api.json', import.meta.url), 'utf8'),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(DOCUMENT, 'write-api');

const path = (name: string) => `#/paths/${name.replaceAll('/', '~1')}/post`;

/** What the document has against an answer with this status. */
export function contractErrors(status: number, json: unknown, route = '/api/data'): unknown[] {
  return errorsOf(`${path(route)}/responses/${status}/content/application~1json/schema`, json);
}

/** What the document has against a request. */
export function requestErrors(json: unknown, route = '/api/data'): unknown[] {
  return errorsOf(`${path(route)}/requestBody/content/application~1json/schema`, json);
}

function errorsOf(pointer: string, json: unknown): unknown[] {
  const validate = ajv.getSchema(`write-api${pointer}`);
  if (!validate) return [`The document has nothing at ${pointer}`];
  return validate(json) ? [] : (validate.errors ?? ['invalid']);
}
