import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Unit tests first: they are fast, and most mutants don't get past them. */
export class UnitFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      FOLDERS.findIndex((each) => each.test(moduleId));
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

const FOLDERS = [/\/unit\/(?!testing)/, /\/(promises|issues)\//, /\/unit\/testing\//, /./];
