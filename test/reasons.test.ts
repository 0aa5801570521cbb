// Every reason is reached: each is driven here through HTTP, or through the door of the library where no route says it, and
// must then stand in the record, in the log or in the answer. A reason that nothing reaches is a promise that nothing keeps.
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type ReasonCode, type ReasonKind, reasons } from '../src/core/reason.ts'
import { makeKey } from '../src/flow/admin.ts'
import type { OwnUser } from '../src/index.ts'
import { openStore } from '../src/store/open.ts'
import { mintWebhookSecret, sign } from '../src/webhook/signature.ts'
import { askForChange, challengeOf, notMeLink, requireRecentProof, stepUp, typeChange } from './account.ts'
import { postkey } from './cli.ts'
import { type TestDatabase, temporaryDatabase } from './database.ts'
import { askAndOpen, type Browser, type Kit, type KitOptions, ORIGIN, signIn, startKit, wrongCode } from './kit.ts'
import { policyOf } from './page-samples.ts'
import { nameAddress, printCodes, setBackup, typeNew } from './recovery.ts'
import { afterWaiting, askToWait, beginToWait, linkIn } from './recovery-wait.ts'
import { startReceiver, typed } from './webhook-receiver.ts'

const ADA = 'ada@example.net'
const SECRET_SHAPED = 'A'.repeat(43)

interface Scene {
  readonly kit: Kit
  readonly database: TestDatabase
  /** For what is neither in the record nor in the log. */
  readonly see: (reason: ReasonCode) => void
}

interface Way {
  readonly options?: KitOptions
  readonly go: (scene: Scene) => Promise<unknown>
}

const user = ({ kit, database }: Scene): void =>
  database.insertUser({ id: 'user-1', email: ADA, confirmedAt: kit.clock.at, createdAt: kit.clock.at })
const guessFive = async ({ browser, challenge, code }: Awaited<ReturnType<typeof askAndOpen>>): Promise<void> => {
  for (let i = 0; i < 5; i++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, i) })
}
const unreachable: KitOptions = { reply: () => ({ class: 'unreachable', text: 'no route' }) }

const OPS = 'ops@example.net'
const withOperator: KitOptions = { operators: [OPS] }
/** An operator finds somebody and does something. */
const acting =
  (act: string, more: Record<string, string> = {}, whom = ADA) =>
  async ({ kit }: Scene): Promise<void> => {
    await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    const { location } = await operator.post('/console/search', { q: whom })
    await operator.post(location, { act, ...more })
  }

