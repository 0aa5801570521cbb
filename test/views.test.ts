// Views of links, on every engine: kept beside all else, bounded, and lost rather than waited for.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ViewFacts } from '../src/core/view.ts'
import { type SeenView, startViews, type Views, type ViewsOf } from '../src/flow/views.ts'
import { type OpenEngine, openEngine, storeOver } from '../src/store/open.ts'
import type { RecordedView } from '../src/store/record-store.ts'
import type { SqliteEngine } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { askAndOpen, type Browser, type Kit, startKit } from './kit.ts'
import { sharedDatabases, type TestDatabase } from './nodes.ts'

const facts: ViewFacts = { method: 'GET', state: 'live', bound: false, cookie: false, prefetch: false, navigation: true, ageMs: 1_000 }
const START = { challenge: '', at: 0, id: '' }
const WAIT_MS = 5_000

const viewOf = (challenge: string, at: number, id = 'a'): RecordedView => ({ challenge, at, id, ordinal: 0, facts })

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let engine: OpenEngine
  let store: Store
  const closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    database = await fresh()
    engine = await openEngine(database.url)
    await engine.migrate()
    store = storeOver(engine)
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    await engine.close()
    await database.drop()
  })

  const all = (): Promise<readonly RecordedView[]> => store.readViewsAfter('default', START, 10_000)
  const here = async (kit: Kit): Promise<Kit> => {
    closing.push(() => kit.close())
    return kit
  }
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + WAIT_MS; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 10)))
      if (Date.now() > end) throw new Error('waited in vain')
  }

  /** Somebody else writes without end. */
  async function block(): Promise<() => Promise<void>> {
    if (database.url.startsWith('file:')) {
      const other = (await openEngine(database.url)) as SqliteEngine
      other.database.exec('begin immediate')
      return async () => {
        other.database.exec('rollback')
        await other.close()
      }
    }
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query('begin; lock table views in access exclusive mode')
    return async () => {
      await client.query('rollback')
      await client.end()
    }
  }

  test('what is written is read again: of a challenge, and all of them in order, place by place', async () => {
    const views = [viewOf('Aa', 3), viewOf('a', 1), viewOf('A', 2, 'b'), viewOf('A', 2), viewOf('A', 1, 'z')]
    await store.writeViews('default', views)
    await store.writeViews('other', [viewOf('A', 7)])
    const inOrder = [4, 3, 2, 0, 1].map((at) => views[at])
    expect(await store.readViews('default', 'A')).toEqual(inOrder.slice(0, 3))
    expect(await all()).toEqual(inOrder)
    const walked: RecordedView[] = []
    for (let place = START, next: readonly RecordedView[] = []; ; place = next.at(-1) as RecordedView) {
      next = await store.readViewsAfter('default', place, 2)
      walked.push(...next)
      if (next.length < 2) break
    }
    expect(walked).toEqual(inOrder)
  })

  test('of each challenge the first fifty are kept, however they come', async () => {
    const many = (challenge: string, from: number, count: number) =>
      Array.from({ length: count }, (_, nth) => viewOf(challenge, from + nth))
    await store.writeViews('default', many('A', 0, 30))
    await store.writeViews('default', [...many('A', 30, 40), ...many('B', 0, 70), ...many('C', 0, 3)])
    await store.writeViews('default', many('A', 100, 1))
    for (const [challenge, count] of [
      ['A', 50],
      ['B', 50],
      ['C', 3],
    ] as const)
      expect((await store.readViews('default', challenge)).map(({ at }) => at)).toEqual(Array.from({ length: count }, (_, at) => at))
  })

  test('a GET and a HEAD are noted as what they were; ids that nobody has are not', async () => {
    const kit = await here(await startKit({ database: database.url }))
    const { browser, challenge, linkId, secret } = await askAndOpen(kit, 'ada@example.net')
    kit.clock.forward(22_000)
    const phone = kit.browser()
    const visits: readonly (readonly [Browser, string, string, Record<string, string>])[] = [
      [kit.browser(), 'HEAD', linkId, {}],
      [kit.browser(), 'GET', linkId, { 'sec-fetch-mode': 'no-cors' }],
      [kit.browser(), 'GET', linkId, { 'sec-purpose': 'prefetch', 'sec-fetch-mode': 'navigate' }],
      [phone, 'GET', linkId, { 'sec-fetch-mode': 'navigate' }],
      [phone, 'GET', linkId, { 'sec-fetch-mode': 'navigate' }],
      [browser, 'GET', `${linkId}%23${secret}`, { 'sec-fetch-mode': 'navigate' }],
      ...[`${linkId.slice(0, 16)}9`, 'AAAAAAAAAAAAAAAA0', 'x', ''].map((path) => [browser, 'GET', path, {}] as const),
    ]
    for (const [from, method, path, headers] of visits) {
      await from.send(`/l/${path}`, { method, headers })
      kit.clock.forward(1)
    }
    kit.clock.forward(15 * 60_000)
    await browser.get(`/l/${linkId}`)
    // An answer to a POST is no view.
    await browser.post(`/l/${linkId}`, { secret })
    await kit.close()
    const views = await store.readViews('default', challenge)
    const seen = { ...facts, ageMs: 22_000 }
    expect(views.map((view) => [view.ordinal, view.facts])).toEqual(
      [
        { ...seen, method: 'HEAD', navigation: null },
        { ...seen, navigation: false, ageMs: 22_001 },
        { ...seen, prefetch: true, ageMs: 22_002 },
        { ...seen, ageMs: 22_003 },
        { ...seen, cookie: true, ageMs: 22_004 },
        { ...seen, cookie: true, bound: true, ageMs: 22_005 },
        { ...seen, cookie: true, bound: true, navigation: null, state: 'expired', ageMs: 922_010 },
      ].map((one) => [0, one]),
    )
    expect(await all()).toHaveLength(views.length)
    expect(JSON.stringify(await all())).not.toMatch(/@|Mozilla|203\./)
    expect(JSON.stringify(await all())).not.toContain(secret)
  })

  test('while the database takes no writes a GET answers as ever; the views come when it does', async () => {
    const kit = await here(await startKit({ database: database.url }))
    const { linkId } = await askAndOpen(kit, 'ada@example.net')
    await kit.settle()
    const release = await block()
    closing.push(release)
    const slowest: number[] = []
    for (const end = Date.now() + 1_500; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 40))) {
      const began = performance.now()
      expect((await kit.browser().get(`/l/${linkId}`)).status).toBe(200)
      slowest.push(performance.now() - began)
    }
    expect(Math.max(...slowest)).toBeLessThan(1_000)
    expect(await countElsewhere(database.url)).toBe(0)
    closing.pop()
    await release()
    await until(async () => (await all()).length > 10)
  })

  const seen = (challenge: string | null): SeenView => ({ challenge, at: 1, ordinal: 0, facts })
  const viewsWith = (
    options: Parameters<typeof startViews>[1],
  ): { readonly views: ViewsOf & Pick<Views, 'stop'>; readonly said: string[] } => {
    const said: string[] = []
    const log = {
      event: () => {},
      warn: (name: string, fields: object) => void said.push(`${name} ${JSON.stringify(fields)}`),
      error: (name: string) => void said.push(name),
    }
    const views = startViews({ store, now: Date.now, log }, options)
    return { views: { ...views.of('default'), stop: views.stop }, said }
  }

  test('what does not fit in memory is dropped and counted, and one challenge cannot take all the room', async () => {
    const { views, said } = viewsWith({ waitingMax: 120, flushAfterMs: 60_000 })
    for (let i = 0; i < 300; i++) views.saw(seen('flooded'))
    for (let i = 0; i < 100; i++) views.saw(seen(`challenge${i}`))
    for (let i = 0; i < 9; i++) views.saw(seen(null))
    expect(views.counts()).toEqual({ written: 0, dropped: 30, unknown: 9, beyond: 250 })
    await views.stop()
    expect(views.counts()).toEqual({ written: 120, dropped: 30, unknown: 9, beyond: 250 })
    expect(said).toEqual(['views_dropped {"count":30}'])
    expect(await all()).toHaveLength(120)
    views.saw(seen('late'))
    expect(views.counts().dropped).toBe(31)
  })

  test('what the database refuses is dropped and counted, and later views are written', async () => {
    const { views, said } = viewsWith({ flushAfterMs: 1, restAfterFailureMs: 10 })
    await engine.write({ locks: { tenant: '', keys: [], limits: [] }, run: () => rename('views', 'hidden') })
    views.saw(seen('one'))
    await until(() => views.counts().dropped === 1)
    await engine.write({ locks: { tenant: '', keys: [], limits: [] }, run: () => rename('hidden', 'views') })
    views.saw(seen('two'))
    await until(() => views.counts().written === 1)
    await views.stop()
    expect((await all()).map(({ challenge }) => challenge)).toEqual(['two'])
    expect(said).toEqual(['views_not_written', 'views_dropped {"count":1}'])
  })
})

function* rename(from: string, to: string) {
  yield { sql: `alter table ${from} rename to ${to}`, params: [] }
}

/** By a look that waits for no lock: PostgreSQL's own count of the rows, which sees no more than what was committed. */
async function countElsewhere(url: string): Promise<number> {
  if (!url.startsWith('file:')) return 0
  const engine = await openEngine(url)
  const views = await storeOver(engine).readViewsAfter('default', START, 10_000)
  await engine.close()
  return views.length
}
