// The door ".": from options to a Postkey. Wiring only.
//
//   const postkey = await createPostkey({ url, secret, database: 'file:postkey.db', mail: { from, smtp } })
//   postkey.handler(request)            // every page and API route, as a web-standard function
//   await postkey.getSession(request)   // who is signed in
import { readAddress } from './core/address.ts'
import { domainOf } from './core/mailbox.ts'
import type { Brand, Versions } from './core/model.ts'
import { CONFIGURED, type Ground } from './core/place.ts'
import { type Policy, type PolicyInput, type PresetName, readPolicy } from './core/policy.ts'
import type { TenantInput, TenantRow } from './core/tenant.ts'
import type { Tell } from './core/told.ts'
import { parseUrl } from './core/url.ts'
import { type Alarms, startAlarms } from './flow/alarms.ts'
import type { Asker, Context, Hand, Log } from './flow/context.ts'
import { watchMail } from './flow/mail-health.ts'
import { startOutbox } from './flow/outbox.ts'
import { purgeAll, startPurge } from './flow/purge.ts'
import { stopReadings } from './flow/readings.ts'
import { sealClosed, startSealing } from './flow/seal.ts'
import { endSessions, getSession, type SessionAnswer } from './flow/session.ts'
import { type Asked, type Refused, resend, type StartRequest, start, type Verified, verifyCode, verifyLink } from './flow/sign-in.ts'
import { contextOf, ownOf, prepare, type Shared } from './flow/tenant.ts'
import { addTenant, listTenants, moveTenant, type Office, setTenant, type TenantChanges } from './flow/tenant-admin.ts'
import { openTenants, type Tenants } from './flow/tenants.ts'
import { startViews } from './flow/views.ts'
import { createApp, type Handler, type Listener } from './http/app.ts'
import { clientAddress } from './http/client-address.ts'
import type { DevRoutes } from './http/dev.ts'
import type { RequestInfo } from './http/visit.ts'
import type { MailTransport } from './mail/transport.ts'
import { mailboxesByDns } from './run/mailboxes.ts'
import type { Metrics } from './run/metrics.ts'
import type { OpenTelemetry, OpenTracing } from './run/tracing.ts'
import { keyring } from './secret.ts'
import { openStore } from './store/open.ts'
import type { Store, TenantChanged } from './store/store.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from './versions.ts'

export type { Session, User } from './core/model.ts'
export type { Policy, PolicyInput, PresetName } from './core/policy.ts'
export type { ReasonCode } from './core/reason.ts'
export { reasons } from './core/reason.ts'
export type { TenantInput, TenantRow } from './core/tenant.ts'
export type { TenantChanges } from './flow/tenant-admin.ts'
export type { Handler, Listener } from './http/app.ts'
export type { RequestInfo } from './http/visit.ts'
export type { Message } from './mail/message.ts'
export type { MailTransport, Reply } from './mail/transport.ts'
export type { OpenTelemetry } from './run/tracing.ts'

export interface PostkeyOptions {
  /** Public base URL, e.g. "https://auth.example.com". Links are built from it, never from a Host header. */
  readonly url: string
  /** At least 32 random bytes; newest first. Earlier ones are still accepted: that is how a key is rotated. */
  readonly secret: string | readonly string[]
  /** `file:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`, or a store that is open already. */
  readonly database: string | Store
  /** Connections that this process opens to PostgreSQL, from 3 to 100: two for looks, the others write. Default: 5. */
  readonly databaseConnections?: number
  readonly mail: {
    /** The address mails come from. */
    readonly from: string
    /** `smtp://` or `smtps://` URL, or a transport of your own. */
    readonly transport: string | MailTransport
  }
  /** A preset's name, or `{ preset, …overrides }`. Default: "standard". */
  readonly policy?: PresetName | ({ readonly preset?: PresetName } & Partial<PolicyInput>)
  /** The name people know your application by. Default: the host of `url`. */
  readonly name?: string
  readonly support?: string
  readonly accent?: { readonly light: string; readonly dark: string }
  /** Put before every path: "/auth" mounts the sign-in page at /auth/sign-in. Default: "". */
  readonly basePath?: string
  /** Where a sign-in leads when nothing was asked for. Default: the account page. */
  readonly returnTo?: string
  /** Further origins a sign-in may lead to. */
  readonly returnOrigins?: readonly string[]
  /** CIDRs of proxies whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[]
  /**
   * Addresses of those who run it: they may use the console at `/console`, signing in like anybody, and get a mail when an alarm is raised.
   * Default: none, and there is no console.
   */
  readonly operators?: readonly string[]
  readonly log?: Log
  /**
   * Makes spans for requests, mails and what they ask of the database: `import * as opentelemetry from '@opentelemetry/api'`, and this is it.
   * Default: none, and nothing of OpenTelemetry is loaded.
   */
  readonly tracing?: OpenTelemetry
  /** In place of all clocks, the database's too: milliseconds since 1970. For tests. */
  readonly now?: () => number
  /** Run the outbox worker in this process. Default: true. */
  readonly sendsMail?: boolean
  /** Seal the record in the background, so that it shows what was changed in it. Default: true. */
  readonly seals?: boolean
  readonly dev?: DevRoutes
  readonly home?: string
}

