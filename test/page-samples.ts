// Every page in every state worth looking at, as HTML: for the tables of pages.test.ts and for test/pages-look.ts.
import { addClicks, adviseOn, measureEach, noSamples, type SamplesByMailbox, together } from '../src/core/calibrate.ts'
import { NO_PART } from '../src/core/funnel.ts'
import { numbersOf, OTHER_PARTS } from '../src/core/funnel-numbers.ts'
import { add, noTotals, type Totals } from '../src/core/funnel-totals.ts'
import type { MailboxClass } from '../src/core/mailbox.ts'
import type { Challenge, User } from '../src/core/model.ts'
import { type Policy, type PolicyInput, readPolicy } from '../src/core/policy.ts'
import { policyChanges, policyLines } from '../src/core/policy-difference.ts'
import { standings } from '../src/core/standing.ts'
import { accountPage } from '../src/page/account.tsx'
import { askPage } from '../src/page/ask.tsx'
import { changePage, changeSentPage } from '../src/page/change.tsx'
import { checkPage } from '../src/page/check.tsx'
import { confirmPage } from '../src/page/confirm.tsx'
import { calibratePage } from '../src/page/console/calibrate.tsx'
import { confirmPage as consoleConfirmPage } from '../src/page/console/confirm.tsx'
import { foundPage } from '../src/page/console/found.tsx'
import { mailsPage } from '../src/page/console/mails.tsx'
import { overviewPage } from '../src/page/console/overview.tsx'
import { personPage } from '../src/page/console/person.tsx'
import { policyPage } from '../src/page/console/policy.tsx'
import { recoveriesPage } from '../src/page/console/recoveries.tsx'
import { tenantPage, tenantsPage } from '../src/page/console/tenants.tsx'
import { versionsPage } from '../src/page/console/versions.tsx'
import type {
  CountedView,
  Desk,
  FunnelView,
  MeasuredView,
  PersonPageView,
  QueueFacts,
  Story,
  TenantPageView,
} from '../src/page/console/view.ts'
import { endpointPage, webhooksPage } from '../src/page/console/webhooks.tsx'
import { demoPage } from '../src/page/demo.tsx'
import { devInboxPage } from '../src/page/dev-inbox.tsx'
import { erasedPage, erasePage } from '../src/page/erase.tsx'
import { failurePage } from '../src/page/failure.tsx'
import { landingPage } from '../src/page/landing.tsx'
import { notMePage, saidNotMePage } from '../src/page/not-me.tsx'
import { backupSentPage, codesPage, preparePage } from '../src/page/prepare.tsx'
import {
  recoverAddressPage,
  recoverBackupPage,
  recoverBackupSentPage,
  recoveredPage,
  recoverPage,
  recoverSentPage,
} from '../src/page/recover.tsx'
import { waitBegunPage, waitOpenPage, waitPage, waitSentPage, waitStopPage, waitStoppedPage } from '../src/page/recovery-wait.tsx'
import { switchedPage } from '../src/page/switched.tsx'
import { undonePage, undoPage } from '../src/page/undo.tsx'
import type {
  AccountView,
  ChangeSentView,
  CheckView,
  ConfirmView,
  DevMail,
  Frame,
  LandingView,
  NotMeView,
  UndoView,
} from '../src/page/view.ts'

export const MINUTE = 60_000
export const NOW = Date.UTC(2026, 10, 21, 14, 10, 20)

export function policyOf(overrides: PolicyInput | string = {}): Policy {
  const read = readPolicy(overrides)
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}

export function frameOf(policy: Policy = policyOf(), more: Partial<Frame> = {}): Frame {
  return {
    brand: { name: 'Fieldnotes', mailFrom: 'Fieldnotes <sign-in@fieldnotes.test>', support: 'mailto:help@fieldnotes.test' },
    language: 'en',
    requestId: '06NqV8Kx3TzPmA4c',
    basePath: '',
    policy,
    now: NOW,
    appVersion: '0.1.0',
    assets: { stylesheet: 'css', script: 'js', logo: null },
    ...more,
  }
}

export const check: CheckView = {
  challenge: '06NqV8Kx3TzPmA4c',
  email: 'ada.lovelace@gmail.com',
  returnTo: '/notes/7',
  resendAt: NOW + 42_000,
  linkExpiresAt: NOW + 15 * MINUTE,
  codeExpiresAt: NOW + 10 * MINUTE,
}

export const landing: LandingView = {
  purpose: 'sign_in',
  linkId: '06NqV8Kx3TzPmA4c0',
  challenge: '06NqV8Kx3TzPmA4c',
  bound: true,
  email: 'ada.lovelace@gmail.com',
  device: 'Firefox on Linux',
  askedAt: NOW - 3 * MINUTE,
  addressAllowed: true,
}

