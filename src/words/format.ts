// Numbers, durations, times and lists as people read them, by Intl. No words of ours live here, only what a locale decides.
// Formatters are kept: making one costs a hundred times what using it does. So is what they say again and again.
import type { Ms } from '../core/model.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const units = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
] as const

type Unit = (typeof units)[number][0]

/** How a language puts two things together. */
type Join = (first: string, second: string) => string

/** "15 minutes", "24 hours", "1 hour 30 minutes": exact, at most two units, rounded up so that a wait is never told too short. */
export function duration(locale: string, exact: Ms, join: Join = (first, second) => `${first} ${second}`): string {
  const ms = Math.ceil(exact / SECOND) * SECOND
  // "24 hours" and "36 hours" say more than "1 day" and "1 day 12 hours"; from two days on, days do.
  const from = units.findIndex(([unit, size]) => (unit === 'day' ? ms >= 2 * DAY : ms >= size))
  const [unit, size] = units[from === -1 ? 3 : from] ?? units[3]
  const finer = units[units.findIndex(([name]) => name === unit) + 1]
  if (finer === undefined) return amount(locale, unit, Math.ceil(ms / size))
  const [finerUnit, finerSize] = finer
  const total = Math.ceil(ms / finerSize)
  const per = size / finerSize
  const whole = Math.floor(total / per)
  const rest = total % per
  return rest === 0 ? amount(locale, unit, whole) : join(amount(locale, unit, whole), amount(locale, finerUnit, rest))
}

/** "3 minutes", "2 hours", "5 days": one unit, for a wait or an age where more would be noise. */
export function roughly(locale: string, ms: Ms): string {
  const [unit, count] = rough(ms, 'up')
  return amount(locale, unit, count)
}

/** "in 3 minutes". */
export function inTime(locale: string, ms: Ms): string {
  const [unit, count] = rough(ms, 'up')
  return relative(locale).format(count, unit)
}

/** "3 minutes ago"; null: less than a minute. */
export function ago(locale: string, at: Ms, now: Ms): string | null {
  const [unit, count] = rough(Math.max(0, now - at), 'down')
  return unit === 'second' ? null : relative(locale).format(-count, unit)
}

/** "14:20 UTC", and with the day when that is not today. The client script turns it into the reader's own time. */
export function clock(locale: string, at: Ms, now: Ms, join: Join): string {
  const minute = Math.floor(at / MINUTE) % (DAY / MINUTE)
  const time = keep(`clock ${locale} ${minute}`, () => `${dateTime(locale, 'time').format(at)} UTC`)
  return sameDay(at, now) ? time : join(dateTime(locale, 'day').format(at), time)
}

export function sameDay(at: Ms, now: Ms): boolean {
  return Math.floor(at / DAY) === Math.floor(now / DAY)
}

/** "a", "a and b", "a, b and c". */
export function list(locale: string, items: readonly string[]): string {
  return keep(`list ${locale}`, () => new Intl.ListFormat(locale, { type: 'conjunction' })).format(items)
}

function rough(ms: Ms, round: 'up' | 'down'): [Unit, number] {
  const [unit, size] = units.find(([name, each]) => (name === 'day' ? ms >= 2 * DAY : ms >= each)) ?? units[3]
  if (round === 'down') return [unit, Math.floor(ms / size)]
  // 59.5 seconds, rounded up, are a minute and not 60 seconds.
  const up = Math.ceil(ms / size) * size
  return up === ms ? [unit, ms / size] : rough(up, 'up')
}

function amount(locale: string, unit: Unit, count: number): string {
  const say = (): string =>
    keep(`unit ${locale} ${unit}`, () => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })).format(count)
  return count < 100 ? keep(`amount ${locale} ${unit} ${count}`, say) : say()
}

function relative(locale: string): Intl.RelativeTimeFormat {
  return keep(`relative ${locale}`, () => new Intl.RelativeTimeFormat(locale))
}

function dateTime(locale: string, show: 'time' | 'day'): Intl.DateTimeFormat {
  const options =
    show === 'time' ? ({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const) : ({ day: 'numeric', month: 'long' } as const)
  return keep(`date ${locale} ${show}`, () => new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }))
}

const kept = new Map<string, unknown>()

function keep<T>(key: string, make: () => T): T {
  const found = kept.get(key)
  if (found !== undefined) return found as T
  const made = make()
  kept.set(key, made)
  return made
}
