// A policy as lines to read, and what one has otherwise than another. Takes policies as they were written down, also by a version that
// knew settings which this one does not.
import { readable } from './policy.ts'

export interface PolicyLine {
  /** "session.idle" */
  readonly name: string
  readonly value: string
}

export interface PolicyChange {
  readonly name: string
  /** null: the other one does not know it. */
  readonly before: string | null
  readonly after: string | null
}

export function policyLines(policy: object): readonly PolicyLine[] {
  return Object.entries(policy).flatMap(([name, value]) => linesOf(name, value))
}

export function policyChanges(before: object, after: object): readonly PolicyChange[] {
  const had = new Map(policyLines(before).map(({ name, value }) => [name, value]))
  const has = new Map(policyLines(after).map(({ name, value }) => [name, value]))
  return [...new Set([...had.keys(), ...has.keys()])]
    .map((name) => ({ name, before: had.get(name) ?? null, after: has.get(name) ?? null }))
    .filter((change) => change.before !== change.after)
}

/** Every other number is a count. */
const DURATIONS =
  /^(?:linkTtl|codeTtl|resendAfter|challengeTtl|recentProof|invitationTtl|quietAfterNotMe|dormantAfter|replayWindow|autoSubmitDelay|mailUsefulFor|session\..+|changeEmail\.undo|recovery\.(?:mailTtl|wait|sessionTtl)|keep\..+)$/

function linesOf(name: string, value: unknown): PolicyLine[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRate(value)) return [{ name, value: told(name, value) }]
  return Object.entries(value).flatMap(([part, inner]) => linesOf(`${name}.${part}`, inner))
}

function told(name: string, value: unknown): string {
  if (value === null) return 'off'
  if (Array.isArray(value)) return value.map((part) => told('', part)).join(', ')
  if (isRate(value)) return `${value.count} in ${readable(value.per)}`
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' && DURATIONS.test(name) ? readable(value) : String(value)
}

function isRate(value: unknown): value is { readonly count: number; readonly per: number } {
  return typeof value === 'object' && value !== null && 'count' in value && 'per' in value
}