const SHEET = [
  '7K2M-9QXC-4TBD',
  'H0WN-58RZ-PV3E',
  'C6JA-XY1S-2G9K',
  'M4TD-QE7B-8NFW',
  '3ZVH-R5KP-0XJC',
  'B9GS-W2YM-6T1A',
  'E8NQ-7DFX-5KRH',
  'P1CJ-4ZSB-V3GT',
]

const devMail: DevMail = {
  id: 'm1',
  to: 'ada.lovelace@gmail.com',
  subject: '493027 is your Fieldnotes sign-in code',
  text: 'Your sign-in code\n\n493027\n\nType it on the page where you asked for it.\n\nhttp://localhost:3000/l/06NqV8Kx3TzPmA4c0#Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo',
  html: '<p style="font:16px sans-serif">Your sign-in code: <b>493027</b></p>',
  headers: {
    From: 'Fieldnotes <sign-in@fieldnotes.test>',
    To: 'ada.lovelace@gmail.com',
    'Auto-Submitted': 'auto-generated',
    'Message-ID': '<06NqV8Kx3TzPmA4c.0@fieldnotes.test>',
  },
  receivedAt: '2026-11-21T14:10:19.000Z',
  link: 'http://localhost:3000/l/06NqV8Kx3TzPmA4c0#Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo',
  code: '493027',
}

const session = (id: string, device: string, more: object = {}) => ({
  id,
  current: false,
  device,
  network: '203.0.113.0/24',
  createdAt: NOW - 3 * 60 * MINUTE,
  seenAt: NOW - 2 * MINUTE,
  ...more,
})

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
export const desk = (page: Desk['page']): Desk => ({ operator: 'ops@fieldnotes.test', page, installation: true })
const queue: QueueFacts = { queued: 3, due: 1, oldest: NOW - 9 * MINUTE, countedMax: 10_000, unusableSince: null }
const ada: User = {
  id: '06NqV8Kx3TzPmA4d',
  email: 'ada.lovelace@gmail.com',
  status: 'active',
  createdAt: NOW - 40 * DAY,
  confirmedAt: NOW - 40 * DAY,
  signInCount: 12,
  currentSignInAt: NOW - 3 * HOUR,
  lastSignInAt: NOW - 5 * DAY,
  externalId: null,
}
const asked = (id: string, createdAt: number, more: Partial<Challenge> = {}): Challenge => ({
  id,
  purpose: 'sign_in',
  email: ada.email,
  returnTo: 'https://fieldnotes.test/',
  disownedAt: null,
  locale: 'en',
  device: 'Firefox on Linux',
  createdAt,
  completedAt: null,
  ...more,
})
const sent = {
  ordinal: 0,
  createdAt: NOW - 4 * MINUTE,
  hasCode: true,
  linkUsedAt: null,
  codeTries: 0,
  addressTries: 0,
  decoy: false,
  state: 'sent',
  tries: 1,
  dueAt: NOW - 4 * MINUTE,
  settledAt: NOW - 4 * MINUTE,
  reason: 'mail_queued',
  answers: [{ at: NOW - 4 * MINUTE, reason: 'mail_sent', replyText: '250 2.0.0 Ok: queued as 4bX7c2' }],
} as const
export const person: PersonPageView = {
  name: ada.id,
  email: ada.email,
  user: ada,
  listed: false,
  erased: false,
  suppressed: { why: 'bounced', since: NOW - 3 * DAY, until: null },
  quietUntil: NOW + 2 * DAY,
  standings: standings(
    policyOf(),
    { mails: [NOW - 4 * MINUTE, NOW - 3 * MINUTE, NOW - MINUTE], knownMails: [], failures: [NOW - MINUTE], bounces: [] },
    NOW,
  ),
  sessions: [session('06NqV8Kx3TzPmA4cAbCdEf', 'Safari on iPhone')].map(({ current: _, ...one }) => ({
    ...one,
    user: ada.id,
    proof: 'link' as const,
    endedAt: null,
    provedAt: NOW,
  })),
  challenges: [
    {
      ...asked('06NqV8Kx3TzPmA4c', NOW - 4 * MINUTE),
      live: true,
      verdict: 'Not signed in yet: the second mail was put off by the mail server, which will be asked again in 40 s.',
      mails: [
        { ...sent, codeTries: 2 },
        {
          ...sent,
          ordinal: 1,
          createdAt: NOW - MINUTE,
          state: 'queued',
          tries: 2,
          dueAt: NOW + 40_000,
          settledAt: null,
          hasCode: false,
          reason: 'budget_spent',
          answers: [
            {
              at: NOW - MINUTE,
              reason: 'mail_deferred',
              replyText: '450 4.2.0 Greylisted, see https://postgrey.example/help/fieldnotes.test',
            },
            { at: NOW - 45_000, reason: 'mail_deferred', replyText: '' },
          ],
        },
      ],
    },
    {
      ...asked('06NqSx9f3TzPmA4c', NOW - 3 * HOUR, { completedAt: NOW - 3 * HOUR + MINUTE }),
      live: false,
      verdict: 'Signed in by link, 60 s after asking.',
      mails: [sent],
    },
    {
      ...asked('06NqRx9f3TzPmA4c', NOW - 2 * DAY),
      live: false,
      verdict: 'Did not sign in: the mail server refused the mail for good: 550 5.1.1 No such user.',
      mails: [
        {
          ...sent,
          state: 'dead',
          reason: 'mail_queued',
          answers: [{ at: NOW - 2 * DAY, reason: 'mail_dead', replyText: '550 5.1.1 No such user' }],
        },
      ],
    },
  ],
  policyHasCode: true,
}
const nobody: PersonPageView = {
  ...person,
  name: 'sealed-name-of-somebody-who-has-no-user-yet-0123456789',
  user: null,
  suppressed: null,
  quietUntil: null,
  standings: standings(policyOf(), { mails: [], knownMails: [], failures: [], bounces: [] }, NOW),
  sessions: [],
  challenges: [],
}
const corporate = policyOf('corporate')

