// The single source of the versions that every event carries, so that a decision of last month can be replayed with what was in
// force then.
import { createHash } from 'node:crypto'
import type { Brand } from './core/model.ts'
import type { Policy } from './core/policy.ts'

export { templateVersion } from './page/assets.generated.ts'

/** As in package.json; written out, so that a bundle needs no file beside it. A test holds the two together. */
export const appVersion = '0.1.0'

/** Number of the newest migration in store/migrations. */
export const schemaVersion = 18

// A policy is frozen data, made once and asked for with every request.
const known = new WeakMap<Policy, string>()

/** Twelve hex digits that change whenever any rule changes, and only then. */
export function policyVersion(policy: Policy): string {
  const seen = known.get(policy)
  if (seen !== undefined) return seen
  const version = createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 12)
  known.set(policy, version)
  return version
}

/** JSON with sorted keys: the order in which somebody wrote their policy file is not a difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  )
}

/** A drawing, and what another one is told apart by: caches keep it under that for a year. */
export function logoOf(svg: string | undefined): Brand['logo'] {
  return svg === undefined ? undefined : { svg, version: createHash('sha256').update(svg).digest('hex').slice(0, 10) }
}
