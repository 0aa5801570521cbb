// What every page must hold, whatever it shows: right words, right numbers, nothing let through from outside.
import { describe, expect, test } from 'vitest'
import { check, desk, frameOf, landing, MINUTE, NOW, person, policyOf, samples } from '../../test/page-samples.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { explain } from '../words/explain.ts'
import { wordsFor } from '../words/words.ts'
import { accountPage } from './account.tsx'
import { askPage } from './ask.tsx'
import { script, styles } from './assets.generated.ts'
import { checkPage } from './check.tsx'
import { foundPage } from './console/found.tsx'
import { personPage } from './console/person.tsx'
import { devInboxPage } from './dev-inbox.tsx'
import { failurePage } from './failure.tsx'
import { landingPage } from './landing.tsx'
import { stylesheet, stylesheetHash } from './stylesheet.ts'
import { switchedPage } from './switched.tsx'

const words = wordsFor('en')
const codes = Object.keys(reasons) as ReasonCode[]
const shown = codes.filter((code) => Object.hasOwn(words.faces, reasons[code].face))

/** What a person reads: tags out, entities back. */
function textOf(html: string): string {
  const text = html.replace(/<head>.*<\/head>/s, ' ').replace(/<[^>]+>/g, ' ')
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
}

const count = (text: string, part: string): number => text.split(part).length - 1

