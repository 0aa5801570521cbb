// A person signs in: by code, by link, in the browser that asked and in another one.
import { describe, expect, test } from 'vitest'
import { MINUTE, startKit } from '../kit.ts'

describe('by code', () => {
  test('a person asks, types the code from the mail, and is in', async () => {
    await using kit = await startKit()
    const ada = kit.browser()
    const challenge = await ada.ask('ada@example.net')
    await kit.settle()
    const { code } = kit.mailbox.newest('ada@example.net')
    const answer = await ada.post('/sign-in/code', { c: challenge, code: code ?? '' })
    expect(answer.status).toBe(303)
    expect(answer.location).toBe('https://auth.example.com/account')
    expect(await ada.whoAmI()).toBe('ada@example.net')
  })

  test('a wrong code says so, counts, and leaves the right one good', async () => {
    await using kit = await startKit()
    const ada = kit.browser()
    const challenge = await ada.ask('ada@example.net')
    await kit.settle()
    const { code } = kit.mailbox.newest('ada@example.net')
    const wrong = code === '000000' ? '000001' : '000000'
    const answer = await ada.post('/sign-in/code', { c: challenge, code: wrong })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('4 tries')
    expect((await ada.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })
})

describe('by link', () => {
  test('in the browser that asked, the link signs in', async () => {
    await using kit = await startKit()
    const ada = kit.browser()
    await ada.ask('ada@example.net', '/account')
    await kit.settle()
    const { linkId, secret } = kit.mailbox.newest('ada@example.net')
    const page = await ada.get(`/l/${linkId}`)
    expect(page.status).toBe(200)
    expect(page.text).toContain('ada@example.net')
    const answer = await ada.post(`/l/${linkId}`, { secret })
    expect(answer.status).toBe(303)
    expect(await ada.whoAmI()).toBe('ada@example.net')
  })

  test('in another browser the page names no address, and a person types it', async () => {
    await using kit = await startKit()
    await kit.browser().ask('ada@example.net')
    await kit.settle()
    kit.clock.forward(3 * MINUTE)
    const { linkId, secret } = kit.mailbox.newest('ada@example.net')
    const phone = kit.browser()
    const page = await phone.get(`/l/${linkId}`)
    expect(page.text).toContain('Firefox on Linux')
    expect(page.text).not.toContain('ada@example.net')
    expect((await phone.post(`/l/${linkId}`, { secret })).status).toBe(422)
    expect((await phone.post(`/l/${linkId}`, { secret, email: 'eve@example.net' })).status).toBe(422)
    expect((await phone.post(`/l/${linkId}`, { secret, email: 'Ada@Example.net' })).status).toBe(303)
    expect(await phone.whoAmI()).toBe('ada@example.net')
  })
})
