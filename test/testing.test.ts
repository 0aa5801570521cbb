// The test kit of `postkey/testing`, by its sources; in the hands of an adopter, packed and with the real runners: test/deep/testing-package.test.ts.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { damages, type KitOptions, rewriters, startKit, startServerKit } from '../src/testing/testing.ts'

const ADA = 'ada@example.net'
afterEach(() => vi.unstubAllEnvs())

describe.each([
  ['in the process', startKit],
  ['on a port', (options: KitOptions) => startServerKit({ policy: options.policy ?? 'standard' })],
])('a kit %s', (_, start) => {
  test('somebody signs in, is kept in mind until the clock says otherwise, and signs out', async () => {
    await using kit = await start({})
    const ada = await kit.signIn(ADA)
    expect(await ada.whoAmI()).toBe(ADA)
    kit.clock.forward('8d')
    expect(await ada.whoAmI()).toBeNull()
    const again = await kit.signIn(ADA)
    await again.signOut()
    expect(await again.whoAmI()).toBeNull()
    expect(kit.mailbox.all(ADA)).toHaveLength(2)
  })

  test('SC-01, SC-04: after a hostile inbox the person’s link works; each of its visitors was answered, and none is signed in', async () => {
    await using kit = await start({})
    const ada = kit.person()
    await ada.ask(ADA, '/notes')
    const { link, code, subject, text, html } = await kit.mail(ADA)
    for (const part of [text, html]) expect(part).toContain(code)
    expect(subject).not.toBe('')
    const { answers, signedIn } = await kit.scan(link ?? '')
    expect(signedIn).toBe(false)
    expect(Object.values(answers).map((all) => all.length)).toEqual([20, 30, 2, 3, 2])
    expect(answers.getTwice.map(({ status }) => status)).toEqual([200, 200])
    expect(new URL((await ada.follow(link ?? '')).location).pathname).toBe('/notes')
    expect(await ada.whoAmI()).toBe(ADA)
  })
})

test('a scanner that knows the address gets a session, and the report of the scan says so', async () => {
  await using kit = await startKit()
  const victim = kit.person()
  await victim.ask('scanner@preflight.example')
  const { link } = await kit.mail('scanner@preflight.example')
  expect((await kit.scan(link ?? '')).signedIn).toBe(true)
})

test('SC-09, SC-11: whatever a gateway makes of a link leads somewhere, and rewritten ones come back whole', async () => {
  await using kit = await startKit()
  const ada = kit.person()
  await ada.ask(ADA)
  const link = (await kit.mail(ADA)).link ?? ''
  for (const { wrap, unwrap } of Object.values(rewriters)) {
    expect(wrap(link)).not.toContain(link)
    expect(unwrap(wrap(link))).toBe(link)
  }
  for (const damage of Object.values(damages)) {
    expect(damage(link)).not.toBe(link)
    expect((await ada.get(damage(link))).status).toBe(200)
  }
})

test('requests go to the application that was given, which asks Postkey', async () => {
  const app: KitOptions['app'] = (postkey) => async (request) => {
    if (new URL(request.url).pathname.startsWith('/auth/')) return await postkey.handler(request)
    return new Response((await postkey.getSession(request)).live?.user.email ?? 'nobody')
  }
  await using kit = await startKit({ basePath: '/auth', app })
  expect((await (await kit.signIn(ADA)).get('/notes')).text).toBe(ADA)
  expect((await kit.person().get('/notes')).text).toBe('nobody')
})

test('a notice that comes late is not taken for the mail with the code', async () => {
  const late: KitOptions['reply'] = async ({ text }) => {
    if (!/^\d{6}$/m.test(text)) await new Promise((resolve) => setTimeout(resolve, 100))
    return { class: 'accepted', code: 250, text: 'ok' }
  }
  await using kit = await startKit({ policy: { newDeviceNotice: true }, reply: late })
  for (let nth = 0; nth < 3; nth++) expect(await (await kit.signIn(ADA)).whoAmI()).toBe(ADA)
})

test('what is wrong is said: no such mail, a policy without codes, a bad duration, a refused address', async () => {
  await using kit = await startKit({ policy: { methods: ['link'] } })
  await expect(kit.mail(ADA)).rejects.toThrow('no mail to ada@example.net: nobody got one')
  await expect(kit.signIn(ADA)).rejects.toThrow('has no code: follow its link')
  await expect(kit.mail('bob@example.net')).rejects.toThrow('there are some to ada@example.net')
  expect(() => kit.clock.forward('soon')).toThrow('"soon" is no duration')
  await expect(kit.person().ask('ada')).rejects.toThrow('asking for a mail to ada answers 422')
  await expect(kit.person().typeCode('123456')).rejects.toThrow('call person.ask(email) first')
})

test('a kit does not start in production, also where it was loaded before that was known', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  await expect(startKit()).rejects.toThrow('postkey/testing does not load where NODE_ENV is "production"')
  await expect(startServerKit()).rejects.toThrow('postkey/testing does not load where NODE_ENV is "production"')
})