export interface Postkey {
  /** Every page and API route. Mount it at the root, or at `basePath`. */
  readonly handler: Handler
  /** The same for node:http: `createServer(postkey.listener)`. */
  readonly listener: Listener
  /** Asks for a mail on behalf of the browser that made `request`. The answer is the same for every address. */
  startSignIn(input: StartRequest, request: Request, info?: RequestInfo): Promise<Asked | Refused>
  resendSignIn(input: { readonly challenge: string }, request: Request, info?: RequestInfo): Promise<Asked | Refused>
  /** Presents a code or a link. `signedIn.token` is the value of the session cookie. */
  verifySignIn(
    input:
      | { readonly challenge: string; readonly code: string }
      | { readonly link: { readonly id: string; readonly secret: string; readonly email?: string } },
    request: Request,
    info?: RequestInfo,
  ): Promise<Verified>
  /** Who is signed in by the cookie or bearer token of this request; `live: null` with the reason if nobody is. */
  getSession(request: Request, info?: RequestInfo): Promise<SessionAnswer>
  /** Ends the session of this request, all others of its user, or one by id. */
  endSession(which: 'this' | 'others' | { readonly id: string }, request: Request, info?: RequestInfo): Promise<{ readonly ended: number }>
  /** Further tenants, each with users, brand, policy and operators of its own: docs/tenants.md. */
  readonly tenants: PostkeyTenants
  readonly policy: Policy
  readonly versions: Versions
  /**
   * What was counted since the first call, and process metrics, in the text format of Prometheus. Not for strangers: mount it where only your
   * collector comes. Without a call nothing is counted for it.
   */
  metrics(): Promise<string>
  /** Resolves when every queued mail that is due has been handed over. */
  mailsSent(): Promise<void>
  /**
   * Deletes the rows that the policy does not keep any more, all of them at once. A process that goes on running does so by itself, in the
   * background; this is for functions that run for one request, and for a quiet hour.
   */
  purge(): Promise<void>
  /**
   * Seals what is older than a quarter of an hour of the record, all of it at once. A process that goes on running does so by itself, in the
   * background, unless `seals` is false.
   */
  seal(): Promise<void>
  /** Waits for mails on their way and closes the database. */
  close(): Promise<void>
}

/** Other processes see a change within about two seconds. What stands in the way of one is an Error that names all of it. */
export interface PostkeyTenants {
  /** Without the one of these options, which is "default", and without those that were removed. */
  list(): Promise<readonly TenantRow[]>
  add(id: string, tenant: TenantInput): Promise<TenantRow>
  /** null takes a setting back. */
  set(id: string, changes: TenantChanges): Promise<TenantRow>
  /** From then on it answers as if it were not there. Nothing of it is lost. */
  suspend(id: string): Promise<TenantRow>
  resume(id: string): Promise<TenantRow>
  /** Of one that is suspended. All its rows are deleted in the background, and its name is not given again. */
  remove(id: string): Promise<TenantRow>
}

const silent: Log = { event: () => {}, warn: () => {}, error: () => {} }

