// From when on a command looks at the record: so long ago, or a date.
import type { Ms } from '../core/model.ts'
import { readDuration } from '../core/policy.ts'

/** "30d", "12h", "2026-11-01" or "2026-11-01T09:30Z", in UTC; null: it is none of these. */
export function sinceOf(text: string, now: Ms): Ms | null {
  const ago = readDuration(text)
  if (ago !== null) return Math.max(0, now - ago)
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+Z?)?$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : at
}
