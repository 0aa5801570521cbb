// Somebody is called when it matters: once when it begins, once when it ends, by log, by number, and by mail to those who run it.
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/index.ts'
import { notMeLink } from '../account.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, HOUR, type Kit, type KitOptions, MINUTE, startKit, wrongCode } from '../kit.ts'

const OPERATOR = 'ops@example.com'

interface Line {
  readonly name: string
  readonly fields: Record<string, unknown>
}

async function watched(options: KitOptions = {}): Promise<{ readonly kit: Kit; readonly lines: Line[]; alarms(): Promise<string[]> }> {
  const lines: Line[] = []
  const take = (name: string, fields: object): void => void lines.push({ name, fields: { ...fields } })
  const kit = await startKit({ operators: [OPERATOR], log: { event: take, warn: take, error: (name) => take(name, {}) }, ...options })
  return {
    kit,
    lines,
    // Asking for the numbers judges; a process does it each minute besides.
    alarms: async () =>
      [...(await kit.postkey.metrics()).matchAll(/^postkey_alarm\{rule="(\w+)"\} 1$/gm)].map(([, rule]) => rule as string),
  }
}

const about = (lines: readonly Line[]): unknown[] => lines.filter(({ name }) => name.startsWith('alarm'))

describe('alarms', () => {
  test('links that people open too late: raised, told once, and ended when it is over', async () => {
    const { kit, lines, alarms } = await watched()
    const open = async (late: boolean): Promise<void> => {
      const { browser, linkId } = await askAndOpen(kit, `p${kit.clock.at}@example.net`)
      if (late) kit.clock.forward(16 * MINUTE)
      await browser.get(`/l/${linkId}`, { 'sec-fetch-mode': 'navigate' })
      kit.clock.forward(1_000)
    }
    // In an hour no more fit who come late one after the other: these come together.
    const asked = []
    for (let nth = 0; nth < 8; nth++) asked.push(await askAndOpen(kit, `late-${nth}@example.net`))
    kit.clock.forward(16 * MINUTE)
    for (const { browser, linkId } of asked) await browser.get(`/l/${linkId}`, { 'sec-fetch-mode': 'navigate' })
    for (let nth = 0; nth < 11; nth++) await open(false)
    expect(await alarms()).toEqual([])
    await open(false)
    expect(await alarms()).toEqual(['expired_landings'])
    expect(await alarms()).toEqual(['expired_landings'])
    expect(about(lines)).toEqual([
      { name: 'alarm', fields: { rule: 'expired_landings', value: 0.4, threshold: 0.25, detail: expect.stringContaining('linkTtl') } },
    ])
    for (let nth = 0; nth < 12; nth++) await open(false)
    expect(await alarms()).toEqual([])
    expect(about(lines)).toHaveLength(2)
    expect(about(lines)[1]).toEqual({ name: 'alarm_ended', fields: { rule: 'expired_landings', value: 0.25, threshold: 0.25 } })
    await kit.close()
  })

  test('guessing: the breaker is an alarm too, and operators get one mail for each rule and hour', async () => {
    const { kit, lines, alarms } = await watched({ policy: { breaker: { count: 10, per: '1h' } } })
    const guess = async (): Promise<void> => {
      for (let nth = 0; nth < 3; nth++) {
        const { browser, challenge, code } = await askAndOpen(kit, `victim-${kit.clock.at}-${nth}@example.net`)
        for (let guessed = 0; guessed < 4; guessed++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, guessed) })
      }
    }
    const mails = async (): Promise<Message[]> => {
      // It leaves on its own.
      await new Promise((resolve) => setTimeout(resolve, 20))
      return kit.mailbox.all(OPERATOR)
    }
    await guess()
    expect(await alarms()).toEqual(['breaker_open'])
    const [mail] = await mails()
    expect(mail?.subject).toBe('Postkey alarm: breaker_open')
    expect(mail?.text).toContain('of those that the breaker takes: 120.0 %. This alarm speaks above 99.9 %.')
    expect(mail?.text + JSON.stringify(mail?.headers)).not.toMatch(/victim|203\.0|postkey-browser/)
    // It ends, and begins again within the hour: a line, and no mail.
    kit.clock.forward(30 * MINUTE)
    expect(await alarms()).toEqual([])
    await guess()
    expect(await alarms()).toEqual(['breaker_open'])
    expect([lines.filter(({ name }) => name === 'alarm').length, (await mails()).length]).toEqual([2, 1])
    kit.clock.forward(HOUR)
    expect(await alarms()).toEqual([])
    await guess()
    await alarms()
    expect((await mails()).length).toBe(2)
    await kit.close()
  })

  test('people say of many mails that they had not asked: an alarm, and a number by what the mails were for', async () => {
    const { kit, lines, alarms } = await watched()
    const disown = async (nth: number): Promise<void> => {
      const { message, browser, challenge, code } = await askAndOpen(kit, `p${nth}@example.net`)
      if (nth === 0) await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      // Said twice, counted once.
      for (let twice = 0; twice < 2; twice++) await kit.browser().post(notMeLink(message), { email: `p${nth}@example.net` })
    }
    // Counted from the first look on.
    expect(await alarms()).toEqual([])
    for (let nth = 0; nth < 10; nth++) await disown(nth)
    expect(await alarms()).toEqual([])
    await disown(10)
    expect(await alarms()).toEqual(['not_me'])
    expect(about(lines)).toMatchObject([{ fields: { rule: 'not_me', value: 11 } }])
    const counted = (await kit.postkey.metrics()).match(/^postkey_not_me_total\{.*$/gm)
    expect(counted).toEqual([
      'postkey_not_me_total{purpose="sign_in",sessions="ended"} 1',
      'postkey_not_me_total{purpose="sign_in",sessions="none"} 10',
    ])
    await kit.close()
  })

  test('mails that are not taken, and a queue that nobody empties', async () => {
    const refusing = await watched({
      reply: ({ to }) => (to === OPERATOR ? { class: 'unreachable', text: 'no route' } : { class: 'temporary', text: '450 later' }),
    })
    for (let nth = 0; nth < 10; nth++) await refusing.kit.browser().ask(`p${nth}@example.net`)
    await refusing.kit.settle()
    expect(await refusing.alarms()).toEqual(['mails_not_taken'])
    await new Promise((resolve) => setTimeout(resolve, 20))
    // The mail about it goes the same way, and that is said as well.
    expect(refusing.lines).toContainEqual({ name: 'alarm_mail_not_sent', fields: { rule: 'mails_not_taken', reply: 'no route' } })
    await refusing.kit.close()

    const idle = await watched({ sendsMail: false })
    await idle.kit.browser().ask('ada@example.net')
    expect(await idle.alarms()).toEqual([])
    idle.kit.clock.forward(3 * MINUTE)
    expect(await idle.alarms()).toEqual(['mail_queue_age'])
    await idle.kit.close()
  })

  test('the record is not sealed any more: raised after two hours, by no process that has just begun, and ended by the next seal', async () => {
    await using database = await temporaryDatabase()
    const { kit, lines, alarms } = await watched({ database: database.url, seals: false })
    await askAndOpen(kit, 'ada@example.net')
    kit.clock.forward(2 * HOUR)
    expect(await alarms()).toEqual([])
    kit.clock.forward(1)
    expect(await alarms()).toEqual(['record_unsealed_age'])
    expect(about(lines)).toEqual([
      {
        name: 'alarm',
        fields: { rule: 'record_unsealed_age', value: 7_200.001, threshold: 7_200, detail: expect.stringContaining('POSTKEY_SEALS') },
      },
    ])
    const other = await watched({ database: database.url, seals: false, now: kit.clock.now })
    expect(await other.alarms()).toEqual([])
    await other.kit.close()
    await kit.postkey.seal()
    expect(await alarms()).toEqual([])
    expect(about(lines).at(-1)).toMatchObject({ name: 'alarm_ended', fields: { rule: 'record_unsealed_age', value: 0 } })
    await kit.close()
  })

  test('a day as it should be raises nothing', async () => {
    const { kit, lines, alarms } = await watched()
    for (let nth = 0; nth < 60; nth++) {
      const { browser, challenge, code, linkId } = await askAndOpen(kit, `p${nth}@example.net`)
      await browser.get(`/l/${linkId}`, { 'sec-fetch-mode': 'navigate' })
      if (nth % 5 === 0) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      kit.clock.forward(30_000)
    }
    expect(await alarms()).toEqual([])
    expect(about(lines)).toEqual([])
    await kit.close()
  })
})
