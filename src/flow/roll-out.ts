// Whose policy is it? Two contexts that differ in nothing else, made once; an address has the one or the other.

import type { RollOut } from '../core/roll-out.ts'
import { takesPart } from '../core/roll-out.ts'
import { placeOf } from '../secret.ts'
import type { Context } from './context.ts'

export interface RollingOut {
  readonly name: string
  readonly percent: number
  readonly listed: number
  /** For those who take part. */
  readonly context: Context
  takesPart(email: string): boolean
}

export function rollingOut(base: Context, rollOut: RollOut, version: string): RollingOut {
  const { name, percent, addresses, policy } = rollOut
  const { tenant } = base
  return {
    name,
    percent,
    listed: addresses.size,
    context: { ...base, policy, versions: { ...base.versions, policy: version }, rollOut: null },
    takesPart: (email) => takesPart(rollOut, email, placeOf(tenant, name, email)),
  }
}

export function contextFor(context: Context, email: string): Context {
  const { rollOut } = context
  return rollOut?.takesPart(email) === true ? rollOut.context : context
}

/** Everybody's, and theirs who take part. */
export function contextsOf(context: Context): readonly Context[] {
  return context.rollOut === null ? [context] : [context, context.rollOut.context]
}