const totals: Totals = {
  flows: { requested: 1_204, forShow: 31, accepted: 1_170, seen: 951, verified: 902 },
  outcomes: new Map([
    ['deliver mail_sent', 1_239],
    ['deliver mail_dead', 41],
    ['link replayed', 12],
  ]),
  codes: { right: 391, older: 4, wrong: 33, refunded: 12 },
  posts: { all: 1_012, inVain: 61 },
  signIns: { link: 511, code: 391, otherBrowser: 74 },
  mails: new Map([
    [1, 820],
    [2, 61],
    [3, 17],
    [5, 4],
  ]),
  toVerify: new Map([6, 9, 12, 15, 19, 23, 28, 34, 41, 50, 66, 90, 140, 260, 500, 820, 1_900].map((at, index) => [at, 90 - 5 * index])),
  views: { same_browser: 611, other_browser: 122, prefetch: 9, likely_scanner: 240, expired: 31 },
  days: { last: { views: 982, scanners: 240 }, before: { views: 911, scanners: 97 } },
  toAccept: new Map([
    [1, 900],
    [4, 339],
  ]),
}
const counted: CountedView = {
  since: NOW - DAY,
  at: NOW - 20_000,
  counted: 7_311,
  cut: false,
  flows: totals.flows,
  numbers: numbersOf(totals),
  toVerify: [...totals.toVerify],
  parts: null,
}
const funnel: FunnelView = { window: '24h', by: null, read: counted }
const partOf = (name: string, requested: number, verified: number): NonNullable<CountedView['parts']>[number] => {
  const flows = { requested, forShow: 0, accepted: requested, seen: verified, verified }
  return { name, flows, numbers: numbersOf({ ...totals, flows }) }
}
const none = { ...partOf(NO_PART, 0, 0), numbers: numbersOf({ ...noTotals(), posts: { all: 41, inVain: 41 } }) }

/** First clicks of many, in classes of mailboxes that are slower and slower: those behind a filter look after so many minutes. */
function measured(minutes: number): MeasuredView {
  const samples = noSamples()
  const slowest = { google: 40, microsoft: 70, mimecast: minutes * 60, other: 90 } as const
  for (const [nth, [name, seconds]] of Object.entries(slowest).entries()) {
    for (let person = 1; person <= 300 / (nth + 1); person++) {
      const sinceQueued = Math.round(1_000 * seconds * (person / (150 / (nth + 1))) ** 2)
      const uses = [{ sinceQueued, sinceAccepted: Math.max(0, sinceQueued - 2_000) }]
      const late = sinceQueued > 15 * MINUTE ? 1 : 0
      addClicks(samples[name as MailboxClass], { links: uses, codes: person % 3 === 0 ? uses : [], humanViews: 1, expiredViews: late })
    }
  }
  return measuredOf(samples)
}

function measuredOf(samples: SamplesByMailbox): MeasuredView {
  const clicks = new Map<number, number>()
  for (const took of together(samples).links.sinceQueued) add(clicks, Math.round(took / 1_000))
  return {
    since: NOW - 30 * DAY,
    at: NOW - 4 * MINUTE,
    challenges: 1_904,
    cut: false,
    parts: measureEach(samples),
    clicks: [...clicks],
    advice: adviseOn(policyOf(), samples),
    unanswered: 0,
  }
}

const noFlows = { requested: 0, forShow: 0, accepted: 0, seen: 0, verified: 0 }

