// Every page in every state worth looking at, as HTML: for the tables of pages.test.ts and for test/pages-look.ts.
import { type Policy, type PolicyInput, readPolicy } from '../src/core/policy.ts'
import { accountPage } from '../src/page/account.tsx'
import { askPage } from '../src/page/ask.tsx'
import { checkPage } from '../src/page/check.tsx'
import { demoPage } from '../src/page/demo.tsx'
import { devInboxPage } from '../src/page/dev-inbox.tsx'
import { failurePage } from '../src/page/failure.tsx'
import { landingPage } from '../src/page/landing.tsx'
import { switchedPage } from '../src/page/switched.tsx'
import type { CheckView, DevMail, Frame, LandingView } from '../src/page/view.ts'

export const MINUTE = 60_000
export const NOW = Date.UTC(2026, 10, 21, 14, 10, 20)

export function policyOf(overrides: Partial<PolicyInput> | string = {}): Policy {
  const read = readPolicy(overrides)
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}

export function frameOf(policy: Policy = policyOf(), more: Partial<Frame> = {}): Frame {
  return {
    brand: { name: 'Fieldnotes', mailFrom: 'Fieldnotes <sign-in@fieldnotes.test>', support: 'mailto:help@fieldnotes.test' },
    locale: 'en',
    requestId: '06NqV8Kx3TzPmA4c',
    basePath: '',
    policy,
    now: NOW,
    appVersion: '0.1.0',
    assets: { stylesheet: 'css', script: 'js' },
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
  linkId: '06NqV8Kx3TzPmA4c0',
  challenge: '06NqV8Kx3TzPmA4c',
  bound: true,
  email: 'ada.lovelace@gmail.com',
  device: 'Firefox on Linux',
  askedAt: NOW - 3 * MINUTE,
  addressAllowed: true,
}

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
      resend: { challenge: check.challenge, email: 'ada.lovelace@gmail.com' },
    }),
    'failure-used': failurePage(frame, { problem: { reason: 'link_used', at: NOW - 7 * MINUTE } }),
    'failure-cut': failurePage(frame, {
      problem: { reason: 'link_malformed' },
      resend: { challenge: check.challenge, email: 'ada.lovelace@gmail.com' },
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
    }),
    'account-notice': accountPage(frame, {
      email: 'ada.lovelace@gmail.com',
      sessions: [session('s1', 'Firefox on Linux', { current: true })],
      notice: 'others_ended',
    }),
    switched: switchedPage(frame, { email: 'ada.lovelace@gmail.com', continueTo: '/notes/7' }),
    demo: demoPage(frame, { email: null }),
    'demo-in': demoPage(frame, { email: 'ada.lovelace@gmail.com' }),
    'inbox-empty': devInboxPage(frame, { mails: [] }),
    inbox: devInboxPage(frame, {
      mails: [devMail, { ...devMail, id: 'm0', to: 'grace@example.com', subject: 'Sign in to Fieldnotes', code: null }],
    }),
    'inbox-open': devInboxPage(frame, { mails: [devMail], open: devMail }),
  }
}
