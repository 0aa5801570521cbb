// What the JSON API answers when it says yes, as schemas: the contract is written from them, and the handlers are typed by them. Nothing
// here is needed to answer a request, so nothing of it is loaded for one.
import { z } from 'zod'

const id = z.string().regex(/^[0-9A-Za-z]{16}$/)
const time = z.iso.datetime({ precision: 3 })
const requestId = id.describe('Finds the event in one search. Also in the header X-Request-Id.')

export const asked = z.strictObject({
  challenge: id.describe('Of this request for a mail: for a resend, and for the code.'),
  methods: z.array(z.enum(['link', 'code'])).describe('What the mail holds.'),
  codeLength: z.int().describe('Digits of a code.'),
  expiresAt: time.describe('When the longest-lived proof of the mail ends.'),
  resendAt: time.describe('Before this another mail is refused.'),
  requestId,
})

export const user = z
  .strictObject({
    id: z.string().describe('Opaque; stays the same when the address changes.'),
    email: z.string(),
    createdAt: time,
    signInCount: z.int(),
    lastSignInAt: time.nullable().describe('The sign-in before the current one.'),
    externalId: z.string().nullable().describe('The id that the host has for this person; null: it gave none.'),
  })
  .meta({ id: 'User' })

const sessionFields = {
  id: z.string().regex(/^[0-9A-Za-z_-]{22}$/),
  device: z.string().describe('A name from a fixed list, such as "Firefox on Linux".'),
  network: z.string().describe('The /24 or /64 of the client.'),
  proof: z.enum(['link', 'code']),
  createdAt: time,
  seenAt: time,
  provedAt: time.describe('When the mailbox was proved last, by the sign-in or since.'),
  expiresAt: time.describe('The end if it is not used before; use moves it, up to its absolute lifetime.'),
}
export const session = z.strictObject(sessionFields).meta({ id: 'Session' })

export const verified = z.strictObject({
  user,
  session: z
    .strictObject({
      ...sessionFields,
      token: z.string().optional().describe('Only for clients that sent Postkey-Browser: to be sent as a bearer token.'),
    })
    .meta({ id: 'NewSession' }),
  returnTo: z.string().describe('Where the person wanted to go; always on an allowed origin.'),
  replayed: z.boolean().describe('The same browser presented the same proof again, and has the same session.'),
  requestId,
})

export const current = z.strictObject({ user, session, requestId })

export const listed = z.strictObject({
  sessions: z.array(z.strictObject({ ...sessionFields, current: z.boolean() }).meta({ id: 'ListedSession' })),
  requestId,
})

export type Asked = z.infer<typeof asked>
export type User = z.infer<typeof user>
export type Session = z.infer<typeof session>
export type Verified = z.infer<typeof verified>
export type Current = z.infer<typeof current>
export type Listed = z.infer<typeof listed>

export const live = z.strictObject({ status: z.literal('ok') })
export const ready = z.strictObject({
  status: z.enum(['ok', 'degraded']),
  mail: z.string().optional().describe('Since when the mail server cannot be used.'),
})
export const notReady = z.strictObject({ status: z.literal('unavailable') })
export const versions = z.strictObject({ app: z.string(), schema: z.int(), policy: z.string(), template: z.string() })

/** For programs with a key. */
export const adminUser = z
  .strictObject({
    id,
    email: z.string(),
    status: z.enum(['active', 'disabled']),
    externalId: z.string().nullable(),
    createdAt: time,
    confirmedAt: time.nullable().describe('When the mailbox was proved first; null: nobody has.'),
    signInCount: z.int(),
    lastSignInAt: time.nullable(),
  })
  .meta({ id: 'AdminUser' })

export const adminFound = z.strictObject({ user: adminUser, requestId })
export const adminAdded = z.strictObject({
  user: adminUser,
  invitation: z.strictObject({ expiresAt: time }).optional().describe('Only where one was asked for.'),
  requestId,
})
export const adminInvited = z.strictObject({ user: adminUser, invitation: z.strictObject({ expiresAt: time }), requestId })
export const adminListed = z.strictObject({
  users: z.array(adminUser),
  next: id.nullable().describe('Where the next page begins, for `after`; null: this was the last.'),
  requestId,
})
export const adminActed = z.strictObject({
  user: id.nullable(),
  sessions: z.int().describe('That were live until now.'),
  reason: z.string(),
  requestId,
})
export const adminRefused = z
  .strictObject({
    reason: z.string(),
    title: z.string(),
    user: adminUser.nullable().describe('Who is there; null: nobody, or it does not matter.'),
    requestId,
  })
  .meta({ id: 'AdminRefused' })

const tenant = z
  .strictObject({
    tenant: z.string(),
    status: z.enum(['active', 'suspended', 'removed']),
    version: z.int(),
    settings: z.record(z.string(), z.unknown()).describe('As they were given: docs/tenants.md.'),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Tenant' })
export const tenantFound = z.strictObject({ tenant, requestId })
export const tenantsListed = z.strictObject({ tenants: z.array(tenant), requestId })
export const tenantRefused = z
  .strictObject({ reason: z.string(), title: z.string(), problems: z.array(z.string()), requestId })
  .meta({ id: 'TenantRefused' })