/** The host says something of an address, somebody signs in; then it says something else, and they come again with a mail from before. */
function proving(...answers: [OwnUser, OwnUser]): Way {
  let [answer] = answers
  return {
    options: { ownUsers: () => answer },
    go: async ({ kit }) => {
      await signIn(kit, ADA)
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      answer = answers[1]
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  }
}

/** A host that is told, and says that it wants nothing. */
const KEY = randomBytes(33).toString('base64')
const withEndpoint: KitOptions = { url: 'http://localhost:3999', secret: KEY }
const goneEndpoint = async ({ kit, database }: Scene): Promise<string> => {
  await using receiver = await startReceiver()
  receiver.answer = () => ({ status: 410 })
  const { json } = await typed(database.url, KEY, ['webhooks', 'add', receiver.url, '--json'])
  await kit.postkey.hostTold()
  await signIn(kit, ADA)
  await kit.postkey.hostTold()
  return String(json['endpoint'])
}

async function withTenant({ postkey }: Kit, ...then: ('suspend' | 'resume' | 'remove')[]): Promise<void> {
  await postkey.tenants.add('acme', { name: 'Acme', prefix: '/t/acme' })
  for (const act of then) await postkey.tenants[act]('acme')
}

const REPORTER = mintWebhookSecret()
const withReports: KitOptions = { mailOptions: { reports: { signed: REPORTER } } }
const report =
  (type: string, by = REPORTER) =>
  async ({ kit }: Scene): Promise<unknown> => {
    const body = JSON.stringify({ type, timestamp: new Date(kit.clock.at).toISOString(), data: { email: ADA } })
    const timestamp = Math.floor(kit.clock.at / 1_000)
    const signature = sign([by], 'x', timestamp, body)
    const headers = { 'webhook-id': 'x', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
    const answer = await kit.postkey.handler(new Request(`${ORIGIN}/webhooks/mail/signed`, { method: 'POST', body, headers }))
    // A refusal is written down after the answer.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return answer
  }

const BOB = 'bob@example.net'
/** Ada has Bob's address afterwards, as far as her own policy goes. */
const change = async (kit: Kit): Promise<Awaited<ReturnType<typeof askForChange>>> => {
  const asked = await askForChange(kit, await signIn(kit, ADA), ADA, BOB)
  await typeChange(asked.browser, asked.toNew, 'change_email')
  return asked
}

const recovered = async (kit: Kit): Promise<Browser> => {
  const [code = ''] = await printCodes(await signIn(kit, ADA))
  const browser = kit.browser()
  await browser.post('/recover', { email: ADA, code })
  return browser
}
const { recovery: RECOVERY } = policyOf()
const NEW = 'ada@new.example'
const recovering = (recovery: object): KitOptions =>
  ({ operators: [OPS], policy: { recovery: { ...RECOVERY, ...recovery } } }) as KitOptions
const WAIT = 72 * 3_600_000
const begun = async (kit: Kit) => {
  await signIn(kit, ADA)
  return await beginToWait(kit, ADA, NEW)
}
/** What comes at the end of the wait, and is used by whoever has it. */
const opened = async (kit: Kit, before: () => Promise<unknown> = async () => {}): Promise<void> => {
  await begun(kit)
  const ready = await afterWaiting(kit, WAIT, NEW)
  await before()
  await kit.browser().post(ready?.path ?? '', { secret: ready?.secret ?? '', email: ADA })
}
const operating = async ({ kit }: Scene, does: string, fields: Record<string, string> = {}): Promise<void> => {
  const operator = await signIn(kit, OPS)
  const { text } = await operator.get('/console/recoveries')
  const named = (name: string): string => new RegExp(`name="${name}" value="(\\w+)"`).exec(text)?.[1] ?? ''
  await operator.post('/console/recoveries', { act: does, recovery: named('recovery'), person: named('person'), ...fields })
}

const ways: Record<ReasonCode, Way> = {
  recovery_asked: { go: ({ kit }) => begun(kit) },
  recovery_unknown: { go: ({ kit }) => askToWait(kit, 'nobody@example.net', NEW) },
  too_many_recoveries: {
    go: async ({ kit }) => {
      for (let nth = 0; nth < 6; nth++) await kit.browser().post('/recover/wait', { account: ADA, email: `new-${nth}@new.example` })
    },
  },
  recovery_waiting: { go: ({ kit }) => begun(kit) },
  // A policy of another process, from when the link was out already.
  recovery_unapproved: {
    go: async ({ kit, database }) => {
      await opened(kit, async () => {
        await using stricter = await startKit({ ...recovering({ approvals: 1 }), database: database.url, now: kit.clock.now })
        const ready = linkIn(kit.mailbox.all(NEW).at(-1))
        await stricter.browser().post(ready?.path ?? '', { secret: ready?.secret ?? '', email: ADA })
      })
    },
  },
  recovery_approved: {
    options: recovering({ approvals: 1 }),
    go: async (scene) => {
      await begun(scene.kit)
      await operating(scene, 'approve')
    },
  },
  recovery_own: {
    options: recovering({ approvals: 1 }),
    go: async (scene) => {
      await signIn(scene.kit, ADA)
      await operating(scene, 'start', { account: ADA, email: NEW })
      const ops = await signIn(scene.kit, OPS)
      const id = String(scene.database.rows('select id from recoveries')[0]?.['id'])
      const person = String(scene.database.rows('select user_id as id from recoveries')[0]?.['id'])
      await ops.post('/console/recoveries', { act: 'approve', recovery: id, person })
    },
  },
  recovery_cancelled: {
    go: async ({ kit }) => {
      const { stop } = await begun(kit)
      await kit.browser().post(stop?.path ?? '', { secret: stop?.secret ?? '' })
    },
  },
  recovery_ready: {
    go: async ({ kit }) => {
      await begun(kit)
      await afterWaiting(kit, WAIT, NEW)
    },
  },
  recovery_ended: { go: ({ kit }) => opened(kit, () => signIn(kit, ADA)) },
  recovery_expired: {
    go: async ({ kit }) => {
      await begun(kit)
      await afterWaiting(kit, WAIT + 14 * 24 * 3_600_000, NEW)
    },
  },
  operator_started_recovery: {
    options: recovering({}),
    go: async (scene) => {
      await signIn(scene.kit, ADA)
      await operating(scene, 'start', { account: ADA, email: NEW })
    },
  },
  operator_approved_recovery: {
    options: recovering({ approvals: 1 }),
    go: async (scene) => {
      await begun(scene.kit)
      await operating(scene, 'approve')
    },
  },
  operator_cancelled_recovery: {
    options: recovering({}),
    go: async (scene) => {
      await begun(scene.kit)
      await operating(scene, 'cancel')
    },
  },
  mail_queued: { go: ({ kit }) => kit.browser().ask(ADA) },
  budget_spent: {
    go: async ({ kit }) => {
      for (let round = 0; round < 2; round++) await guessFive(await askAndOpen(kit, ADA))
      await kit.browser().ask(ADA)
    },
  },
  breaker_open: {
    options: { policy: { breaker: { count: 5, per: '24h' } } },
    go: async ({ kit }) => {
      await guessFive(await askAndOpen(kit, ADA))
      await kit.browser().ask('bob@example.net')
    },
  },
  address_unknown: { options: { policy: { signUp: 'invited' } }, go: ({ kit }) => kit.browser().ask(ADA) },
  sign_up_closed: { options: { policy: { signUp: 'closed' } }, go: ({ kit }) => kit.browser().ask(ADA) },
  user_disabled: {
    go: async (scene) => {
      user(scene)
      scene.database.setUserStatus(ADA, 'disabled')
      await scene.kit.browser().ask(ADA)
    },
  },
  address_suppressed: {
    options: { reply: () => ({ class: 'permanent', code: 550, text: 'no such user' }) },
    go: async ({ kit }) => {
      for (let i = 0; i < 4; i++) {
        await kit.browser().ask(ADA)
        await kit.settle()
        kit.clock.forward(kit.postkey.policy.linkTtl)
      }
    },
  },
  too_many_mails: {
    go: async ({ kit }) => {
      const { browser, challenge } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/resend', { c: challenge })
    },
  },
  too_many_requests: {
    options: {
      policy: {
        starts: {
          network: { count: 1, per: '10m' },
          networkWide: { count: 300, per: '10m' },
          browser: { count: 20, per: '10m' },
          tenant: { count: 100, per: '1m' },
        },
      },
    },
    go: async ({ kit }) => {
      const browser = kit.browser()
      await browser.ask(ADA)
      await browser.post('/sign-in', { email: ADA })
    },
  },
  address_invalid: { go: ({ kit }) => kit.browser().post('/sign-in', { email: 'x' }) },
  return_invalid: { go: ({ kit }) => kit.browser().post('/sign-in', { email: ADA, return_to: '//evil.example' }) },
  challenge_unknown: { go: ({ kit }) => kit.browser().post('/sign-in/resend', { c: 'A'.repeat(16) }) },
  challenge_completed: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      await browser.post('/sign-in/resend', { c: challenge })
    },
  },

  signed_in: { go: ({ kit }) => signIn(kit, ADA) },
  replayed: {
    go: async ({ kit }) => {
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      for (let i = 0; i < 2; i++) await browser.post(`/l/${linkId}`, { secret })
    },
  },
  address_needed: {
    go: async ({ kit }) => {
      const { linkId, secret } = await askAndOpen(kit, ADA)
      await kit.browser().post(`/l/${linkId}`, { secret })
    },
  },
  address_mismatch: {
    go: async ({ kit }) => {
      const { linkId, secret } = await askAndOpen(kit, ADA)
      await kit.browser().post(`/l/${linkId}`, { secret, email: 'eve@example.net' })
    },
  },
  link_malformed: {
    go: async ({ kit }) => {
      const { browser, linkId } = await askAndOpen(kit, ADA)
      await browser.post(`/l/${linkId}`, { secret: SECRET_SHAPED })
    },
  },
  link_unknown: { go: ({ kit }) => kit.browser().post(`/l/${'A'.repeat(17)}`, { secret: SECRET_SHAPED }) },
  link_expired: {
    go: async ({ kit }) => {
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      kit.clock.forward(kit.postkey.policy.linkTtl)
      await browser.post(`/l/${linkId}`, { secret })
    },
  },
  link_used: {
    go: async ({ kit }) => {
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      await browser.post(`/l/${linkId}`, { secret })
      await kit.browser().post(`/l/${linkId}`, { secret })
    },
  },
  link_other_browser: {
    options: { policy: { otherBrowser: 'refuse' } },
    go: async ({ kit }) => {
      const { linkId, secret } = await askAndOpen(kit, ADA)
      await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })
    },
  },
  link_off: {
    options: { policy: { methods: ['code'] } },
    go: ({ kit }) => kit.browser().api('POST', '/api/sign-in/verify', { link: { id: 'A'.repeat(17), secret: SECRET_SHAPED } }),
  },
  code_wrong: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    },
  },
  code_malformed: {
    go: async ({ kit }) => {
      const { browser, challenge } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/code', { c: challenge, code: '12345' })
    },
  },
  code_expired: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      kit.clock.forward(kit.postkey.policy.codeTtl)
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  code_superseded: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      kit.clock.forward(kit.postkey.policy.resendAfter)
      await browser.post('/sign-in/resend', { c: challenge })
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  code_used: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      await browser.post('/sign-out', {})
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  code_locked: { go: async ({ kit }) => guessFive(await askAndOpen(kit, ADA)) },
  code_other_browser: {
    go: async ({ kit }) => {
      const { challenge, code } = await askAndOpen(kit, ADA)
      await kit.browser().post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  code_off: {
    options: { policy: { methods: ['link'] } },
    go: async ({ kit }) => {
      const { browser, challenge } = await askAndOpen(kit, ADA)
      await browser.api('POST', '/api/sign-in/verify', { challenge, code: '123456' })
    },
  },
  host_refused: { options: { ownUsers: () => ({ allowed: false }) }, go: ({ kit }) => kit.browser().ask(ADA) },
  host_unavailable: {
    options: {
      ownUsers: () => {
        throw new Error('no connection')
      },
    },
    go: ({ kit }) => kit.browser().post('/sign-in', { email: ADA }),
  },
  host_refused_proof: proving({ allowed: true }, { allowed: false }),
  host_id_differs: proving({ allowed: true, id: '7' }, { allowed: true, id: '8' }),
  account_dormant: {
    options: { policy: { dormantAfter: '90d' } },
    go: async ({ kit }) => {
      await signIn(kit, ADA)
      kit.clock.forward(90 * 24 * 3_600_000)
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  sign_in_refused: {
    go: async (scene) => {
      user(scene)
      const { browser, challenge, code } = await askAndOpen(scene.kit, ADA)
      scene.database.setUserStatus(ADA, 'disabled')
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    },
  },
  address_taken: {
    go: async ({ kit }) => {
      await signIn(kit, BOB)
      await askForChange(kit, await signIn(kit, ADA), ADA, BOB)
    },
  },
  address_left: {
    go: async ({ kit }) => {
      await change(kit)
      await kit.browser().ask(ADA)
    },
  },
  change_confirmed: {
    options: { policy: { changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } } } },
    go: async ({ kit }) => change(kit),
  },
  address_changed: { go: async ({ kit }) => change(kit) },
  change_ended: {
    go: async ({ kit }) => {
      const { browser, toNew } = await askForChange(kit, await signIn(kit, ADA), ADA, BOB)
      await askForChange(kit, browser, ADA, 'cat@example.net')
      await browser.post('/account/address/resend', { c: challengeOf(toNew), for: 'change_email' })
    },
  },
  address_in_use: {
    go: async ({ kit }) => {
      const { browser, toNew } = await askForChange(kit, await signIn(kit, ADA), ADA, BOB)
      await signIn(kit, BOB)
      await typeChange(browser, toNew, 'change_email')
    },
  },
  recovery_codes_printed: { go: async ({ kit }) => printCodes(await signIn(kit, ADA)) },
  backup_asked: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/account/recovery/backup', { email: BOB }) },
  backup_set: { go: async ({ kit }) => setBackup(kit, await signIn(kit, ADA), BOB) },
  backup_removed: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/account/recovery/backup/remove', {}) },
  backup_unknown: { go: ({ kit }) => kit.browser().post('/recover/backup', { email: ADA }) },
  recovery_off: {
    options: { policy: { recovery: { ...RECOVERY, codes: 0 } } },
    go: ({ kit }) => kit.browser().post('/recover', { email: ADA, code: 'AAAA-AAAA-AAAA' }),
  },
  recovery_opened: { go: ({ kit }) => recovered(kit) },
  recovery_code_wrong: { go: ({ kit }) => kit.browser().post('/recover', { email: ADA, code: 'AAAA-AAAA-AAAA' }) },
  recovery_code_used: {
    go: async ({ kit }) => {
      const [code = ''] = await printCodes(await signIn(kit, ADA))
      for (let i = 0; i < 2; i++) await kit.browser().post('/recover', { email: ADA, code })
    },
  },
  recovery_code_malformed: { go: ({ kit }) => kit.browser().post('/recover', { email: ADA, code: 'none' }) },
  too_many_recovery_codes: {
    options: { policy: { recovery: { ...RECOVERY, tries: { count: 1, per: '24h' } } } },
    go: async ({ kit }) => {
      for (let i = 0; i < 2; i++) await kit.browser().post('/recover', { email: ADA, code: 'AAAA-AAAA-AAAA' })
    },
  },
  recovery_over: { go: ({ kit }) => kit.browser().get('/recover/address') },
  recovered: {
    go: async ({ kit }) => {
      const browser = await recovered(kit)
      await typeNew(browser, (await nameAddress(kit, browser, ADA, BOB)).toNew)
    },
  },
  change_asked: { go: async ({ kit }) => askForChange(kit, await signIn(kit, ADA), ADA, BOB) },
  address_same: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/account/address', { email: ADA }) },
  too_many_changes: {
    options: { policy: { changeEmail: { confirm: 'new', undo: '72h', asks: { count: 1, per: '24h' } } } },
    go: async ({ kit }) => {
      const { browser } = await askForChange(kit, await signIn(kit, ADA), ADA, BOB)
      await browser.post('/account/address', { email: 'cat@example.net' })
    },
  },
  change_undone: {
    go: async ({ kit }) => {
      const { undo } = await change(kit)
      await kit.browser().post(undo.path, { secret: undo.secret })
    },
  },
  undo_expired: {
    go: async ({ kit }) => {
      const { undo } = await change(kit)
      kit.clock.forward(kit.postkey.policy.changeEmail.undo)
      await kit.browser().post(undo.path, { secret: undo.secret })
    },
  },
  not_me: {
    go: async ({ kit }) => {
      const { message, browser } = await askAndOpen(kit, ADA)
      await browser.post(notMeLink(message), {})
    },
  },
  disowned: {
    go: async ({ kit }) => {
      const { message, browser, linkId, secret } = await askAndOpen(kit, ADA)
      await browser.post(notMeLink(message), {})
      await browser.post(`/l/${linkId}`, { secret })
    },
  },
  not_me_unknown: { go: ({ kit }) => kit.browser().post(`/not-me/${'A'.repeat(17)}${'b'.repeat(24)}`, { email: ADA }) },
  not_me_locked: {
    go: async ({ kit }) => {
      const { message } = await askAndOpen(kit, ADA)
      const stranger = kit.browser()
      for (let nth = 0; nth < 5; nth++) await stranger.post(notMeLink(message), { email: BOB })
    },
  },
  mailbox_quiet: {
    options: { policy: { quietAfterNotMe: '1h' } },
    go: async ({ kit }) => {
      const { message, browser } = await askAndOpen(kit, ADA)
      await browser.post(notMeLink(message), {})
      await kit.browser().ask(ADA)
    },
  },
  mailbox_full: {
    go: async ({ kit }) => {
      for (const [at, prefix] of ['/t/one', '/t/two'].entries()) await kit.postkey.tenants.add(`t${at}`, { name: 'One of two', prefix })
      for (let nth = 0; nth < 21; nth++) {
        await kit.browser({ base: ['/t/one', '/t/two', ''][nth % 3] ?? '' }).ask(ADA)
        kit.clock.forward(360_000)
      }
    },
  },
  person_erased: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/account/delete', { sure: 'yes' }) },

  proof_renewed: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await stepUp(kit, await signIn(kit, ADA), ADA)
      await browser.post('/account/confirm/code', { c: challenge, code: code ?? '' })
    },
  },
  session_of_other: {
    go: async ({ kit }) => {
      const { browser, challenge, code } = await stepUp(kit, await signIn(kit, ADA), ADA)
      await signIn(kit, 'bob@example.net', browser)
      await browser.post('/account/confirm/code', { c: challenge, code: code ?? '' })
    },
  },

  session_live: {
    go: async ({ kit, see }) => {
      const browser = await signIn(kit, ADA)
      const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
      see((await kit.postkey.getSession(new Request(`${ORIGIN}/anything`, { headers: { cookie } }))).reason)
    },
  },
  proof_recent: { go: async ({ kit, see }) => see((await requireRecentProof(kit, await signIn(kit, ADA))).reason) },
  proof_old: {
    go: async ({ kit, see }) => {
      const browser = await signIn(kit, ADA)
      kit.clock.forward(kit.postkey.policy.recentProof)
      see((await requireRecentProof(kit, browser)).reason)
    },
  },
  session_unknown: { go: ({ kit }) => kit.browser().api('GET', '/api/session') },
  session_idle: {
    go: async ({ kit }) => {
      const browser = await signIn(kit, ADA)
      kit.clock.forward(kit.postkey.policy.session.idle)
      await browser.api('GET', '/api/session')
    },
  },
  session_expired: {
    go: async ({ kit }) => {
      const browser = await signIn(kit, ADA)
      kit.clock.forward(kit.postkey.policy.session.absolute)
      await browser.api('GET', '/api/session')
    },
  },
  session_ended: {
    go: async ({ kit }) => {
      const browser = await signIn(kit, ADA)
      const cookies = [...browser.cookies]
      await browser.post('/sign-out', {})
      for (const [name, value] of cookies) browser.cookies.set(name, value)
      await browser.api('GET', '/api/session')
    },
  },
  signed_out: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/sign-out', {}) },
  session_absent: { go: async ({ kit }) => (await signIn(kit, ADA)).api('DELETE', '/api/sessions/nothing') },
  session_displaced: {
    options: { policy: { session: { most: 1 } } },
    go: async ({ kit }) => {
      for (let twice = 0; twice < 2; twice++) await signIn(kit, ADA)
    },
  },
  session_revoked: { go: async ({ kit }) => (await signIn(kit, ADA)).post('/account/sessions/end-others', {}) },

  origin_null: { go: ({ kit }) => kit.browser().post('/sign-in', { email: ADA }, { origin: 'null', 'sec-fetch-site': '' }) },
  origin_foreign: { go: ({ kit }) => kit.browser().post('/sign-in', { email: ADA }, { origin: 'https://evil.example' }) },
  origin_missing: { go: ({ kit }) => kit.browser().post('/sign-in', { email: ADA }, { origin: '' }) },
  body_too_large: { go: ({ kit }) => kit.browser().post('/sign-in', { email: 'a'.repeat(20_000) }) },
  body_malformed: { go: ({ kit }) => kit.browser().post('/sign-in', 'email=a&email=b') },
  tenant_unknown: { go: ({ kit }) => kit.postkey.handler(new Request(`${ORIGIN}/sign-in`), { tenant: 'nobody' }) },
  admin_key_unknown: { go: ({ kit }) => kit.browser().api('GET', '/api/admin/tenants') },
  admin_key_scope: {
    go: async ({ kit, database }) => {
      const store = await openStore(database.url)
      const { text } = await makeKey(store, { tenant: 'default', scope: 'read', now: kit.clock.at })
      await store.close()
      await kit.browser().api('POST', '/api/admin/tenants', {}, { authorization: `Bearer ${text}` })
    },
  },
  tenant_off: {
    go: async ({ kit }) => {
      await withTenant(kit, 'suspend')
      await kit.browser({ base: '/t/acme' }).get('/sign-in')
    },
  },
  route_unknown: { go: ({ kit }) => kit.browser().get('/nothing') },
  method_not_allowed: { go: ({ kit }) => kit.browser().get('/sign-out') },

  mail_sent: { go: ({ kit }) => askAndOpen(kit, ADA) },
  mail_deferred: {
    options: unreachable,
    go: async ({ kit }) => {
      await kit.browser().ask(ADA)
      await kit.settle()
    },
  },
  mail_dead: {
    options: { reply: () => ({ class: 'permanent', code: 550, text: 'no such user' }) },
    go: async ({ kit }) => {
      await kit.browser().ask(ADA)
      await kit.settle()
    },
  },
  mail_expired: {
    options: unreachable,
    go: async ({ kit }) => {
      await kit.browser().ask(ADA)
      await kit.settle()
      kit.clock.forward(kit.postkey.policy.linkTtl)
      await kit.settle()
    },
  },
  mail_suppressed: {
    options: { policy: { signUp: 'closed' } },
    go: async ({ kit }) => {
      await kit.browser().ask(ADA)
      await kit.settle()
    },
  },

  mail_withdrawn: {
    options: unreachable,
    go: async ({ kit }) => {
      await withTenant(kit)
      await kit.browser({ base: '/t/acme' }).ask(ADA)
      await kit.settle()
      await kit.postkey.tenants.suspend('acme')
      kit.clock.forward(5_000)
      await kit.settle()
    },
  },
  operator_made: { options: withOperator, go: async () => {} },
  operator_looked: { options: withOperator, go: async ({ kit }) => (await signIn(kit, OPS)).get('/console') },
  operator_at_tenants: {
    options: withOperator,
    go: async ({ kit }) => {
      await withTenant(kit)
      await (await signIn(kit, OPS)).post('/console/tenants/acme', { act: 'suspend' })
    },
  },
  operator_unknown: { options: withOperator, go: async ({ kit }) => (await signIn(kit, ADA)).get('/console') },
  operator_proof_old: {
    options: withOperator,
    go: async ({ kit }) => {
      const operator = await signIn(kit, OPS)
      kit.clock.forward(12 * 60 * 60_000)
      await operator.get('/console')
    },
  },
  operator_protected: { options: withOperator, go: acting('erase', { sure: 'yes' }, OPS) },
  person_unknown: { options: withOperator, go: async ({ kit }) => (await signIn(kit, OPS)).get(`/console/people/${'A'.repeat(16)}`) },
  operator_resent: {
    options: withOperator,
    go: async ({ kit }) => {
      const { challenge } = await askAndOpen(kit, ADA)
      const operator = await signIn(kit, OPS)
      const { location } = await operator.post('/console/search', { q: ADA })
      await operator.post(location, { act: 'resend', challenge })
    },
  },
  operator_ended_sessions: { options: withOperator, go: acting('end_sessions') },
  operator_disabled_user: { options: withOperator, go: acting('disable') },
  operator_enabled_user: { options: withOperator, go: acting('enable') },
  operator_lifted_limit: { options: withOperator, go: acting('lift_mails') },
  operator_erased_user: { options: withOperator, go: acting('erase', { sure: 'yes' }) },
  operator_created_user: { go: ({ kit }) => kit.postkey.users.create({ email: ADA }) },
  operator_imported_users: {
    go: ({ database }) =>
      postkey(['users', 'import', '-', '--format', 'csv', '--database-url', database.url], { input: `email\n${ADA}\n` }),
  },
  operator_deleted_user: {
    go: async ({ kit }) => {
      await kit.postkey.users.create({ email: ADA })
      await kit.postkey.users.delete({ email: ADA })
    },
  },
  user_confirmed: {
    go: async ({ kit }) => {
      await signIn(kit, ADA)
      await kit.postkey.users.invite({ email: ADA })
    },
  },
  invitation_off: {
    options: { policy: { otherBrowser: 'refuse' } },
    go: async ({ kit, see }) => {
      const { ok, ...invited } = await kit.postkey.users.invite({ email: ADA })
      if (!ok && 'reason' in invited) see(invited.reason as ReasonCode)
    },
  },
  user_exists: {
    go: async ({ kit }) => {
      for (let twice = 0; twice < 2; twice++) await kit.postkey.users.create({ email: ADA })
    },
  },

  mail_bounced: { options: withReports, go: report('mail.bounced') },
  suppression_lifted: {
    options: { ...withReports, secret: KEY },
    go: async (scene) => {
      await report('mail.bounced')(scene)
      await typed(scene.database.url, KEY, ['bounces', 'lift', ADA])
    },
  },
  mail_complained: { options: withReports, go: report('mail.complained') },
  report_forged: { options: withReports, go: report('mail.bounced', mintWebhookSecret()) },

  endpoint_changed: { options: withEndpoint, go: goneEndpoint },
  endpoint_disabled: { options: withEndpoint, go: goneEndpoint },
  dispatch_replayed: {
    options: withEndpoint,
    go: async (scene) => typed(scene.database.url, KEY, ['webhooks', 'replay', await goneEndpoint(scene)]),
  },

  tenant_added: { go: ({ kit }) => withTenant(kit) },
  tenant_changed: {
    go: async ({ kit }) => {
      await withTenant(kit)
      await kit.postkey.tenants.set('acme', { name: 'Acme Works' })
    },
  },
  tenant_suspended: { go: ({ kit }) => withTenant(kit, 'suspend') },
  tenant_resumed: { go: ({ kit }) => withTenant(kit, 'suspend', 'resume') },
  tenant_removed: { go: ({ kit }) => withTenant(kit, 'suspend', 'remove') },

  unavailable: {
    go: async ({ kit }) => {
      await kit.close()
      await kit.browser().get('/account', { cookie: `__Host-postkey-session=${'A'.repeat(65)}` })
    },
  },
  failed: {
    go: async ({ kit, database }) => {
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      database.rows('alter table sessions rename column proof to away')
      await browser.post(`/l/${linkId}`, { secret })
    },
  },
}