const told = (minute: number, what: Story['entries'][number]['what'], text: string, count = 1): Story['entries'][number] => ({
  at: NOW - 27 * MINUTE + minute * MINUTE,
  what,
  text,
  requestId: what === 'view' ? null : '06NqV8Kx3TzPmA4f',
  reason: null,
  count,
})
const story: Story = {
  challenge: '06NqV8Kx3TzPmA4c',
  request: null,
  at: NOW - 27 * MINUTE,
  person: { email: ada.email, name: ada.id },
  verdict: 'Did not sign in: the link expired 12 min before the click; the mail took 9 min to be accepted.',
  entries: [
    told(0, 'asked', 'Asked on Firefox on Linux from 203.0.113.0/24: A mail is in the outbox.'),
    told(
      0,
      'mail',
      'Mail 1, try 1: The mail server was unreachable or said later; the mail will be tried again while its secrets live. Again in 5 s. The answer: 451 4.7.1 Greylisted',
    ),
    told(9, 'mail', 'Mail 1, try 7: The mail server accepted the mail. The answer: 250 2.0.0 Ok'),
    told(10, 'view', 'Link of mail 1 opened most likely by a mail scanner', 2),
    told(27, 'view', 'Link of mail 1 opened in the browser that asked; it had expired'),
    told(27, 'submit', 'Link submitted in the browser that asked: The link is past its life.'),
  ],
}

function consoleSamples(frame: Frame): Record<string, string> {
  return {
    console: overviewPage(frame, desk('overview'), { queue, funnel }),
    'console-nobody': overviewPage(frame, desk('overview'), {
      queue: { ...queue, queued: 0, due: 0, oldest: null, unusableSince: NOW - 7 * MINUTE },
      funnel: { window: '1h', by: null, read: { ...counted, since: NOW - HOUR, counted: 0, flows: noFlows, toVerify: [] } },
      problem: { reason: 'person_unknown' },
    }),
    'console-erased': overviewPage(frame, desk('overview'), {
      queue: { ...queue, queued: 10_000 },
      funnel: { ...funnel, read: { ...counted, cut: true, counted: 20_000 } },
      notice: 'erased',
    }),
    'console-under-way': overviewPage(frame, desk('overview'), { queue, funnel: { ...funnel, read: { looked: 9_500 } } }),
    'console-by-mailbox': overviewPage(frame, desk('overview'), {
      queue,
      funnel: {
        window: '24h',
        by: 'mailbox',
        read: { ...counted, parts: [partOf('google', 702, 611), partOf('proofpoint', 311, 201), partOf('other', 191, 90), none] },
      },
    }),
    'console-by-device': overviewPage(frame, desk('overview'), {
      queue,
      funnel: {
        window: '7d',
        by: 'device',
        read: {
          ...counted,
          parts: ['Chrome on Windows', 'Safari on iPhone', 'unknown', OTHER_PARTS].map((name, nth) =>
            partOf(name, 400 - 90 * nth, 300 - 70 * nth),
          ),
        },
      },
    }),
    'console-calibrate': calibratePage(frame, desk('calibrate'), { window: '30d', read: measured(60) }),
    'console-calibrate-cut': calibratePage(frame, desk('calibrate'), { window: '7d', read: { ...measured(14), cut: true, unanswered: 3 } }),
    'console-calibrate-nothing': calibratePage(frame, desk('calibrate'), { window: '24h', read: measuredOf(noSamples()) }),
    'console-calibrate-under-way': calibratePage(frame, desk('calibrate'), { window: '30d', read: { looked: 1 } }),
    'console-person': personPage(frame, desk('person'), person),
    'console-person-said': personPage(frame, desk('person'), {
      ...person,
      user: { ...ada, status: 'disabled' },
      sessions: [],
      said: 'operator_disabled_user',
    }),
    'console-person-nobody': personPage(frame, desk('person'), nobody),
    'console-person-erased': personPage(frame, desk('person'), {
      ...nobody,
      email: 'zk3vxxyypq8w1aabbccd@erased.invalid',
      erased: true,
      user: { ...ada, status: 'disabled' },
    }),
    'console-person-operator': personPage(frame, desk('person'), { ...person, listed: true, email: 'ops@fieldnotes.test', challenges: [] }),
    'console-mails': mailsPage(frame, desk('mails'), {
      queue,
      next: [
        { challenge: '06NqV8Kx3TzPmA4c', ordinal: 1, createdAt: NOW - 9 * MINUTE, tries: 2, dueAt: NOW + 40_000 },
        { challenge: '06NqV8Kx3TzPmA4e', ordinal: 0, createdAt: NOW - 4_000, tries: 0, dueAt: NOW + 116_000 },
      ],
      recent: { since: NOW - 2 * HOUR, states: { queued: 3, sent: 961, dead: 4, expired: 1, suppressed: 31 } },
    }),
    'console-webhooks': webhooksPage(frame, desk('webhooks'), {
      endpoints: [
        { id: 'Vbb2l5kDZRh29KWG', host: 'app.fieldnotes.test', types: [], state: 'enabled', failingSince: null },
        { id: 'Vbb2l5kDZRh29KX0', host: 'billing.fieldnotes.test', types: ['user.created'], state: 'dead', failingSince: NOW - 3 * DAY },
        { id: 'hooks', host: '', types: ['signin.completed'], state: 'enabled', failingSince: null },
      ],
    }),
    'console-webhooks-none': webhooksPage(frame, desk('webhooks'), { endpoints: [] }),
    'console-endpoint': endpointPage(frame, desk('webhooks'), {
      endpoint: { id: 'Vbb2l5kDZRh29KWG', host: 'app.fieldnotes.test', types: [], state: 'enabled', failingSince: NOW - 40 * MINUTE },
      dispatches: [
        {
          id: 'Vbb2l5kDZRh29KY1-0',
          messageId: 'msg_Vbb2l5kDZRh29KY1-0',
          type: 'signin.completed',
          state: 'queued',
          createdAt: NOW - 40 * MINUTE,
          dueAt: NOW + 20 * MINUTE,
          attempts: [
            { at: NOW - 40 * MINUTE, tookMs: 15_000, status: null, reply: 'no answer in time' },
            { at: NOW - 39 * MINUTE, tookMs: 41, status: 503, reply: 'upstream connect error or disconnect before headers' },
          ],
        },
        {
          id: 'Vbb2l5kDZRh29KY0-5',
          messageId: 'msg_Vbb2l5kDZRh29KY0-5',
          type: 'session.ended',
          state: 'delivered',
          createdAt: NOW - 50 * MINUTE,
          dueAt: NOW - 50 * MINUTE,
          attempts: [{ at: NOW - 50 * MINUTE, tookMs: 38, status: 204, reply: '' }],
        },
      ],
      said: 'dispatch_replayed',
    }),
    'console-mails-empty': mailsPage(frame, desk('mails'), {
      queue: { ...queue, queued: 0, due: 0, oldest: null, unusableSince: NOW - 7 * MINUTE },
      next: [],
      recent: { since: null, states: { queued: 0, sent: 0, dead: 0, expired: 0, suppressed: 0 } },
    }),
    'console-policy': policyPage(frame, desk('policy'), {
      lines: policyLines(corporate),
      rollOut: {
        name: 'codes-first',
        version: '9be1c07d4f12',
        percent: 12.5,
        listed: 3,
        changes: policyChanges(corporate, policyOf({ ...corporate, methods: ['code'] })),
      },
      history: [
        { version: '5f1c0a9d2b77', firstUsedAt: NOW - 2 * DAY, inForce: true, changes: policyChanges(policyOf(), corporate) },
        { version: 'a0c2d9913ef0', firstUsedAt: NOW - 60 * DAY, inForce: false, changes: null },
      ],
    }),
    'console-found': foundPage(frame, desk('found'), { stories: [story], more: false }),
    'console-found-request': foundPage(frame, desk('found'), {
      stories: [
        {
          ...story,
          challenge: null,
          request: '06NqV8Kx3TzPmA4f',
          person: null,
          verdict: 'Asked in vain: what was typed is not one plain e-mail address.',
          entries: story.entries.slice(0, 1),
        },
      ],
      more: false,
    }),
    'console-found-many': foundPage(frame, desk('found'), {
      stories: [story, { ...story, challenge: '06NqSx9f3TzPmA4c', verdict: 'Signed in by link, 60 s after asking.', at: NOW - 3 * HOUR }],
      more: true,
    }),
    'console-versions': versionsPage(frame, desk('versions'), {
      versions: { app: '0.1.0', schema: 5, policy: '5f1c0a9d2b77', template: '9d2b775f1c0a' },
    }),
    'console-confirm': consoleConfirmPage(frame, {
      operator: 'ops@fieldnotes.test',
      proof: 15 * MINUTE,
      returnTo: `${frame.basePath}/console`,
    }),
  }
}

