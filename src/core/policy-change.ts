// A policy as somebody would write it: the nearest preset, and what differs from it.
import { type Policy, readable, readPolicy } from './policy.ts'

export type PolicyChange = Readonly<Record<string, unknown>>

const presets = ['standard', 'strict', 'corporate'] as const

/** The policy with a change, as JSON that readPolicy takes. */
export function changeOf(policy: Policy, change: Partial<Policy>): PolicyChange {
  const wanted = { ...policy, ...change }
  const written = presets.map((preset) => ({ preset, ...difference(wanted, presetOf(preset)) }))
  return written.reduce((shortest, one) => (JSON.stringify(one).length < JSON.stringify(shortest).length ? one : shortest))
}

function presetOf(name: (typeof presets)[number]): Policy {
  const read = readPolicy(name)
  if (!read.ok) throw new Error(`preset ${name}: ${read.problems.join('; ')}`)
  return read.policy
}

function difference(wanted: object, from: object): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(wanted)) {
    const given = from[name as keyof typeof from] as unknown
    if (JSON.stringify(value) === JSON.stringify(given)) continue
    // Only of these groups a part may be given.
    const partly = name === 'session' || name === 'keep' || name === 'starts'
    found[name] = partly ? difference(value as object, given as object) : written(name, value)
  }
  return found
}

/** Settings that hold a duration, by the last part of their name; a number of milliseconds would do as well, but is hard to read. */
const DURATIONS = /Ttl$|After$|Window$|Delay$|UsefulFor$|^(per|idle|absolute|challenges|sessions|events|limits)$/

function written(name: string, value: unknown): unknown {
  if (typeof value === 'number' && DURATIONS.test(name)) return readable(value)
  if (Array.isArray(value)) return value.map((one) => written(name, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([inner, part]) => [inner, written(inner, part)]))
}
