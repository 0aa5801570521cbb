import { expect, test } from 'vitest'
import { steadyClock } from './clock.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 21, 12)

function machine(): { clock: () => number; pass(ms: number): void; step(ms: number): void } {
  let wall = NOON
  let elapsed = 0
  return {
    clock: steadyClock(
      () => wall,
      () => elapsed,
    ),
    pass: (ms) => {
      wall += ms
      elapsed += ms
    },
    step: (ms) => {
      wall += ms
    },
  }
}

test('it is the machine’s clock, and follows it forward at once', () => {
  const { clock, pass, step } = machine()
  expect(clock()).toBe(NOON)
  pass(1_500)
  expect(clock()).toBe(NOON + 1_500)
  step(HOUR)
  expect(clock()).toBe(NOON + HOUR + 1_500)
})

test('FA-21, FA-23: a step back does not turn it back; it runs at half speed until the machine has caught up', () => {
  const { clock, pass, step } = machine()
  step(-HOUR)
  expect(clock()).toBe(NOON)
  pass(10)
  expect(clock()).toBe(NOON + 5)
  pass(HOUR)
  expect(clock()).toBe(NOON + HOUR / 2 + 5)
  pass(HOUR)
  expect(clock()).toBe(NOON + HOUR + 10)
  pass(1_000)
  expect(clock()).toBe(NOON + HOUR + 1_010)
})

test('whatever the machine’s clock does, it never goes back', () => {
  const { clock, pass, step } = machine()
  let before = clock()
  for (const ms of [-HOUR, 3, HOUR, -2 * HOUR, 1, -5, HOUR, HOUR, -1, 7]) {
    step(ms)
    pass(Math.abs(ms) / 3)
    const now = clock()
    expect(now).toBeGreaterThanOrEqual(before)
    before = now
  }
})