export function samples(frame: Frame = frameOf()): Record<string, string> {
  const secret = 'Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo'
  return {
    ask: askPage(frame, { returnTo: '/notes/7' }),
    'ask-error': askPage(frame, { returnTo: null, email: 'ada@@gmail', problem: { reason: 'address_invalid' } }),
    'ask-limited': askPage(frame, {
      returnTo: null,
      email: 'ada@gmail.com',
      problem: { reason: 'too_many_requests', retryAfterMs: 4 * MINUTE },
    }),
    'ask-signed-out': askPage(frame, { returnTo: null, notice: 'signed_out' }),
    check: checkPage(frame, check),
    'check-error': checkPage(frame, { ...check, code: '123456', problem: { reason: 'code_wrong', triesLeft: 4 } }),
    'check-locked': checkPage(frame, { ...check, code: '123456', problem: { reason: 'code_locked' } }),
    'check-resent': checkPage(frame, { ...check, resent: true, signedInAs: 'grace@example.com' }),
    'check-limited': checkPage(frame, { ...check, problem: { reason: 'too_many_mails', retryAfterMs: 13 * MINUTE } }),
    'check-undelivered': checkPage(frame, { ...check, undelivered: true }),
    'check-nameless': checkPage(frame, { ...check, email: null }),
    'landing-bound': landingPage(frame, landing),
    'landing-bound-secret': landingPage(frame, { ...landing, secret }),
    'landing-switch': landingPage(frame, { ...landing, secret, signedInAs: 'grace@example.com' }),
    'landing-other': landingPage(frame, { ...landing, bound: false, email: null }),
    'landing-other-secret': landingPage(frame, { ...landing, bound: false, email: null, secret }),
    'landing-other-error': landingPage(frame, {
      ...landing,
      bound: false,
      email: null,
      secret,
      problem: { reason: 'address_mismatch', triesLeft: 3 },
    }),
    'landing-other-refused': landingPage(frame, { ...landing, bound: false, email: null, addressAllowed: false }),
    'failure-expired': failurePage(frame, {
      problem: { reason: 'link_expired', at: NOW - 3 * 60 * MINUTE },
      resend: { challenge: check.challenge, email: 'ada.lovelace@gmail.com', hasCode: true },
    }),
    'failure-used': failurePage(frame, { problem: { reason: 'link_used', at: NOW - 7 * MINUTE } }),
    'failure-cut': failurePage(frame, {
      problem: { reason: 'link_malformed' },
      resend: { challenge: check.challenge, email: 'ada.lovelace@gmail.com', hasCode: true },
    }),
    'failure-origin': failurePage(frame, { problem: { reason: 'origin_foreign' }, home: 'https://sign-in.fieldnotes.test/' }),
    'failure-ours': failurePage(frame, { problem: { reason: 'failed' } }),
    account: accountPage(frame, {
      email: 'ada.lovelace@gmail.com',
      sessions: [
        session('s1', 'Firefox on Linux', { current: true }),
        session('s2', 'Safari on iPhone'),
        session('s3', 'Chrome on Windows', { seenAt: NOW - 50 * 60 * MINUTE }),
      ],
      signIns,
    }),
    'account-notice': accountPage(frame, {
      email: 'ada.lovelace@gmail.com',
      sessions: [session('s1', 'Firefox on Linux', { current: true })],
      signIns: signIns.slice(0, 1),
      notice: 'others_ended',
    }),
    ...confirmSamples(frame),
    ...changeSamples(frame),
    ...waitSamples(frame),
    switched: switchedPage(frame, { email: 'ada.lovelace@gmail.com', continueTo: '/notes/7' }),
    demo: demoPage(frame, { email: null }),
    'demo-in': demoPage(frame, { email: 'ada.lovelace@gmail.com' }),
    'inbox-empty': devInboxPage(frame, { mails: [] }),
    inbox: devInboxPage(frame, {
      mails: [devMail, { ...devMail, id: 'm0', to: 'grace@example.com', subject: 'Sign in to Fieldnotes', code: null }],
    }),
    'inbox-open': devInboxPage(frame, { mails: [devMail], open: devMail }),
    ...consoleSamples(frame),
    ...tenantSamples(frame),
  }
}

