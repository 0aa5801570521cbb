// Times as an operator reads them: short, in UTC, in English. People at large read those of words/.
import type { Ms } from './model.ts'

const UNITS = [
  ['d', 86_400_000, 2],
  ['h', 3_600_000, 2],
  ['min', 60_000, 2],
] as const

/** "40 s", "12 min", "3 h", "2 d": one unit, and two of it at least, rounded; never "0 s". */
export function span(ms: Ms): string {
  for (const [unit, size, least] of UNITS) if (ms >= least * size) return `${Math.round(ms / size)} ${unit}`
  return `${Math.max(1, Math.round(ms / 1_000))} s`
}

/** "47s", "12m 5s", "3h 20m": two units at most, for times that are compared; "" for none. */
export function spanExactly(ms: Ms | null): string {
  if (ms === null) return ''
  const seconds = Math.round(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  const told = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return told.map(([count, unit]) => `${count}${unit}`).join(' ')
}

const LATEST = 8_640_000_000_000_000

/** "14:05 UTC", with its day where that is another than the one it is told beside. */
export function clockOf(at: Ms, beside: Ms): string {
  const [day, time] = iso(at).split('T') as [string, string]
  const minute = `${time.slice(0, 5)} UTC`
  return iso(beside).startsWith(day) ? minute : `${day} ${minute}`
}

/** What is no time of any calendar is told as the nearest that is one. */
export function iso(at: Ms): string {
  const whole = Number.isFinite(at) ? Math.trunc(at) : 0
  return new Date(Math.max(-LATEST, Math.min(LATEST, whole))).toISOString()
}
