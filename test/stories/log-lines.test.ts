// What the log says and what the record says belong together: each line of an answer or a decision carries the request id, which the person
// sees as well, and each decision its reason. And one source says which versions run, wherever they are told.
import { describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { createLog, type LogFields } from '../../src/run/log.ts'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { type Answer, askAndOpen, type Browser, DAY, type Kit, MINUTE, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

type Line = Readonly<Record<string, string | number | undefined>>

interface Watched {
  readonly kit: Kit
  readonly database: TestDatabase
  readonly lines: () => Line[]
  /** Every answer, with the method that it was asked by. */
  readonly answers: { readonly method: string; readonly answer: Answer }[]
}

/** The real log, as it goes to stdout. */
async function watched(fresh: () => Promise<TestDatabase>): Promise<Watched> {
  const database = await fresh()
  const text: string[] = []
  const log = createLog({ level: 'info', format: 'json', destination: { write: (line) => void text.push(line), flush: async () => {} } })
  const kit = await startKit({
    database: database.url,
    log: {
      event: (name, fields) => log.event(name, fields as LogFields),
      warn: (name, fields) => log.warn(name, fields as LogFields),
      error: (name, error, fields) => log.error(name, error, fields as LogFields),
    },
    reply: ({ to }) => (to.startsWith('gone') ? { class: 'permanent', text: '550 no such user' } : { class: 'accepted', text: '250 ok' }),
  })
  const answers: Watched['answers'] = []
  const heard: Kit = {
    ...kit,
    browser: (options) => {
      const browser = kit.browser(options)
      const { send } = browser
      browser.send = async function (this: Browser, path, init) {
        const answer = await send.call(this, path, init)
        answers.push({ method: init.method ?? 'GET', answer })
        return answer
      }
      return browser
    },
  }
  return { kit: heard, database, lines: () => text.map((line) => JSON.parse(line) as Line), answers }
}

/** Nearly everything that can be asked here, good and bad. */
async function live(kit: Kit): Promise<void> {
  const ada = await askAndOpen(kit, 'ada@example.net')
  await ada.browser.get(`/sign-in/check?c=${ada.challenge}`)
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: 'no code' })
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: wrongCode(ada.code) })
  for (let twice = 0; twice < 2; twice++) await ada.browser.post('/sign-in/code', { c: ada.challenge, code: ada.code ?? '' })
  await ada.browser.get('/account')
  const bob = await askAndOpen(kit, 'bob@example.net')
  await bob.browser.post('/sign-in/resend', { c: bob.challenge })
  kit.clock.forward(2 * MINUTE)
  await bob.browser.post('/sign-in/resend', { c: bob.challenge })
  const phone = kit.browser()
  await phone.get(`/l/${bob.linkId}`)
  await phone.post(`/l/${bob.linkId}`, { secret: bob.secret })
  await phone.post(`/l/${bob.linkId}`, { secret: bob.secret, email: 'bob@example.net' })
  await phone.post('/account/sessions/end-others', {})
  await phone.post('/sign-out', {})
  const api = kit.browser()
  const asked = (await api.api('POST', '/api/sign-in', { email: 'carla@example.net' })).json() as { challenge: string }
  await kit.settle()
  const { code } = kit.mailbox.newest('carla@example.net').message.text.match(/(?<code>\d{6})/)?.groups ?? {}
  await api.api('POST', '/api/sign-in/resend', { challenge: asked.challenge })
  await api.api('POST', '/api/sign-in/verify', { challenge: asked.challenge, code })
  await api.api('GET', '/api/sessions')
  await api.api('DELETE', '/api/sessions/unknown')
  await api.api('DELETE', '/api/session')
  await kit.browser().ask('gone@example.net')
  await kit.browser().post('/sign-in', { email: 'no address' })
  await kit.browser().post('/sign-in', { email: 'ada@example.net' }, { origin: 'null' })
  await kit.browser().post('/sign-in', 'email=a&email=b')
  await kit.browser().get('/nothing')
  await kit.browser().send('/sign-in', { method: 'PUT' })
  kit.clock.forward(DAY)
  await bob.browser.get(`/l/${bob.linkId}`)
  await kit.settle()
}

const DECISIONS = ['sign_in_start', 'sign_in_resend', 'sign_in_verify', 'mail', 'session_end']

describe.each(sharedDatabases)('%s', (_, fresh) => {
  test('every line of an answer and of a decision carries the request id, every decision its reason, and the record says the same', async () => {
    const { kit, database, lines, answers } = await watched(fresh)
    await live(kit)
    await kit.close()
    const said = lines()
    const requests = said.filter(({ event }) => event === 'request')
    expect(requests.map(({ requestId }) => requestId)).toEqual(answers.map(({ answer }) => answer.headers.get('x-request-id')))
    expect(requests.length).toBeGreaterThan(20)
    // An answer to what was sent in, or one that is no, says why; a page that was looked at has no reason.
    const unexplained = requests.filter(({ method, status, reason }) => (method !== 'GET' || Number(status) >= 400) && reason === undefined)
    expect(unexplained.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([])

    const decisions = said.filter(({ event }) => DECISIONS.includes(String(event)))
    expect(new Set(decisions.map(({ event }) => event))).toEqual(new Set(DECISIONS))
    expect(decisions.filter(({ requestId, reason }) => requestId === undefined || reason === undefined)).toEqual([])
    const engine = await openEngine(database.url)
    const events = await engine.read(() =>
      all<{ id: string; reason: string; versions: string }>('select request_id as id, reason, versions from events'),
    )
    await engine.close()
    const recorded = new Set(events.map(({ id, reason }) => `${id} ${reason}`))
    expect(decisions.filter(({ requestId, reason }) => !recorded.has(`${requestId} ${reason}`))).toEqual([])
    // And what a person sees is what stands there.
    const known = new Set(requests.map(({ requestId }) => requestId))
    expect(decisions.filter(({ requestId }) => !known.has(requestId))).toEqual([])

    // U5: one source of versions, in every event.
    expect([...new Set(events.map(({ versions }) => versions))].map((text) => JSON.parse(text))).toEqual([kit.postkey.versions])
    await database.drop()
  })
})

test('U5: the versions are the same wherever they are told', async () => {
  await using kit = await startKit({ dev: { list: () => [], get: () => undefined } })
  const { app, schema, policy, template } = kit.postkey.versions
  expect((await kit.browser().get('/version')).json()).toEqual({ app, schema, policy, template })
  expect(await kit.postkey.metrics()).toContain(
    `postkey_build_info{version="${app}",schema="${schema}",policy="${policy}",template="${template}"} 1`,
  )
  const out: string[] = []
  for (const line of [['--version'], ['--version', '--json']])
    await main(line, { env: {}, folder: '.', interactive: false, out: (text) => void out.push(text), err: () => {} })
  expect(out[0]).toBe(app)
  expect(JSON.parse(out[1] ?? '')).toEqual({ version: app, schema, template })
})