const signIns: AccountView['signIns'] = [
  { at: NOW - 3 * HOUR, device: 'Firefox on Linux', network: '203.0.113.0/24', proof: 'link' },
  { at: NOW - 4 * DAY, device: 'Safari on iPhone', network: '2001:db8:1:2::/64', proof: 'code' },
]

function changeSamples(frame: Frame): Record<string, string> {
  const { challenge, resendAt, linkExpiresAt, codeExpiresAt } = check
  const view: ChangeSentView = {
    side: 'change_email',
    change: challenge,
    email: 'ada@analytical.example',
    both: true,
    agreed: { change_email: false, leave_email: false },
    sent: { challenge, resendAt, linkExpiresAt, codeExpiresAt },
  }
  const undo: UndoView = { linkId: landing.linkId, device: 'Chrome on Windows', askedAt: NOW - 3 * HOUR, applied: true }
  return {
    change: changePage(frame, { email: ada.email }),
    'change-same': changePage(frame, { email: ada.email, typed: ada.email, problem: { reason: 'address_same' } }),
    'change-sent': changeSentPage(frame, view),
    'change-sent-old': changeSentPage(frame, {
      ...view,
      side: 'leave_email',
      email: ada.email,
      agreed: { change_email: true, leave_email: false },
    }),
    'change-wrong': changeSentPage(frame, {
      ...view,
      both: false,
      sent: { ...view.sent, code: '493028' },
      problem: { reason: 'code_wrong', triesLeft: 4 },
    }),
    'landing-invite': landingPage(frame, { ...landing, purpose: 'invite', bound: false, email: null, secret: 'A'.repeat(43) }),
    'landing-invite-cut': landingPage(frame, { ...landing, purpose: 'invite', bound: false, email: null }),
    'landing-change': landingPage(frame, { ...landing, purpose: 'change_email' }),
    'landing-change-other': landingPage(frame, { ...landing, purpose: 'change_email', bound: false, email: null, addressAllowed: false }),
    undo: undoPage(frame, undo),
    'undo-secret': undoPage(frame, { ...undo, secret: 'Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo', applied: false }),
    'undo-cut': undoPage(frame, { ...undo, problem: { reason: 'link_malformed' } }),
    ...notMeSamples(frame),
    undone: undonePage(frame, { at: NOW - MINUTE }),
    prepare: preparePage(frame, { codes: { printedAt: NOW - 60 * MINUTE, left: 7, of: 8 }, backup: 'ada@lovelace.example' }),
    'prepare-nothing': preparePage(frame, { codes: null, backup: null, typed: ada.email, problem: { reason: 'address_same' } }),
    codes: codesPage(frame, { email: ada.email, codes: SHEET, url: 'https://auth.fieldnotes.test/recover' }),
    'backup-sent': backupSentPage(frame, { email: 'ada@lovelace.example', sent: check }),
    recover: recoverPage(frame, {}),
    'recover-wrong': recoverPage(frame, { email: ada.email, problem: { reason: 'recovery_code_wrong' } }),
    'recover-backup': recoverBackupPage(frame, {}),
    'recover-backup-sent': recoverBackupSentPage(frame, { sent: check }),
    'recover-address-dormant': recoverAddressPage(frame, { email: ada.email, dormant: true, until: NOW + 30 * MINUTE }),
    'failure-dormant': failurePage({ ...frame, policy: policyOf({ dormantAfter: '365d' }) }, { problem: { reason: 'account_dormant' } }),
    'recover-address': recoverAddressPage(frame, { email: ada.email, until: NOW + 30 * MINUTE }),
    'recover-sent': recoverSentPage(frame, { email: 'ada@lovelace.example', sent: check }),
    recovered: recoveredPage(frame),
    erase: erasePage(frame, { email: ada.email }),
    erased: erasedPage(frame),
  }
}

