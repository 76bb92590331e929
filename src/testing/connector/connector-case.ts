import type { ConnectorSetup } from './setup.ts';

/** One rule for connectors, as a test. */
export interface ConnectorCase {
  readonly name: string;
  /**
   * What the setup must have besides the required members: `login`, `kept`, or transactions that arrive with a `key`.
   * Leave out the cases that need what your connector can't have.
   */
  readonly needs?: 'login' | 'kept' | 'keys';
  /** Makes a world of its own with `setup`. @throws Error that says which rule was broken, and how to keep it. */
  run(setup: () => ConnectorSetup | Promise<ConnectorSetup>): Promise<void>;
}
