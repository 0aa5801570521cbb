// "This was not me", by whoever has a mail. Its link holds a tag that nobody else can know; the landing page of a sign-in link, the link's secret.
import { readAddress } from '../core/address.ts'
import type { Ms } from '../core/model.ts'
import { type Disownable, decideNotMe, type Ended, endsOf, isDisownable, type NotMeDecision } from '../core/not-me.ts'
import type { Policy } from '../core/policy.ts'
import { digest, isNotMeTag, mintSecret, NOT_ME_SHAPE, notMeTag, SECRET_SHAPE } from '../secret.ts'
import { type Asker, type Context, scopeOf } from './context.ts'
import { contextFor } from './roll-out.ts'
import { linkDigest, readLinkId } from './sign-in.ts'

export interface Disowning {
  /** What stands in the path: the id of a link, and the tag behind it where the mail's own link was followed. */
  readonly given: string
  /** Of the link, from its landing page. */
  readonly secret?: string | undefined
  readonly email?: string | undefined
}

export interface SaidNotMe {
  readonly decision: NotMeDecision
  /** Where to read what was done; as good as the mail: for whoever has shown that they hold it. */
  readonly path: string
}

/** What the path of a mail's own link ends with. */
export function notMePath(context: Pick<Context, 'keys' | 'tenant'>, linkId: string): string {
  return linkId + notMeTag(context.keys, context.tenant, linkId)
}

export async function notMe(context: Context, asker: Asker, { given, secret = '', email }: Disowning): Promise<SaidNotMe> {
  const { tenant, store } = context
  const { linkId, tagged } = readGiven(context, given)
  const { challenge, ordinal } = readLinkId(linkId)
  const read = email === undefined ? null : readAddress(email)
  const outcome = await store.notMe(scopeOf(context, asker.requestId), {
    challenge,
    ordinal,
    tagged,
    linkDigest: SECRET_SHAPE.test(secret) ? linkDigest(context, 'sign_in', challenge, secret) : null,
    browserDigest: digest('browser', tenant, asker.browser ?? mintSecret()),
    address: read?.ok ? read.address.email : null,
    addressTyped: email === undefined || email.trim() === '' ? 'absent' : 'given',
  })
  const { decision, purpose, sessions } = outcome
  context.dispatches.wake()
  if (decision.verdict === 'end' && purpose !== null) context.tell({ kind: 'not_me', purpose, sessions })
  context.log.event('not_me', { requestId: asker.requestId, challenge, reason: decision.reason, ended: sessions })
  return { decision, path: notMePath(context, linkId) }
}

function readGiven(context: Context, given: string): { readonly linkId: string; readonly tagged: boolean } {
  const [, linkId, tag] = NOT_ME_SHAPE.exec(given) ?? []
  if (linkId === undefined || tag === undefined) return { linkId: given, tagged: false }
  return { linkId, tagged: isNotMeTag(context.keys, context.tenant, linkId, tag) }
}

export interface NotMeLanding {
  readonly now: Ms
  /** What a POST would be told that types no address. */
  readonly decision: NotMeDecision
  readonly purpose: Disownable
  readonly ended: Ended
  readonly device: string
  readonly askedAt: Ms
  readonly policy: Policy
}

/** A look. It names no address. */
export async function viewNotMe(context: Context, asker: Asker, given: string): Promise<NotMeLanding> {
  const { linkId, tagged } = readGiven(context, given)
  const { challenge: id, ordinal } = readLinkId(linkId)
  const browser = asker.browser === null ? null : digest('browser', context.tenant, asker.browser)
  const view = tagged && id !== '' ? await context.store.findChallenge(context.tenant, id, browser) : null
  const mail = view?.mails.find((one) => one.ordinal === ordinal)
  const { policy } = view === null ? context : contextFor(context, view.challenge.email)
  const purpose = view?.challenge.purpose ?? 'sign_in'
  const now = view?.now ?? context.now()
  const decision = decideNotMe(policy, {
    now,
    disowns: view === null || mail === undefined ? null : { purpose, saidAt: view.challenge.disownedAt, tries: 0 },
    proved: tagged,
    bound: view?.bound ?? false,
    address: 'absent',
  })
  const of = isDisownable(purpose) ? purpose : 'sign_in'
  const { device = '', createdAt: askedAt = now } = view?.challenge ?? {}
  return { now, decision, purpose: of, ended: endsOf(of), device, askedAt, policy }
}