function tenantSamples(frame: Frame): Record<string, string> {
  const acme = {
    tenant: 'acme',
    name: 'Acme',
    status: 'active',
    at: ['https://auth.acme.example', 'https://sign-in.acme.example'],
  } as const
  const beta = { tenant: 'beta', name: 'Beta Apartments', status: 'suspended', at: ['https://auth.fieldnotes.test/t/beta'] } as const
  const settings = JSON.stringify({ hosts: ['auth.acme.example', 'sign-in.acme.example'], name: 'Acme', policy: 'strict' }, null, 2)
  const view: TenantPageView = {
    tenant: acme,
    version: 7,
    createdAt: NOW - 40 * DAY,
    updatedAt: NOW - 3 * HOUR,
    unreadable: [],
    brand: {
      mailFrom: { address: 'sign-in@acme.example', own: true },
      support: 'mailto:help@acme.example',
      accent: '#0a5f38 #4fc58c',
      logo: 1_240,
      returnTo: null,
      returnOrigins: ['https://app.acme.example'],
      operators: ['ops@acme.example', 'night-shift@acme.example'],
      words: [{ language: 'Deutsch', texts: 3 }],
    },
    rules: {
      version: 'strict-1f9c2b',
      changes: [
        { name: 'linkTtl', before: '30m', after: '10m' },
        { name: 'codeLength', before: '6', after: '8' },
      ],
      rollOut: { name: 'codes-first', percent: 10, listed: 2, changes: [{ name: 'methods', before: 'link, code', after: 'code' }] },
    },
    queue: { queued: 3, oldest: NOW - 9 * MINUTE, countedMax: 10_000 },
    settings,
  }
  return {
    'console-tenants': tenantsPage(frame, desk('tenants'), { tenants: [acme, beta] }),
    'console-tenants-none': tenantsPage(frame, desk('tenants'), { tenants: [] }),
    'console-tenants-wrong': tenantsPage(frame, desk('tenants'), {
      tenants: [acme],
      typed: { tenant: 'acme', settings: '{ "name": "", "hosts": ["https://x"] }' },
      problems: [
        'there is a tenant "acme" — change it with set, or take another name',
        'hosts.0: https://x is no host name — write it like auth.acme.example, without https:// and without a path',
      ],
    }),
    'console-tenant': tenantPage(frame, desk('tenants'), { ...view, said: 'tenant_changed' }),
    'console-tenant-wrong': tenantPage(frame, desk('tenants'), {
      ...view,
      problems: ['somebody changed "acme" meanwhile (version 8) — look at it, and try again'],
      wrong: 'set',
    }),
    'console-tenant-suspended': tenantPage(frame, desk('tenants'), {
      ...view,
      tenant: beta,
      brand: { ...view.brand, mailFrom: { address: 'sign-in@fieldnotes.test', own: false } } as TenantPageView['brand'],
      rules: { version: 'standard-77ab01', changes: [], rollOut: null },
      queue: { ...view.queue, queued: 0, oldest: null },
      problems: ['what was typed is not beta, and nothing was removed — type the id of the tenant'],
      wrong: 'remove',
      settings: null,
    }),
    'console-tenant-unreadable': tenantPage(frame, desk('tenants'), {
      ...view,
      brand: null,
      rules: null,
      unreadable: ['policy: linkTTL is not known — one of linkTtl, codeTtl, …'],
    }),
  }
}

