/** The violations, each text once. */
export class Violations {
  readonly #texts = new Set<string>();

  add(text: string): void {
    this.#texts.add(text);
  }

  get list(): string[] {
    return [...this.#texts];
  }
}
