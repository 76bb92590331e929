import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Unit tests first: they are fast, and most mutants don't get past them. */
export class UnitFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isUnit = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('/test/unit/'));
    return files.toSorted((a, b) => isUnit(b) - isUnit(a));
  }
}
