import type { ConnectorSetup } from './setup.ts';

/** One rule for connectors, as a test. */
export interface ConnectorCase {
  /** Name of the rule. */
  readonly name: string;
  /**
   * Part of the setup that this case needs: `login`, `kept`, or transactions that arrive with a `key`. Skip the case if
   * your connector can't have it.
   */
  readonly needs?: 'login' | 'kept' | 'keys';
  /** Runs the case with a new setup. @throws Error that says which rule was broken, and how to keep it. */
  run(setup: () => ConnectorSetup | Promise<ConnectorSetup>): Promise<void>;
}
