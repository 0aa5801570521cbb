// The door "./testing/vitest": `test.extend<PostkeyFixtures>(postkeyFixtures())`. Nothing of Vitest is imported: its fixtures are plain
// functions.
import './production.ts'
import { type Kit, type KitOptions, startKit } from './kit.ts'

export interface PostkeyFixtures {
  /** A new one for each test that names it. */
  readonly kit: Kit
}

type Fixture<T> = (others: object, use: (value: T) => Promise<void>) => Promise<void>

export function postkeyFixtures(options: KitOptions = {}): { readonly kit: Fixture<Kit> } {
  return {
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads from it which other fixtures are wanted
    kit: async ({}, use) => {
      await using kit = await startKit(options)
      await use(kit)
    },
  }
}
