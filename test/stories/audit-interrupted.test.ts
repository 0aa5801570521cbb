// Long looks at the record that somebody interrupts: each says so, ends with 1, and what goes on from there adds up to the whole.
import nodeDns from 'node:dns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { type DnsServer, startDns } from '../dns-server.ts'
import { askAndOpen, DAY, MINUTE, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { sized } from '../size.ts'

interface Report {
  readonly ok: boolean
  readonly looked: number
  readonly goOnAfter: string | null
  readonly verdicts?: Readonly<Record<string, number>>
  readonly tenants?: { readonly default: { readonly changes: Readonly<Record<string, { readonly more: number; readonly less: number }>> } }
  readonly advice?: object | null
}

interface Ran {
  readonly code: number
  readonly report: Report
}

async function postkey(words: readonly string[]): Promise<Ran> {
  const out: string[] = []
  const code = await main([...words, '--json'], {
    env: {},
    folder: '.',
    interactive: false,
    out: (text) => void out.push(text),
    err: (text) => void out.push(text),
  })
  return { code, report: JSON.parse(out.at(-1) ?? '{}') as Report }
}

/** Whoever runs it presses Ctrl-C, again and again. Nobody but the command hears it. */
async function interrupted(words: readonly string[]): Promise<Ran> {
  const pressing = setInterval(() => process.emit('SIGINT'), 1)
  try {
    return await postkey(words)
  } finally {
    clearInterval(pressing)
  }
}

/** Until it is through: every run that was interrupted is gone on with. */
async function inPieces(words: readonly string[]): Promise<readonly Report[]> {
  const reports: Report[] = []
  for (let after: readonly string[] = []; reports.length < 20; ) {
    const { code, report } = await interrupted([...words, ...after])
    expect(code).toBe(report.goOnAfter === null ? 0 : 1)
    reports.push(report)
    if (report.goOnAfter === null) return reports
    after = ['--after', report.goOnAfter]
  }
  throw new Error('it does not end')
}

/** Of which a look at the record reads more than one page. */
const SIGN_INS = sized(200, 400)

const sum = (reports: readonly Report[], of: (report: Report) => number): number => reports.reduce((all, report) => all + of(report), 0)

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let dns: DnsServer
  const before = nodeDns.getServers()

  beforeAll(async () => {
    dns = await startDns({ 'google.test': { mx: ['aspmx.l.google.com'] } })
    nodeDns.setServers([dns.address])
    database = await fresh()
    const kit = await startKit({ database: database.url })
    for (let nth = 0; nth < SIGN_INS; nth++) {
      const { browser, linkId, secret } = await askAndOpen(kit, `p${nth % 40}@google.test`)
      kit.clock.forward((nth % 4) * 10 * MINUTE)
      await browser.get(`/l/${linkId}`)
      await browser.post(`/l/${linkId}`, { secret })
      kit.clock.forward(DAY / 40)
    }
    await kit.close()
  })
  afterAll(async () => {
    nodeDns.setServers(before)
    dns.close()
    await database.drop()
  })

  const line = (...words: string[]): string[] => [...words, '--since', '2026-11-01', '--database-url', database.url]

  test('audit try', async () => {
    const words = line('audit', 'try', '--policy', 'corporate')
    const { code, report: whole } = await postkey(words)
    expect(code).toBe(0)
    // A quarter each came after 20 and 30 minutes, by view and by submit.
    const found = whole.tenants?.default.changes
    expect([found?.['signIns'], found?.['expiredLandings']]).toEqual([
      { more: SIGN_INS / 2, less: 0 },
      { more: 0, less: SIGN_INS / 2 },
    ])
    const parts = await inPieces(words)
    expect(parts.length).toBeGreaterThan(1)
    expect(sum(parts, ({ looked }) => looked)).toBe(whole.looked)
    for (const name of Object.keys(whole.verdicts ?? {}))
      expect(
        sum(parts, ({ verdicts }) => verdicts?.[name] ?? 0),
        name,
      ).toBe(whole.verdicts?.[name])
    for (const name of Object.keys(found ?? {}))
      for (const way of ['more', 'less'] as const)
        expect(
          sum(parts, ({ tenants }) => tenants?.default.changes[name]?.[way] ?? 0),
          `${name} ${way}`,
        ).toBe(found?.[name]?.[way])
  })

  test('audit replay', async () => {
    const words = line('audit', 'replay')
    const { report: whole } = await postkey(words)
    const parts = await inPieces(words)
    expect(parts.length).toBeGreaterThan(1)
    expect(sum(parts, ({ looked }) => looked)).toBe(whole.looked)
  })

  test('calibrate: what was seen is told, and nothing is advised', async () => {
    const whole = await postkey(line('calibrate'))
    expect(whole.code).toBe(0)
    expect(whole.report.advice).toMatchObject({ verdict: 'longer' })
    const { code, report } = await interrupted(line('calibrate'))
    expect(code).toBe(1)
    expect(report).toMatchObject({ ok: false, advice: null })
  })
})

test.each([
  ['calibrate --since yesterday', 'postkey calibrate: --since yesterday is no time'],
  ['calibrate now', '"now" is not expected here'],
  ['calibrate --policy strict', 'there is no flag --policy'],
  ['audit try strict', '"strict" is not expected after try'],
])('postkey %s is told what is wrong', async (words, said) => {
  const err: string[] = []
  const code = await main(words.split(' '), { env: {}, folder: '.', interactive: false, out: () => {}, err: (text) => void err.push(text) })
  expect(err.join('\n')).toContain(said)
  expect(code).toBe(2)
})