/** AU-09: under which names a reason of each kind is counted; of these one is enough, and of none nothing must be. */
const counters: Readonly<Record<ReasonKind, (reason: ReasonCode) => readonly string[]>> = {
  start: (reason) => [`challenges_total{outcome="${reason}"}`, `resends_total{outcome="${reason}"}`],
  verify: (reason) => ['link', 'code'].map((method) => `verifications_total{method="${method}",outcome="${reason}"}`),
  delivery: (reason) => [`mails_total{transport="mailbox",outcome="${reason}"}`],
  guard: (reason) => [`refusals_total{reason="${reason}"}`],
  // Answers with these are counted by their route and status; the record has what operators do.
  session: () => [],
  operator: () => [],
  bounce: (reason) => [`bounces_total{outcome="${reason}"}`],
  webhook: () => [],
  account: () => [],
  outage: () => [],
}

/** How often something with this reason was counted, by the name it was counted under. */
function countsOf(metrics: string, reason: string): Record<string, number> {
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith('postkey_') && /[{,](outcome|reason)="/.test(line) && line.includes(`="${reason}"`))
  const samples = lines.map((line) => /^postkey_(\S+) (\S+)$/.exec(line) ?? [])
  return Object.fromEntries(samples.map(([, name = '', value]) => [name, Number(value)] as const).filter(([, value]) => value > 0))
}

const reached = new Set<string>()

for (const [reason, { options, go }] of Object.entries(ways) as [ReasonCode, Way][]) {
  test(`AU-09: ${reason}: ${reasons[reason].meaning}`, async () => {
    await using database = await temporaryDatabase()
    const seen = new Set<unknown>()
    const note = (_: string, fields: Readonly<Record<string, unknown>>): void => void seen.add(fields.reason)
    const log = { event: note, warn: note, error: () => {} }
    await using kit = await startKit({ ...options, log, database: database.url })
    await kit.postkey.metrics()
    await go({ kit, database, see: (found) => seen.add(found) })
    const names = counters[reasons[reason].kind](reason)
    const counts = countsOf(await kit.postkey.metrics(), reason)
    expect(Object.keys(counts).filter((name) => !names.includes(name))).toEqual([])
    if (names.length > 0) expect(Object.keys(counts).length, `counted nowhere: ${names.join(', ')}`).toBeGreaterThan(0)
    for (const row of database.rows('select reason from events')) seen.add(row.reason)
    expect([...seen]).toContain(reason)
    reached.add(reason)
  })
}

// Runs last, and counts those that passed.
test('no reason is left over', () => {
  expect([...reached].sort()).toEqual(Object.keys(reasons).sort())
})
