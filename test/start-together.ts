// Several processes that start at the same moment on an empty database: one brings the schema up, all of them serve.
import { readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { openEngine } from '../src/store/open.ts'
import { all } from '../src/store/operation.ts'
import { startNodes, type TestDatabase } from './nodes.ts'

const names = readdirSync(new URL('../src/store/migrations/', import.meta.url)).map((file) => /^\d+-[a-z-]+/.exec(file)?.[0] ?? '')

export async function startTogether(count: number, fresh: () => Promise<TestDatabase>): Promise<void> {
  const database = await fresh()
  const nodes = await startNodes({ database: database.url, count, together: true })
  // Somebody asks at each, and gets in at the next one.
  const person = (node: number): string => `browser${node}`.padEnd(43, '0')
  const asked = await Promise.all(
    Array.from({ length: count }, (_, node) =>
      nodes.send(node, {
        method: 'POST',
        path: '/api/sign-in',
        body: { email: `person${node}@example.net` },
        browser: person(node),
        address: `203.0.${node}.7`,
      }),
    ),
  )
  expect(asked.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 202))
  for (const [node, { body }] of asked.entries()) {
    const challenge = body.challenge ?? ''
    const arrived = () => [...nodes.mails].find(([id]) => id.startsWith(challenge))?.[1]
    for (let wait = 0; wait < 200 && arrived() === undefined; wait++) await new Promise((resolve) => setTimeout(resolve, 20))
    const code = arrived()?.code ?? ''
    const answer = await nodes.send((node + 1) % count, {
      method: 'POST',
      path: '/api/sign-in/verify',
      body: { challenge, code },
      browser: person(node),
    })
    expect([answer.status, answer.body.user?.email]).toEqual([200, `person${node}@example.net`])
  }
  await nodes[Symbol.asyncDispose]()

  const engine = await openEngine(database.url)
  const applied = await engine.read(() => all<{ name: string }>('select name from migrations order by number'))
  expect(applied.map(({ name }) => name)).toEqual(names.toSorted())
  await engine.close()
  await database.drop()
}
