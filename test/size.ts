// How much of a campaign: a few of a kind, other ones in each run, in `npm test`; the whole in `npm run test:deep`, which runs the same
// files once more.
const whole = process.env['POSTKEY_TEST_WHOLE'] === 'yes'

export function sized(few: number, all: number): number {
  return whole ? all : few
}

/** So many of them, other ones in each run; in the whole, all. */
export function someOf<T>(all: readonly T[], few: number): readonly T[] {
  const left = [...all]
  return Array.from({ length: sized(few, all.length) }, () => left.splice(Math.floor(Math.random() * left.length), 1)).flat()
}
