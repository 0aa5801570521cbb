// Clocks that are wrong, in processes that have no other: the one that decides steps by an hour (the machine's on SQLite, the database's
// own on PostgreSQL), and two nodes on one PostgreSQL are twenty minutes apart. Nothing revives, no counter goes down, and people go on
// signing in.
import { afterEach, describe, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { nothing, run } from '../../src/store/operation.ts'
import { brokenRows } from '../examine.ts'
import { signIn, startKit, wrongCode } from '../kit.ts'
import { type Nodes, type OpenedMail, type Reply, sqliteFile, startNodes, type TestDatabase } from '../nodes.ts'
import { freshDatabase, freshDatabaseWithClock } from '../postgres.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const open: { nodes: Nodes; database: TestDatabase }[] = []
afterEach(async () => {
  for (const { nodes, database } of open.splice(0)) {
    await nodes[Symbol.asyncDispose]()
    await database.drop()
  }
})

async function start(database: TestDatabase, clocks: readonly number[]): Promise<Nodes> {
  const nodes = await startNodes({ database: database.url, count: clocks.length, clocks, policy: { resendAfter: 0, mailsPerLinkTtl: 2 } })
  open.push({ nodes, database })
  return nodes
}

interface Deciding {
  readonly nodes: Nodes
  readonly url: string
  /** So many milliseconds off. */
  setClock(shift: number): Promise<void>
}

/** A node, and the clock that decides. */
const deciding: Readonly<Record<string, () => Promise<Deciding>>> = {
  'the machine’s, on SQLite': async () => {
    const database = await sqliteFile()
    const nodes = await start(database, [0])
    return { nodes, url: database.url, setClock: (shift) => nodes.setClock(0, shift) }
  },
  'the database’s own, on PostgreSQL': async () => {
    const database = await freshDatabaseWithClock()
    return { nodes: await start(database, [0]), url: database.url, setClock: database.setClock }
  },
}

let people = 0

/** Somebody with a browser. */
class Person {
  readonly email: string
  readonly browser: string
  readonly address: string
  readonly nodes: Nodes
  constructor(nodes: Nodes, email?: string) {
    const number = ++people
    this.nodes = nodes
    this.email = email ?? `person-${number}@example.net`
    this.browser = `clock${number}`.padEnd(43, 'x')
    this.address = `198.51.${number}.7`
  }

  send(node: number, path: string, body?: object, session?: string, method: 'POST' | 'GET' | 'DELETE' = 'POST'): Promise<Reply> {
    const { browser, address } = this
    return this.nodes.send(node, { method, path, ...(body && { body }), browser, address, session: session ?? null })
  }

  async ask(node = 0): Promise<OpenedMail & { readonly challenge: string }> {
    const { body } = await this.send(node, '/api/sign-in', { email: this.email })
    const challenge = body.challenge ?? ''
    const mail = await this.mail(`${challenge}0`, 3 * SECOND)
    if (mail === null) throw new Error(`no mail to ${this.email}`)
    return { ...mail, challenge }
  }

  async mail(link: string, ms: number): Promise<OpenedMail | null> {
    for (const end = performance.now() + ms; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 10))) {
      const mail = this.nodes.mails.get(link)
      if (mail !== undefined) return mail
    }
    return null
  }

  async code(node: number, challenge: string, code: string): Promise<string> {
    return outcome(await this.send(node, '/api/sign-in/verify', { challenge, code }))
  }

  async link(node: number, challenge: string, secret: string): Promise<string> {
    return outcome(await this.send(node, '/api/sign-in/verify', { link: { id: `${challenge}0`, secret } }))
  }

  async signIn(node: number): Promise<string> {
    const { challenge, code } = await this.ask(node)
    const { body } = await this.send(node, '/api/sign-in/verify', { challenge, code })
    return body.session?.token ?? ''
  }
}

function outcome({ status, body }: Reply): string {
  return status === 200
    ? body.replayed
      ? 'replayed'
      : 'signed_in'
    : `${body.reason}${body.triesLeft == null ? '' : `, ${body.triesLeft} left`}`
}

