// The door ".": from options to a Postkey. Wiring only.
//
//   const postkey = await createPostkey({ url, secret, database: 'file:postkey.db', mail: { from, smtp } })
//   postkey.handler(request)            // every page and API route, as a web-standard function
//   await postkey.getSession(request)   // who is signed in
import { mailboxKey, readAddress } from './core/address.ts'
import { readLogo } from './core/brand.ts'
import { domainOf } from './core/mailbox.ts'
import type { Brand, Versions } from './core/model.ts'
import { CONFIGURED, type Ground } from './core/place.ts'
import { type Policy, type PolicyInput, type PresetName, readDuration, readPolicy } from './core/policy.ts'
import { type RollOut, type RollOutInput, readRollOut } from './core/roll-out.ts'
import type { TenantInput, TenantRow } from './core/tenant.ts'
import type { Tell } from './core/told.ts'
import { parseUrl } from './core/url.ts'
import { type Alarms, startAlarms } from './flow/alarms.ts'
import type { Asker, Context, Hand, Log } from './flow/context.ts'
import { type Dispatcher, startDispatcher } from './flow/dispatcher.ts'
import type { Hooks } from './flow/hooks.ts'
import type { Inviter } from './flow/invite.ts'
import { watchMail } from './flow/mail-health.ts'
import { makeOperators } from './flow/operator.ts'
import { startOutbox } from './flow/outbox.ts'
import type { FindOwnUser } from './flow/own-users.ts'
import { purgeAll, startPurge } from './flow/purge.ts'
import { stopReadings } from './flow/readings.ts'
import { announceAll, startAnnouncing } from './flow/recovery-wait.ts'
import { type RequiredUser, requireUser } from './flow/require-user.ts'
import { contextFor } from './flow/roll-out.ts'
import { sealClosed, startSealing } from './flow/seal.ts'
import { endSessions, getSession, type SessionAnswer } from './flow/session.ts'
import {
  type Asked,
  type Refused,
  readReturn,
  resend,
  type StartRequest,
  start,
  type Verified,
  verifyCode,
  verifyLink,
} from './flow/sign-in.ts'
import { type RecentProof, requireRecentProof } from './flow/step-up.ts'
import { contextOf, keepPolicies, ownOf, prepare, type Shared } from './flow/tenant.ts'
import { addTenant, listTenants, moveTenant, type Office, setTenant, type TenantChanges } from './flow/tenant-admin.ts'
import { openTenants, type Tenants } from './flow/tenants.ts'
import { type Users, usersOf } from './flow/users-library.ts'
import { startViews } from './flow/views.ts'
import { createApp, type Handler, type Listener } from './http/app.ts'
import { clientAddress } from './http/client-address.ts'
import type { DevRoutes } from './http/dev.ts'
import { type GivenRequest, infoOf, pageOf } from './http/given.ts'
import { languageOfMail } from './http/language.ts'
import type { RequestInfo, Visit } from './http/visit.ts'
import { amazon } from './mail/report/amazon.ts'
import { type ReportSources, readersOf } from './mail/report/readers.ts'
import type { MailTransport } from './mail/transport.ts'
import { mailboxesByDns } from './run/mailboxes.ts'
import type { Metrics } from './run/metrics.ts'
import type { OpenTelemetry, OpenTracing } from './run/tracing.ts'
import { addressKey, BOUNCE_LOCAL_MAX, keyring } from './secret.ts'
import { openStore } from './store/open.ts'
import type { Store, TenantChanged } from './store/store.ts'
import { appVersion, logoOf, policyVersion, schemaVersion, templateVersion } from './versions.ts'
import { poster } from './webhook/post.ts'
import { type OwnTexts, readOwnWords, wordProblems } from './words/own.ts'