describe('words', () => {
  test.each(shown)('the face of %s has a heading, a reason, a next step and a button', (reason) => {
    const { title, detail, nextStep } = explain(
      words,
      { reason, triesLeft: 3, retryAfterMs: 4 * MINUTE, at: NOW - MINUTE },
      policyOf(),
      NOW,
    )
    const face = words.faces[reasons[reason].face as keyof typeof words.faces]
    expect(face.heading).toBe(title)
    for (const text of [title, detail, nextStep, face.nextLabel]) {
      expect(text).not.toMatch(/!|undefined|NaN|\{|\$|invalid|illegal|forbidden/i)
      expect(text).toMatch(/^[A-Z]/)
    }
    for (const sentence of [detail, nextStep]) expect(sentence).toMatch(/\.$/)
  })

  test('the reasons of one face are told in the same words', () => {
    const told = (reason: ReasonCode) => explain(words, { reason }, policyOf(), NOW)
    for (const code of shown) expect(told(code)).toEqual(told(reasons[code].face as ReasonCode))
  })

  test.each([
    ['link_expired', { linkTtl: '37m' }, '37 minutes'],
    ['code_expired', { codeTtl: '7m' }, '7 minutes'],
    ['code_malformed', { codeLength: 9 }, '9 digits'],
    ['code_locked', { codeTries: 3 }, '3 times'],
    [
      'too_many_mails',
      { mailsPerLinkTtl: 4, linkTtl: '37m', resendAfter: '95s', mailsPerAddress: [{ count: 17, per: '36h' }] },
      '4 mails in 37 minutes and 17 in 36 hours',
    ],
    ['too_many_mails', { resendAfter: '95s' }, '1 minute 35 seconds'],
    ['challenge_unknown', { challengeTtl: '5h' }, '5 hours'],
    ['session_idle', { session: { idle: '11h' } }, '11 hours'],
    ['session_expired', { session: { absolute: '13d' } }, '13 days'],
  ] as const)('%s tells the number of the policy in force: %j', (reason, overrides, told) => {
    expect(explain(words, { reason }, policyOf(overrides as never), NOW).detail).toContain(told)
    expect(explain(words, { reason }, policyOf(), NOW).detail).not.toContain(told)
  })

  test.each([
    [1_000, '1 second'],
    [60_000, '1 minute'],
    [90_000, '1 minute 30 seconds'],
    [15 * MINUTE, '15 minutes'],
    [90 * MINUTE, '1 hour 30 minutes'],
    [24 * 60 * MINUTE, '24 hours'],
    [7 * 24 * 60 * MINUTE, '7 days'],
    [59_500, '1 minute'],
    [400, '1 second'],
  ])('%d ms are "%s"', (ms, told) => {
    expect(words.duration(ms)).toBe(told)
  })

  test('times are told with their zone, and with the day when it is another', () => {
    expect(words.clock(NOW, NOW)).toBe('14:10 UTC')
    expect(words.clock(NOW - 24 * 60 * MINUTE, NOW)).toBe('November 20, 14:10 UTC')
    expect(words.ago(NOW - 3 * MINUTE, NOW)).toBe('3 minutes ago')
    expect(words.ago(NOW + 3 * MINUTE, NOW)).toBe('just now')
  })

  test('a language that we do not have gets English', () => {
    expect(wordsFor('xx-YY').lang).toBe('en')
    expect(wordsFor('constructor').lang).toBe('en')
  })
})

describe('every page', () => {
  test.each(Object.entries(samples()))('%s is a whole, light page with its request id and nothing inline', (name, html) => {
    expect(html).toMatch(/^<!doctype html><html lang="en" dir="ltr">/)
    expect(html.endsWith('</html>')).toBe(true)
    expect(count(html, '<h1>')).toBeGreaterThanOrEqual(1)
    expect(textOf(html)).toContain('06NqV8Kx3TzPmA4c')
    expect(textOf(html)).toContain('Postkey 0.1.0')
    expect(html).not.toMatch(/ style=| on[a-z]+=|<style|javascript:|undefined|NaN|\[object/)
    expect(count(html, '<script')).toBe(1)
    expect(count(html, '<title>')).toBe(1)
    // Those with lists of any length apart.
    if (!/^(inbox|console)/.test(name)) expect(Buffer.byteLength(html + styles + script)).toBeLessThan(30_000)
  })

  test('problems are announced: in the title, in a summary before the heading, and at the field', () => {
    const html = checkPage(frameOf(), { ...check, code: '123 457', problem: { reason: 'code_wrong', triesLeft: 4 } })
    expect(html).toContain('<title>Error: Check your mail')
    expect(html.indexOf('data-summary')).toBeLessThan(html.indexOf('<h1>'))
    expect(html).toContain('<a href="#code">That code does not match.')
    expect(html).toContain('aria-invalid="true"')
    expect(html).toContain('aria-describedby="code-hint code-problem"')
    expect(html).toContain('value="123 457"')
    expect(count(textOf(html), '4 tries are left')).toBe(2)
    expect(html).toContain('data-url="/sign-in/check?c=')
  })

  test('one try left is told as one', () => {
    expect(checkPage(frameOf(), { ...check, problem: { reason: 'code_wrong', triesLeft: 1 } })).toContain('1 try is left')
  })

  test.each(shown)('a failure page for %s has a way on before anything else that takes the keyboard', (reason) => {
    const html = failurePage(frameOf(), { problem: { reason, at: NOW - MINUTE, retryAfterMs: MINUTE } })
    const first = /<(?:a|button|input) [^>]*>/.exec(html.slice(html.indexOf('<main>')))?.[0]
    expect(first).toContain('class="button"')
    expect(html.slice(html.indexOf('<body'), html.indexOf('<main>'))).not.toMatch(/<(a|button|input)\b/)
    expect(html).not.toMatch(/http-equiv/)
  })

  test('a failure in the browser that asked offers a new mail with one tap', () => {
    const html = failurePage(frameOf(), {
      problem: { reason: 'link_expired' },
      resend: { challenge: check.challenge, email: 'a@b.test', hasCode: true },
    })
    expect(html).toContain(`<form method="post" action="/sign-in/resend"><input type="hidden" name="c" value="${check.challenge}"/>`)
  })

  test('paths carry the base path', () => {
    for (const [name, html] of Object.entries(samples(frameOf(policyOf(), { basePath: '/auth' })))) {
      const targets = [...html.matchAll(/(?:action|href|src)="(\/[^"]*)"/g)].map((match) => match[1] ?? '')
      expect(targets.length, name).toBeGreaterThan(2)
      for (const target of targets) if (target !== '/notes/7') expect(target).toMatch(/^\/auth\//)
    }
  })
})

describe('the check page', () => {
  test.each(['ada@gmail.com', 'ada@outlook.com', 'ada@yahoo.com', 'ada@icloud.com', 'ada@example.org', "o'brien+x@example.org"])(
    'names %s exactly once',
    (email) => {
      for (const extra of [{}, { code: '1', problem: { reason: 'code_malformed' as const } }, { resent: true }]) {
        const html = checkPage(frameOf(), { ...check, email, ...extra })
        expect(count(html.replace(/&#39;/g, "'"), email)).toBe(1)
        expect(count(html.replace(/&#39;/g, "'"), encodeURIComponent(email))).toBe(0)
      }
    },
  )

  test('a known webmail gets a button that searches by sender', () => {
    expect(checkPage(frameOf(), check)).toContain(
      'https://mail.google.com/mail/u/0/#search/from%3Asign-in%40fieldnotes.test%20in%3Aanywhere%20newer_than%3A1h',
    )
    expect(checkPage(frameOf(), { ...check, email: 'ada@example.org' })).not.toContain('target="_blank"')
  })

  test('every number follows a changed policy', () => {
    const policy = policyOf({
      codeLength: 8,
      codeTtl: '9m',
      linkTtl: '31m',
      mailsPerLinkTtl: 2,
      mailsPerAddress: [{ count: 6, per: '12h' }],
      resendAfter: '45s',
    })
    const view = { ...check, linkExpiresAt: NOW + 31 * MINUTE, codeExpiresAt: NOW + 9 * MINUTE, resendAt: NOW + 45_000 }
    const text = textOf(checkPage(frameOf(policy), view))
    for (const told of [
      '8-digit',
      'for 9 minutes, until 14:19 UTC',
      'for 31 minutes, until 14:41 UTC',
      '2 mails in 31 minutes and 6 in 12 hours',
    ])
      expect(text).toContain(told)
    expect(text.replace('06NqV8Kx3TzPmA4c', '')).not.toMatch(/\b(6-digit|10 minutes|15 minutes|24 hours)\b/)
    expect(checkPage(frameOf(policy), view)).toContain('data-resend="45000"')
  })

  test('a policy without codes shows no code field, one without links no link', () => {
    const onlyLink = checkPage(frameOf(policyOf({ methods: ['link'] })), check)
    expect(onlyLink).not.toContain('name="code"')
    expect(textOf(onlyLink)).not.toMatch(/code/i)
    expect(textOf(onlyLink)).toContain('Open the link')
    const onlyCode = checkPage(frameOf(policyOf({ methods: ['code'] })), check)
    expect(onlyCode).toContain('name="code"')
    expect(textOf(onlyCode)).not.toMatch(/\blink\b/i)
  })

  test('the code field takes what people paste and AutoFill delivers', () => {
    const field = /<input id="code"[^>]*>/.exec(checkPage(frameOf(), check))?.[0] ?? ''
    expect(field).toContain('type="text"')
    expect(field).toContain('inputmode="numeric"')
    expect(field).toContain('autocomplete="one-time-code"')
    expect(field).not.toMatch(/maxlength|pattern/)
  })

  test('in a browser that did not ask it names no address and takes no code', () => {
    const html = checkPage(frameOf(), { ...check, email: null })
    expect(html).not.toMatch(/ada|gmail|<form/)
    expect(textOf(html)).toContain('Type the code from the mail there')
    expect(html).toContain('href="/sign-in?return_to=%2Fnotes%2F7"')
  })

  test('after a code is locked its field is gone, and a new mail is offered', () => {
    const html = checkPage(frameOf(), { ...check, problem: { reason: 'code_locked' } })
    expect(html).not.toContain('name="code"')
    expect(html).toContain('action="/sign-in/resend"')
  })
})

describe('the landing page', () => {
  const other = { ...landing, bound: false, email: null }

  test('submits itself only in the browser that asked, with nobody else signed in and nothing gone wrong', () => {
    expect(landingPage(frameOf(), landing)).toContain('data-auto-submit="0"')
    expect(landingPage(frameOf(policyOf({ autoSubmitDelay: '400ms' })), landing)).toContain('data-auto-submit="400"')
    for (const view of [
      other,
      { ...landing, signedInAs: 'x@y.test' },
      { ...landing, problem: { reason: 'address_mismatch' as const } },
      { ...other, secret: 's' },
    ]) {
      expect(landingPage(frameOf(), view)).not.toContain('data-auto-submit')
    }
  })

  test('another browser is told who asked, never for whom, and no field is filled', () => {
    const html = landingPage(frameOf(), other)
    expect(textOf(html)).toContain('A sign-in to Fieldnotes was asked for in Firefox on Linux , 3 minutes ago.')
    expect(html).not.toContain('ada')
    expect(/<input id="email"[^>]*>/.exec(html)?.[0]).not.toContain('value=')
  })

  test('where the address may not be typed there is no form at all', () => {
    expect(landingPage(frameOf(), { ...other, addressAllowed: false })).not.toContain('<form')
  })

  test('as sent without a secret it asks for the code; with one (path mode) the form is ready without script', () => {
    const sent = landingPage(frameOf(), landing)
    expect(sent).toMatch(/data-way="code"><h1>/)
    expect(sent).toMatch(/data-way="link" hidden/)
    const path = landingPage(frameOf(), { ...landing, secret: 'abc' })
    expect(path).toMatch(/data-way="code" hidden/)
    expect(path).toMatch(/data-way="link"><h1>/)
    expect(path).toContain('name="secret" value="abc"')
  })

  test('an empty secret is none', () => {
    expect(landingPage(frameOf(), { ...landing, secret: '' })).toMatch(/data-way="link" hidden/)
  })

  test('a policy without codes mentions none', () => {
    const frame = frameOf(policyOf({ methods: ['link'] }))
    for (const view of [landing, other, { ...other, addressAllowed: false }]) expect(textOf(landingPage(frame, view))).not.toMatch(/code/i)
  })

  test('somebody else signed in is asked, with both ways on', () => {
    const text = textOf(landingPage(frameOf(), { ...landing, secret: 's', signedInAs: 'grace@example.com' }))
    expect(text).toContain('You are signed in as grace@example.com . Continue as ada.lovelace@gmail.com ?')
    expect(text).toContain('Keep the current session')
  })
})

describe('charts', () => {
  const html = samples()['console'] ?? ''

  test('bars are as long as what their table says', () => {
    const bars = [...html.matchAll(/<rect class="bar"[^>]*width="([\d.]+)%"/g)].map(([, width]) => Number(width))
    expect(bars).toHaveLength(4)
    const table = html.slice(html.indexOf('<figure>'), html.indexOf('</figure>'))
    const cells = [...table.matchAll(/<td class="number">([\d,]+)<\/td>/g)].map(([, cell = '']) => Number(cell.replace(',', '')))
    expect(cells).toEqual([1204, 1170, 951, 902])
    for (const [index, width] of bars.entries()) expect(width).toBeCloseTo(((cells[index] ?? 0) / 1204) * 100, 6)
    for (const cell of cells) expect(/<svg class="chart" role="img" aria-label="([^"]*)"/.exec(html)?.[1]).toContain(String(cell))
  })

  test('the curve begins at nobody, never falls, and ends at everybody', () => {
    const path = /<path class="curve" d="M([^"]*)"/.exec(html)?.[1] ?? ''
    const points = path.split('L').map((point) => point.split(',').map(Number) as [number, number])
    expect(points.length).toBeGreaterThan(20)
    expect([points[0], points.at(-1)]).toEqual([
      [0, 150],
      [100, 0],
    ])
    for (const [index, [x, y]] of points.entries()) {
      const [beforeX, beforeY] = points[index - 1] ?? [0, 150]
      expect([x >= beforeX, y <= beforeY]).toEqual([true, true])
    }
  })

  test('where nobody asked there is no chart, and it says what would be there', () => {
    const empty = samples()['console-nobody'] ?? ''
    expect(empty).not.toContain('class="chart"')
    expect(textOf(empty)).toContain('would be drawn here')
  })
})

describe('from outside', () => {
  const hostile = `"><script>alert(1)</script>'<img src=x onerror=alert(1)>{address}`
  const frame = frameOf(policyOf(), {
    requestId: hostile,
    appVersion: hostile,
    brand: { name: hostile, mailFrom: hostile, support: `javascript:alert(1)//${hostile}` },
  })
  const pages: Record<string, string> = {
    ask: askPage(frame, { returnTo: hostile, email: hostile, problem: { reason: 'address_invalid' } }),
    check: checkPage(frame, {
      ...check,
      challenge: hostile,
      email: hostile,
      returnTo: hostile,
      code: hostile,
      signedInAs: hostile,
      problem: { reason: 'code_wrong' },
    }),
    bound: landingPage(frame, {
      ...landing,
      linkId: hostile,
      challenge: hostile,
      secret: hostile,
      email: hostile,
      device: hostile,
      signedInAs: hostile,
    }),
    other: landingPage(frame, { ...landing, bound: false, linkId: hostile, secret: hostile, device: hostile }),
    failure: failurePage(frame, {
      problem: { reason: 'sign_in_refused' },
      returnTo: hostile,
      home: `javascript:${hostile}`,
      continueTo: 'javascript:alert(1)',
      resend: { challenge: hostile, email: hostile, hasCode: true },
    }),
    account: accountPage(frame, {
      email: hostile,
      signIns: [{ at: NOW, device: hostile, network: hostile, proof: 'code' }],
      sessions: [{ id: hostile, current: false, device: hostile, network: hostile, createdAt: NOW, seenAt: NOW }],
    }),
    switched: switchedPage(frame, { email: hostile, continueTo: '//evil.test' }),
    person: personPage(
      frame,
      { ...desk('person'), operator: hostile },
      {
        ...person,
        name: hostile,
        email: hostile,
        sessions: [
          {
            id: hostile,
            user: hostile,
            device: hostile,
            network: hostile,
            proof: 'code',
            createdAt: NOW,
            seenAt: NOW,
            endedAt: null,
            provedAt: NOW,
          },
        ],
        challenges: person.challenges.map((challenge) => ({
          ...challenge,
          device: hostile,
          mails: challenge.mails.map((mail) => ({ ...mail, answers: [{ at: NOW, reason: 'mail_deferred' as const, replyText: hostile }] })),
        })),
      },
    ),
    found: foundPage(
      frame,
      { ...desk('found'), operator: hostile },
      {
        stories: [1, 2].map(() => ({
          challenge: hostile,
          request: null,
          at: NOW,
          person: { email: hostile, name: hostile },
          verdict: hostile,
          entries: [{ at: NOW, what: 'mail' as const, text: hostile, requestId: hostile, reason: null, count: 2 }],
        })),
        more: false,
      },
    ),
    inbox: devInboxPage(frame, {
      mails: [],
      open: {
        id: hostile,
        to: hostile,
        subject: hostile,
        text: hostile,
        html: hostile,
        headers: { [hostile]: hostile },
        receivedAt: '2026-11-21T14:10:19.000Z',
        link: 'javascript:alert(1)',
        code: hostile,
      },
    }),
  }

  test.each(Object.entries(pages))('IN-08: hostile text stays text: %s', (_name, html) => {
    expect(count(html, '<script')).toBe(1)
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<img|<[^>]*\sonerror=/)
    expect(html).not.toMatch(/(?:href|src|action)="\s*(?:javascript:|\/\/)/i)
    expect(html).toContain('&lt;script&gt;')
  })

  test('what fills a gap in a sentence is not searched for gaps', () => {
    expect(textOf(pages['check'] ?? '')).toContain('onerror=alert(1)>{address} can sign in here')
  })

  test('the accent of a brand reaches the stylesheet only as two colours', () => {
    const brand = { name: 'x', mailFrom: 'x' }
    const accent = { light: '#aa0044', dark: '#ff88bb' }
    expect(stylesheet({ ...brand, accent })).toContain(':root{--accent:#aa0044}@media (prefers-color-scheme:dark){:root{--accent:#ff88bb}}')
    expect(stylesheetHash({ ...brand, accent })).not.toBe(stylesheetHash(brand))
    for (const light of ['red', '#aa0044}body{display:none', '#aa00', 'url(//evil.test)'])
      expect(stylesheet({ ...brand, accent: { ...accent, light } })).toBe(styles)
  })
})