/** @throws Error that names every bad option at once, with its remedy. */
export async function createPostkey(options: PostkeyOptions): Promise<Postkey> {
  const policy = readOptionsPolicy(options)
  const url = readUrl(options.url)
  const now = options.now ?? Date.now
  const log = options.log ?? silent
  const keys = keyring(typeof options.secret === 'string' ? [options.secret] : options.secret)
  const versions: Versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
  const brand: Brand = { name: options.name ?? url.host, mailFrom: options.mail.from, support: options.support, accent: options.accent }
  const basePath = (options.basePath ?? '').replace(/\/+$/, '')
  const ground: Ground = { origin: url.origin, basePath }
  const returnOrigins = (options.returnOrigins ?? []).map((origin) => new URL(origin).origin)
  const operators = readOperators(options.operators ?? [])
  const tracing = await tracingOf(options, url.origin, basePath)
  const ownTransport = await transportOf(options.mail)
  const transport = tracing?.transport(ownTransport) ?? ownTransport
  const opened =
    typeof options.database === 'string'
      ? await openStore(options.database, {
          now: options.now,
          connections: options.databaseConnections,
          onSkew: (ms) => log.warn('clock_skewed', { ms }),
          onRestore: ({ epoch }) => log.event('restored', { epoch }),
        })
      : options.database
  const store = tracing?.store(opened) ?? opened
  // Without a worker of its own a process leaves its mails to those of others.
  let hand: Hand = { reserve: () => null, take: () => {}, wake: () => {} }
  const listeners: Tell[] = []
  const views = startViews({ store, now, log })
  const mailboxes = mailboxesByDns()
  let counted: Promise<Metrics> | null = null
  let alarms: Alarms | null = null
  const shared: Shared = {
    store,
    keys,
    versions,
    log,
    tracing,
    tell: (told) => {
      for (const tell of listeners) tell(told)
    },
    tellOf: (tenant) => (told) => alarms?.tellOf(tenant)(told),
    now,
    mailUnusableSince: options.sendsMail === false ? () => null : watchMail(transport, log, now),
    hand: { reserve: () => hand.reserve(), take: (mail, secrets) => hand.take(mail, secrets), wake: () => hand.wake() },
    views,
    mailboxes,
    mailboxOf: (email) => (counted === null ? 'other' : mailboxes.known(domainOf(email))),
  }
  const returnTo = options.returnTo ?? `${basePath}/account`
  const context = await prepare(
    contextOf(shared, { tenant: CONFIGURED, ...ground, policy, brand, returnBelow: '', returnOrigins, returnTo, operators }),
  )
  const make = (row: TenantRow): Context => contextOf(shared, ownOf(ground, brand.mailFrom, row))
  const apart = tracing?.apart ?? (<T>(work: () => T): T => work())
  const tenants = await apart(() => openTenants({ store, ground, own: context, rulesOf: make, make: (row) => prepare(make(row)) }))
  const outbox = options.sendsMail === false ? null : apart(() => startOutbox(context, transport, { tenants }))
  if (outbox) hand = outbox
  const purging = apart(() => startPurge(context, undefined, tenants))
  const sealing = options.seals === false ? null : apart(() => startSealing(context, undefined, tenants))
  const watching = apart(() => startAlarms(context, options.sendsMail === false ? null : transport, tenants))
  alarms = watching
  listeners.push(watching.tell)

  // Loaded by the first who asks: it is ten megabytes.
  const metrics = async (): Promise<string> => {
    counted ??= import('./run/metrics.ts').then(({ openMetrics }) => {
      const counts = openMetrics(versions, transport.name, () => watching.look())
      listeners.push(counts.tell)
      return counts
    })
    return (await counted).text()
  }

  const addresses = clientAddress({ trustedProxies: options.trustedProxies ?? [] })
  const { askerOf, ...app } = createApp(tenants, addresses, { dev: options.dev, home: options.home, metrics })
  const asking = async <T>(request: Request, info: RequestInfo | undefined, work: Work<T>, otherwise: T): Promise<T> => {
    const asked = await askerOf(request, info ?? {})
    return asked === null ? otherwise : work(asked.context, asked.asker)
  }
  return {
    ...app,
    tenants: tenantsOf(tenants, { store, versions, ground, by: 'library', now }),
    startSignIn: (input, request, info) => asking(request, info, (its, asker) => start(its, asker, input), nobodyThere.asked),
    resendSignIn: (input, request, info) => asking(request, info, (its, asker) => resend(its, asker, input.challenge), nobodyThere.asked),
    verifySignIn: (input, request, info) =>
      asking<Verified>(
        request,
        info,
        (its, asker) => ('link' in input ? verifyLink(its, asker, input.link) : verifyCode(its, asker, input)),
        { ...nobodyThere.verified, returnTo: context.defaultReturn },
      ),
    getSession: (request, info) =>
      asking<SessionAnswer>(request, info, (its, asker) => getSession(its, asker.session), nobodyThere.session),
    endSession: (which, request, info) => asking(request, info, (its, asker) => endSessions(its, asker, which), nobodyThere.ended),
    policy,
    versions,
    metrics,
    mailsSent: async () => outbox?.idle(),
    purge: () => purgeAll(context, tenants),
    seal: async () => {
      for (const one of tenants.known()) if (!one.removed) await sealClosed({ ...context, ...one.rules() }, async () => true)
    },
    close: async () => {
      await tenants.stop()
      await purging.stop()
      await sealing?.stop()
      await watching.stop()
      await stopReadings(context)
      await views.stop()
      await outbox?.stop()
      await counted?.then((counts) => counts.close())
      await transport.close()
      await store.close()
    },
  }
}