describe('FA-21, FA-23, I14: the clock that decides steps by an hour and back', () => {
  test.each(Object.keys(deciding))(
    '%s: what ran out, was spent or ended stays so; all stays counted; whoever is new gets in',
    async (which) => {
      const { nodes, url, setClock } = await (deciding[which] as () => Promise<Deciding>)()
      const [ada, bob, cyd] = [new Person(nodes), new Person(nodes), new Person(nodes)]
      const guessed = await ada.ask()
      for (const left of [4, 3, 2])
        expect(await ada.code(0, guessed.challenge, wrongCode(guessed.code, left))).toBe(`code_wrong, ${left} left`)
      const spent = await bob.ask()
      expect(await bob.link(0, spent.challenge, spent.link)).toBe('signed_in')
      const out = await cyd.signIn(0)
      expect((await cyd.send(0, '/api/session', undefined, out, 'DELETE')).status).toBe(204)

      await setClock(-HOUR)
      expect(await ada.code(0, guessed.challenge, wrongCode(guessed.code, 1))).toBe('code_wrong, 1 left')
      expect(await ada.code(0, guessed.challenge, wrongCode(guessed.code, 0))).toBe('code_locked')
      expect(await ada.code(0, guessed.challenge, guessed.code)).toBe('code_locked')
      expect(await new Person(nodes, bob.email).link(0, spent.challenge, spent.link)).toBe('link_used')
      expect((await cyd.send(0, '/api/session', undefined, out, 'GET')).status).toBe(401)
      // The second mail of two; a third would be one too many, whatever the clock says.
      await ada.ask()
      const third = (await ada.send(0, '/api/sign-in', { email: ada.email })).body.challenge
      expect(await ada.mail(`${third}0`, 300)).toBeNull()
      expect(await new Person(nodes).signIn(0)).not.toBe('')

      // An hour ahead everything has run out; and when the clock is right again it still has.
      const late = await cyd.ask()
      await setClock(HOUR)
      expect(await cyd.code(0, late.challenge, late.code)).toBe('code_expired')
      expect(await cyd.link(0, late.challenge, late.link)).toBe('link_expired')
      await setClock(0)
      expect(await cyd.code(0, late.challenge, late.code)).toBe('code_expired')
      expect(await cyd.link(0, late.challenge, late.link)).toBe('link_expired')
      expect(await new Person(nodes).signIn(0)).not.toBe('')
      expect(await brokenRows(url, Date.now() + HOUR)).toEqual([])
    },
  )
})

describe('FA-22: two nodes twenty minutes apart, on one PostgreSQL', () => {
  test('both say the same of every secret, whichever made it: the clock of the database decides', async () => {
    const database = await freshDatabase()
    const nodes = await start(database, [10 * MINUTE, -10 * MINUTE])
    for (const [here, there] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const ada = new Person(nodes)
      const { challenge, code, link } = await ada.ask(here)
      expect(await ada.code(there, challenge, wrongCode(code))).toBe('code_wrong, 4 left')
      expect(await ada.code(here, challenge, wrongCode(code, 1))).toBe('code_wrong, 3 left')
      expect(await ada.code(there, challenge, code)).toBe('signed_in')
      expect([await ada.code(here, challenge, code), await ada.link(there, challenge, link)]).toEqual(['replayed', 'replayed'])
      const bob = new Person(nodes)
      const session = await bob.signIn(here)
      for (const node of [here, there]) expect((await bob.send(node, '/api/session', undefined, session, 'GET')).status).toBe(200)
      // Two mails in the life of a link, counted over both.
      const eve = new Person(nodes)
      await eve.ask(here)
      await eve.ask(there)
      for (const node of [here, there]) {
        const third = (await eve.send(node, '/api/sign-in', { email: eve.email })).body.challenge
        expect(await eve.mail(`${third}0`, 200)).toBeNull()
      }
    }

    // A second before its end by the database's clock, and after it.
    const cyd = new Person(nodes)
    const { challenge, code, link } = await cyd.ask(0)
    const engine = await openEngine(database.url)
    await engine.write({
      locks: nothing,
      run: ({ now }) =>
        run('update mails set link_expires_at = ?, code_expires_at = ? where challenge = ?', now + SECOND, now + SECOND, challenge),
    })
    await engine.close()
    for (const node of [0, 1]) expect(await cyd.code(node, challenge, wrongCode(code, node))).toMatch(/^code_wrong/)
    await new Promise((resolve) => setTimeout(resolve, 1.1 * SECOND))
    for (const node of [0, 1]) {
      expect([await cyd.code(node, challenge, code), await cyd.link(node, challenge, link)]).toEqual(['code_expired', 'link_expired'])
    }
    // By the clock of the database: nothing comes from the future, nothing lasts too long.
    expect(await brokenRows(database.url)).toEqual([])
  })

  test('FA-22: a node whose clock is more than two seconds off the database’s says so in its log, once a minute', async () => {
    for (const [shift, told] of [
      [1_000, 0],
      [-10 * MINUTE, 1],
      [10 * MINUTE, 1],
    ] as const) {
      const database = await freshDatabaseWithClock()
      await database.setClock(shift)
      const warnings: { readonly name: string; readonly ms: number }[] = []
      const log = {
        event: () => {},
        warn: (name: string, fields: object) => void warnings.push({ name, ms: 0, ...fields }),
        error: () => {},
      }
      const kit = await startKit({ database: database.url, log })
      for (let index = 0; index < 5; index++) await signIn(kit, `ada${index}@example.net`)
      await kit.close()
      await database.drop()
      expect(warnings).toHaveLength(told)
      for (const { name, ms } of warnings) expect([name, Math.round(ms / SECOND)]).toEqual(['clock_skewed', -shift / SECOND])
    }
  })
})