export type { Session, User } from './core/model.ts'
export type { Policy, PolicyInput, PresetName } from './core/policy.ts'
export type { ReasonCode } from './core/reason.ts'
export { reasons } from './core/reason.ts'
export type { RollOutInput } from './core/roll-out.ts'
export type { TenantInput, TenantRow } from './core/tenant.ts'
export type { AddressConfirmed, Hooks, SignedIn, SignedOut } from './flow/hooks.ts'
export type { Invitation, Invited } from './flow/invite.ts'
export type { AskedOwnUser, FindOwnUser, OwnUser } from './flow/own-users.ts'
export type { RequiredUser } from './flow/require-user.ts'
export type { RecentProof } from './flow/step-up.ts'
export type { TenantChanges } from './flow/tenant-admin.ts'
export type { Acted, Created, NewUser, UserFilter, UserKey, UserPage } from './flow/users.ts'
export type { Users } from './flow/users-library.ts'
export type { Handler, Listener, Next } from './http/app.ts'
export type { GivenRequest } from './http/given.ts'
export type { RequestInfo } from './http/visit.ts'
export type { Message } from './mail/message.ts'
export type { ReportSources } from './mail/report/readers.ts'
export type { MailTransport, Reply } from './mail/transport.ts'
export type { OpenTelemetry } from './run/tracing.ts'
export type { OwnTexts } from './words/own.ts'

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
    /** Where mails come back to that cannot be delivered; `bounces@…` becomes `bounces+TAG@…`. Default: `from`. */
    readonly bounces?: string
    /** Mail services that may report bounces to `/webhooks/mail/…`: docs/bounces.md. Default: none. */
    readonly reports?: ReportSources
  }
  /** A preset's name, or `{ preset, …overrides }`. Default: "standard". */
  readonly policy?: PresetName | ({ readonly preset?: PresetName } & PolicyInput)
  /** A change of the policy for some people first. Default: everybody has the one policy. */
  readonly rollOut?: RollOutInput
  /** The name people know your application by. Default: the host of `url`. */
  readonly name?: string
  readonly support?: string
  readonly accent?: { readonly light: string; readonly dark: string }
  /** An SVG drawing, as text: pages show it in the place of our mark. */
  readonly logo?: string
  /** By language, as `de`: some texts in the place of ours, under the keys of src/words/en.ts. */
  readonly words?: OwnTexts
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
  /** Functions that are told what happened, at least once and after it is written down: docs/webhooks.md. */
  readonly hooks?: Hooks
  /**
   * Where you have users of your own: who is this address? Asked before a mail is sent and before a proof lets somebody in, and it has five
   * seconds: docs/own-users.md. Default: nobody is asked.
   */
  readonly ownUsers?: FindOwnUser
  readonly log?: Log
  /**
   * Makes spans for requests, mails and what they ask of the database: `import * as opentelemetry from '@opentelemetry/api'`, and this is it.
   * Default: none, and nothing of OpenTelemetry is loaded.
   */
  readonly tracing?: OpenTelemetry
  /** In place of all clocks, the database's too: milliseconds since 1970. For tests. */
  readonly now?: () => number
  /** Send mails, webhooks and calls of hooks from this process. Default: true. */
  readonly sendsMail?: boolean
  /** Seal the record in the background, so that it shows what was changed in it. Default: true. */
  readonly seals?: boolean
  readonly dev?: DevRoutes
  readonly home?: string
}

