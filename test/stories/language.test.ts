// In which language a person is answered: on the pages, and in the mail.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptedLanguage } from '../../src/http/language.ts'
import { languages } from '../../src/words/words.ts'
import { stepUp } from '../account.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, type Browser, MINUTE, signIn, startKit } from '../kit.ts'

const ADA = 'ada@example.net'
const GERMAN = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.8' }

/** The language that a page says it is in, and its heading. */
function spoken(text: string): string {
  const [, lang = '', dir = ''] = /<html lang="([^"]*)" dir="([^"]*)"/.exec(text) ?? []
  return `${lang} ${dir}: ${/<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? ''}`
}

const ask = async (browser: Browser, path: string, headers: Record<string, string> = {}): Promise<string> =>
  spoken((await browser.get(path, headers)).text)

test('a browser set to German gets German: the pages, a “no”, and the mail', async () => {
  await using kit = await startKit()
  const browser = kit.browser()
  const page = await browser.get('/sign-in', GERMAN)
  expect(spoken(page.text)).toBe('de ltr: Bei Example anmelden')
  expect(page.headers.get('vary')?.split(', ')).toContain('Accept-Language')
  expect(page.headers.getSetCookie().join()).not.toContain('language')

  const refused = await browser.post('/sign-in', { email: 'ada@@' }, GERMAN)
  expect(refused.status).toBe(422)
  expect(refused.text).toContain('Prüfen Sie die E-Mail-Adresse. Das liest sich nicht')

  const asked = await browser.post('/sign-in', { email: ADA }, GERMAN)
  await kit.settle()
  const check = await browser.get(asked.location, GERMAN)
  expect(spoken(check.text)).toBe('de ltr: Sehen Sie in Ihr Postfach')
  expect(check.text).toContain('10 Minuten, bis ')
  expect(check.text).toContain('höchstens 3 E-Mails je 15 Minuten und 10 je 24 Stunden')

  const { message, code } = kit.mailbox.newest(ADA)
  expect(message.subject).toBe(`${code} ist Ihr Anmeldecode für Example`)
  expect(message.text).toContain('Er gilt 10 Minuten, bis 09:10 UTC.')
  expect(message.text.replaceAll('\n', ' ')).toContain('(Firefox auf Linux, 09:00 UTC)')
  expect(message.html).toContain('<html lang="de" dir="ltr"')

  const wrong = await browser.post(
    '/sign-in/code',
    { c: new URL(asked.location, 'https://x').searchParams.get('c') ?? '', code: '1' },
    GERMAN,
  )
  expect(wrong.text).toContain('<title>Fehler: ')
  expect(wrong.text).toContain('Ein Code hat 6 Ziffern. Kein Versuch wurde verbraucht.')
})

test('what the address asks for goes before the cookie, and the cookie before what the browser says', async () => {
  await using kit = await startKit()
  const browser = kit.browser()
  expect(await ask(browser, '/sign-in', GERMAN)).toMatch(/^de/)
  expect(await ask(browser, '/sign-in?ui_locales=ja', GERMAN)).toBe('ja ltr: Example にサインイン')
  // Remembered: the form, the page after it and the mail keep to it.
  expect(browser.cookies.get('__Host-postkey-language')).toBe('ja')
  const { message, challenge } = await askAndOpen(kit, ADA, { browser })
  expect(message.subject).toMatch(/のサインインコードです$|が Example のサインインコードです$/)
  expect(await ask(browser, `/sign-in/check?c=${challenge}`, GERMAN)).toMatch(/^ja/)
  expect(await ask(browser, '/sign-in?ui_locales=fr', GERMAN)).toMatch(/^fr/)
  expect(await ask(browser, '/sign-in', GERMAN)).toMatch(/^fr/)
  // A mail that is asked for again speaks as the first one did.
  kit.clock.forward(MINUTE)
  await browser.post('/sign-in/resend', { c: challenge })
  await kit.settle()
  expect(kit.mailbox.all(ADA).map(({ html }) => /lang="(\w+)"/.exec(html)?.[1])).toEqual(['ja', 'ja'])
})

test.each([
  ['/sign-in?ui_locales=xx%20ar-EG%20de', GERMAN, /^ar rtl/],
  ['/sign-in?ui_locales=xx', GERMAN, /^de/],
  ['/sign-in?ui_locales=', GERMAN, /^de/],
  ['/sign-in?ui_locales=constructor', {}, /^en/],
  ['/sign-in', { 'accept-language': 'tlh, pt;q=0.9' }, /^en/],
  ['/sign-in', { 'accept-language': 'pt, es;q=0.5, fr;q=0.8' }, /^fr/],
  ['/sign-in', { 'accept-language': 'de;q=0, *' }, /^en/],
  ['/sign-in', { cookie: '__Host-postkey-language=es' }, /^es/],
  ['/sign-in', { cookie: '__Host-postkey-language=es; __Host-postkey-language=fr', ...GERMAN }, /^de/],
  ['/sign-in', { cookie: '__Host-postkey-language="><script>', ...GERMAN }, /^de/],
  ['/nothing/here', GERMAN, /^de ltr: Hier gibt es keine Seite/],
])('%s with %j', async (path, headers, expected) => {
  await using kit = await startKit()
  expect(await ask(kit.browser(), path, headers)).toMatch(expected)
})

test('the switch in the footer leads to the same page in each other language, and keeps where the person goes', async () => {
  await using kit = await startKit()
  const browser = kit.browser()
  const links = (text: string): string[] =>
    [...text.matchAll(/<a href="([^"]*ui_locales=[^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))
  const first = links((await browser.get('/sign-in?return_to=%2Fnotes%2F7')).text)
  expect(first).toHaveLength(languages.size - 1)
  const page = await browser.get(first.find((href) => href.endsWith('=es')) ?? '')
  expect(spoken(page.text)).toMatch(/^es/)
  expect(page.text).toMatch(/name="return_to" value="[^"]*\/notes\/7"/)
  expect(page.text).toContain('<span aria-current="true">Español</span>')

  const challenge = await browser.ask(ADA, '/notes/7')
  const check = links((await browser.get(`/sign-in/check?c=${challenge}`)).text)
  const again = await browser.get(check.find((href) => href.endsWith('=ar')) ?? '')
  expect(spoken(again.text)).toMatch(/^ar rtl/)
  expect(again.text).toContain(`name="c" value="${challenge}"`)
  // The landing page holds a secret that is in no address: it offers no way to leave it.
  await kit.settle()
  const { linkId } = kit.mailbox.newest(ADA)
  expect(links((await browser.get(`/l/${linkId}`)).text)).toEqual([])
})

test('an application says in which language it asks; else the browser does; what strangers make up is not kept', async () => {
  await using database = await temporaryDatabase()
  await using kit = await startKit({ database: database.url })
  const browser = kit.browser()
  const langOf = async (email: string, body: object, headers: Record<string, string> = {}): Promise<string | undefined> => {
    const answer = await browser.api('POST', '/api/sign-in', { email, ...body }, headers)
    expect(answer.status).toBe(202)
    await kit.settle()
    return /lang="(\w+)"/.exec(kit.mailbox.newest(email).message.html)?.[1]
  }
  expect(await langOf('a@example.net', { locale: 'fr-CA' }, GERMAN)).toBe('fr')
  expect(await langOf('b@example.net', {}, GERMAN)).toBe('de')
  expect(await langOf('c@example.net', { locale: 'xx' }, GERMAN)).toBe('de')
  expect(await langOf('d@example.net', { locale: 'xx' })).toBe('en')
  expect(database.rows('select locale from challenges order by email').map(({ locale }) => locale)).toEqual(['fr', 'de', 'de', 'en'])
  // A problem is read by programs first: its words stay English.
  const answer = await browser.api('POST', '/api/sign-in', { email: 'a@@' }, GERMAN)
  expect((answer.json() as { title: string }).title).toBe('Check the e-mail address')
  // By the library, for its own form.
  const request = new Request('https://auth.example.com/', { headers: GERMAN })
  await kit.postkey.startSignIn({ email: 'e@example.net' }, request)
  await kit.postkey.startSignIn({ email: 'f@example.net', locale: 'es' }, request)
  await kit.settle()
  expect(['e', 'f'].map((name) => /lang="(\w+)"/.exec(kit.mailbox.newest(`${name}@example.net`).message.html)?.[1])).toEqual(['de', 'es'])
})

test('SE-06: whoever proves the mailbox again reads it in their language: page, mail, landing page and a “no”; by the API too', async () => {
  await using kit = await startKit()
  const ada = await signIn(kit, ADA)
  expect(await ask(ada, '/account/confirm?return_to=%2Fnotes&ui_locales=de')).toBe('de ltr: Bestätigen Sie, dass Sie es sind')
  const { challenge, code, linkId, message } = await stepUp(kit, ada, ADA)
  expect(message.subject).toBe(`${code} bestätigt bei Example, dass Sie es sind`)
  expect(message.text).toContain('Jemand, der in Ihrem Konto bei Example angemeldet ist')
  const check = await ada.get(`/account/confirm?c=${challenge}`)
  expect(spoken(check.text)).toBe('de ltr: Sehen Sie in Ihr Postfach')
  expect(check.text).toMatch(new RegExp(`href="/account/confirm\\?c=${challenge}&(amp;)?ui_locales=fr"`))
  expect(await ask(ada, `/l/${linkId}`)).toBe('de ltr: Geben Sie den Code ein')
  // In another browser it says what was asked for, and of whom.
  const elsewhere = await kit.browser().get(`/l/${linkId}`, GERMAN)
  expect(elsewhere.text).toContain('Jemand, der bei Example angemeldet ist, wurde')
  const wrong = await ada.post('/account/confirm/code', { c: challenge, code: '1' })
  expect(wrong.text).toContain('Ein Code hat 6 Ziffern. Kein Versuch wurde verbraucht.')

  kit.clock.forward(MINUTE)
  expect((await ada.api('POST', '/api/step-up', { locale: 'fr-CA' })).status).toBe(202)
  await kit.settle()
  expect(kit.mailbox.newest(ADA).message.subject).toContain('confirme que c’est bien vous sur Example')
})

test('operators read English in the console, and strangers are refused it in their own language', async () => {
  await using kit = await startKit({ operators: ['ops@example.net'] })
  const ops = await signIn(kit, 'ops@example.net')
  expect(await ask(ops, '/console', GERMAN)).toBe('en ltr: Console')
  expect(await ask(ops, '/account', GERMAN)).toBe('de ltr: Ihr Konto')
  const eve = await signIn(kit, 'eve@example.net')
  expect(await ask(eve, '/console', GERMAN)).toBe(await ask(eve, '/nothing', GERMAN))
})

describe('EN-01: in every language', () => {
  test.each([...languages.keys()])('%s: known and unknown addresses get the same page', async (lang) => {
    await using kit = await startKit({ policy: { signUp: 'open' } })
    await signIn(kit, 'aa@example.net')
    const pages = await Promise.all(
      ['aa@example.net', 'bb@example.net'].map(async (email) => {
        const browser = kit.browser()
        await browser.get(`/sign-in?ui_locales=${lang}`)
        const challenge = await browser.ask(email)
        const { text, headers } = await browser.get(`/sign-in/check?c=${challenge}`)
        return text
          .replaceAll(email, 'ADDRESS')
          .replaceAll(challenge, 'CHALLENGE')
          .replaceAll(headers.get('x-request-id') ?? '?', 'ID')
      }),
    )
    expect(pages[0]).toBe(pages[1])
    expect(spoken(pages[0] ?? '')).toContain(`${lang} `)
  })
})

test('whatever a browser sends as Accept-Language, the answer is a language that we have', () => {
  const part = fc.tuple(
    fc.constantFrom('de', 'fr-FR', 'xx', '*', '', 'ar', '日', 'constructor'),
    fc.constantFrom('', ';q=0.3', ';q=x', ';q=', ';q=9', ' ;Q=0.9', ';a=b;q=0'),
  )
  const header = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc
      .array(
        part.map(([tag, q]) => `${tag}${q}`),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(',')),
  )
  fc.assert(fc.property(header, (sent) => languages.has(acceptedLanguage(sent))))
})
