/** Checks for functions that take an options object. Each throws a `TypeError` that names the option. */
export interface OptionChecks {
  wrong(name: string, expected: string, value: unknown): never;
  object<T>(name: string, value: T, expected?: string): T;
  fn<T>(name: string, value: T): T;
  number(name: string, value: number, min: number, max?: number): void;
  count(name: string, value: number): void;
  signal(value: { readonly aborted: boolean }): void;
  /** `others`: the options that are left after the known ones were taken out. */
  noOthers(prefix: string, others: object): void;
}

/** @param who Name of the function whose options are checked, for the messages. */
export function optionChecks(who: string): OptionChecks {
  function wrong(name: string, expected: string, value: unknown): never {
    const shown =
      typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
    throw new TypeError(
      `${who}: option "${name}" must be ${expected}; got ${value === null ? 'null' : shown}.`,
    );
  }
  return {
    wrong,
    object: (name, value, expected = 'an object') =>
      typeof value === 'object' && value !== null ? value : wrong(name, expected, value),
    fn: (name, value) => (typeof value === 'function' ? value : wrong(name, 'a function', value)),
    number(name, value, min, max = Number.MAX_SAFE_INTEGER) {
      if (!(typeof value === 'number' && value >= min && value <= max))
        wrong(name, `a number from ${min} to ${max}`, value);
    },
    count(name, value) {
      if (!(Number.isInteger(value) && value > 0)) wrong(name, 'a whole number above 0', value);
    },
    signal(value) {
      if (!(value as Partial<EventTarget> | undefined)?.addEventListener)
        wrong('signal', 'an AbortSignal (controller.signal)', value);
    },
    noOthers(prefix, others) {
      const [first] = Object.keys(others);
      if (first !== undefined) throw new TypeError(`${who}: there is no option "${prefix}${first}".`);
    },
  };
}
