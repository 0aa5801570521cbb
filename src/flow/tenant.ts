// From what is known of a tenant to the context that its requests are answered with: the one way for that of the settings and for all others.

import type { Brand } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import { CONFIGURED, type Ground, homeOf } from '../core/place.ts'
import type { Policy } from '../core/policy.ts'
import { readFallback } from '../core/return-to.ts'
import type { RollOut } from '../core/roll-out.ts'
import { readTenant, type TenantRow } from '../core/tenant.ts'
import type { Tell } from '../core/told.ts'
import { logoOf, policyVersion } from '../versions.ts'
import type { Context, Log } from './context.ts'
import type { Dispatcher } from './dispatcher.ts'
import { makeOperators } from './operator.ts'
import { contextsOf, rollingOut } from './roll-out.ts'
import type { Views } from './views.ts'

/** What all tenants of a process have in common. */
export interface Shared
  extends Omit<
    Context,
    | 'tenant'
    | 'policy'
    | 'rollOut'
    | 'brand'
    | 'origin'
    | 'basePath'
    | 'returnBelow'
    | 'returnOrigins'
    | 'defaultReturn'
    | 'operators'
    | 'views'
    | 'dispatches'
  > {
  readonly views: Views
  readonly dispatches: Pick<Dispatcher, 'of'>
  /** Hears what happened at a tenant, besides `tell`, which hears of all. */
  readonly tellOf: (tenant: string) => Tell
}

/** What is its own. */
export interface Own extends Ground {
  readonly tenant: string
  readonly policy: Policy
  readonly rollOut: RollOut | null
  readonly brand: Brand
  readonly returnBelow: string
  readonly returnOrigins: readonly string[]
  /** Allowed, as an absolute URL or a path. */
  readonly returnTo: string
  readonly operators: readonly string[]
}

export function contextOf({ views, dispatches, tellOf, ...shared }: Shared, { returnTo, rollOut, ...own }: Own): Context {
  const { tenant, policy, origin, returnOrigins } = own
  const base: Context = {
    ...shared,
    ...own,
    rollOut: null,
    versions: { ...shared.versions, policy: policyVersion(policy) },
    defaultReturn: readFallback({ base: origin, origins: returnOrigins, fallback: returnTo }),
    log: tenant === CONFIGURED ? shared.log : logOf(shared.log, tenant),
    tell: tenant === CONFIGURED ? shared.tell : both(shared.tell, tellOf(tenant)),
    views: views.of(tenant),
    dispatches: dispatches.of(tenant),
  }
  return rollOut === null ? base : { ...base, rollOut: rollingOut(base, rollOut, policyVersion(rollOut.policy)) }
}

function both(one: Tell, other: Tell): Tell {
  return (told) => {
    one(told)
    other(told)
  }
}

/** Every line says whose it is, but for those of the tenant of the settings. */
function logOf(log: Log, tenant: string): Log {
  return {
    event: (name, fields) => log.event(name, { tenant, ...fields }),
    warn: (name, fields) => log.warn(name, { tenant, ...fields }),
    error: (name, error, fields) => log.error(name, error, { tenant, ...fields }),
  }
}

/**
 * @param mailFrom whose mails those of a tenant are that has no address of its own.
 * @param wordsOf reads words of its own.
 * @throws Error when this version cannot read what is kept of it, with the reasons.
 */
export function ownOf(ground: Ground, mailFrom: string, row: TenantRow, wordsOf: (said: object) => Brand['words']): Own {
  const { hosts, prefix } = row
  const read = readTenant({ ...row.settings, hosts, ...(prefix === null ? {} : { prefix }) })
  if (!read.ok) throw new Error(`the tenant "${row.tenant}" cannot be read: ${read.problems.join('; ')}`)
  const { name, support, accent, logo, policy, rollOut, words, returnOrigins, operators, ...settings } = read.settings
  const { origin, basePath } = homeOf(ground, row)
  return {
    tenant: row.tenant,
    origin,
    basePath,
    policy,
    rollOut,
    brand: {
      name,
      mailFrom: settings.mailFrom ?? mailFrom,
      support,
      accent,
      logo: logoOf(logo),
      words: words === null ? undefined : wordsOf(words),
    },
    // Where others are at home too, it is not all its own.
    returnBelow: hosts.length > 0 ? '' : basePath,
    returnOrigins,
    returnTo: settings.returnTo ?? `${basePath}${paths.account}`,
    operators,
  }
}

/** Before it decides anything: its rules are written down. */
export async function keepPolicies(context: Context): Promise<void> {
  for (const { store, tenant, policy, versions } of contextsOf(context)) await store.keepPolicy(tenant, versions.policy, policy)
}

/** The same, and whoever runs it can sign in. */
export async function prepare(context: Context): Promise<Context> {
  await keepPolicies(context)
  await makeOperators(context)
  return context
}
