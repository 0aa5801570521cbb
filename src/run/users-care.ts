// What the commands of `postkey users` share: whom a word means, and what an act needs.
import { readAddress } from '../core/address.ts'
import { wantedOf } from '../core/dispatch.ts'
import { readExternalId } from '../core/external-id.ts'
import type { Care, UserKey } from '../flow/users.ts'
import { ID_SHAPE } from '../secret.ts'
import type { Store } from '../store/store.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from '../versions.ts'
import type { Request } from './command.ts'
import type { Config } from './config.ts'
import { tenantOf } from './record.ts'

export const WHO = 'an address, the id of a user, or external:ID for what another system knows the user by'

/** null: it is nothing of the kind, and the person was told. */
export function whoOf({ terminal, words }: Request, command = 'users'): UserKey | null {
  const [name = '', text = ''] = words
  const external = /^external:(.+)$/.exec(text)?.[1]
  if (external !== undefined && readExternalId(external) !== null) return { externalId: external }
  if (ID_SHAPE.test(text)) return { id: text }
  if (readAddress(text).ok) return { email: text }
  terminal.err(`postkey ${command} ${name}: that is nobody's name here — give ${WHO}`)
  return null
}

/**
 * Under the policy that decided here last, as far as there is one: the environment of a shell need not be that of the server, and a policy
 * that never was in force should not appear among those that were.
 */
export async function careOf(request: Request, store: Store, { policy: configured, operators }: Config): Promise<Care> {
  const tenant = tenantOf(request)
  const [last] = await store.listPolicies(tenant, 1)
  // One of an earlier version lacks what decisions of this one read.
  const newest = last !== undefined && Object.keys(configured).every((key) => key in last.policy) ? last : undefined
  const policy = newest?.policy ?? configured
  const version = newest?.version ?? policyVersion(policy)
  if (newest === undefined) await store.keepPolicy(tenant, version, policy)
  const versions = { app: appVersion, schema: schemaVersion, policy: version, template: templateVersion }
  // Functions of the host are in another process, and nobody here knows which there are.
  const wanted = wantedOf(await store.listEndpoints(tenant))
  const dispatches = { wanted: () => wanted, wake: () => {} }
  // Whoever runs the server invites whom they like.
  const everywhere = () => undefined
  return { store, tenant, policy, versions, operators, dispatches, everywhere, now: Date.now, log: silent, by: 'command_line' }
}

const silent: Care['log'] = { event: () => {}, warn: () => {}, error: () => {} }
