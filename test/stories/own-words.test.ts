// Texts of one's own: said in pages, answers and mails in the place of ours, in their language alone; and by a tenant, to its own people alone.
import { expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { nothing, run } from '../../src/store/operation.ts'
import { postkey } from '../cli.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, startKit } from '../kit.ts'
import { sqliteFile } from '../nodes.ts'

const OURS = 'Sign in to '

test('of the installation: in pages, problems and mails, in its own language only, and never as HTML', async () => {
  await using kit = await startKit({
    name: 'Acme',
    words: {
      en: {
        ask: { heading: 'Come in to {brand} <b>now</b>' },
        faces: { address_invalid: { heading: 'No address' } },
        mail: { subjectWithCode: '{code}: your key to {app}', codeWhere: 'Type it at <our> place.' },
      },
    },
  })
  const browser = kit.browser()
  const page = await browser.get('/sign-in')
  expect(page.text).toContain('Come in to Acme &lt;b&gt;now&lt;/b&gt;')
  expect(page.text).not.toContain('<b>now')
  expect((await browser.get('/sign-in', { 'accept-language': 'de' })).text).toContain('Bei Acme anmelden')
  expect((await browser.api('POST', '/api/sign-in', { email: 'x' })).json()).toMatchObject({
    reason: 'address_invalid',
    title: 'No address',
  })
  const { message, code } = await askAndOpen(kit, 'ada@example.net')
  expect(message.subject).toBe(`${code}: your key to Acme`)
  expect([message.text.includes('Type it at <our> place.'), message.html.includes('Type it at &lt;our&gt; place.')]).toEqual([true, true])
})

test('what cannot be said is refused at the start, all at once', async () => {
  const words = { en: { ask: { heading: 'Hi {user}', headline: 'Hi' }, mail: { subjectLink: 'two\r\nBcc: x' } }, xx: {} }
  await expect(startKit({ words: words as never })).rejects.toThrow(
    /control character[\s\S]*en\.ask\.headline: there is no such text[\s\S]*\{user\} is not known here[\s\S]*xx: is none of our languages/,
  )
})

test('TE-02: a tenant says its own to its people, and nobody else does; what is taken back is ours again', async () => {
  await using kit = await startKit({ name: 'Zest', words: { en: { ask: { heading: 'Zest says hello' } } } })
  const { tenants } = kit.postkey
  await tenants.add('acme', { name: 'Acme', prefix: '/t/acme', words: { en: { ask: { heading: 'Acme says hello' } } } })
  await tenants.add('beta', { name: 'Beta', prefix: '/t/beta' })
  const heading = async (path: string): Promise<string> =>
    /<h1[^>]*>([^<]*)/.exec((await kit.browser().get(`${path}/sign-in`)).text)?.[1] ?? ''
  expect([await heading(''), await heading('/t/acme'), await heading('/t/beta')]).toEqual([
    'Zest says hello',
    'Acme says hello',
    `${OURS}Beta`,
  ])
  await expect(tenants.set('acme', { words: { en: { ask: { heading: 'Hi {user}' } } } })).rejects.toThrow(
    /words: en\.ask\.heading: \{user\} is not known/,
  )
  expect(await heading('/t/acme')).toBe('Acme says hello')
  await tenants.set('acme', { words: null })
  expect(await heading('/t/acme')).toBe(`${OURS}Acme`)
})

test('texts that a later version no longer takes turn nobody away', async () => {
  await using database = await temporaryDatabase()
  {
    await using kit = await startKit({ database: database.url })
    await kit.postkey.tenants.add('acme', { name: 'Acme', prefix: '/t/acme', words: { en: { ask: { heading: 'Hello' } } } })
  }
  const engine = await openEngine(database.url)
  await engine.write({ locks: nothing, run: () => run(`update tenants set settings = replace(settings, '"heading"', '"gone"')`) })
  await engine.close()
  const warned: string[] = []
  const log = { event: () => {}, error: () => {}, warn: (name: string) => void warned.push(name) }
  await using kit = await startKit({ database: database.url, log })
  expect((await kit.browser().get('/t/acme/sign-in')).text).toContain(`${OURS}Acme`)
  expect(warned).toContain('words_unfit')
})

test('by the command line, from a file; a mistake is told with where it is', async () => {
  const { writeFileSync } = await import('node:fs')
  const database = await sqliteFile()
  await (await import('../../src/store/open.ts')).migrate(database.url)
  const folder = new URL('.', `file://${database.url.slice('file:'.length)}`).pathname
  const tenants = (...words: string[]) => postkey(['tenants', ...words, '--database-url', database.url], { folder })
  writeFileSync(`${folder}/words.json`, JSON.stringify({ de: { ask: { heading: 'Hallo' } } }))
  expect((await tenants('add', 'acme', '--name', 'Acme', '--prefix', '/t/acme', '--words', 'words.json')).code).toBe(0)
  expect(JSON.parse((await tenants('show', 'acme', '--json')).out)).toMatchObject({
    tenant: { settings: { words: { de: { ask: { heading: 'Hallo' } } } } },
  })
  writeFileSync(`${folder}/words.json`, JSON.stringify({ de: { ask: { heading: 'Hallo {wer}' } } }))
  const wrong = await tenants('set', 'acme', '--words', 'words.json')
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('words: de.ask.heading: {wer} is not known here, only {brand}')])
  await database.drop()
})
