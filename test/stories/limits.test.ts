// Guessing, bombing and flooding, simulated over days by moving the clock: what the limits stop, and what they must not.
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/index.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, type Browser, DAY, HOUR, type Kit, MINUTE, openMail, signIn, startKit, wrongCode } from '../kit.ts'
import { sized } from '../size.ts'

const ADA = 'ada@example.net'

const guess = async (browser: Browser, challenge: string, code: string): Promise<string> => {
  const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code })
  return answer.status === 200 ? 'signed_in' : answer.reason
}

/** All five guesses at one code; how many were looked at. */
async function guessAll(kit: Kit, browser: Browser, challenge: string, code: string | null): Promise<number> {
  let looked = 0
  for (let i = 0; i < kit.postkey.policy.codeTries; i++) {
    const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code: wrongCode(code, i) })
    // The last of the five looks already answers that the code is locked.
    if (answer.reason === 'code_wrong' || (answer.reason === 'code_locked' && looked === i)) looked++
  }
  return looked
}

describe('guessing', () => {
  test('RL-01: five wrong codes, a new mail, again and again for a day: it ends at ten; the code is left out, the link works', async () => {
    await using kit = await startKit()
    const attacker = kit.browser()
    let looked = 0
    for (let round = 0; round < 9; round++) {
      const { challenge, code } = await askAndOpen(kit, ADA, { browser: attacker })
      looked += await guessAll(kit, attacker, challenge, code)
      kit.clock.forward(2 * HOUR)
    }
    expect(looked).toBe(10)
    const { code, link, linkId, secret, browser, message } = await askAndOpen(kit, ADA)
    expect([code, link === null]).toEqual([null, false])
    expect(message.text).toContain('only the link')
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('RL-01: past the budget even the right code of a mail already out is refused, and says what works', async () => {
    await using kit = await startKit()
    const attacker = kit.browser()
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    for (let round = 0; round < 2; round++) {
      const asked = await askAndOpen(kit, ADA, { browser: attacker })
      await guessAll(kit, attacker, asked.challenge, asked.code)
    }
    const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code })
    expect([answer.status, answer.reason]).toEqual([422, 'code_off'])
    expect((answer.json() as { nextStep: string }).nextStep).toContain('link')
  })

  test('RL-02: the same from hundreds of networks within a day, ten thousand in the whole: the total is the same', async () => {
    await using kit = await startKit()
    const networks = sized(200, 10_000)
    let looked = 0
    for (let i = 0; i < networks; i++) {
      const browser = kit.browser({ address: `${11 + (i >> 8)}.${i & 255}.0.1` })
      const challenge = await browser.ask(ADA)
      for (let n = 0; n < 5; n++) if ((await guess(browser, challenge, wrongCode(null, 5 * i + n))) !== 'code_off') looked++
      kit.clock.forward(Math.floor(DAY / networks))
    }
    // Ten failures; the rest heard that codes are off. One in a hundred thousand runs a guess is right, and says so here.
    expect(looked).toBe(10)
  })

  test('RL-01: a sign-in gives back the failures of its own flow, and of no other', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const failures = async (): Promise<readonly unknown[]> => (await database.windows(ADA)).failures
    const attacker = await askAndOpen(kit, ADA)
    await guessAll(kit, attacker.browser, attacker.challenge, attacker.code)
    const own = await askAndOpen(kit, ADA)
    for (let i = 0; i < 3; i++) await guess(own.browser, own.challenge, wrongCode(own.code, i))
    expect(await failures()).toHaveLength(8)
    expect(await guess(own.browser, own.challenge, own.code ?? '')).toBe('signed_in')
    expect(await failures()).toHaveLength(5)
  })

  test('RL-13: whoever burns the code budget every day for thirty days locks nobody out', async () => {
    await using kit = await startKit()
    for (let day = 0; day < 30; day++) {
      const attacker = kit.browser()
      for (let round = 0; round < 2; round++) {
        const { challenge, code } = await askAndOpen(kit, ADA, { browser: attacker })
        await guessAll(kit, attacker, challenge, code ?? '000000')
      }
      kit.clock.forward(HOUR)
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
      kit.clock.forward(DAY - HOUR)
    }
  })

  test('RL-14: codes posted to a challenge by a browser that did not ask are not compared and spend nothing', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const attacker = kit.browser()
    for (let i = 0; i < 20; i++)
      expect(await guess(attacker, challenge, i === 10 ? (code ?? '') : wrongCode(code, i))).toBe('code_other_browser')
    expect(database.rows('select code_tries as tries from mails')).toEqual([{ tries: 0 }])
    expect((await database.windows(ADA)).failures).toEqual([])
    expect(await guess(browser, challenge, code ?? '')).toBe('signed_in')
  })
})

