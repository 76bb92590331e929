import { optionChecks } from '../check-options.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import { isUploadErrorCode } from '../error/codes.ts';
import type { HttpOptions } from './http-client.ts';
import type { HeaderOptions } from './request-headers.ts';

/** Checks the options that all HTTP transports have. */
export function checkHttpOptions(
  who: string,
  { url, fetch, ky, ...others }: HttpOptions & { readonly url: string },
): void {
  const { wrong, fn } = optionChecks(who);
  if (typeof url !== 'string' || url === '') wrong('url', 'a URL', url);
  checkHeaderOptions(who, others);
  for (const [name, value] of Object.entries({ fetch, ky })) if (value !== undefined) fn(name, value);
}

/** Checks the options about headers. */
export function checkHeaderOptions(
  who: string,
  { headers = {}, authorization = 'bearer' }: HeaderOptions,
): void {
  const { wrong } = optionChecks(who);
  if (!headers || !['object', 'function'].includes(typeof headers) || Array.isArray(headers))
    wrong('headers', 'an object or a function', headers);
  if (authorization !== 'bearer' && authorization !== 'none')
    wrong('authorization', '"bearer" or "none"', authorization);
}

/** Checks the option `errorCodes`. */
export function checkErrorCodes(who: string, errorCodes: ErrorCodes = {}): void {
  const { wrong, object } = optionChecks(who);
  for (const [name, code] of Object.entries(object('errorCodes', errorCodes)))
    if (!isUploadErrorCode(code)) wrong(`errorCodes.${name}`, 'an UploadErrorCode', code);
}

/** Checks the name of a header (a token of RFC 9110). */
export function checkHeaderName(who: string, name: string | undefined): void {
  if (name === undefined || (typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name))) return;
  optionChecks(who).wrong('idempotencyHeader', 'the name of a header', name);
}
