import ts from 'typescript';
import { expect } from 'vitest';
import * as codes from '../../src/codes/index.ts';
import * as http from '../../src/http/index.ts';
import * as main from '../../src/index.ts';
import * as presets from '../../src/presets/index.ts';
import * as supabase from '../../src/supabase/index.ts';

/** What an example gets from outside, by its name; texts in it to replace; modules besides the package's. */
export interface Around {
  replace?: Record<string, string>;
  modules?: object;
  [name: string]: unknown;
}

/** Evaluates an example of the guide, and returns what it exports. */
export async function evaluate<T>(
  example: string,
  { replace = {}, modules = {}, ...globals }: Around,
): Promise<T> {
  let code = example;
  for (const [from, to] of Object.entries(replace)) {
    expect(code).toContain(from);
    code = code.replaceAll(from, to);
  }
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const imported: Record<string, unknown> = {
    'powersync-backend-connector': main,
    'powersync-backend-connector/codes': codes,
    'powersync-backend-connector/http': http,
    'powersync-backend-connector/presets': presets,
    'powersync-backend-connector/supabase': supabase,
    '@powersync/common': await import('@powersync/common'),
    ...modules,
  };
  const exports = {} as T;
  const run = new Function('exports', 'require', ...Object.keys(globals), outputText);
  run(exports, (name: string) => imported[name], ...Object.values(globals));
  return exports;
}