export interface Postkey {
  /** Every page and API route. Mount it at the root, or at `basePath`. */
  readonly handler: Handler
  /**
   * The same for node:http: `createServer(postkey.listener)`. And a middleware, for Express and its like: `app.use(postkey.listener)`, before
   * or after what parses bodies.
   */
  readonly listener: Listener
  /** Asks for a mail on behalf of the browser that made `request`. The answer is the same for every address. */
  startSignIn(input: StartRequest, request: GivenRequest, info?: RequestInfo): Promise<Asked | Refused>
  resendSignIn(input: { readonly challenge: string }, request: GivenRequest, info?: RequestInfo): Promise<Asked | Refused>
  /** Presents a code or a link. `signedIn.token` is the value of the session cookie. */
  verifySignIn(
    input:
      | { readonly challenge: string; readonly code: string }
      | { readonly link: { readonly id: string; readonly secret: string; readonly email?: string } },
    request: GivenRequest,
    info?: RequestInfo,
  ): Promise<Verified>
  /** Who is signed in by the cookie or bearer token of this request; `live: null` with the reason if nobody is. */
  getSession(request: GivenRequest, info?: RequestInfo): Promise<SessionAnswer>
  /**
   * Who is signed in; where `live` is null, send the person to `goTo`: they sign in there and come back to `returnTo`. Default: the page of this
   * request, and of a request that is no GET, where a sign-in leads.
   */
  requireUser(request: GivenRequest, returnTo?: string, info?: RequestInfo): Promise<RequiredUser>
  /**
   * Is somebody signed in, and did they prove their mailbox within `maxAge`: milliseconds, or "10m"? Default: the policy's `recentProof`. Ask it
   * before what changes who can get in, or what money can be lost by. Where `live` is null, send the person to `goTo`: they prove the mailbox
   * there and come back to `returnTo`; default: the page of this request, and of a request that is no GET, where a sign-in leads.
   *
   * @throws TypeError where `maxAge` is no duration.
   */
  requireRecentProof(request: GivenRequest, maxAge?: number | string, returnTo?: string, info?: RequestInfo): Promise<RecentProof>
  /** Ends the session of this request, all others of its user, or one by id. */
  endSession(
    which: 'this' | 'others' | { readonly id: string },
    request: GivenRequest,
    info?: RequestInfo,
  ): Promise<{ readonly ended: number }>
  /** Users, for the host's own code: made, found, disabled, deleted. Those of these options; of a tenant: `usersOf`. */
  readonly users: Users
  /** Users of a tenant, suspended or not. Its methods reject where there is no such tenant. */
  usersOf(tenant: string): Users
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
  /** Resolves when every webhook that is due was sent, and every hook called. */
  hostTold(): Promise<void>
  /**
   * Tells those whose wait for the way back into their account is over, by mail. A process that sends mail and goes on running does so by
   * itself, in the background; this is for functions that run for one request.
   */
  announce(): Promise<void>
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
  const rollOut = readOptionsRollOut(options, policy)
  const url = readUrl(options.url)
  const now = options.now ?? Date.now
  const log = options.log ?? silent
  const keys = keyring(typeof options.secret === 'string' ? [options.secret] : options.secret)
  const versions: Versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
  const words = readOptionsWords(options)
  const brand: Brand = {
    name: options.name ?? url.host,
    mailFrom: options.mail.from,
    support: options.support,
    accent: options.accent,
    logo: readOptionsLogo(options),
    words,
  }
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
          onNoWall: ({ what, remedy }) => log.warn('no_wall', { detail: `${what} — ${remedy}` }),
        })
      : options.database
  const store = tracing?.store(opened) ?? opened
  // Without a worker of its own a process leaves its mails to those of others.
  let hand: Hand = { reserve: () => null, take: () => {}, wake: () => {} }
  let dispatcher: Dispatcher | null = null
  let hasOthers = (): boolean => false
  const everywhere = (email: string): string => addressKey(keys, '', mailboxKey(email))
  const listeners: Tell[] = []
  const views = startViews({ store, now, log })
  const mailboxes = mailboxesByDns()
  let counted: Promise<Metrics> | null = null
  let alarms: Alarms | null = null
  const shared: Shared = {
    store,
    keys,
    versions,
    bounceAddress: readBounceAddress(options.mail.bounces),
    findOwnUser: options.ownUsers ?? null,
    log,
    tracing,
    tell: (told) => {
      for (const tell of listeners) tell(told)
    },
    tellOf: (tenant) => (told) => alarms?.tellOf(tenant)(told),
    now,
    mailUnusableSince: options.sendsMail === false ? () => null : watchMail(transport, log, now),
    hand: { reserve: () => hand.reserve(), take: (mail, secrets) => hand.take(mail, secrets), wake: () => hand.wake() },
    dispatches: {
      of: (tenant) => ({ wanted: () => dispatcher?.of(tenant).wanted(), wake: () => dispatcher?.of(tenant).wake() }),
    },
    everywhere: () => (hasOthers() ? everywhere : undefined),
    views,
    mailboxes,
    mailboxOf: (email) => (counted === null ? 'other' : mailboxes.known(domainOf(email))),
  }
  const returnTo = options.returnTo ?? `${basePath}/account`
  const own = { tenant: CONFIGURED, ...ground, policy, rollOut, brand, returnBelow: '', returnOrigins, returnTo, operators }
  const context = contextOf(shared, own)
  await keepPolicies(context)
  const make = (row: TenantRow): Context =>
    contextOf(
      shared,
      ownOf(ground, brand.mailFrom, row, (said) => {
        // Of an earlier version of ours: what is still fit is said, and nobody is turned away because a text is gone.
        const { words, problems } = readOwnWords(said)
        if (problems.length > 0) log.warn('words_unfit', { tenant: row.tenant, problems: problems.length, first: problems[0] ?? '' })
        return words
      }),
    )
  const apart = tracing?.apart ?? (<T>(work: () => T): T => work())
  const tenants = await apart(() => openTenants({ store, ground, own: context, rulesOf: make, make: async (row) => prepare(make(row)) }))
  hasOthers = tenants.hasOthers
  const { hooks = {} } = options
  const post = poster({ local: url.protocol === 'http:' })
  dispatcher = await apart(() => startDispatcher(context, { post, hooks, sends: options.sendsMail !== false, tenants }))
  // Not before: that an operator is somebody new is told.
  await makeOperators(context)
  const outbox = options.sendsMail === false ? null : apart(() => startOutbox(context, transport, { tenants }))
  if (outbox) hand = outbox
  const announcing = options.sendsMail === false ? null : apart(() => startAnnouncing(context, tenants))
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
  const reports = readersOf(options.mail.reports ?? {}, amazon)
  const { visitOf, ...app } = createApp(tenants, addresses, { dev: options.dev, home: options.home, metrics, reports })
  const asking = async <T>(request: GivenRequest, info: RequestInfo | undefined, work: Work<T>, otherwise: T): Promise<T> => {
    const visit = await visitOf(request, info ?? infoOf(request))
    return visit === null ? otherwise : work(visit.context, visit.asker, visit)
  }
  const careOf = (tenant: string) => async (): Promise<Inviter> => {
    const its = await tenants.contextOf(tenant)
    if (its === null) throw new Error(`there is no tenant "${tenant}"`)
    const by = 'library'
    return { ...its, by, rulesOf: (email) => ({ ...contextFor(its, email), by }) }
  }
  return {
    ...app,
    tenants: tenantsOf(tenants, { store, versions, ground, wordProblems, by: 'library', now }),
    startSignIn: (input, request, info) =>
      asking(
        request,
        info,
        (its, asker, visit) => start(its, asker, { ...input, locale: languageOfMail(input.locale, visit) }),
        nobodyThere.asked,
      ),
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
    requireUser: (request, returnTo, info) =>
      asking<RequiredUser>(
        request,
        info,
        (its, asker) => requireUser(its, asker.session, readReturn(its, returnTo ?? pageOf(request)) ?? its.defaultReturn),
        { ...nobodyThere.session, goTo: context.defaultReturn },
      ),
    requireRecentProof: (request, maxAge, returnTo, info) => {
      const age = maxAge === undefined ? null : readAge(maxAge)
      const wanted = returnTo ?? pageOf(request)
      return asking<RecentProof>(
        request,
        info,
        (its, asker) => requireRecentProof(its, asker.session, age ?? its.policy.recentProof, readReturn(its, wanted) ?? its.defaultReturn),
        { ...nobodyThere.session, goTo: context.defaultReturn },
      )
    },
    endSession: (which, request, info) => asking(request, info, (its, asker) => endSessions(its, asker, which), nobodyThere.ended),
    users: usersOf(careOf(CONFIGURED)),
    usersOf: (tenant) => usersOf(careOf(tenant)),
    policy,
    versions,
    metrics,
    mailsSent: async () => outbox?.idle(),
    hostTold: async () => dispatcher?.idle(),
    announce: () => announceAll(tenants),
    purge: () => purgeAll(context, tenants),
    seal: async () => {
      for (const one of tenants.known()) if (!one.removed) await sealClosed({ ...context, ...one.rules() }, async () => true)
    },
    close: async () => {
      await tenants.stop()
      await announcing?.stop()
      await purging.stop()
      await sealing?.stop()
      await watching.stop()
      await stopReadings(context)
      await views.stop()
      await outbox?.stop()
      await dispatcher?.stop()
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

type Work<T> = (context: Context, asker: Asker, visit: Visit) => T | Promise<T>

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

function readOptionsLogo({ logo }: PostkeyOptions): Brand['logo'] {
  const read = logo === undefined ? undefined : readLogo(logo)
  if (read?.ok === false) throw new Error(`the logo ${read.what} — ${read.remedy}`)
  return logoOf(read?.value)
}

function readOptionsWords({ words }: PostkeyOptions): Brand['words'] {
  if (words === undefined) return undefined
  const read = readOwnWords(words)
  if (read.problems.length > 0)
    throw new Error(`the words are not fit to be said:\n${read.problems.map((problem) => `  ${problem}`).join('\n')}`)
  return read.words
}

function readOptionsRollOut({ rollOut }: PostkeyOptions, policy: Policy): RollOut | null {
  if (rollOut === undefined) return null
  const result = readRollOut(rollOut, policy)
  if (!result.ok) throw new Error(`the roll-out is not valid:\n${result.problems.map((problem) => `  ${problem}`).join('\n')}`)
  return result.rollOut
}

function readAge(given: number | string): number {
  const ms = typeof given === 'number' ? given : readDuration(given)
  if (ms === null || !(ms >= 0)) throw new TypeError(`"${given}" is not how old a proof may be — use milliseconds, or "10m"`)
  return ms
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

function readBounceAddress(given: string | undefined): string | null {
  if (given === undefined) return null
  const read = readAddress(given)
  if (!read.ok || given.indexOf('@') > BOUNCE_LOCAL_MAX || given.includes('+'))
    throw new Error(
      `mail.bounces: "${given}" cannot be used — give an address with up to ${BOUNCE_LOCAL_MAX} characters and no plus before the @`,
    )
  return read.address.email
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
