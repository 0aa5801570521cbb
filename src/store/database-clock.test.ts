import { expect, test } from 'vitest'
import { DatabaseClock } from './database-clock.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 21, 12)

/** A node and a database whose clocks can be set, apart from each other. */
function machines() {
  let elapsed = 5_000
  let wall = NOON
  let database = NOON
  const told: number[] = []
  const clock = new DatabaseClock((ms) => void told.push(ms), { wall: () => wall, elapsed: () => elapsed })
  const pass = (ms: number): void => {
    elapsed += ms
    wall += ms
    database += ms
  }
  return {
    clock,
    told,
    pass,
    setWall: (ahead: number): void => {
      wall = database + ahead
    },
    stepDatabase: (ms: number): void => {
      database += ms
    },
    /** Asks; the database answers at once, and the answer takes so long; or it waits so long before it answers. */
    ask: ({ takes = 0, waits = 0 } = {}): void => {
      const askedAt = elapsed
      pass(waits)
      const answer = database
      pass(takes)
      clock.heard(answer, askedAt)
    },
    database: (): number => database,
  }
}

test('FA-21, FA-22: it is the database’s, whatever this machine’s clock says, and goes on between two answers', () => {
  const { clock, ask, pass, setWall, stepDatabase } = machines()
  setWall(-10 * HOUR)
  ask()
  expect(clock.now()).toBe(NOON)
  setWall(10 * HOUR)
  pass(1_500)
  expect([clock.now(), clock.age()]).toEqual([NOON + 1_500, 1_500])
  stepDatabase(HOUR)
  ask()
  expect([clock.now(), clock.age()]).toEqual([NOON + HOUR + 1_500, 0])
})

test('FA-23: when the database’s clock steps back, time goes on at half speed until that has caught up', () => {
  const { clock, ask, pass, stepDatabase, database } = machines()
  ask()
  expect(clock.now()).toBe(NOON)
  stepDatabase(-HOUR)
  ask()
  expect(clock.now()).toBe(NOON)
  pass(HOUR)
  ask()
  expect(clock.now()).toBe(NOON + HOUR / 2)
  pass(HOUR)
  ask()
  expect(clock.now()).toBe(NOON + HOUR)
  pass(10)
  ask()
  expect(clock.now()).toBe(database())
})

test('FA-23: it never goes back, be it for answers that were long on their way or for steps', () => {
  const { clock, ask, pass, stepDatabase } = machines()
  ask()
  let before = clock.now()
  for (const step of [0, -5, HOUR, -HOUR, -HOUR, 3, -1, HOUR, -2]) {
    for (const takes of [0, 900, 3, 40]) {
      ask({ takes })
      const heard = clock.now()
      pass(7)
      const later = clock.now()
      expect([heard >= before, later >= heard]).toEqual([true, true])
      before = later
    }
    stepDatabase(step)
  }
})

test('FA-22: more than two seconds between the clocks are told, with their sign, once a minute', () => {
  for (const [ahead, said] of [
    [2_001, [2_001]],
    [-2_001, [-2_001]],
    [2_000, []],
    [-2_000, []],
  ] as const) {
    const { ask, setWall, told } = machines()
    setWall(ahead)
    ask()
    expect(told).toEqual(said)
  }
  const { ask, pass, setWall, told } = machines()
  setWall(600_000)
  for (let second = 0; second <= 120; second++) {
    ask()
    pass(1_000)
  }
  expect(told).toEqual([600_000, 600_000, 600_000])
})

test('FA-22: an answer that waited, or was long on its way, is no skew', () => {
  const { ask, told, setWall } = machines()
  ask({ takes: 9_000 })
  ask({ waits: 9_000 })
  ask({ takes: 4_000, waits: 4_000 })
  expect(told).toEqual([])
  setWall(12_000)
  ask({ takes: 9_000 })
  expect(told).toEqual([12_000])
})