/** Thrown with everything that stands in the way; seen by this process at once. */
function tenantsOf({ look }: Pick<Tenants, 'look'>, office: Office): PostkeyTenants {
  const done = async (changing: Promise<TenantChanged>): Promise<TenantRow> => {
    const changed = await changing
    if (!changed.ok) throw new Error(changed.problems.join('\n'))
    await look()
    return changed.tenant
  }
  return {
    list: () => listTenants(office),
    add: (id, input) => done(addTenant(office, id, input)),
    set: (id, changes) => done(setTenant(office, id, changes)),
    suspend: (id) => done(moveTenant(office, id, 'suspend')),
    resume: (id) => done(moveTenant(office, id, 'resume')),
    remove: (id) => done(moveTenant(office, id, 'remove')),
  }
}

type Work<T> = (context: Context, asker: Asker) => T | Promise<T>

/** What is said where the request is about no tenant that there is. */
const nobodyThere = {
  asked: { ok: false, reason: 'tenant_unknown', retryAfterMs: null },
  verified: {
    decision: {
      verdict: 'refuse',
      reason: 'tenant_unknown',
      claim: null,
      triesLeft: null,
      retryAfterMs: null,
      at: null,
      consequences: null,
    },
    challenge: '',
    browser: '',
    signedIn: null,
  },
  session: { live: null, reason: 'tenant_unknown' },
  ended: { ended: 0, reason: 'tenant_unknown' },
} as const

function readOptionsPolicy(options: PostkeyOptions): Policy {
  const result = readPolicy(options.policy)
  if (!result.ok) throw new Error(`the policy is not valid:\n${result.problems.map((problem) => `  ${problem}`).join('\n')}`)
  return result.policy
}

function readUrl(given: string): URL {
  const url = parseUrl(given)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error(`url: "${given}" is not a web address — give the public base URL, such as https://auth.example.com`)
  const local = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !local)
    throw new Error(`url: "${url.origin}" is not https — cookies would travel in clear; use https, or localhost for development`)
  if (url.pathname !== '/' || url.search !== '') throw new Error('url: has a path — put it into basePath')
  return url
}

function readOperators(given: readonly string[]): readonly string[] {
  return given.map((text) => {
    const read = readAddress(text)
    if (!read.ok) throw new Error(`operators: "${text}" is not an e-mail address — give plain ones, such as ops@example.com`)
    return read.address.email
  })
}

async function transportOf(mail: PostkeyOptions['mail']): Promise<MailTransport> {
  if (typeof mail.transport !== 'string') return mail.transport
  const { smtpTransport } = await import('./mail/smtp.ts')
  return smtpTransport({ url: mail.transport })
}

async function tracingOf({ tracing, database }: PostkeyOptions, origin: string, basePath: string): Promise<OpenTracing | null> {
  if (tracing === undefined) return null
  const { openTracing } = await import('./run/tracing.ts')
  const system = typeof database !== 'string' ? null : database.startsWith('file:') ? 'sqlite' : 'postgresql'
  return openTracing(tracing, { origin, basePath, system })
}
