// The host's own users: asked who an address is before anything is decided about it. What it answers becomes a fact of the decision, so that the
// decision can be made again; an answer that is late or none is a "no" for now, which spends nothing.
import { readExternalId } from '../core/external-id.ts'
import type { HostWord } from '../core/host.ts'
import type { Context } from './context.ts'

export interface OwnUser {
  /** What the host knows the user by; it is `externalId` of ours from the first sign-in on. */
  readonly id?: string
  /** May they sign in? */
  readonly allowed: boolean
}

export interface AskedOwnUser {
  /** Canonical: to be compared as it is. */
  readonly email: string
  readonly tenant: string
  readonly requestId: string
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** null: the host does not know the address. */
export type FindOwnUser = (asked: AskedOwnUser) => Promise<OwnUser | null> | OwnUser | null

export interface HostAnswer {
  readonly word: HostWord
  readonly id: string | null
}

const WAITS_MS = 5_000

/** undefined: the host keeps no users of its own. */
export async function askHost(context: Context, requestId: string, email: string): Promise<HostAnswer | undefined> {
  const { findOwnUser, tenant, log } = context
  if (findOwnUser === null) return undefined
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`ownUsers did not answer within ${WAITS_MS / 1_000} seconds`)), WAITS_MS)
    })
    const given = findOwnUser({ email, tenant, requestId, signal: ending.signal })
    return answerOf(await Promise.race([given, late]))
  } catch (error) {
    log.error('host_failed', error, { requestId })
    return { word: 'unavailable', id: null }
  } finally {
    clearTimeout(timer)
    ending.abort()
  }
}

/** The same for the address that a mail of this challenge went to. */
export async function askHostOf(context: Context, requestId: string, challenge: string): Promise<HostAnswer | undefined> {
  if (context.findOwnUser === null || challenge === '') return undefined
  const found = await context.store.findChallenge(context.tenant, challenge, null)
  return found === null ? undefined : askHost(context, requestId, found.challenge.email)
}

/** @throws Error when it is no answer: what was meant must not be guessed. */
function answerOf(given: OwnUser | null): HostAnswer {
  if (given === null) return { word: 'unknown', id: null }
  if (typeof given?.allowed !== 'boolean') throw new Error('ownUsers must answer null, or an object with `allowed`')
  const id = given.id === undefined ? null : readExternalId(given.id)
  if (given.id !== undefined && id === null) throw new Error('ownUsers gave an id that cannot be kept — use letters, digits and |:@/+=~-.')
  return { word: given.allowed ? 'known' : 'refused', id }
}
