// AU-13: what was decided is decided again from what was written down, on both engines; and what was changed since is found.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { openEngine } from '../../src/store/open.ts'
import { one, run } from '../../src/store/operation.ts'
import { askAndOpen, DAY, type Kit, type KitOptions, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'

const policies: readonly NonNullable<KitOptions['policy']>[] = [
  'standard',
  'strict',
  { preset: 'standard', codeTries: 3, resendAfter: '30s' },
]

interface Report {
  readonly ok: boolean
  readonly looked: number
  readonly same: number
  readonly different: number
  readonly unreadable: number
  readonly notReplayable: number
  readonly goOnAfter: string | null
  readonly findings: readonly Record<string, unknown>[]
}

async function audit(url: string, line = ''): Promise<{ readonly code: number; readonly report: Report; readonly said: string }> {
  const out: string[] = []
  const err: string[] = []
  const code = await main(
    ['audit', 'replay', ...line.split(' ').filter(Boolean), '--since', '2026-11-01', '--json', '--database-url', url],
    {
      env: {},
      folder: '.',
      interactive: false,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
    },
  )
  return { code, report: JSON.parse(out.at(-1) ?? '{}') as Report, said: err.join('\n') }
}

/** A day in the life: nearly everything that can come out of a start, a resend, a proof and a mail. */
async function live(kit: Kit): Promise<void> {
  await signIn(kit, ADA)
  // By code, after two wrong ones; and the same again.
  const asked = await askAndOpen(kit, ADA)
  const desk = asked.browser
  for (const nth of [0, 1]) await desk.post('/sign-in/code', { c: asked.challenge, code: wrongCode(asked.code, nth) })
  for (let twice = 0; twice < 2; twice++) await desk.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })
  // In another browser, without and with the address; then too late.
  const bob = await askAndOpen(kit, BOB)
  const phone = kit.browser()
  await phone.post(`/l/${bob.linkId}`, { secret: bob.secret })
  await phone.post(`/l/${bob.linkId}`, { secret: bob.secret, email: ADA })
  await phone.post(`/l/${bob.linkId}`, { secret: bob.secret, email: BOB })
  const old = await askAndOpen(kit, 'carla@example.net')
  const late = old.browser
  await late.post('/sign-in/resend', { c: old.challenge })
  kit.clock.forward(2 * MINUTE)
  await late.post('/sign-in/resend', { c: old.challenge })
  await kit.settle()
  kit.clock.forward(DAY)
  await late.post(`/l/${old.linkId}`, { secret: old.secret })
  await late.post('/sign-in/code', { c: old.challenge, code: old.code ?? '' })
  // Until the code is locked, and until mails are too many.
  const victim = await askAndOpen(kit, ADA)
  const guessed = victim.browser
  for (let nth = 0; nth < 6; nth++) await guessed.post('/sign-in/code', { c: victim.challenge, code: wrongCode(victim.code, nth) })
  for (let more = 0; more < 4; more++) await kit.browser().ask(ADA)
  // What no function of policy and facts decides.
  await kit.browser().post('/sign-in', { email: 'no address' })
  await desk.post('/sign-out', {})
  await kit.settle()
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await fresh()
  })
  afterEach(() => database.drop())

  test('AU-13: everything comes out as it did, under the policy of its time', async () => {
    for (const [index, policy] of policies.entries()) {
      await using kit = await startKit({ database: database.url, policy })
      // Its clock starts where that of the one before started.
      kit.clock.forward(index * 7 * DAY)
      await live(kit)
    }
    const { code, report, said } = await audit(database.url)
    expect({ said, findings: report.findings }).toEqual({ said: '', findings: [] })
    expect(code).toBe(0)
    expect(report).toMatchObject({ ok: true, different: 0, unreadable: 0, goOnAfter: null })
    expect(report.same).toBeGreaterThan(90)
    expect(report.notReplayable).toBeGreaterThanOrEqual(6)
    expect(report.same + report.notReplayable).toBe(report.looked)
  })

  test('a record that was changed, a policy that was changed and one that is gone are found, each where it is', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const engine = await openEngine(database.url)
    const change = (sql: string, ...params: (string | number)[]) =>
      engine.write({ locks: { tenant: 'default', keys: [], limits: [] }, run: () => run(sql, ...params) })
    try {
      const event = await engine.read(() =>
        one<{ id: string; decision: string }>(
          "select id, decision from events where kind = 'verify' and reason = 'code_wrong' order by id limit 1",
        ),
      )
      const honest = event?.decision ?? ''
      await change('update events set decision = ? where id = ?', honest.replace('code_wrong', 'signed_in'), event?.id ?? '')
      const forged = await audit(database.url)
      expect(forged.code).toBe(1)
      expect(forged.report.findings).toEqual([
        expect.objectContaining({
          event: event?.id,
          kind: 'verify',
          now: JSON.parse(honest),
          recorded: expect.objectContaining({ reason: 'signed_in' }),
        }),
      ])
      await change('update events set decision = ? where id = ?', honest, event?.id ?? '')

      // Five tries were what the sixth guess met; with ten it is a wrong code like the others.
      await change('update policies set policy = replace(policy, \'"codeTries":5\', \'"codeTries":10\')')
      const lenient = await audit(database.url)
      expect(lenient.code).toBe(1)
      expect(lenient.report.findings.map(({ recorded }) => (recorded as { reason: string }).reason)).toContain('code_locked')

      await change('delete from policies')
      const lost = await audit(database.url)
      expect(lost.report).toMatchObject({ ok: false, same: 0, different: 0 })
      expect(lost.report.unreadable).toBe(lost.report.looked)
    } finally {
      await engine.close()
    }
  })

  test('a run goes on where another said, and looks at nothing twice', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const engine = await openEngine(database.url)
    const middle = await engine.read(() =>
      one<{ requestId: string; id: string }>('select request_id as "requestId", id from events order by request_id, id limit 1 offset 19'),
    )
    await engine.close()
    const whole = await audit(database.url)
    const rest = await audit(database.url, `--after ${middle?.requestId}.${middle?.id}`)
    expect(rest.report.looked).toBe(whole.report.looked - 20)
  })
})

test.each([
  ['audit', 'what?'],
  ['audit find', '"find" is not known'],
  ['audit replay all', '"all" is not expected here'],
  ['audit replay --since yesterday', '--since yesterday is no time'],
  ['audit replay --after here', '--after here is no place'],
])('postkey %s is told what is wrong', async (line, said) => {
  const err: string[] = []
  const code = await main(line.split(' '), { env: {}, folder: '.', interactive: false, out: () => {}, err: (text) => void err.push(text) })
  expect(code).toBe(2)
  expect(err.join('\n')).toContain(said)
})
