// "From then on", as it is typed.
import type { Ms } from '../core/model.ts'
import { readDuration } from '../core/policy.ts'

/** "30d", "12h", or a date such as 2026-11-01; null: none of them. */
export function sinceOf(text: string, now: Ms): Ms | null {
  const ago = readDuration(text)
  if (ago !== null) return Math.max(0, now - ago)
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+Z?)?$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : at
}
