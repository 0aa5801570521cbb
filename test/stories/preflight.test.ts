// `postkey preflight`: a sound deployment passes; and each of its cases fails where a careless proxy in front of the same deployment does what
// it is about.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Browser, openBrowser } from '../../src/preflight/browser.ts'
import { cases, tryAll } from '../../src/preflight/run.ts'
import type { System } from '../../src/preflight/system.ts'
import { answered, type CarelessProxy, type Fault, startCarelessProxy } from '../careless-proxy.ts'
import { chromiumFile } from '../chromium.ts'
import { inMails, inPages, isLink, oneBrowser, sameOrigin, without } from '../faults.ts'
import { type Live, startLive } from '../live.ts'
import { outcomes, preflight, unlimited } from '../preflight.ts'
import { someOf } from '../size.ts'

/** What no deployment on http://localhost can be tried by: preflight-network.test.ts. A real browser: preflight-browser.test.ts. */
const ELSEWHERE = ['HD-06', 'DN-01', 'DN-02', 'DN-03', 'DN-04', 'DN-05', 'NT-01', 'NT-02', 'NT-03']

let live: Live
let proxy: CarelessProxy
const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))

beforeAll(async () => {
  live = await startLive({ policy: { starts: unlimited, resendAfter: '1s' } })
  proxy = await startCarelessProxy(live.url)
}, 30_000)

afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await live[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

test('a sound deployment passes every case that can be tried on this machine', async () => {
  const { code, results } = await preflight([live.url, '--chromium', await chromiumFile(folder)])
  expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([])
  expect(results.filter(({ outcome }) => outcome === 'not tried').map(({ id }) => id)).toEqual(ELSEWHERE)
  expect([code, results.length]).toEqual([0, cases.length])
  expect(results.length).toBeGreaterThanOrEqual(40)
}, 120_000)

test('each case has an id and a title of its own, and says what to do', () => {
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
  for (const { remedy } of cases) expect(remedy.length).toBeGreaterThan(10)
})

function anyForm(): Fault {
  const { before, after } = oneBrowser()
  return {
    before: (request) => {
      sameOrigin(live.url)(request)
      return before?.(request)
    },
    ...(after === undefined ? {} : { after }),
  }
}

/** The first who looks at a link has it. */
function spentByGet(): Fault {
  const seen = new Map<string, number>()
  return {
    before: (request) => {
      if (!isLink(request)) return undefined
      const id = request.url.slice(3, 20)
      if (request.method !== 'POST') seen.set(id, (seen.get(id) ?? 0) + 1)
      // The person's own look is the last.
      return request.method === 'POST' && (seen.get(id) ?? 0) > 1 ? answered(410) : undefined
    },
  }
}

/** What was posted once is refused, and whatever leads there is too. */
function once(path: RegExp): Fault {
  const seen = new Set<string>()
  return {
    before: ({ method, url, body }) => {
      if (!path.test(url)) return undefined
      if (method !== 'POST') return seen.has(url) ? answered(410) : undefined
      if (seen.has(url + body)) return answered(409)
      seen.add(url).add(url + body)
      return undefined
    },
  }
}

function remembers(): Fault {
  const known = new Set<string>()
  return {
    after: (answer, { method, url, body }) => {
      if (method !== 'POST' || url !== '/sign-in') return
      const email = new URLSearchParams(body).get('email') ?? ''
      if (known.size > 0 && !known.has(email)) answer.headers.set('x-new', 'yes')
      known.add(email)
    },
  }
}

/** A session of the victim in every browser that was seen at the link. */
function approves(): Fault {
  let session = ''
  let waiting = ''
  return {
    before: (request) => {
      if (!isLink(request) || request.method !== 'POST') {
        if (request.url === '/api/session' && session === 'approved' && request.headers['cookie'] === waiting)
          return answered(200, JSON.stringify({ user: { email: 'ada@example.net' } }))
        if (request.method === 'POST' && request.url === '/sign-in') waiting = request.headers['cookie'] ?? ''
        return undefined
      }
      session = 'approved'
      return undefined
    },
  }
}

const faults: readonly (readonly [what: string, fails: string, fault: () => Fault])[] = [
  ['whoever looks at a link spends it', 'SC-01,SC-02,SC-134', spentByGet],
  ['every browser counts as the one that asked', 'SC-04,TK-03,CS-09,RL-14', oneBrowser],
  ['a click elsewhere approves the browser that waits', 'SC-06', approves],
  [
    'a link without its fragment is an error',
    'SC-09',
    () => ({ before: (request) => (isLink(request) && request.method === 'GET' ? answered(404) : undefined) }),
  ],
  ['a link with %23 is an error', 'SC-10', () => ({ before: (request) => (request.url.includes('%23') ? answered(404) : undefined) })],
  [
    'the link is as long as a letter',
    'SC-11',
    () => ({ after: inMails(({ text }) => ({ text: text.replace(/(\/l\/\S+)/, `$1${'a'.repeat(200)}`) })) }),
  ],
  [
    'the page of a link names the person',
    'SC-12',
    () => {
      let email = ''
      return {
        before: ({ url, body }) => {
          if (url === '/sign-in' && body !== '') email = new URLSearchParams(body).get('email') ?? ''
          return undefined
        },
        after: (answer, request) => {
          if (isLink(request)) answer.text += email
        },
      }
    },
  ],
  ['the second click is an error', 'TK-01,RC-01', () => once(/^\/l\//)],
  ['the second code is an error', 'RC-02', () => once(/^\/sign-in\/code/)],
  [
    'signing out is a page and nothing else',
    'SE-04,TK-02',
    () => ({ before: ({ url, method }) => (url === '/sign-out' && method === 'POST' ? answered(303, '', { location: '/' }) : undefined) }),
  ],
  [
    'wrong codes are not counted',
    'TK-13',
    () => ({ before: ({ url }) => (url === '/sign-in/code' && ++typed <= 6 ? answered(422) : undefined) }),
  ],
  [
    'another mail can be had at once',
    'TK-05',
    () => ({
      after: (answer) => {
        if (answer.status === 429) answer.status = 303
      },
    }),
  ],
  ['every form counts as the own one', 'CS-02,CS-03,CS-04,CS-05,CS-06', () => ({ before: sameOrigin(live.url) })],
  ['every form counts as the own one, in every browser', 'CS-10', anyForm],
  [
    'the own form is refused',
    'CS-01',
    () => ({
      before: ({ headers, method }) => {
        if (method === 'POST') headers['origin'] = 'null'
        return undefined
      },
    }),
  ],
  [
    'a GET signs out',
    'CS-07',
    () => ({
      before: (request) => {
        if (request.url !== '/sign-out') return undefined
        delete request.headers['cookie']
        return answered(200, '', { 'set-cookie': 'postkey-session=; Max-Age=0' })
      },
    }),
  ],
  [
    'other sites may read',
    'CS-14',
    () => ({ after: ({ headers }, request) => void headers.set('access-control-allow-origin', request.headers['origin'] ?? '') }),
  ],
  [
    'pages can be framed, kept, found, and leak where they are',
    'CS-13,HD-01,HD-02,HD-03,HD-04,HD-05',
    () => ({ after: without('content-security-policy', 'cache-control', 'referrer-policy', 'x-content-type-options', 'x-robots-tag') }),
  ],
  ['forms get Origin: null', 'HD-02', () => ({ after: ({ headers }) => void headers.set('referrer-policy', 'no-referrer') })],
  [
    'pages run what stands in them',
    'HD-03',
    () => ({
      after: ({ headers }) => void headers.set('content-security-policy', "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"),
    }),
  ],
  [
    'pages run what stands in them, by a rule of its own',
    'HD-03',
    () => ({
      after: ({ headers }) => void headers.set('content-security-policy', "default-src 'none'; script-src 'self' 'unsafe-inline'"),
    }),
  ],
  [
    'pages load a script from elsewhere',
    'CS-16',
    () => ({ after: inPages((text) => text.replace('</head>', '<script src="https://cdn.example/x.js"></script></head>')) }),
  ],
  [
    'the way back leads anywhere',
    'RD-01',
    () => ({
      before: ({ url }) => {
        const to = new URL(url, live.url).searchParams.get('return_to')
        return to?.startsWith('https://evil') ? answered(302, '', { location: to }) : undefined
      },
    }),
  ],
  [
    'the host of links is whoever’s',
    'HH-02',
    () => ({ after: inMails(({ text }) => ({ text: text.replaceAll(live.url, 'https://evil.example') })) }),
  ],
  [
    'pages are built from headers',
    'HH-07',
    () => ({
      after: (answer, { headers }) => {
        answer.text += headers['x-forwarded-host'] ?? ''
      },
    }),
  ],
  ['who is known is told by a header', 'EN-01', remembers],
  [
    'lists of addresses are taken',
    'IN-02',
    () => ({ before: ({ url, body }) => (url === '/sign-in' && body.includes('%2C') ? answered(303) : undefined) }),
  ],
  ['what is typed is written as it is', 'IN-08', () => ({ after: inPages((text) => `${text}<script>alert(1)</script>`) })],
  ['any body is taken', 'LO-05', () => ({ before: ({ body }) => (body.length > 100_000 ? answered(303) : undefined) })],
  [
    'cookies are for everybody',
    'SE-02',
    () => ({
      after: (answer) => {
        const lines = answer.headers.getSetCookie()
        answer.headers.delete('set-cookie')
        for (const line of lines) answer.headers.append('set-cookie', line.replace(/;\s*HttpOnly/i, ''))
      },
    }),
  ],
  [
    'a session from before is taken over',
    'SE-03',
    () => ({
      after: (answer, { headers }) => {
        if (!headers['cookie']?.includes('postkey-session=')) return
        const lines = answer.headers.getSetCookie().filter((line) => !line.startsWith('postkey-session='))
        answer.headers.delete('set-cookie')
        for (const line of lines) answer.headers.append('set-cookie', line)
      },
    }),
  ],
  [
    'a made-up session is somebody',
    'SE-11',
    () => ({ before: ({ url }) => (url === '/api/session' ? answered(200, '{"user":{"email":"ada@example.net"}}') : undefined) }),
  ],
  [
    'the inside is served',
    'AU-11',
    () => ({ before: ({ url }) => (url.startsWith('/.git') ? answered(200, 'ref: refs/heads/main') : undefined) }),
  ],
  ['mails load a picture', 'ML-01', () => ({ after: inMails(({ html }) => ({ html: `${html}<img src="https://track.example/x.png">` })) })],
  ['mails do not say who asked', 'ML-02', () => ({ after: inMails(({ text }) => ({ text: text.replaceAll('Firefox', 'a browser') })) })],
  [
    'the clock is wrong',
    'FA-21',
    () => ({ after: ({ headers }) => void headers.set('date', new Date(Date.now() - 60_000).toUTCString()) }),
  ],
]
let typed = 0

describe('each case finds what it is about', () => {
  test.each(someOf(faults, 6))('%s: %s', async (_, fails, fault) => {
    typed = 0
    proxy.fault = fault()
    const { code, results } = await preflight([proxy.url, '--only', fails])
    expect(results.map(({ id, outcome }) => `${id} ${outcome}`).sort()).toEqual(
      fails
        .split(',')
        .map((id) => `${id} fail`)
        .sort(),
    )
    for (const { evidence, remedy } of results) expect([evidence, remedy?.length ?? 0]).not.toEqual(['', 0])
    expect(code).toBe(1)
  })

  test('and every case of the list is one of them, but for EN-02 and those of the two other files', () => {
    const shown = new Set(['EN-02', ...faults.flatMap(([, fails]) => fails.split(','))])
    const others = cases.filter(({ area }) => area !== 'real browser').map(({ id }) => id)
    expect(others.filter((id) => !shown.has(id))).toEqual(ELSEWHERE)
  })
})

describe('EN-02', () => {
  /** A system whose clock is ours: made up, so that nothing else on this machine has a say in its times. */
  const timed = (ms: (known: boolean, nth: number) => number): System => {
    const known = new Set<string>()
    const waiting = new Map<Browser, string>()
    let asked = 0
    const answer = (took: number): Answer => ({
      status: 200,
      headers: new Headers(),
      text: '',
      location: '',
      url: 'http://localhost/',
      ms: took,
    })
    return {
      name: 'Timed',
      url: 'http://localhost',
      pages: [],
      changing: [],
      ask: async (browser, email) => {
        waiting.set(browser, email)
        return { answer: answer(ms(known.has(email), asked++)), id: '' }
      },
      open: () => ({ link: 'http://localhost/l', code: null }),
      follow: async (browser) => {
        known.add(waiting.get(browser) ?? '')
        return answer(1)
      },
      forge: async () => answer(1),
      typeCode: async () => answer(1),
      whoAmI: async (browser) => waiting.get(browser) ?? null,
      signOut: async () => answer(1),
    }
  }
  const outcome = async (ms: (known: boolean, nth: number) => number): Promise<string | undefined> => {
    const mail = { subject: '', text: '', html: '', headers: {} }
    const [result] = await tryAll({
      system: timed(ms),
      mailbox: { addressFor: (name) => `${name}@example.net`, mail: async () => mail, close: async () => {} },
      launch: () => Promise.reject(new Error('no browser')),
      onStep: () => {},
      only: new Set(['EN-02']),
    })
    return result && `${result.outcome}: ${result.evidence}`
  }
  const noise = (nth: number): number => 20 + ((nth * 7) % 11)

  test.each([
    [
      'fail: known 179 ms, unknown 24 ms',
      'a mail is sent before the answer',
      (known: boolean, nth: number) => noise(nth) + (known ? 150 : 0),
    ],
    ['fail: known 29 ms, unknown 84 ms', 'strangers are made wait', (known: boolean, nth: number) => noise(nth) + (known ? 0 : 60)],
    ['pass: known', 'both take the same', (_: boolean, nth: number) => noise(nth)],
    [
      'pass: known',
      'once it looks like something, and never again',
      (known: boolean, nth: number) => noise(nth) + (known && nth < 18 ? 150 : 0),
    ],
  ])('%s: %s', async (told, _, ms) => {
    expect(await outcome(ms)).toContain(told)
  })

  test('what is timed is the answer, to its end', async () => {
    const through = async (): Promise<Response> => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      return new Response('')
    }
    const { ms } = await openBrowser('http://localhost', { through }).get('/')
    expect(ms).toBeGreaterThanOrEqual(39)
  })
})

test('a limit that asks to wait is waited for, and so is the next one behind it', async () => {
  const asked = new Map<string, number>()
  proxy.fault = {
    before: ({ method, url, body }) => {
      const times = (asked.get(url + body) ?? 0) + 1
      asked.set(url + body, times)
      const limited = method === 'POST' && ((url === '/sign-in' && times <= 2) || (url === '/sign-in/resend' && times === 2))
      return limited ? answered(429, '', { 'retry-after': '1' }) : undefined
    },
  }
  const tried = await preflight([proxy.url, '--only', 'ML-02,HH-02,TK-05'])
  expect([tried.code, ...outcomes(tried)]).toEqual([0, 'TK-05 pass', 'ML-02 pass', 'HH-02 pass'])
})

test('another system is tried by a file that says how it is asked', async () => {
  const adapter = join(folder, 'adapter.mjs')
  // Its people sign in by pages of other names, and nobody can read its mails.
  writeFileSync(
    adapter,
    `export default (url) => ({
      system: {
        name: 'Other',
        url,
        pages: ['/sign-in'],
        changing: ['/sign-out'],
        ask: async (browser, email, { headers } = {}) => ({ answer: await browser.post(url + '/sign-in', { email }, headers), id: '' }),
        signOut: (browser, headers) => browser.post(url + '/sign-out', {}, headers),
        whoAmI: async () => null,
      },
    })`,
  )
  const { code, results } = await preflight([live.url, '--adapter', adapter, '--only', 'CS-03,HD-01,SC-01'])
  expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
    ['SC-01', 'not tried'],
    ['CS-03', 'pass'],
    ['HD-01', 'pass'],
  ])
  expect(code).toBe(0)
  writeFileSync(join(folder, 'empty.mjs'), '')
  const empty = await preflight([live.url, '--adapter', join(folder, 'empty.mjs')])
  expect([empty.code, empty.err.includes('no function as its default export')]).toEqual([2, true])
  const absent = await preflight([live.url, '--adapter', join(folder, 'absent.mjs')])
  expect([absent.code, absent.err.includes('cannot be loaded')]).toEqual([2, true])
})

describe('what is typed wrong is told', () => {
  test.each([
    [[], 'say which deployment'],
    [['auth.example.com'], 'say which deployment'],
    [['http://localhost:1'], 'does not answer'],
    [['http://localhost:1', '--only', 'SC-99'], 'there is no case SC-99'],
  ])('%j', async (argv, said) => {
    const { code, err } = await preflight(argv as string[])
    expect([code, err.includes(said)]).toEqual([2, true])
  })
})
