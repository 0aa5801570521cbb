// The cases of `postkey preflight` that take a real browser: each is seen to fail behind a careless proxy, and without a browser is said to
// be not tried, and what would help. That all pass before a sound deployment: preflight.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cases } from '../../src/preflight/run.ts'
import { answered, type CarelessProxy, type Fault, startCarelessProxy } from '../careless-proxy.ts'
import { chromiumFile } from '../chromium.ts'
import { inPages, isLink, oneBrowser, sameOrigin, without } from '../faults.ts'
import { type Live, startLive } from '../live.ts'
import { outcomes, preflight, unlimited } from '../preflight.ts'
import { someOf } from '../size.ts'

const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))
let live: Live
let proxy: CarelessProxy
let chromium: string

beforeAll(async () => {
  live = await startLive({ policy: { starts: unlimited } })
  proxy = await startCarelessProxy(live.url)
  chromium = await chromiumFile(folder)
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await live[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const faults: readonly (readonly [what: string, fails: string, fault: () => Fault])[] = [
  ['every browser counts as the one that asked', 'SC-03,BR-02', oneBrowser],
  [
    'forms get Origin: null, as browsers send it where the Referrer-Policy is no-referrer',
    'BR-01',
    () => ({ after: ({ headers }) => void headers.set('referrer-policy', 'no-referrer') }),
  ],
  [
    'a link without its fragment is an error',
    'BR-03',
    () => ({ before: (request) => (isLink(request) && request.url.includes('utm_source') ? answered(404) : undefined) }),
  ],
  [
    'a damaged link leads to a page with nothing to type into',
    'BR-03',
    () => ({
      after: (answer, request) =>
        void (isLink(request) && inPages((text) => text.replace(/<input[^>]*id="code"[^>]*>/, ''))(answer, request)),
    }),
  ],
  ['every form counts as the own one', 'BR-04', () => ({ before: sameOrigin(live.url) })],
  [
    'pages can be framed, and load from elsewhere',
    'BR-05,BR-06',
    () => ({
      after: (answer, request) => {
        without('content-security-policy', 'x-frame-options', 'cross-origin-resource-policy')(answer, request)
        inPages((text) => text.replace('</body>', '<img src="http://127.0.0.1:9/pixel"></body>'))(answer, request)
      },
    }),
  ],
  [
    'the secret is written into the path',
    'BR-06',
    () => ({
      after: (answer, request) => {
        without('content-security-policy')(answer, request)
        inPages((text) => text.replace('<head>', '<head><script>fetch("/log/" + location.hash.slice(1))</script>'))(answer, request)
      },
    }),
  ],
  [
    'a script is written into pages',
    'BR-07',
    () => ({ after: inPages((text) => text.replace('</body>', '<script>measure()</script></body>')) }),
  ],
]

describe('each case finds what it is about', () => {
  test.each(someOf(faults, 2))('%s: %s', async (_, fails, fault) => {
    proxy.fault = fault()
    const tried = await preflight([proxy.url, '--chromium', chromium, '--only', fails])
    expect([tried.code, ...outcomes(tried)]).toEqual([1, ...fails.split(',').map((id) => `${id} fail`)])
    expect(tried.results.map(({ evidence }) => evidence).filter((text) => text.includes('could not be tried'))).toEqual([])
  })

  test('and every one of them is', () => {
    const shown = new Set(faults.flatMap(([, fails]) => fails.split(',')))
    expect(cases.filter(({ id, area }) => area === 'real browser' && !shown.has(id))).toEqual([])
  })
})

test('what is no browser is told; a path without a file at once', async () => {
  const none = await preflight([live.url, '--chromium', join(folder, 'absent')])
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('where there is no file')])
  writeFileSync(join(folder, 'broken'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const tried = await preflight([live.url, '--chromium', join(folder, 'broken'), '--only', 'BR-05,HD-01'])
  expect([tried.code, ...outcomes(tried)]).toEqual([0, 'BR-05 not tried', 'HD-01 pass'])
  expect(tried.results[0]?.evidence).toContain('does not start')
})
