// Which files a run begins with. Vitest takes the longest first, which on a machine that has not run them yet means the largest; those that
// drive a browser are small and long, and one of them that comes last leaves the other workers with nothing to do.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export default class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const drives = ({ moduleId }: TestSpecification): boolean => /\/(browser-|pages?-)[^/]+$/.test(moduleId)
    return [...sorted.filter(drives), ...sorted.filter((file) => !drives(file))]
  }
}
