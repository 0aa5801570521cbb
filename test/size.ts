// How much of a campaign: a few of a kind, other ones in each run, in `npm test`; the whole in `npm run test:deep`, which runs the same
// files once more.
const whole = process.env['POSTKEY_TEST_WHOLE'] === 'yes'

export function sized(few: number, all: number): number {
  return whole ? all : few
}
