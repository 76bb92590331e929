import type { ConnectorSetup } from './setup.ts';

/** One rule for connectors, as a test. */
export interface ConnectorCase {
  readonly name: string;
  /**
   * What the setup must have beyond the usual: `login`, `kept`, or transactions that arrive with a `key`. Leave out what
   * your connector cannot have.
   */
  readonly needs?: 'login' | 'kept' | 'keys';
  /** Makes a world of its own with `setup`. @throws Error that says which rule was broken, and how to keep it. */
  run(setup: () => ConnectorSetup | Promise<ConnectorSetup>): Promise<void>;
}