test('RL-14: a browser that did not ask gets no further mail out of a challenge, whatever it knows of it', async () => {
  await using kit = await startKit()
  const { browser, challenge } = await askAndOpen(kit, ADA)
  kit.clock.forward(kit.postkey.policy.resendAfter)
  const stranger = kit.browser()
  await stranger.get('/sign-in')
  expect((await stranger.post('/sign-in/resend', { c: challenge })).status).toBe(404)
  expect((await kit.browser().api('POST', '/api/sign-in/resend', { challenge })).reason).toBe('challenge_unknown')
  await kit.settle()
  expect(kit.mailbox.all(ADA)).toHaveLength(1)
  expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
})

describe('flooding', () => {
  test('RL-03: sixty-four-bit networks rotated within one /48, all 65,536 in the whole, meet the limit of the /48', async () => {
    await using kit = await startKit()
    const { count } = kit.postkey.policy.starts.networkWide
    const rotated = sized(count + 20, 65_536)
    const statuses: number[] = []
    for (let i = 0; i < rotated; i++) {
      const client = kit.browser({ address: `2001:db8:77:${i.toString(16)}::1` })
      statuses.push((await client.post('/sign-in', { email: `a${i}@example.net` })).status)
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(count)
    expect(new Set(statuses.slice(count))).toEqual(new Set([429]))
    expect((await kit.browser({ address: '2001:db8:78::1' }).post('/sign-in', { email: ADA })).status).toBe(303)
  })

  test('RL-05: a thousand IPv4 clients of a dual-stack socket share no bucket', async () => {
    await using kit = await startKit()
    const statuses = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) =>
        kit.browser({ address: `::ffff:${20 + (i >> 8)}.${i & 255}.1.1` }).api('POST', '/api/sign-in', { email: `a${i}@example.net` }),
      ),
    )
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([202]))
  })

  test('RL-06: what a stranger writes into forwarding headers is ignored: one bucket, and the socket address in the record', async () => {
    await using kit = await startKit()
    const headers = (i: number): Record<string, string> => ({
      'x-forwarded-for': `198.51.100.${i}, 10.0.0.${i}`,
      forwarded: `for=198.51.100.${i};host=evil.example`,
      'x-real-ip': `198.51.100.${i}`,
      'cf-connecting-ip': `198.51.100.${i}`,
      'true-client-ip': `198.51.100.${i}`,
      'x-client-ip': `198.51.100.${i}`,
    })
    const statuses: number[] = []
    for (let i = 0; i < 40; i++) {
      const client = kit.browser({ address: '192.0.2.9' })
      await client.get('/sign-in')
      statuses.push((await client.post('/sign-in', { email: `a${i}@example.net` }, headers(i))).status)
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(kit.postkey.policy.starts.network.count)

    const ada = kit.browser({ address: '192.0.2.200' })
    kit.clock.forward(HOUR)
    const { challenge, code } = await askAndOpen(kit, ADA, { browser: ada })
    await ada.post('/sign-in/code', { c: challenge, code: code ?? '' }, headers(7))
    const { sessions } = (await ada.api('GET', '/api/sessions')).json() as { sessions: { network: string }[] }
    expect(sessions.map(({ network }) => network)).toEqual(['192.0.2.0/24'])
  })

  test('RL-06: a trusted proxy is believed, and only for the hop it names', async () => {
    await using kit = await startKit({ trustedProxies: ['10.0.0.0/8'] })
    const { count } = kit.postkey.policy.starts.network
    const statuses: number[] = []
    for (let i = 0; i < count + 10; i++) {
      const client = kit.browser({ address: '10.1.1.1' })
      await client.get('/sign-in')
      statuses.push(
        (await client.post('/sign-in', { email: `a${i}@example.net` }, { 'x-forwarded-for': `198.51.100.${i}, 203.0.113.5` })).status,
      )
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(count)
    const elsewhere = await kit.browser({ address: '10.1.1.1' }).post('/sign-in', { email: ADA }, { 'x-forwarded-for': '198.51.100.5' })
    expect(elsewhere.status).toBe(303)
  })

  test('RL-16: cookies deleted before each request buy nothing: all such clients of a network share the strictest bucket', async () => {
    await using kit = await startKit()
    const { network, browser } = kit.postkey.policy.starts
    const settled = kit.browser({ address: '192.0.2.9' })
    await settled.get('/sign-in')
    const statuses: number[] = []
    for (let i = 0; i < network.count; i++) {
      const client = kit.browser({ address: '192.0.2.9' })
      statuses.push((await client.post('/sign-in', { email: `a${i}@example.net` })).status)
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(browser.count)
    // Whoever shares the network and has a cookie of their own still gets a mail.
    expect((await settled.post('/sign-in', { email: ADA })).status).toBe(303)
  })

  test('RL-17: the limit by network answers 429 with Retry-After, and after that wait it lets through', async () => {
    await using kit = await startKit()
    const client = kit.browser()
    let refused = await client.post('/sign-in', { email: 'a@example.net' })
    for (let i = 0; refused.status === 303 && i < 100; i++) refused = await client.post('/sign-in', { email: `a${i}@example.net` })
    expect(refused.status).toBe(429)
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect((await client.api('POST', '/api/sign-in', { email: ADA })).json()).toMatchObject({
      reason: 'too_many_requests',
      retryAfter: wait,
    })
    kit.clock.forward((wait - 1) * 1_000)
    expect((await client.post('/sign-in', { email: ADA })).status).toBe(429)
    kit.clock.forward(1_000)
    expect((await client.post('/sign-in', { email: ADA })).status).toBe(303)
  })
})

describe('mail bombing', () => {
  test('RL-08: requests all through an hour, each from a network of its own: a handful of mails, and one and the same answer', async () => {
    await using kit = await startKit()
    const answers = new Set<string>()
    const sentAt: number[] = []
    const requests = sized(240, 1_000)
    for (let i = 0; i < requests; i++) {
      const answer = await kit.browser({ address: `${11 + (i >> 8)}.${i & 255}.1.1` }).post('/sign-in', { email: ADA })
      answers.add(`${answer.status} ${answer.location.replace(/c=\w+/, '')} ${answer.headers.get('retry-after')}`)
      await kit.settle()
      while (sentAt.length < kit.mailbox.all(ADA).length) sentAt.push(kit.clock.at)
      kit.clock.forward(HOUR / requests)
    }
    expect([...answers]).toEqual(['303 /sign-in/check? null'])
    const { linkTtl, mailsPerLinkTtl, mailsPerAddress } = kit.postkey.policy
    for (const at of sentAt)
      expect(sentAt.filter((other) => other > at - linkTtl && other <= at).length).toBeLessThanOrEqual(mailsPerLinkTtl)
    expect(sentAt).toHaveLength(Math.min(mailsPerAddress[0]?.count ?? 0, (HOUR / linkTtl) * mailsPerLinkTtl))
  })

  test('RL-10: tags, dots and capitals of one mailbox share its mails, and are different people', async () => {
    await using kit = await startKit()
    const spellings = Array.from(
      { length: 60 },
      (_, i) => ['victim+%@gmail.com', 'v.ictim+%@gmail.com', 'Vic.Tim+%@GoogleMail.com'][i % 3]?.replace('%', String(i)) ?? '',
    )
    for (const email of spellings) {
      expect((await kit.browser().post('/sign-in', { email })).status).toBe(303)
      await kit.settle()
      kit.clock.forward(20 * MINUTE)
    }
    expect(kit.mailbox.messages).toHaveLength(10)

    kit.clock.forward(2 * DAY)
    const one = await signIn(kit, 'victim+1@gmail.com')
    const two = await signIn(kit, 'victim+2@gmail.com')
    expect([await one.whoAmI(), await two.whoAmI()]).toEqual(['victim+1@gmail.com', 'victim+2@gmail.com'])
  })

  test('RL-08: the person whose share of mails others used up signs in with one of those mails', async () => {
    await using kit = await startKit()
    for (let i = 0; i < 3; i++) await kit.browser().ask(ADA)
    await kit.settle()
    const ada = kit.browser()
    await ada.ask(ADA)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(3)
    const { linkId, secret } = openMail(kit.mailbox.all(ADA)[0] as Message)
    expect((await ada.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(303)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('RL-11: a browser that signed in before has a share of its own, however long strangers ask for the address', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    await ada.post('/sign-out', {})
    for (let i = 0; i < 30; i++) {
      await kit.browser().ask(ADA)
      await kit.settle()
      kit.clock.forward(20 * MINUTE)
    }
    const mails = kit.mailbox.all(ADA).length
    await kit.browser().ask(ADA)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(mails)
    expect(await (await signIn(kit, ADA, ada)).whoAmI()).toBe(ADA)
  })

  test('RL-11: strangers from everywhere, with an address each, leave a fifth of the tenant to browsers that signed in before', async () => {
    const many = { count: 1_000, per: '1h' }
    const starts = { network: many, networkWide: many, browser: many, tenant: { count: 20, per: '1h' } }
    await using kit = await startKit({ policy: { starts } })
    const ada = await signIn(kit, ADA)
    await ada.post('/sign-out', {})
    kit.clock.forward(2 * HOUR)
    const ask = async (nth: number): Promise<number> =>
      (await kit.browser({ address: `${20 + nth}.1.1.1` }).post('/sign-in', { email: `nobody-${nth}@example.org` })).status
    const answers: number[] = []
    for (let nth = 0; nth < 20; nth++) answers.push(await ask(nth))
    expect(answers).toEqual([...Array(16).fill(303), ...Array(4).fill(429)])
    expect(await (await signIn(kit, ADA, ada)).whoAmI()).toBe(ADA)
    expect(await ask(20)).toBe(429)
  })

  test('RL-15: that share is for its own address: to another it is as strange as any, and it too is bounded', async () => {
    await using kit = await startKit()
    const eve = await signIn(kit, 'eve@example.net')
    await signIn(kit, ADA)
    for (let i = 0; i < 4; i++) await kit.browser().ask(ADA)
    await kit.settle()
    const mails = kit.mailbox.all(ADA).length
    await eve.ask(ADA)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(mails)
    const before = kit.mailbox.all('eve@example.net').length
    for (let i = 0; i < 10; i++) await eve.ask('eve@example.net')
    await kit.settle()
    expect(kit.mailbox.all('eve@example.net').length - before).toBeLessThanOrEqual(kit.postkey.policy.mailsPerLinkTtl)
  })

  test('RL-17: a full mailbox is told to the browser that filled it, with the time to wait, and to nobody else', async () => {
    await using kit = await startKit()
    const { browser, challenge } = await askAndOpen(kit, ADA)
    const { resendAfter, mailsPerLinkTtl } = kit.postkey.policy
    for (let i = 1; i < mailsPerLinkTtl; i++) {
      kit.clock.forward(resendAfter)
      expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
      // Or its lease would run out while it is handed over.
      await kit.settle()
    }
    kit.clock.forward(resendAfter)
    const told = await browser.post('/sign-in/resend', { c: challenge })
    expect(told.status).toBe(429)
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0)

    const stranger = kit.browser()
    const started = await stranger.ask(ADA)
    await kit.settle()
    kit.clock.forward(resendAfter)
    expect((await stranger.post('/sign-in/resend', { c: started })).status).toBe(303)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(mailsPerLinkTtl)
  })
})

describe('RL-08, RL-11: a stranger who asks for mails all day', () => {
  test('does not shut out the browser that has signed in before, and gives nobody else more', async () => {
    await using kit = await startKit()
    const ada = kit.browser()
    await signIn(kit, ADA, ada)
    await ada.post('/sign-out', {})
    // One mail within a link's life is hers already; a stranger takes the rest, and all of the day's.
    for (let asked = 0; asked < 12; asked++) {
      await kit.browser().ask('ada@example.net')
      await kit.settle()
      kit.clock.forward(6 * MINUTE)
    }
    const before = kit.mailbox.all('ada@example.net').length
    // Hers is in the window of strangers: she was one when she asked.
    expect(before).toBe(10)
    await kit.browser().ask('ada@example.net')
    await kit.settle()
    expect(kit.mailbox.all('ada@example.net')).toHaveLength(before)

    const challenge = await ada.ask('ada@example.net')
    await kit.settle()
    expect(kit.mailbox.all('ada@example.net')).toHaveLength(before + 1)
    expect((await ada.post('/sign-in/code', { c: challenge, code: kit.mailbox.newest('ada@example.net').code ?? '' })).status).toBe(303)
  })

  test('her own share has the same bounds', async () => {
    await using kit = await startKit()
    const ada = kit.browser()
    await signIn(kit, ADA, ada)
    for (let asked = 0; asked < 5; asked++) await ada.ask('ada@example.net')
    await kit.settle()
    expect(kit.mailbox.all('ada@example.net')).toHaveLength(1 + 3)
  })

  test('a browser that signed in to another address has no share here', async () => {
    await using kit = await startKit()
    const eve = kit.browser()
    await signIn(kit, 'eve@example.net', eve)
    await signIn(kit, ADA)
    for (let asked = 0; asked < 5; asked++) await eve.ask('ada@example.net')
    await kit.settle()
    expect(kit.mailbox.all('ada@example.net')).toHaveLength(3)
  })
})