function notMeSamples(frame: Frame): Record<string, string> {
  const path = `${landing.linkId}bcdfghjklmnpqrstbcdfghjk`
  const view: NotMeView = { path, purpose: 'sign_in', device: 'Chrome on Windows', askedAt: NOW - 3 * HOUR, bound: false, quiet: null }
  return {
    'not-me': notMePage(frame, { ...view, quiet: DAY, problem: { reason: 'address_mismatch', triesLeft: 3 } }),
    'not-me-device': notMePage(frame, { ...view, purpose: 'new_device', bound: true }),
    'not-me-said': saidNotMePage(frame, { at: NOW - MINUTE, ended: 'its', quietUntil: NOW + DAY }),
    'failure-disowned': failurePage(frame, { problem: { reason: 'disowned', at: NOW - 7 * MINUTE } }),
  }
}

function waitSamples(frame: Frame): Record<string, string> {
  const { challenge, resendAt, linkExpiresAt, codeExpiresAt } = check
  const sent = { challenge, resendAt, linkExpiresAt, codeExpiresAt }
  const waiting = { device: 'Chrome on Windows', askedAt: NOW - 3 * HOUR, readyAt: NOW + 69 * HOUR }
  const secret = 'Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo'
  return {
    wait: waitPage(frame, {}),
    'wait-typo': waitPage(frame, { account: 'ada', email: 'ada@new.example', of: 'account', problem: { reason: 'address_invalid' } }),
    'wait-sent': waitSentPage(frame, { email: 'ada@new.example', sent }),
    'wait-wrong': waitSentPage(frame, {
      email: 'ada@new.example',
      sent: { ...sent, code: '493028' },
      problem: { reason: 'code_wrong', triesLeft: 4 },
    }),
    'wait-begun': waitBegunPage(frame, { email: 'ada@new.example', readyAt: NOW + 72 * HOUR, approvals: true }),
    'wait-stop': waitStopPage(frame, { linkId: landing.linkId, ...waiting }),
    'wait-stop-secret': waitStopPage(frame, { linkId: landing.linkId, ...waiting, secret }),
    'wait-stopped': waitStoppedPage(frame, { at: NOW - MINUTE }),
    'wait-open': waitOpenPage(frame, { linkId: landing.linkId, secret }),
    'wait-open-wrong': waitOpenPage(frame, {
      linkId: landing.linkId,
      secret,
      problem: { reason: 'address_mismatch', triesLeft: 3 },
    }),
    'wait-ended': failurePage(frame, { problem: { reason: 'recovery_ended' } }),
    'landing-wait': landingPage(frame, { ...landing, purpose: 'begin_recovery' }),
    'account-waiting': accountPage(frame, {
      email: 'ada.lovelace@gmail.com',
      sessions: [session('s1', 'Firefox on Linux', { current: true })],
      signIns: signIns.slice(0, 1),
      waiting,
    }),
    'console-recoveries': recoveriesPage(frame, desk('recoveries'), {
      recoveries: [
        {
          id: challenge,
          person: 'VbsaKquh7bXbdaCL',
          email: 'ada.lovelace@gmail.com',
          newEmail: 'ada@new.example',
          begunBy: 'VcAN18azGHTwqenT',
          own: false,
          askedAt: NOW - 3 * HOUR,
          readyAt: NOW + 69 * HOUR,
          approvals: 1,
          missing: 1,
          is: 'waiting',
        },
      ],
      said: 'operator_started_recovery',
    }),
  }
}

function confirmSamples(frame: Frame): Record<string, string> {
  const { challenge, resendAt, linkExpiresAt, codeExpiresAt } = check
  const view: ConfirmView = { email: ada.email, returnTo: '/notes/7', sent: null }
  const sent = { challenge, resendAt, linkExpiresAt, codeExpiresAt }
  return {
    confirm: confirmPage(frame, view),
    'confirm-sent': confirmPage(frame, { ...view, sent }),
    'confirm-wrong': confirmPage(frame, { ...view, sent: { ...sent, code: '493028' }, problem: { reason: 'code_wrong', triesLeft: 4 } }),
    'landing-confirm': landingPage(frame, { ...landing, purpose: 'step_up' }),
    'landing-confirm-other': landingPage(frame, { ...landing, purpose: 'step_up', bound: false, email: null, addressAllowed: false }),
  }
}
